Feature: Sentences about refused sales and sums can fail

  A fake shop lets a refused sale leave something behind, or tells a wrong sum.

  Scenario Outline: The sales with mistakes
    Given a shop whose "sales with mistakes" is "<state>"
    Then each of them is refused as a mistake and leaves no trace

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The answers to mistakes
    Given a shop whose "answers to mistakes" is "<state>"
    Then each of them is refused as a mistake and leaves no trace

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The late traces of mistakes
    Given a shop whose "late traces of mistakes" is "<state>"
    Then for "1 second" nothing of them turns up in stock, sales or receipts

    Examples:
      | state  |
      | well   |
      | broken |

  Scenario Outline: The sums in three places
    Given a shop whose "sums in three places" is "<state>"
    Then the sale costs "11.00" when asked before, when confirmed and in the books

    Examples:
      | state  |
      | well   |
      | broken |
