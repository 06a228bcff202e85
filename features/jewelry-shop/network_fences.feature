@allure.label.owner:platform
Feature: Network fences

  Money and customers' data lie in the stores behind the shop.
  Whoever breaks into one corner of the platform must find the way to them
  closed, and the shop's own parts must not feel the fence at all.

  Rule: Every part reaches exactly what it needs

    @JS-901 @smoke
    Scenario: Every part reaches what it needs to work
      When every part tries every way that it needs
      Then each of these ways is answered within "3 seconds"

  Rule: Nobody outside the shop reaches its inner parts

    @JS-902 @critical @needs.fences
    Scenario: Strangers outside the shop find every inner way closed
      Given strangers outside the shop, some of them in its own colours
      When they try every way to the stores and to the application for "5 seconds"
      Then not one of these ways is open

  Rule: Inside the shop nobody reaches a store without need

    @JS-903 @needs.fences
    Scenario: A stranger inside the shop finds every store closed
      Given a stranger inside the shop who is free to call anybody
      When the stranger tries every way to the stores for "5 seconds"
      Then not one of these ways is open

    @JS-903 @needs.fences
    Scenario: Parts find the stores closed that they have no need of
      When every part tries the stores that it has no need of for "5 seconds"
      Then not one of these ways is open
