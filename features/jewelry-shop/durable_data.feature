@allure.label.owner:storage
Feature: Durable data

  What the shop has put aside must outlive the machines and programs that
  hold it. A basket that a customer comes back for is not to be typed again.

  Rule: What the cache was given outlives every one of its servers

    @JS-701 @critical @disruptive @needs.drafts
    Scenario: A parked basket survives the crash of the master and then the loss of every server
      Given the shop "Goldregen" is open
      And a basket parked for "300 seconds" lies on every server of the cache
      When the cache master crashes and then every server of the cache is lost in turn
      Then each of them is back within "60 seconds" and the basket lies unchanged on every server
      And the shop shows the basket unchanged, and its lifetime has only fallen

  Rule: Every store has a volume of its own and uses it

    @JS-702 @smoke @needs.exec
    Scenario: The data of every store lies on its own volume of the agreed size
      When the volumes of the stores are looked up
      Then "9" agreed volumes are bound, each under the data of one living store
