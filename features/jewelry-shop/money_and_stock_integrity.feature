@allure.label.owner:shop
Feature: Money and stock integrity

  Gold is counted by the piece and money to the cent.
  However many tills sell at once, no piece is sold twice and no sum is off;
  each difference is a jeweller counting the vault at night.

  Rule: No piece is sold twice

    @JS-352 @smoke @critical
    Scenario: Eight tills sell the last three pieces at the same moment and exactly three sales are confirmed
      Given "Goldregen" has "3" rings at "750.00" in stock
      And "Goldregen" has "8" tills
      When all tills sell one ring at the same moment
      Then exactly "3" sales are confirmed under different numbers
      And the others are told how many rings are left, and left no trace
      And "0" rings are left, in the shop and in its database

  Rule: Stock and money add up for every shop

    @JS-354
    Scenario: After a day of sales, rushes, refusals and corrections the books add up
      Given "Goldregen" has "3" rings at "750.00" in stock
      And "Goldregen" has "8" tills
      When "Goldregen" goes through a day of sales, a rush, refused sales and corrections
      Then stock and money of every shop of this run add up
