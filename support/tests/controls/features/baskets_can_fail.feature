Feature: Every sentence about the cache can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The lost cache servers
    Given a shop whose "lost cache servers" is "<state>"
    Then each of them is back within "60 seconds" and the basket lies unchanged on every server

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The return of cache servers
    Given a shop whose "return of cache servers" is "<state>"
    Then each of them is back within "60 seconds" and the basket lies unchanged on every server

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The basket in the shop
    Given a shop whose "basket in the shop" is "<state>"
    Then the shop shows the basket unchanged, and its lifetime has only fallen

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The lifetime of the basket
    Given a shop whose "lifetime of the basket" is "<state>"
    Then the shop shows the basket unchanged, and its lifetime has only fallen

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The masters of the cache
    Given a shop whose "masters of the cache" is "<state>"
    Then at no moment two servers of the cache were master

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The restarted cache server
    Given a shop whose "restarted cache server" is "<state>"
    Then the restarted server follows the master that the watchers name

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The link of a restarted server
    Given a shop whose "link of a restarted server" is "<state>"
    Then the restarted server follows the master that the watchers name

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refused writes
    Given a shop whose "refused writes" is "<state>"
    Then from "5 seconds" on every write is refused and none of them is stored

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The remains of refused writes
    Given a shop whose "remains of refused writes" is "<state>"
    Then from "5 seconds" on every write is refused and none of them is stored

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The writes after the refusals
    Given a shop whose "writes after the refusals" is "<state>"
    Then writes are accepted again as soon as the followers are back

    Examples:
      | state  |
      | well   |
      | broken |
