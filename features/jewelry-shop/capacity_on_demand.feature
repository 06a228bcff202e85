@allure.label.owner:platform
Feature: Capacity on demand

  On the Saturday before Christmas many times more customers come than usual,
  and the shop grows while they are here, stays quick for each of them, and
  gives back what it does not need. Idle instances cost money, missing ones sales.

  Rule: The autoscaler sees what is used and holds the agreed sizes

    @JS-851 @smoke @critical @needs.metrics
    Scenario: The autoscaler works with fresh figures and with what was agreed
      When the autoscaler of the application is asked what it sees and holds
      Then it sees processor and memory use, no figure older than "60 seconds"
      And targets, smallest and largest size are as agreed

    @JS-851 @disruptive @needs.metrics @needs.scale
    Scenario Outline: A size set by hand <side> is corrected
      When somebody sets the application by hand to one instance "<side>"
      Then the size is within the agreed ones again within "60 seconds"

      Examples: Sizes that nobody has agreed to
        | side                    |
        | below the smallest size |
        | above the largest size  |

  Rule: The application grows with a rush and shrinks after it, and customers only notice that it stays quick

    @JS-852 @JS-853 @JS-854 @critical @disruptive @needs.metrics @needs.ingress
    Scenario: A rush of customers is served by more instances, which are given back afterwards
      Given the application has its smallest size
      And customers look at the goods of "Goldregen" "20" times a second
      When a rush of customers looks through the goods for "4 minutes"
      Then within "2 minutes" as many instances serve as the demand asks for, never more than agreed
      And the extra instances are given back within "5 minutes" after the rush
      And for "30 seconds" the smallest size holds, and the size has not risen again since it began to fall
      And all the time "0.1 %" of requests failed at most, and "95 %" took "2 seconds" at most
