Feature: Every sentence about growth can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The sight of the autoscaler
    Given a shop whose "sight of the autoscaler" is "<state>"
    Then it sees processor and memory use, no figure older than "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The agreement of the autoscaler
    Given a shop whose "agreement of the autoscaler" is "<state>"
    Then targets, smallest and largest size are as agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The further targets
    Given a shop whose "further targets" is "<state>"
    Then targets, smallest and largest size are as agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The size set by hand
    Given a shop whose "size set by hand" is "<state>"
    Then the size is within the agreed ones again within "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The growth
    Given a shop whose "growth" is "<state>"
    Then within "2 minutes" as many instances serve as the demand asks for, never more than agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The speed of growth
    Given a shop whose "speed of growth" is "<state>"
    Then within "60 seconds" as many instances serve as the demand asks for, never more than agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The largest size
    Given a shop whose "largest size" is "<state>"
    Then within "2 minutes" as many instances serve as the demand asks for, never more than agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The room for the largest size
    Given a shop whose "room for the largest size" is "<state>"
    Then within "2 minutes" as many instances serve as the demand asks for, never more than agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The new instances
    Given a shop whose "new instances" is "<state>"
    Then within "2 minutes" as many instances serve as the demand asks for, never more than agreed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The extra instances
    Given a shop whose "extra instances" is "<state>"
    Then the extra instances are given back within "5 minutes" after the rush

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The smallest size
    Given a shop whose "smallest size" is "<state>"
    Then for "30 seconds" the smallest size holds, and the size has not risen again since it began to fall

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The direction of the size
    Given a shop whose "direction of the size" is "<state>"
    Then for "30 seconds" the smallest size holds, and the size has not risen again since it began to fall

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The requests during growth
    Given a shop whose "requests during growth" is "<state>"
    Then all the time "0.1 %" of requests failed at most, and "95 %" took "2 seconds" at most

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answers during growth
    Given a shop whose "answers during growth" is "<state>"
    Then all the time "0.1 %" of requests failed at most, and "95 %" took "2 seconds" at most

    Examples:
      | state  |
      | well   |
      | broken |
