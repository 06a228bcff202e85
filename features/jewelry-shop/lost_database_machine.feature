@allure.label.owner:storage
Feature: Database failover when a machine is lost

  A machine can lose its power or its network at any time of the day.
  Sales go on without it, and nothing that was confirmed disappears when it
  comes back, whatever the machine believed in the meantime.

  Background:
    Given the leading database member is on a machine that may fail

  Rule: The loss of the leader's machine costs 45 seconds at most and no sale

    @JS-511 @critical @destructive @needs.nodes.3 @needs.node_power
    Scenario: Sales go on when the leader's machine loses its power
      Given customers of "Goldregen" buy "20" times a second
      When the machine of the leading database member loses its power
      Then another member takes over and sales are confirmed again within "45 seconds"
      When the machine has its power back
      Then the former leader follows again within "120 seconds"
      And every confirmed sale is stored exactly once on every member

    @JS-512 @critical @destructive @needs.nodes.3 @needs.node_network
    Scenario: A leader that is cut off steps down and has confirmed nothing that is missing later
      Given customers of "Goldregen" buy "20" times a second
      And somebody on the machine of the leading database member writes to it directly
      When that machine is cut off from the others for "50 seconds"
      Then another member takes over and sales are confirmed again within "45 seconds"
      And the former leader follows again within "120 seconds"
      And no write that was confirmed on either side is missing
      And at no moment two members have confirmed writes
