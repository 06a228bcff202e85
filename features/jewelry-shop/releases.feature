@allure.label.owner:platform
Feature: Releases without interruption

  New versions come on working days, while customers stand at the counter.
  Nobody may notice a release, and one that cannot work must never replace
  the one that does: every minute of a broken shop costs sales.

  Rule: A release is rolled out without one failed request

    @JS-1101 @critical @disruptive @needs.ingress @needs.export
    Scenario: A new version is rolled out while customers look and buy
      Given customers of "Goldregen" look and buy "50" times a second
      And every instance of the application is busy with long requests
      When version "2.0.0" is released
      Then the release is complete within "180 seconds" and every instance reports version "2.0.0"
      And every long request has ended well
      And of at least "3000" requests none has failed

  Rule: A release that cannot work never takes over

    @JS-1102 @disruptive @needs.ingress
    Scenario Outline: The working version serves on when a release has <defect>
      Given customers of "Goldregen" look and buy "25" times a second
      When a release with "<defect>" is rolled out
      Then it is reported as stuck within "75 seconds", with every instance of before in service
      When the release is taken back
      Then nothing of it remains and the instances of before serve on
      And of at least "1500" requests none has failed

      Examples: Releases that cannot work
        | defect                       |
        | an image that does not exist |
        | a wrong database address     |
