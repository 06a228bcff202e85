@allure.label.owner:storage
Feature: Automatic cache failover

  Sign-ins, parked baskets and queued work live in the cache.
  When its master is lost another server takes its place within seconds, and
  the tills do not even notice.

  Rule: At rest one master is watched by everybody

    @JS-601 @smoke @critical
    Scenario: One master and two followers are known to all three watchers
      When all servers and watchers of the cache are asked who is the master
      Then "3" watchers agree on one master with "2" followers

    @JS-601
    Scenario: A basket parked by the application lies on the master that the watchers name
      Given the shop "Goldregen" is open
      When the sales person parks a basket
      Then the basket lies on the server that the name of the master leads to

  Rule: The cache accepts writes again within 30 seconds and keeps what it confirmed

    @JS-602 @critical @disruptive
    Scenario Outline: The cache goes on after its master <loss>
      Given somebody writes to the cache "20" times a second and has each write copied
      When the cache master <loss>
      Then the cache accepts writes again within "30 seconds"
      And every write that was confirmed with a copy is there, also when the former master is back

      Examples: Ways to lose the master
        | loss                |
        | crashes             |
        | is deleted by force |

  Rule: A silent master is replaced and sales do not notice

    @JS-603 @JS-605 @critical @disruptive
    Scenario: Another server is promoted while sales go on without a failure
      Given customers of "Goldregen" buy "20" times a second
      When the cache master stops answering for "20 seconds"
      Then all watchers name another server within "10 seconds"
      And the former master is a follower and "2" followers are online within "60 seconds"
      And no sale has failed and "95 %" of them took "2 seconds" at most
      And no instance of the application was taken out of service

    @JS-605 @disruptive
    Scenario: Sales go on without a failure while the whole cache is away
      Given customers of "Goldregen" buy "20" times a second
      When all servers of the cache stop answering for "20 seconds"
      Then no sale has failed and "95 %" of them took "2 seconds" at most
      And no instance of the application was taken out of service

  Rule: A restarted server takes the role that the watchers give it

    @JS-604 @disruptive
    Scenario: The first server comes back as a follower and never as a second master
      Given another server than the first is master of the cache
      When the first server of the cache is restarted
      Then at no moment two servers of the cache were master
      And the restarted server follows the master that the watchers name

  Rule: The cache refuses what it could not copy

    @JS-607 @disruptive
    Scenario: Without a follower that listens no write is accepted
      Given somebody writes to the cache "20" times a second and has each write copied
      When both followers of the cache stop answering for "10 seconds"
      Then from "5 seconds" on every write is refused and none of them is stored
      And writes are accepted again as soon as the followers are back

  Rule: Visitors and accepted work outlive the change of the master

    @JS-606 @disruptive @needs.web_sign_in
    Scenario: A visitor who was signed in is still signed in on every instance
      Given a visitor of "Goldregen" is signed in and opens the dashboard at every instance once a second
      When the cache master stops answering for "30 seconds"
      Then "12 seconds" later at the latest every instance shows the visitor's name again
      And the sign-in is stored as it was

    @JS-608 @disruptive @needs.jobs
    Scenario: Work accepted while the master changes is finished exactly once
      Given the owner of "Goldregen" has the stock valued "2" times a second
      When the cache master stops answering for "20 seconds"
      Then every valuation that was accepted is finished exactly once within "45 seconds", and no other is found
