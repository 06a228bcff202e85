@allure.label.owner:storage
Feature: Automatic database failover

  Every sale is a row in the database, and a jeweller does not wait.
  Whatever happens to the leading database member, sales go on within the
  promised time, and a sale that was confirmed is there for good.

  Rule: At rest everybody agrees who leads

    @JS-501 @smoke @critical
    Scenario: One member leads, two follow, and every source says the same
      When all sources are asked who leads the database
      Then they agree on one leader and "2" followers, one of them synchronous

    @JS-501
    Scenario: A new sale is on both followers at once, and only the leader takes it
      Given "Goldregen" has "10" rings at "750.00" in stock
      When the sales person sells "1" ring at "10 %" tax
      Then the sale is visible on "2" followers within "2 seconds"
      And every follower refuses to be written to

  Rule: Sales are confirmed again within 30 seconds

    @JS-502 @critical @disruptive
    Scenario Outline: Sales go on after the leading member <loss>
      Given customers of "Goldregen" buy "20" times a second
      When the leading database member <loss>
      Then sales are confirmed again within "30 seconds"
      And the database tells one outcome: a restart in place or a promotion
      And every sale that was confirmed is found stored

      Examples: Ways to lose a member
        | loss                           |
        | is deleted by force            |
        | has all its processes killed   |

    @JS-503 @JS-505 @disruptive
    Scenario: When the leader is gone for good another member takes over and every instance follows it
      Given customers of "Goldregen" buy "20" times a second
      And every instance of the application and of the background workers has work
      When the leading database member freezes for "45 seconds"
      Then another member takes over and sales are confirmed again within "30 seconds"
      And the history of the database tells when and why
      And every instance of before writes "10 seconds" after the new leader at the latest, without a restart

  Rule: No confirmed sale is lost, doubled or altered

    @JS-504 @critical @disruptive
    Scenario: Every confirmed sale is on every member, also when the former leader is back
      Given customers of "Goldregen" buy "20" times a second
      When the leading database member is deleted by force
      Then every confirmed sale is stored exactly once, for the shop and on every follower
      And it still is when the former leader has come back within "120 seconds"
      When all database members are restarted
      Then every confirmed sale is stored exactly once on every member
      And indexes and tables of the sales are sound

    @JS-504 @disruptive @needs.sized_volumes
    Scenario: No confirmed sale is lost when the leading member has no space left to write to
      Given customers of "Goldregen" buy "20" times a second
      When the volume of the leading database member is full for "30 seconds"
      Then one member leads and "2" followers stream again within "120 seconds"
      And every confirmed sale is stored exactly once on every member

    @JS-508 @disruptive
    Scenario: A frozen supervisor never lets two members confirm sales
      Given customers of "Goldregen" buy "20" times a second
      When the supervisor of the leading database member freezes for "60 seconds"
      Then when the former leader has come back within "120 seconds", no confirmed sale is missing
      And at no moment two members have confirmed sales
      And sales were interrupted for "30 seconds" at most

  Rule: A planned handover costs five seconds at most

    @JS-507 @disruptive
    Scenario: Sales are interrupted for five seconds at most when the leader role is handed over
      Given customers of "Goldregen" buy "20" times a second
      When the leader role is handed over as planned
      Then sales were interrupted for "5 seconds" at most
      And another member leads, exactly one timeline later
      And the former leader follows again within "120 seconds"
      And every confirmed sale is stored exactly once on every member

  Rule: The loss of a follower costs ten seconds at most

    @JS-509 @disruptive
    Scenario Outline: Sales go on when the <follower> stands still
      Given customers of "Goldregen" buy "20" times a second
      When the <follower> of the database freezes for "40 seconds"
      Then sales were interrupted for "10 seconds" at most
      And the follower that is left is the synchronous one
      And one member leads and "2" followers stream again within "120 seconds"
      And every confirmed sale is stored exactly once on every member

      Examples: Followers
        | follower             |
        | synchronous follower |
        | other follower       |

  Rule: A former leader that has gone its own way comes back as a follower

    @JS-506 @disruptive
    Scenario: A former leader that wrote on alone is made a follower without what it wrote
      Given customers of "Goldregen" buy "20" times a second
      When the supervisor of the leading database member freezes for "45 seconds"
      And the former leader stores "10" rows of its own while another member leads
      Then the former leader follows the new one within "120 seconds", without the rows of its own
      And for "20 seconds" no second leader appears
      And every confirmed sale is stored exactly once on every member

  Rule: A second failure during recovery is survived

    @JS-510 @disruptive
    Scenario: Sales go on although the member that took over is lost at once
      Given customers of "Goldregen" buy "20" times a second
      When the leading database member freezes for "60 seconds"
      And the member that takes over has all its processes killed
      Then sales are confirmed again within "60 seconds" of the second failure
      And until then every customer is refused with a reason, within "12 seconds"
      And one member leads and "2" followers stream again within "120 seconds"
      And every confirmed sale is stored exactly once on every member
