@hook.feature.before
Feature: Cannot be prepared

  Scenario: Never begins
    Given the shop is open
