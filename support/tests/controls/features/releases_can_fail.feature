Feature: Sentences about releases and maintenance can fail

  A fake shop is released, hangs or is maintained under its customers' eyes, and they notice.

  Scenario Outline: The complete release
    Given a shop whose "complete release" is "<state>"
    Then the release is complete within "120 seconds" and every instance reports version "2.0.0"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The released version
    Given a shop whose "released version" is "<state>"
    Then the release is complete within "120 seconds" and every instance reports version "2.0.0"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The long requests
    Given a shop whose "long requests" is "<state>"
    Then every long request has ended well

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The report of a stuck release
    Given a shop whose "report of a stuck release" is "<state>"
    Then it is reported as stuck within "120 seconds", with every instance of before in service

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The service during a stuck release
    Given a shop whose "service during a stuck release" is "<state>"
    Then it is reported as stuck within "120 seconds", with every instance of before in service

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The remains of a release
    Given a shop whose "remains of a release" is "<state>"
    Then nothing of it remains and the instances of before serve on

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The instances after a release
    Given a shop whose "instances after a release" is "<state>"
    Then nothing of it remains and the instances of before serve on

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The service of a hanging instance
    Given a shop whose "service of a hanging instance" is "<state>"
    Then it receives no more requests after "8 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The return of a hanging instance
    Given a shop whose "return of a hanging instance" is "<state>"
    Then it serves again after exactly one restart within "90 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The looks at the other instances
    Given a shop whose "looks at the other instances" is "<state>"
    Then every look at the other instances was answered

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The maintenance of each part
    Given a shop whose "maintenance of each part" is "<state>"
    Then every part has given its first instance and refused its second

    Examples:
      | state  |
      | well   |
      | broken |
