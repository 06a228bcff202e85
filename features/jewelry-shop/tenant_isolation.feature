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

  Rule: A shop cannot attach its goods to what belongs to another shop

    @JS-303
    Scenario Outline: A ring with the <part> of another shop is refused, in the name of <owner>
      When "Silberquell" takes a ring into stock with the "<part>" of "Goldregen", in the name of "<owner>"
      Then it is refused as a mistake, and nothing of it is stored in either shop
      When "Silberquell" takes the same ring into stock with its own branch and category
      Then the ring is taken into stock

      Examples: Parts of another shop
        | part                | owner       |
        | branch              | Silberquell |
        | branch              | Goldregen   |
        | category            | Silberquell |
        | category            | Goldregen   |
        | branch and category | Silberquell |
        | branch and category | Goldregen   |

  Rule: A suspended shop is locked out at once, and nobody else is

    @JS-304 @needs.instance_access
    Scenario: From the next request on a suspended shop is refused everywhere, while its neighbour sells
      Given the people of both shops are at work at every instance
      When the platform administrator suspends "Goldregen"
      Then every further call of "Goldregen" is refused at every instance because it is suspended
      And "Silberquell" sells at every instance
      When the platform administrator opens "Goldregen" again
      Then the people of "Goldregen" work on with the sign-ins they had

  Rule: Busy shops never receive each other's answers

    @JS-305
    Scenario: Two shops that search for the same words at the same time each get their own answers only
      When both shops search, look, park and sell side by side for "20 seconds"
      Then each of at least "200" answers to a shop carries nothing but its own
