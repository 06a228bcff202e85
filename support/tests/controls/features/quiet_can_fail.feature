Feature: Sentences about silent failures and volumes can fail

  A fake shop has a part that fails silently, or data that lies nowhere safe.

  Scenario Outline: The lives since delivery
    Given a shop whose "lives since delivery" is "<state>"
    Then none of them has failed since delivery

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The undisturbed lives
    Given a shop whose "undisturbed lives" is "<state>"
    Then for "1 second" none of them is restarted, replaced or kept from running

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The volumes of the stores
    Given a shop whose "volumes of the stores" is "<state>"
    Then "1" agreed volumes are bound, each under the data of one living store

    Examples:
      | state  |
      | well   |
      | broken |
