Feature: Every sentence about fences can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The needed ways
    Given a shop whose "needed ways" is "<state>"
    Then each of these ways is answered within "3 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The speed of needed ways
    Given a shop whose "speed of needed ways" is "<state>"
    Then each of these ways is answered within "3 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The closed ways
    Given a shop whose "closed ways" is "<state>"
    Then not one of these ways is open

    Examples:
      | state  |
      | well   |
      | broken |
