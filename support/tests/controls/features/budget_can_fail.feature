Feature: Every sentence about the budget can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The figures of the budget
    Given a shop whose "figures of the budget" is "<state>"
    Then its figures and the sizes of a single instance are exactly the agreed ones

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The second rule of sizes
    Given a shop whose "second rule of sizes" is "<state>"
    Then its figures and the sizes of a single instance are exactly the agreed ones

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refused newcomer
    Given a shop whose "refused newcomer" is "<state>"
    Then it is refused by the rule for that, and nothing is left behind

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The rule of a refusal
    Given a shop whose "rule of a refusal" is "<state>"
    Then it is refused by the rule for that, and nothing is left behind

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The remains of a newcomer
    Given a shop whose "remains of a newcomer" is "<state>"
    Then it is refused by the rule for that, and nothing is left behind

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The newcomer without sizes
    Given a shop whose "newcomer without sizes" is "<state>"
    Then it is given the agreed sizes

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The room in the budget
    Given a shop whose "room in the budget" is "<state>"
    Then at least "10 %" of every line of the budget is left

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The settings and secrets
    Given a shop whose "settings and secrets" is "<state>"
    Then every agreed setting and secret is there with a real value

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The signing key
    Given a shop whose "signing key" is "<state>"
    Then the key that signs the sign-ins has at least "50" characters

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The secrets in settings
    Given a shop whose "secrets in settings" is "<state>"
    Then no secret stands in a setting

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The secrets of the instances
    Given a shop whose "secrets of the instances" is "<state>"
    Then every instance took its secrets from where they are kept

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The settings of the instances
    Given a shop whose "settings of the instances" is "<state>"
    Then every instance works with the settings as they are now

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The version of the instances
    Given a shop whose "version of the instances" is "<state>"
    Then every instance of the application tells the configured version

    Examples:
      | state  |
      | well   |
      | broken |
