@allure.label.owner:shop
Feature: Background work

  What takes longer than a customer waits is done in the background.
  Nobody watches it, so it must be finished by itself, once and in time;
  a receipt that never comes is noticed by the customer first.

  Rule: Work that is handed over is finished within 15 seconds

    @JS-401 @smoke @critical @needs.jobs
    Scenario: A valuation of the stock is taken up and finished with the right sum
      Given "Goldregen" has "12" kinds of rings in stock
      When the owner has the stock valued
      Then the valuation is finished with the right sum within "15 seconds"
      And the journal of the worker that did it tells of the same valuation

  Rule: Every sale gets its receipt within 10 seconds

    @JS-402 @needs.receipts
    Scenario: Every sale gets exactly one receipt and counts once in the total of the day
      Given "Goldregen" has "40" rings at "750.00" in stock
      When the sales person makes "12" sales
      Then each of them has exactly one receipt within "10 seconds" after the last one
      And the total of the day is the sum of its sales within "10 seconds" after the last one
      And for "7 seconds" no receipt is added and no total changes

  Rule: Work in progress survives the loss of its worker

    @JS-403 @critical @disruptive @needs.jobs
    Scenario Outline: A valuation is finished once although its <what> is killed
      Given "Goldregen" has "12" kinds of rings in stock
      And a background worker is at work on a slow valuation of the stock
      When the "<what>" that is at work on it is killed without warning
      Then "<finisher>" background worker finishes it with the right sum within "50 seconds"
      And every kind of ring has been valued exactly once

      Examples: What is lost
        | what              | finisher |
        | background worker | another  |
        | working process   | any      |

  Rule: The gold price is refreshed once in every period

    @JS-404 @needs.gold_price
    Scenario: The gold price is never old and never refreshed twice in a period
      Given the shop "Goldregen" is open
      Then for "40 seconds" the gold price is never older than "20 seconds"
      And every period of "10 seconds" in that time has had its price exactly once

    @JS-404 @disruptive @needs.gold_price
    Scenario: The gold price is fresh again soon after the scheduler was lost
      Given the shop "Goldregen" is open
      When an instance of the "scheduler" is deleted
      Then the gold price is refreshed again within "40 seconds"
      And for "25 seconds" the gold price is never older than "20 seconds"
      And at most "3" periods of "10 seconds" have no price, and none has had it twice

  Rule: A worker that hangs is noticed and restarted

    @JS-405 @disruptive @needs.jobs
    Scenario: A hanging worker is restarted while the others go on
      Given "Goldregen" has "2" kinds of rings in stock
      And the owner has the stock valued "1" times a second
      When a background worker hangs
      Then it is restarted and answers again within "90 seconds"
      And meanwhile the others never paused for more than "15 seconds", and every valuation is done
