@allure.label.owner:platform
Feature: Platform readiness

  Whoever opens the shops in the morning relies on every part being there.
  A part that is missing or only half alive shows up later as a queue at the
  till; here it shows up first, and by its name.

  Rule: Every part the shop needs is present and ready to work

    @JS-101 @smoke @critical
    Scenario: Every agreed part is there in the agreed number
      When the platform is asked for the parts of the shop
      Then every agreed part is complete "180 seconds" after delivery at the latest

  Rule: No part fails silently and is restarted

    @JS-102 @serial
    Scenario: For a whole minute every part runs on without a restart
      When the lives of all parts are looked at
      Then none of them has failed since delivery
      And for "60 seconds" none of them is restarted, replaced or kept from running

  Rule: Every internal address leads to living parts only

    @JS-103
    Scenario: Every internal address leads to all living parts behind it and to nothing else
      When the internal addresses of the shop are looked up
      Then each address leads to exactly the ready parts behind it
      And every part behind an address answers within "5 seconds"

    @JS-104 @smoke
    Scenario: The shop answers inside the cluster under its own name
      When the front asks for the health of the shop under its internal name
      Then it learns within "2 seconds" that the configured version of the shop is well
      And the journal of the application knows each of these questions
