Feature: Every outcome

  @JS-101
  Scenario: Kept
    Then it is kept

  @JS-102
  Scenario: Kept as far as it was checked
    Then it is kept

  @JS-102 @needs.exec
  Scenario: Not checked in this part
    Then it is kept

  @JS-103
  Scenario: Broken
    Then it is broken

  @JS-103
  Scenario: Kept beside a broken one
    Then it is kept

  @JS-104
  Scenario: Not known
    Then nobody knows

  @JS-201 @needs.exec
  Scenario: Not checked at all
    Then it is kept
