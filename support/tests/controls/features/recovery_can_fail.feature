Feature: Sentences about recoveries can fail

  A fake shop is not back in time, not whole, or has lost something.

  Scenario Outline: The parts of a lost machine
    Given a shop whose "parts of a lost machine" is "<state>"
    Then every part that is bound to no machine has its full number elsewhere, in the time that the settings allow

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The customers of a lost machine
    Given a shop whose "customers of a lost machine" is "<state>"
    Then customers were served again within "30 seconds" at every entrance that was left

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The strength after a loss
    Given a shop whose "strength after a loss" is "<state>"
    Then the whole shop is at full strength again within "120 seconds", with no restart unexplained

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The restarts after a loss
    Given a shop whose "restarts after a loss" is "<state>"
    Then the whole shop is at full strength again within "120 seconds", with no restart unexplained

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The settings after a loss
    Given a shop whose "settings after a loss" is "<state>"
    Then the whole shop is at full strength again within "120 seconds", with no restart unexplained

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The settings alone
    Given a shop whose "settings alone" is "<state>"
    Then every label, setting and size of the shop is as it was before the first fault

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The recovery from two failures
    Given a shop whose "recovery from two failures" is "<state>"
    Then sales are confirmed again within "60 seconds" of the second failure

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refusals until then
    Given a shop whose "refusals until then" is "<state>"
    Then until then every customer is refused with a reason, within "12 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The health without a database
    Given a shop whose "health without a database" is "<state>"
    Then every instance says within "12 seconds" that the database is away, and all the time that it is alive

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The life without a database
    Given a shop whose "life without a database" is "<state>"
    Then every instance says within "12 seconds" that the database is away, and all the time that it is alive

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The resumption of sales
    Given a shop whose "resumption of sales" is "<state>"
    Then sales are confirmed again "10 seconds" after the leader is back at the latest

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The resumption of sales after a cut
    Given a shop whose "resumption of sales after a cut" is "<state>"
    Then sales are confirmed again "10 seconds" after the way to it is open again at the latest

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The lives without a database
    Given a shop whose "lives without a database" is "<state>"
    Then no instance of the application has restarted

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The cold start
    Given a shop whose "cold start" is "<state>"
    Then the shop is whole again and sells within "300 seconds", no instance having restarted more than once

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sale after a cold start
    Given a shop whose "sale after a cold start" is "<state>"
    Then the shop is whole again and sells within "300 seconds", no instance having restarted more than once

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The restarts after a cold start
    Given a shop whose "restarts after a cold start" is "<state>"
    Then the shop is whole again and sells within "300 seconds", no instance having restarted more than once

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger after the loss of power
    Given a shop whose "ledger after the loss of power" is "<state>"
    Then every sale that was confirmed before the power went is stored exactly once on every member

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The kept basket
    Given a shop whose "kept basket" is "<state>"
    Then the sign-in and the basket are still there

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The kept sign-in
    Given a shop whose "kept sign-in" is "<state>"
    Then the sign-in and the basket are still there

    Examples:
      | state  |
      | well   |
      | broken |
