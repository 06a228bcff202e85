@allure.label.owner:storage @fixture.namespace
Feature: Orders survive

  Shops keep taking orders.
  Every minute costs forty of them.

  Background:
    Given the shop is open

  @smoke
  Scenario: Passes outside of a rule
    Why this matters.
    When 3 orders are placed
    Then every order is stored

  Scenario: Skipped on the way
    Then the rest is not needed
    And every order is stored

  @critical @JS-501
  Rule: Confirmed orders survive the loss of the leader

    What was confirmed stays.

    Background:
      Given a step with a table
        | item | price  |
        | ring | 120.00 |

    @JS-504 @smoke
    Scenario: Passes inside a rule
      Given a step with a docstring
        """
        the receipt
        """
      When 2 orders are placed
      Then every order is stored

    @smoke
    Scenario: Fails inside a rule
      When 2 orders are placed
      Then an order is missing
      And every order is stored

    Scenario Outline: Stores <count> orders
      When <count> orders are placed
      Then <ending>

      Examples: sizes
        | count | ending                |
        | 10    | every order is stored |
        | 20    | an order is missing   |

    Scenario Outline: Looks alike
      When <count> orders are placed

      Examples:
        | count |
        | 1     |
        | 2     |

  Rule: Trouble is told apart

    Scenario: Fails without a word
      Then the check says nothing

    Scenario: Breaks in a step
      Then the probe breaks

    Scenario: Is not known
      Then nothing is known

    Scenario: Breaks through its platform
      Then the platform is away

    Scenario: Has no step
      Then nobody wrote this one
      And every order is stored

    Scenario: Breaks after a step
      Then this step breaks after its end

    @hook.before
    Scenario: Breaks before it begins
      Then every order is stored

    @hook.after
    Scenario: Breaks after its end
      Then every order is stored

    @invariant
    Scenario: Breaks an invariant
      Then every order is stored

    @cleanup.fails @attach.after
    Scenario: Cannot clean up
      Then every order is stored

    @cleanup.fails @hook.after
    Scenario: Fails and cannot clean up
      Then an order is missing

    @skip.reason
    Scenario: Skipped with a reason
      Then every order is stored

    @skip.silent
    Scenario: Skipped without a reason
      Then every order is stored

    @not_chosen
    Scenario: Nobody asked for this one
      Then an order is missing

    Scenario: Passes after all of it
      When 1 orders are placed
      Then every order is stored
