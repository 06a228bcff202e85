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

  Rule: Sums are right to the cent

    @JS-351
    Scenario Outline: <goods> less <discount> cost <total> at <tax> tax
      Given the shop "Goldregen" is open
      When the sales person sells "<goods>" less "<discount>" at "<tax>" tax
      Then the sale costs "<total>" when asked before, when confirmed and in the books

      Examples: Half a cent goes up
        | goods                | discount | tax    | total  |
        | 1 x 33.35            | nothing  | 10 %   | 36.69  |
        | 1 x 33.25            | nothing  | 10 %   | 36.58  |
        | 1 x 10.05            | 50 %     | 20 %   | 6.02   |
        | 1 x 10.05, 1 x 10.05 | 50 %     | 10 %   | 11.06  |

      Examples: Discounts come before the tax
        | goods                               | discount | tax    | total  |
        | 3 x 19.99                           | 5 %      | 8.25 % | 61.67  |
        | 2 x 199.99, 1 x 0.05                | 8.53     | 19 %   | 465.89 |
        | 2 x 120.00 less 5.55, 1 x 75.10     | 12.5 %   | 7.7 %  | 291.72 |
        | 1 x 750.00 less 0.01, 4 x 0.25      | nothing  | 0 %    | 750.99 |
        | 1 x 50.00                           | 100 %    | 10 %   | 0.00   |

  Rule: A sale that cannot be completed leaves no trace

    @JS-353
    Scenario: Sales with a mistake are refused and change nothing in stock, sales or receipts
      Given "Goldregen" has "10" rings at "750.00" in stock
      When the sales person tries sales with these mistakes:
        | mistake                   |
        | a second line above stock |
        | an unknown till           |
        | a quantity of zero        |
        | a quantity below zero     |
        | no goods at all           |
        | payments below the total  |
        | payments above the total  |
        | the same goods twice      |
        | unknown goods             |
        | a discount above the sum  |
      Then each of them is refused as a mistake and leaves no trace
      And for "5 seconds" nothing of them turns up in stock, sales or receipts
      When the sales person sells "1" ring at "10 %" tax
      Then the sale is completed within "2 seconds" with these sums:
        | subtotal | tax   | total  |
        | 750.00   | 75.00 | 825.00 |

  Rule: Stock and money add up for every shop

    @JS-354
    Scenario: After a day of sales, rushes, refusals and corrections the books add up
      Given "Goldregen" has "3" rings at "750.00" in stock
      And "Goldregen" has "8" tills
      When "Goldregen" goes through a day of sales, a rush, refused sales and corrections
      Then stock and money of every shop of this run add up
