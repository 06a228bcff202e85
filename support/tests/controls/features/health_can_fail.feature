Feature: Every sentence about health can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The health pages
    Given a shop whose "health pages" is "<state>"
    Then each page says within "3 seconds" that all is well, with the agreed fields

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The fields of the health pages
    Given a shop whose "fields of the health pages" is "<state>"
    Then each page says within "3 seconds" that all is well, with the agreed fields

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The speed of the health pages
    Given a shop whose "speed of the health pages" is "<state>"
    Then each page says within "3 seconds" that all is well, with the agreed fields

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The named lack
    Given a shop whose "named lack" is "<state>"
    Then every detailed health page names exactly that as missing, answered within "3 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The nothing else named
    Given a shop whose "nothing else named" is "<state>"
    Then every detailed health page names exactly that as missing, answered within "3 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The speed of a named lack
    Given a shop whose "speed of a named lack" is "<state>"
    Then every detailed health page names exactly that as missing, answered within "3 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The health pages afterwards
    Given a shop whose "health pages afterwards" is "<state>"
    Then when it is back every page says within "30 seconds" that all is well

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The counters of the traffic
    Given a shop whose "counters of the traffic" is "<state>"
    Then the shop's counters have risen by exactly what it has served

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The counters that only rise
    Given a shop whose "counters that only rise" is "<state>"
    Then no counter of any instance has ever gone back

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The known use
    Given a shop whose "known use" is "<state>"
    Then the use of exactly the running instances is known within "60 seconds", none older than "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The age of the known use
    Given a shop whose "age of the known use" is "<state>"
    Then the use of exactly the running instances is known within "60 seconds", none older than "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The requests in the journals
    Given a shop whose "requests in the journals" is "<state>"
    Then each request is found in the journals under its number, from the front to the worker

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The fields in the journals
    Given a shop whose "fields in the journals" is "<state>"
    Then every line of the shop's own services has the agreed fields

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The secrets in the journals
    Given a shop whose "secrets in the journals" is "<state>"
    Then no line of any instance holds a password, token or key

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The keys in the journals
    Given a shop whose "keys in the journals" is "<state>"
    Then no line of any instance holds a password, token or key

    Examples:
      | state  |
      | well   |
      | broken |
