@hook.feature.cleanup
Feature: Cannot be cleaned up

  Scenario: Passes before its capability breaks
    Given the shop is open

  @hook.rule.before
  Rule: Cannot be prepared either

    Scenario: Never begins as well
      Given the shop is open
