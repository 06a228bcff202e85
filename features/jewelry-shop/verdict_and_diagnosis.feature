@allure.label.owner:platform
Feature: Verdict and diagnosis

  Whoever signs a delivery reads one page, not a thousand lines.
  It says what was promised, what was checked and what was not; and when a
  promise is broken it names the cause, so that nobody has to search at night.

  Rule: A result is green only when something was checked and nothing is broken

    @JS-1201 @smoke @critical
    Scenario: The readiness of the platform is judged alike in report, summary and exit code
      When a run of its own judges the promise "JS-101"
      Then report, summary and exit code of that run agree
      And that run is green
      And its results are kept in a folder with the time of the run

    @JS-1201
    Scenario: What was broken, not known or not checked is counted as that and never as kept
      When a run of its own ends in every possible way
      Then report, summary and exit code of that run agree
      And of its promises "1" are kept, "1" in part, "1" broken
      And "17 %" of the agreed promises are known to be kept

    @JS-1201
    Scenario: A run that checks nothing is not green
      When a run of its own is asked for a promise that no scenario checks
      Then that run is not green and says that nothing was checked

  Rule: The result speaks of everything that was agreed on before

    @JS-1201
    Scenario: Every group and every step of the earlier tests has a promise that is checked
      When the earlier tests are looked up in the catalogue
      Then each of "18" groups and "8" steps has a promise that is checked

  Rule: Whoever looks for the cause of trouble finds it named

    @JS-1202
    Scenario Outline: A diagnosis says how the <area> is, and names what is wrong with it
      When the platform is asked how its "<area>" is
      Then the diagnosis says so in ten lines at most
      And it names no cause of trouble

      Examples: What people look up first
        | area     |
        | parts    |
        | database |
        | growth   |
        | takeover |
        | fences   |
