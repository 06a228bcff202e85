Feature: Sentences about sign-ins can fail

  A fake shop lets somebody in whom it must not, or forgets who is signed in.

  Scenario Outline: The sign-ins everywhere
    Given a shop whose "sign-ins everywhere" is "<state>"
    Then every instance honours each of these sign-ins

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The refusal of a stranger
    Given a shop whose "refusal of a stranger" is "<state>"
    Then everything is refused as "unknown"

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The books after a refusal
    Given a shop whose "books after a refusal" is "<state>"
    Then nothing stored has changed, not even the time of the owner's last sign-in

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The time of a sign-in
    Given a shop whose "time of a sign-in" is "<state>"
    Then the sign-in is noted with its time

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The name of the visitor
    Given a shop whose "name of the visitor" is "<state>"
    Then "12 seconds" later at the latest every instance shows the visitor's name again

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The stored sign-in
    Given a shop whose "stored sign-in" is "<state>"
    Then the sign-in is stored as it was

    Examples:
      | state  |
      | well   |
      | broken |
