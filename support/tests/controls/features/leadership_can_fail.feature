Feature: Every sentence about leadership can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The planned handover
    Given a shop whose "planned handover" is "<state>"
    Then another member leads, exactly one timeline later

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The timeline of a handover
    Given a shop whose "timeline of a handover" is "<state>"
    Then another member leads, exactly one timeline later

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The synchronous follower
    Given a shop whose "synchronous follower" is "<state>"
    Then the follower that is left is the synchronous one

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The members that stream
    Given a shop whose "members that stream" is "<state>"
    Then one member leads and "2" followers stream again within "120 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The single leader of the members
    Given a shop whose "single leader of the members" is "<state>"
    Then one member leads and "2" followers stream again within "120 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The return of a former leader
    Given a shop whose "return of a former leader" is "<state>"
    Then the former leader follows the new one within "120 seconds", without the rows of its own

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The rows of its own
    Given a shop whose "rows of its own" is "<state>"
    Then the former leader follows the new one within "120 seconds", without the rows of its own

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The second leader
    Given a shop whose "second leader" is "<state>"
    Then for "1 second" no second leader appears

    Examples:
      | state  |
      | well   |
      | broken |
