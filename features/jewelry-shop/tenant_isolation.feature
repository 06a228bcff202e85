@allure.label.owner:shop
Feature: Tenant isolation

  Competitors keep their stock and sales on the same installation.
  No shop ever sees or touches what belongs to another one; a single leaked
  price list would end the trust that the whole platform lives on.

  Background:
    Given the shops "Goldregen" and "Silberquell" both have goods, sales and branches

  Rule: A shop sees its own goods, sales and branches only

    @JS-301 @smoke @critical
    Scenario: Lists and searches show each shop exactly what is its own
      When each shop looks through all its lists and searches
      Then each of them sees exactly what is stored for it

    @JS-301
    Scenario: The database itself keeps the shops apart
      When the fences between the shops are inspected in the database
      Then every table with data of shops is fenced and the application cannot climb the fence

  Rule: Knowing the number of another shop's goods is of no use

    @JS-302 @critical
    Scenario Outline: Trying to <attempt> the goods of another shop is refused
      When "Silberquell" tries to "<attempt>" a piece of "Goldregen"
      Then the piece is unknown to "Silberquell"
      And everything stored about the piece is unchanged

      Examples: Attempts
        | attempt             |
        | read                |
        | sell                |
        | change the stock of |
