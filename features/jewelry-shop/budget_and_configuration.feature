@allure.label.owner:platform
Feature: Resource budget and configuration

  A budget keeps the shop from starving and from crowding out others.
  Its settings and secrets are those that were agreed; a missing one shows
  only when something is replaced, and that is always at the worst moment.

  Rule: The budget has the agreed figures and is enforced

    @JS-1051 @smoke
    Scenario: The budget has exactly the agreed figures
      When the budget of the shop is read
      Then its figures and the sizes of a single instance are exactly the agreed ones

    @JS-1051
    Scenario Outline: Something that wants <demand> is refused
      When somebody wants to start something with "<demand>"
      Then it is refused by the rule for that, and nothing is left behind

      Examples: Too much
        | demand                                         |
        | more memory than one instance may have         |
        | more processor time than one instance may have |
        | more than the whole budget                     |

    @JS-1051
    Scenario: Something that brings no sizes is given the agreed ones
      When somebody wants to start something with "no sizes of its own"
      Then it is given the agreed sizes

  Rule: Growth to the largest size fits into the budget

    @JS-1052
    Scenario: At the largest size, with every part being replaced, a tenth of the budget is left
      When the need at the largest size is added up, with one replacement of every part in progress
      Then at least "10 %" of every line of the budget is left

  Rule: Every setting and secret is present, real and in use

    @JS-1053 @smoke
    Scenario: All agreed settings and secrets are there, and none of them is a placeholder
      When the settings and secrets of the shop are read
      Then every agreed setting and secret is there with a real value
      And the key that signs the sign-ins has at least "50" characters
      And no secret stands in a setting

    @JS-1053 @needs.exec
    Scenario: Every running instance works with what is configured now
      When the running instances tell what they work with
      Then every instance took its secrets from where they are kept
      And every instance works with the settings as they are now
      And every instance of the application tells the configured version
