@allure.label.owner:shop
Feature: Sign-in

  A jeweller signs in once in the morning and works all day.
  Whoever holds no right password and no genuine sign-in stays outside; one
  stranger at the till would cost more than a day without sales.

  Rule: A sign-in is good at every instance of the shop

    @JS-251 @smoke @critical @needs.instance_access
    Scenario: A sign-in made at any instance is honoured by all of them
      When the platform administrator signs in at every instance of the application
      Then every instance honours each of these sign-ins

    @JS-251 @needs.instance_access
    Scenario Outline: The <person> of a shop may go on at any instance after signing in at another
      Given the shop "Goldregen" is open
      When the "<person>" of "Goldregen" signs in at every instance of the application
      Then every instance honours each of these sign-ins

      Examples: People who sign in
        | person       |
        | owner        |
        | sales person |

  Rule: Only the right name and password let somebody in

    @JS-252
    Scenario Outline: Signing in with <something> is refused and changes nothing
      Given the shop "Goldregen" is open
      When somebody signs in as the owner with "<something>"
      Then everything is refused as "<refusal>"
      And nothing stored has changed, not even the time of the owner's last sign-in
      When the "owner" of "Goldregen" signs in
      Then within "2 seconds" the shop recognises the "owner" by name, role and shop
      And the sign-in is noted with its time

      Examples: Not the right name and password
        | something                    | refusal    |
        | a wrong password             | unknown    |
        | almost the right password    | unknown    |
        | more than the right password | unknown    |
        | the password of a colleague  | unknown    |
        | an unknown name              | unknown    |
        | no password                  | incomplete |
        | no name                      | incomplete |

  Rule: Only a genuine, unexpired sign-in opens the shop

    @JS-252 @critical
    Scenario Outline: Whoever comes with <something> is refused everywhere and changes nothing
      Given "Goldregen" has "10" rings at "750.00" in stock
      When somebody looks, sells and changes the stock with "<something>"
      Then everything is refused as "unknown"
      And nothing stored has changed, not even the time of the owner's last sign-in
      When the "owner" of "Goldregen" signs in
      Then within "2 seconds" the shop recognises the "owner" by name, role and shop

      Examples: No genuine sign-in
        | something                               |
        | no sign-in                              |
        | an altered sign-in                      |
        | an expired sign-in                      |
        | a sign-in that somebody else has signed |
        | an unsigned sign-in                     |
