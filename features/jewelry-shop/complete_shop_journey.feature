@allure.label.owner:shop
Feature: Complete shop journey

  A jeweller signs a contract in the morning and wants to sell at noon.
  From opening the shop to a sale that is stored to the cent, everything works
  the first time; each minute in which it does not is a sale lost.

  Rule: A new shop is ready to sell within half a minute

    @JS-201
    Scenario: The application works on a complete database
      When the platform administrator opens the shop "Goldregen"
      Then the application calls itself ready
      And the shop is stored in the leading database member
      And no change of the database layout is missing

    @JS-202 @critical
    Scenario: The platform administrator opens a shop with a branch and a till
      When the platform administrator opens the shop "Goldregen"
      Then the shop is open within "30 seconds"
      And its owner sees exactly one branch and one till
      And exactly the same shop, branch and till are stored

    @JS-202
    Scenario: A second shop under the same short name is refused and leaves nothing behind
      Given the shop "Goldregen" is open
      When the platform administrator opens another shop under the same short name
      Then it is refused because the short name is taken
      And nothing of the second shop is stored

  Rule: People are recognised by name, role and shop

    @JS-203
    Scenario Outline: The <person> of a new shop signs in and is recognised
      Given the shop "Goldregen" is open
      When the "<person>" of "Goldregen" signs in
      Then within "2 seconds" the shop recognises the "<person>" by name, role and shop
      And the stored "<person>" of "Goldregen" is the same

      Examples: People of a shop
        | person       |
        | owner        |
        | sales person |

  Rule: What one person takes into stock, a colleague finds at once

    @JS-204
    Scenario: A piece of jewellery added to stock is found by a colleague with the same values
      Given the shop "Goldregen" is open
      When the owner takes a ring into stock that the sales person has just looked for in vain:
        | property      | value   |
        | karat         | 18      |
        | weight_grams  | 4.250   |
        | cost_price    | 450.00  |
        | selling_price | 750.00  |
        | quantity      | 10      |
      Then within "2 seconds" the sales person finds it in the stock list, on its own page and in the till search
      And the ring is stored with the same values

    @JS-204
    Scenario Outline: A piece with <offence> is refused and changes nothing
      Given "Goldregen" has "10" rings at "750.00" in stock
      When the owner takes a ring with "<offence>" into stock
      Then it is refused as a mistake
      And the stock of "Goldregen" is as it was

      Examples: Mistakes
        | offence                 |
        | the same article number |
        | a price below its cost  |

  Rule: A sale is completed once, with the right sums

    @JS-205 @smoke @critical
    Scenario: A ring of 750.00 is sold for 825.00 at ten percent tax
      Given "Goldregen" has "10" rings at "750.00" in stock
      When the sales person sells "1" ring at "10 %" tax
      Then the sale is completed within "2 seconds" with these sums:
        | subtotal | tax   | total  |
        | 750.00   | 75.00 | 825.00 |
      And the sale has a number of its own

    @JS-206 @critical
    Scenario: After the sale the stock is lower by what was sold and the sale is stored as confirmed
      Given "Goldregen" has "10" rings at "750.00" in stock
      When the sales person sells "1" ring at "10 %" tax
      Then "9" rings are left, in the shop and in its database
      And the sale is stored exactly once, as it was confirmed

  Rule: A whole working day succeeds through the public entrance

    @JS-207
    Scenario: Two working days, each from sign-in to a stored sale, succeed one after the other
      When a complete working day of a new shop is played through the public entrance
      Then the day succeeds within "30 seconds"
      And its sale reads the same at every instance of the application and in the leading database member
      When another complete working day of a new shop is played through the public entrance
      Then the day succeeds within "30 seconds"
