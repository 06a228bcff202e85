"""The ledger finds every planted loss, double, alteration and phantom."""

from __future__ import annotations

import random
from dataclasses import replace

from support.observers.agent.notes import note, read_note
from support.observers.attempts import Attempt, Outcome
from support.observers.ledger import StoredRow, compare, row_of_cache, row_of_sale, row_of_table

LEDGER = "r7"


def attempts(number: int, outcome: Outcome = "ok", begin: int = 0) -> list[Attempt]:
    return [
        Attempt(
            "sale",
            seq,
            float(seq),
            float(seq),
            seq + 0.1,
            outcome,
            checksum=note(LEDGER, "sale", seq, "ring", "1").checksum,
            facts={"total": "825.00", "item": "ring", "quantity": "1"} if outcome == "ok" else {},
        )
        for seq in range(begin, begin + number)
    ]


def stored(found: list[Attempt]) -> list[StoredRow]:
    rows = [
        row_of_sale(str(note(LEDGER, "sale", one.seq, "ring", "1")), LEDGER, "ring", 1, {"total": "825.00"})
        for one in found
    ]
    return [row for row in rows if row]


def test_a_clean_ledger() -> None:
    made = attempts(500)
    verdict = compare(made, stored(made), "the leader", fault=249.5)
    assert verdict.clean
    assert verdict.judge().kept
    assert (verdict.confirmed, verdict.confirmed_before, verdict.stored) == (500, 250, 500)


def test_every_planted_fault_is_found() -> None:
    chance = random.Random(1)
    made, refused, unknown = attempts(500), attempts(40, "fail", 1000), attempts(30, "info", 2000)
    rows = stored(made)
    victims = chance.sample(range(500), 24)
    lost, doubled, altered_total, altered_item = victims[:7], victims[7:12], victims[12:18], victims[18:]
    rows += [rows[seq] for seq in doubled]
    for seq in altered_total:
        rows[seq] = replace(rows[seq], facts=rows[seq].facts | {"total": "1.00"})  # type: ignore[operator]
    for seq in altered_item:
        changed = row_of_sale(str(note(LEDGER, "sale", seq, "ring", "1")), LEDGER, "brooch", 1)
        assert changed
        rows[seq] = changed
    phantoms = stored(refused[:3]) + stored(attempts(2, begin=9000))  # surely refused, and never asked for
    rows = [row for row in rows if row.seq not in lost] + phantoms + stored(unknown[:11])
    verdict = compare(made + refused + unknown, rows, "db-1")
    names = {"lost": lost, "duplicates": doubled, "altered": altered_total + altered_item}
    for name, planted in names.items():
        assert getattr(verdict, name) == [f"sale-{seq:06d}" for seq in sorted(planted)], name
    assert verdict.phantom == [f"sale-{seq:06d}" for seq in (1000, 1001, 1002, 9000, 9001)]
    assert (verdict.unknown_stored, verdict.unknown_absent) == (11, 19)
    assert verdict.judge().kind == "broken"
    assert "7 lost" in str(verdict)
    assert "and 2 more" in str(verdict)


def test_one_lost_write_breaks_the_promise_even_with_few_writes() -> None:
    made = attempts(3)
    assert compare(made, stored(made[:2]), "db-1").judge().kind == "broken"


def test_too_few_confirmed_writes_say_nothing() -> None:
    made = attempts(399)
    assert compare(made, stored(made), "db-1", fault=199.5).judge().kind == "unknown"
    assert compare([], [], "db-1").judge().kind == "unknown"


def test_a_double_of_an_unknown_write_is_a_double() -> None:
    made = attempts(1, "info")
    assert compare(made, stored(made) * 2, "db-1").duplicates == ["sale-000000"]


def test_rows_of_the_probes_own_table_are_checked_against_their_content() -> None:
    good = note(LEDGER, "direct", 7, "row 000007")
    made = [Attempt("direct", 7, 0, 0, 1, "ok", checksum=good.checksum)]
    assert compare(made, [row_of_table(LEDGER, "direct", 7, "row 000007", good.checksum)], "db-1").clean
    changed = row_of_table(LEDGER, "direct", 7, "row 000008", good.checksum)
    assert compare(made, [changed], "db-1").altered == ["direct-000007"]


def test_keys_of_the_cache_are_checked_against_their_content() -> None:
    good = note(LEDGER, "cache", 7, "row 000007")
    made = [Attempt("cache", 7, 0, 0, 1, "ok", checksum=good.checksum)]
    row = row_of_cache("hf:r7:cache:000007", str(good), LEDGER)
    assert row
    assert compare(made, [row], "redis-1").clean
    other = row_of_cache("hf:r7:cache:000007", str(note(LEDGER, "cache", 8, "row 000008")), LEDGER)
    assert other
    assert compare(made, [other], "redis-1").altered == ["cache-000007"]
    assert row_of_cache("hf:r7:cache:000007", None, LEDGER) is None
    assert row_of_cache("hf:r8:cache:000007", str(good), LEDGER) is None


def test_notes_come_back_as_they_went() -> None:
    made = note("r7", "c2", 117, "ring", "1")
    assert str(made).startswith("lg:r7:c2:000117:")
    assert read_note(str(made)) == made
    assert read_note("a ring for lg:r7") is None
    assert row_of_sale(str(made), "r8", "ring", 1) is None
