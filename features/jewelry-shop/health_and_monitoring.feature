@allure.label.owner:platform
Feature: Health and monitoring

  Whoever is on call at night decides by what the shop says of itself.
  A page that says "well" while the database is away, a counter that counts
  half, or a password in a journal costs more than no page at all.

  Rule: The health pages tell the truth within 3 seconds

    @JS-1001 @smoke @critical @needs.instance_access
    Scenario: Every health page of every instance says that all is well
      When every instance of the application is asked for all its health pages
      Then each page says within "3 seconds" that all is well, with the agreed fields

    @JS-1001 @disruptive @needs.instance_access
    Scenario Outline: The detailed health page names the <part> while it does not answer
      When every instance of the "<part>" stops answering for "20 seconds"
      Then every detailed health page names exactly that as missing, answered within "3 seconds"
      And when it is back every page says within "30 seconds" that all is well

      Examples: What is missing
        | part              |
        | background worker |
        | cache             |

      @destructive
      Examples: What nobody can sell without
        | part     |
        | database |

  Rule: The shop's own counters match the traffic it has served

    @JS-1002 @serial @needs.instance_access
    Scenario: Two hundred requests are counted as two hundred
      Given "Goldregen" has "40" rings at "750.00" in stock
      When a sales person asks the shop "200" times and sells "20" times
      Then the shop's counters have risen by exactly what it has served
      And no counter of any instance has ever gone back

  Rule: The use of every running instance is known

    @JS-1003 @smoke @needs.metrics
    Scenario: Processor and memory use of exactly the running instances is known
      When the platform is asked what every running instance uses
      Then the use of exactly the running instances is known within "60 seconds", none older than "60 seconds"

  Rule: Journals can be followed by request and keep every secret

    @JS-1004
    Scenario: A day of sign-ins and sales can be followed in the journals, and nothing secret is in them
      Given "Goldregen" has "10" rings at "750.00" in stock
      When people sign in rightly and wrongly, sell, and hand work to the background
      Then each request is found in the journals under its number, from the front to the worker
      And every line of the shop's own services has the agreed fields
      And no line of any instance holds a password, token or key
