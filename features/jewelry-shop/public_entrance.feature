@allure.label.owner:platform
Feature: Public entrance

  Customers know one name, the name of the shop.
  Behind it every instance takes its share, and no other name leads inside.

  Rule: The public name leads to the shop through every instance

    @JS-951 @smoke @needs.ingress
    Scenario: Customers reach the shop under its public name
      When a customer asks for the shop under its public name
      Then the application answers within "2 seconds"
      And the journals of the front and of the application know the question

    @JS-951 @needs.ingress
    Scenario: Of a hundred customers every living instance serves at least one
      When "100" customers ask for the shop under its public name
      Then every one of them is answered within "2 seconds"
      And every ready instance of the front and of the application has served at least one

  Rule: No other name leads inside

    @JS-951 @needs.ingress
    Scenario: An unknown name leads nowhere
      When a customer asks for the shop under an unknown name
      Then nobody is found there
      And the question has not reached the shop
