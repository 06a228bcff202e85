@failover
Feature: Automatic database failover

  Shops keep taking orders when the orders database loses its leader.
  Every minute without sales costs about forty orders.

  Rule: Sales go on within thirty seconds

    @critical @JS-511
    Scenario: Sales go on after the leader's machine has lost power
    The machine is gone without a word, so the others must notice by themselves.
      Given shoppers are buying in the shop
      When the machine of the database leader loses power
      Then sales go on within "30 seconds"

    @JS-505
    Scenario: Sales go on after the leader was cut off
      Given shoppers are buying in the shop
      When the machine of the database leader loses power
      Then sales stand still for too long
