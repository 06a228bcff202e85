Feature: Sentences about background work can fail

  A fake shop loses work, does it twice, or does not do it in time.

  Scenario Outline: The sum of a valuation
    Given a shop whose "sum of a valuation" is "<state>"
    Then the valuation is finished with the right sum within "15 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The journal of a valuation
    Given a shop whose "journal of a valuation" is "<state>"
    Then the journal of the worker that did it tells of the same valuation

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The work that was taken up
    Given a shop whose "work that was taken up" is "<state>"
    Then "another" background worker finishes it with the right sum within "90 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The worker that took it up
    Given a shop whose "worker that took it up" is "<state>"
    Then "another" background worker finishes it with the right sum within "90 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The kinds of rings
    Given a shop whose "kinds of rings" is "<state>"
    Then every kind of ring has been valued exactly once

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The receipts
    Given a shop whose "receipts" is "<state>"
    Then each of them has exactly one receipt within "30 seconds" after the last one

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The total of the day
    Given a shop whose "total of the day" is "<state>"
    Then the total of the day is the sum of its sales within "30 seconds" after the last one

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The receipts afterwards
    Given a shop whose "receipts afterwards" is "<state>"
    Then for "1 second" no receipt is added and no total changes

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The age of the gold price
    Given a shop whose "age of the gold price" is "<state>"
    Then for "1 second" the gold price is never older than "20 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The periods of the gold price
    Given a shop whose "periods of the gold price" is "<state>"
    Then every period of "10 seconds" in that time has had its price exactly once

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refreshed gold price
    Given a shop whose "refreshed gold price" is "<state>"
    Then the gold price is refreshed again within "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The periods without a scheduler
    Given a shop whose "periods without a scheduler" is "<state>"
    Then at most "2" periods of "10 seconds" have no price, and none has had it twice

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The restart of a worker
    Given a shop whose "restart of a worker" is "<state>"
    Then it is restarted and answers again within "90 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answer of a worker
    Given a shop whose "answer of a worker" is "<state>"
    Then it is restarted and answers again within "90 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The work of the others
    Given a shop whose "work of the others" is "<state>"
    Then meanwhile the others never paused for more than "15 seconds", and every valuation is done

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The valuations meanwhile
    Given a shop whose "valuations meanwhile" is "<state>"
    Then meanwhile the others never paused for more than "15 seconds", and every valuation is done

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The accepted valuations
    Given a shop whose "accepted valuations" is "<state>"
    Then every valuation that was accepted is finished exactly once within "45 seconds", and no other is found

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The valuations that nobody asked for
    Given a shop whose "valuations that nobody asked for" is "<state>"
    Then every valuation that was accepted is finished exactly once within "45 seconds", and no other is found

    Examples:
      | state  |
      | well   |
      | broken |
