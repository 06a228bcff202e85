@allure.label.owner:platform
Feature: Self-healing application

  Instances come and go, at night and on the Saturday before Christmas.
  Whatever is lost is replaced without hands, and customers notice nothing.

  Rule: A lost instance is replaced by a working one

    @JS-801 @disruptive
    Scenario Outline: A deleted instance of the <part> is replaced within <limit>
      When an instance of the "<part>" is deleted
      Then a new instance of the "<part>" works within "<limit>"
      And the "<part>" has its full number again, without the deleted instance

      Examples: Parts
        | part              | limit      |
        | application       | 60 seconds |
        | front             | 60 seconds |
        | background worker | 90 seconds |
        | scheduler         | 60 seconds |
        | cache watcher     | 60 seconds |

  Rule: Customers notice nothing when an instance is lost

    @JS-802 @critical @disruptive @needs.ingress
    Scenario: No customer notices that instances of application and front are taken away in good order
      Given customers look at the goods of "Goldregen" "50" times a second
      When one instance of the application and one of the front is deleted
      Then of at least "3000" requests none has failed

    @JS-802 @disruptive @needs.ingress
    Scenario: Hardly a customer notices that instances of application and front are lost at once
      Given customers look at the goods of "Goldregen" "50" times a second
      When one instance of the application and one of the front is deleted by force
      Then of at least "3000" requests at most "1 %" have failed, with no gap over "1 second"

  Rule: The loss of a machine costs customers a minute at most, and its parts come back elsewhere

    @JS-806 @destructive @needs.nodes.3 @needs.node_power @needs.ingress
    Scenario: Customers are served by the machines that are left, and every part that can move does
      Given a machine that may fail carries every kind of part but not the leading database member
      And customers of "Goldregen" buy "20" times a second
      When this machine loses its power
      Then every part that is bound to no machine has its full number elsewhere, in the time that the settings allow
      And customers were served again within "60 seconds" at every entrance that was left
      When the machine has its power back
      Then the whole shop is at full strength again within "120 seconds", with no restart unexplained

  Rule: An instance that hangs is taken out of service and brought back

    @JS-803 @disruptive @needs.instance_access
    Scenario: The others serve on while an instance that hangs is restarted
      Given customers look at the goods of "Goldregen" at every instance "5" times a second
      When one instance of the application hangs
      Then it receives no more requests after "8 seconds"
      And it serves again after exactly one restart within "60 seconds"
      And every look at the other instances was answered

  Rule: Maintenance may take one instance of each part at a time

    @JS-805 @disruptive @needs.evict @needs.ingress
    Scenario: A second instance of a part is refused until the first one is replaced
      Given customers of "Goldregen" look and buy "25" times a second
      When maintenance asks each part for an instance, and for a second one at once
      Then every part has given its first instance and refused its second
      And of at least "1000" requests none has failed

  Rule: Without its database the shop says so, stays alive and resumes by itself

    @JS-804 @critical @destructive
    Scenario: The shop refuses sales with a reason while its database is away, and sells again by itself
      Given customers of "Goldregen" buy "20" times a second
      And somebody asks every instance of the application how it is, and buys there
      When all database members freeze for "40 seconds"
      Then every instance says within "12 seconds" that the database is away, and all the time that it is alive
      And until then every customer is refused with a reason, within "12 seconds"
      And sales are confirmed again "10 seconds" after the leader is back at the latest
      And no instance of the application has restarted

    @JS-804 @destructive @needs.fences
    Scenario: The shop refuses sales with a reason while it is cut off from its database, and sells again by itself
      Given customers of "Goldregen" buy "20" times a second
      And somebody asks every instance of the application how it is, and buys there
      When the application is cut off from the database for "30 seconds"
      Then every instance says within "12 seconds" that the database is away, and all the time that it is alive
      And until then every customer is refused with a reason, within "12 seconds"
      And sales are confirmed again "10 seconds" after the way to it is open again at the latest
      And no instance of the application has restarted
