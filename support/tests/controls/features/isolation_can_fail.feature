Feature: Every sentence about shops beside each other can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The attached goods
    Given a shop whose "attached goods" is "<state>"
    Then it is refused as a mistake, and nothing of it is stored in either shop

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored goods of another
    Given a shop whose "stored goods of another" is "<state>"
    Then it is refused as a mistake, and nothing of it is stored in either shop

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The remains in either shop
    Given a shop whose "remains in either shop" is "<state>"
    Then it is refused as a mistake, and nothing of it is stored in either shop

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The own ring
    Given a shop whose "own ring" is "<state>"
    Then the ring is taken into stock

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The suspended shop
    Given a shop whose "suspended shop" is "<state>"
    Then every further call of "Goldregen" is refused at every instance because it is suspended

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sales of a suspended shop
    Given a shop whose "sales of a suspended shop" is "<state>"
    Then every further call of "Goldregen" is refused at every instance because it is suspended

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The neighbour of a suspended shop
    Given a shop whose "neighbour of a suspended shop" is "<state>"
    Then "Silberquell" sells at every instance

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sign-ins after a suspension
    Given a shop whose "sign-ins after a suspension" is "<state>"
    Then the people of "Goldregen" work on with the sign-ins they had

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refusals of two shops
    Given a shop whose "refusals of two shops" is "<state>"
    Then each of at least "3" answers to a shop carries nothing but its own

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answers of two shops
    Given a shop whose "answers of two shops" is "<state>"
    Then each of at least "3" answers to a shop carries nothing but its own

    Examples:
      | state  |
      | well   |
      | broken |
