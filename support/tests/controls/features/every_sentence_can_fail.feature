Feature: Every sentence can fail

  Each of these sentences passes over a fake shop that keeps its promise,
  and fails over one that breaks exactly that promise.

  Scenario Outline: The cache at rest
    Given a shop whose "cache at rest" is "<state>"
    Then "3" watchers agree on one master with "2" followers

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The parked basket
    Given a shop whose "parked basket" is "<state>"
    Then the basket lies on the server that the name of the master leads to

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The database at rest
    Given a shop whose "database at rest" is "<state>"
    Then they agree on one leader and "2" followers, one of them synchronous

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The copies of a sale
    Given a shop whose "copies of a sale" is "<state>"
    Then the sale is visible on "2" followers within "2 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The followers
    Given a shop whose "followers" is "<state>"
    Then every follower refuses to be written to

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answer to a customer
    Given a shop whose "answer to a customer" is "<state>"
    Then the application answers within "2 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answers to all customers
    Given a shop whose "answers to all customers" is "<state>"
    Then every one of them is answered within "2 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The journals
    Given a shop whose "journals" is "<state>"
    Then the journals of the front and of the application know the question

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The spread of customers
    Given a shop whose "spread of customers" is "<state>"
    Then every ready instance of the front and of the application has served at least one

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The unknown name
    Given a shop whose "unknown name" is "<state>"
    Then nobody is found there

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The silence of the journals
    Given a shop whose "silence of the journals" is "<state>"
    Then the question has not reached the shop

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sights of the shops
    Given a shop whose "sights of the shops" is "<state>"
    Then each of them sees exactly what is stored for it

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The fences in the database
    Given a shop whose "fences in the database" is "<state>"
    Then every table with data of shops is fenced and the application cannot climb the fence

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The intrusion
    Given a shop whose "intrusion" is "<state>"
    Then the piece is unknown to "Silberquell"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The piece after an intrusion
    Given a shop whose "piece after an intrusion" is "<state>"
    Then everything stored about the piece is unchanged

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The rush
    Given a shop whose "rush" is "<state>"
    Then exactly "2" sales are confirmed under different numbers

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refusals of a rush
    Given a shop whose "refusals of a rush" is "<state>"
    Then the others are told how many rings are left, and left no trace

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The books
    Given a shop whose "books" is "<state>"
    Then stock and money of every shop of this run add up

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The parts
    Given a shop whose "parts" is "<state>"
    Then every agreed part is complete "180 seconds" after delivery at the latest

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The addresses
    Given a shop whose "addresses" is "<state>"
    Then each address leads to exactly the ready parts behind it

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The parts behind addresses
    Given a shop whose "parts behind addresses" is "<state>"
    Then every part behind an address answers within "5 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The health told to the front
    Given a shop whose "health told to the front" is "<state>"
    Then it learns within "2 seconds" that the configured version of the shop is well

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The journal of the application
    Given a shop whose "journal of the application" is "<state>"
    Then the journal of the application knows each of these questions

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The interruption
    Given a shop whose "interruption" is "<state>"
    Then sales are confirmed again within "30 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The interruption at most
    Given a shop whose "interruption at most" is "<state>"
    Then sales were interrupted for "30 seconds" at most

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The takeover
    Given a shop whose "takeover" is "<state>"
    Then another member takes over and sales are confirmed again within "30 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The outcome
    Given a shop whose "outcome" is "<state>"
    Then the database tells one outcome: a restart in place or a promotion

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The history
    Given a shop whose "history" is "<state>"
    Then the history of the database tells when and why

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The instances that follow
    Given a shop whose "instances that follow" is "<state>"
    Then every instance of before writes "10 seconds" after the new leader at the latest, without a restart

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger at the leader
    Given a shop whose "ledger at the leader" is "<state>"
    Then every sale that was confirmed is found stored

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger for shop and followers
    Given a shop whose "ledger for shop and followers" is "<state>"
    Then every confirmed sale is stored exactly once, for the shop and on every follower

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger after the return
    Given a shop whose "ledger after the return" is "<state>"
    Then it still is when the former leader has come back within "120 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger after the thaw
    Given a shop whose "ledger after the thaw" is "<state>"
    Then when the former leader has come back within "120 seconds", no confirmed sale is missing

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger on every member
    Given a shop whose "ledger on every member" is "<state>"
    Then every confirmed sale is stored exactly once on every member

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The ledger of both sides
    Given a shop whose "ledger of both sides" is "<state>"
    Then no write that was confirmed on either side is missing

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The indexes
    Given a shop whose "indexes" is "<state>"
    Then indexes and tables of the sales are sound

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The one at a time
    Given a shop whose "one at a time" is "<state>"
    Then at no moment two members have confirmed sales

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The former leader
    Given a shop whose "former leader" is "<state>"
    Then the former leader follows again within "120 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The cache interruption
    Given a shop whose "cache interruption" is "<state>"
    Then the cache accepts writes again within "30 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The copied writes
    Given a shop whose "copied writes" is "<state>"
    Then every write that was confirmed with a copy is there, also when the former master is back

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The promotion
    Given a shop whose "promotion" is "<state>"
    Then all watchers name another server within "10 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The former master
    Given a shop whose "former master" is "<state>"
    Then the former master is a follower and "2" followers are online within "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The service of the instances
    Given a shop whose "service of the instances" is "<state>"
    Then no instance of the application was taken out of service

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The full number
    Given a shop whose "full number" is "<state>"
    Then the "scheduler" has its full number again, without the deleted instance

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The readiness of the application
    Given a shop whose "readiness of the application" is "<state>"
    Then the application calls itself ready

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The opened shop in the database
    Given a shop whose "opened shop in the database" is "<state>"
    Then the shop is stored in the leading database member

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The layout of the database
    Given a shop whose "layout of the database" is "<state>"
    Then no change of the database layout is missing

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The opening
    Given a shop whose "opening" is "<state>"
    Then the shop is open within "30 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sight of the owner
    Given a shop whose "sight of the owner" is "<state>"
    Then its owner sees exactly one branch and one till

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored branch and till
    Given a shop whose "stored branch and till" is "<state>"
    Then exactly the same shop, branch and till are stored

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The second shop
    Given a shop whose "second shop" is "<state>"
    Then it is refused because the short name is taken

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The remains of the second shop
    Given a shop whose "remains of the second shop" is "<state>"
    Then nothing of the second shop is stored

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The recognised person
    Given a shop whose "recognised person" is "<state>"
    Then within "2 seconds" the shop recognises the "owner" by name, role and shop

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored person
    Given a shop whose "stored person" is "<state>"
    Then the stored "owner" of "Goldregen" is the same

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored ring
    Given a shop whose "stored ring" is "<state>"
    Then the ring is stored with the same values

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The unchanged stock
    Given a shop whose "unchanged stock" is "<state>"
    Then the stock of "Goldregen" is as it was

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The number of a sale
    Given a shop whose "number of a sale" is "<state>"
    Then the sale has a number of its own

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The rings left
    Given a shop whose "rings left" is "<state>"
    Then "9" rings are left, in the shop and in its database

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored sale
    Given a shop whose "stored sale" is "<state>"
    Then the sale is stored exactly once, as it was confirmed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The working day
    Given a shop whose "working day" is "<state>"
    Then the day succeeds within "30 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sale at every instance
    Given a shop whose "sale at every instance" is "<state>"
    Then its sale reads the same at every instance of the application and in the leading database member

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sales meanwhile
    Given a shop whose "sales meanwhile" is "<state>"
    Then no sale has failed and "95 %" of them took "2 seconds" at most

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The requests without failure
    Given a shop whose "requests without failure" is "<state>"
    Then of at least "3000" requests none has failed

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The requests with few failures
    Given a shop whose "requests with few failures" is "<state>"
    Then of at least "3000" requests at most "1 %" have failed, with no gap over "1 second"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The agreement of a run
    Given a shop whose "agreement of a run" is "<state>"
    Then report, summary and exit code of that run agree

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The colour of a run
    Given a shop whose "colour of a run" is "<state>"
    Then that run is green

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The counts of a run
    Given a shop whose "counts of a run" is "<state>"
    Then of its promises "1" are kept, "1" in part, "1" broken

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The rate of a run
    Given a shop whose "rate of a run" is "<state>"
    Then "17 %" of the agreed promises are known to be kept

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The run of nothing
    Given a shop whose "run of nothing" is "<state>"
    Then that run is not green and says that nothing was checked

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The earlier tests
    Given a shop whose "earlier tests" is "<state>"
    Then each of "18" groups and "8" steps has a promise that is checked

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The search of a colleague
    Given a shop whose "search of a colleague" is "<state>"
    Then within "2 seconds" the sales person finds it in the stock list, on its own page and in the till search

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The new instance
    Given a shop whose "new instance" is "<state>"
    Then a new instance of the "scheduler" works within "60 seconds"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The place of results
    Given a shop whose "place of results" is "<state>"
    Then its results are kept in a folder with the time of the run

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The diagnosis
    Given a shop whose "diagnosis" is "<state>"
    Then the diagnosis says so in ten lines at most

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The cause of trouble
    Given a shop whose "cause of trouble" is "<state>"
    Then it names no cause of trouble

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refused mistake
    Given a shop whose "refused mistake" is "<state>"
    Then it is refused as a mistake

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sums of a sale
    Given a shop whose "sums of a sale" is "<state>"
    Then the sale is completed within "2 seconds" with these sums:
      | subtotal | tax   | total  |
      | 750.00   | 75.00 | 825.00 |

    Examples:
      | state  |
      | well   |
      | broken |
