@allure.label.owner:platform
Feature: Recovery without hands

  A power cut at night, a mistaken command on a Sunday: everything is off.
  Nobody has to come in, and on Monday every sale, every sign-in and every
  parked basket is where it was.

  Rule: After everything was stopped at once the shop starts again with all its data

    @JS-1151 @critical @destructive
    Scenario: Nothing is missing after all instances were deleted at once
      Given customers of "Goldregen" buy "20" times a second
      And the sales person has signed in on the web and parked a basket
      When all instances of the shop are deleted by force at once
      Then the shop is whole again and sells within "180 seconds", no instance having restarted more than once
      And every confirmed sale is stored exactly once on every member
      And stock and money of every shop of this run add up
      And the sign-in and the basket are still there

    @JS-1151 @destructive @needs.node_power
    Scenario: Nothing is missing after all machines have lost their power
      Given customers of "Goldregen" buy "20" times a second
      And the sales person has signed in on the web and parked a basket
      When all machines lose their power for "20 seconds"
      Then the shop is whole again and sells within "180 seconds", no instance having restarted more than once
      And every sale that was confirmed before the power went is stored exactly once on every member
      And stock and money of every shop of this run add up
      And the sign-in and the basket are still there

  Rule: After every fault the shop is at full strength again by itself, set up as before

    What is looked at here is demanded after each fault of this whole
    catalogue, too, and is counted there.

    @JS-1152 @disruptive
    Scenario: The shop is whole again and set up as before after one loss and after the next
      Given customers of "Goldregen" buy "20" times a second
      When an instance of the "cache" is deleted
      Then the whole shop is at full strength again within "120 seconds", with no restart unexplained
      When the leading database member crashes
      Then the whole shop is at full strength again within "120 seconds", with no restart unexplained
      And every label, setting and size of the shop is as it was before the first fault
      And every confirmed sale is stored exactly once on every member
