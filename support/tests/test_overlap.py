"""Two members that confirm at the same time are seen, and clocks that are not exact make a doubt, not a verdict."""

from __future__ import annotations

from support.observers.attempts import Attempt
from support.observers.clock import ClockReading, read_clock
from support.observers.overlap import Seen, judge_overlap, overlaps, terms


def acks(member: str, timeline: str, begin: float, end: float, every: float = 0.05) -> list[Attempt]:
    number = round((end - begin) / every)
    starts = [begin + place * every for place in range(number)]
    return [
        Attempt("direct", place, start, start, start + 0.01, "ok", answered_by=member, timeline=timeline)
        for place, start in enumerate(starts)
    ]


def test_one_leader_after_the_other() -> None:
    found = terms([Seen(acks("db-0", "00000001", 0, 10) + acks("db-1", "00000002", 33, 60), 0.0)])
    assert judge_overlap(found).kept
    assert "db-0 on timeline 1 (200 confirmed), then db-1 on timeline 2" in judge_overlap(found).reason


def test_two_leaders_at_once_seen_by_two_observers() -> None:
    minority, majority = acks("db-0", "00000001", 0, 25), acks("db-1", "00000002", 20, 60)
    found = terms([Seen(minority, 0.002), Seen(majority, 0.002)])
    verdict = judge_overlap(found)
    assert verdict.kind == "broken"
    assert 4.9 < overlaps(found)[0].lower < 4.95 < overlaps(found)[0].upper < 5.0  # the last is confirmed at 24.95 s


def test_clocks_that_are_not_exact_enough_leave_a_doubt() -> None:
    found = terms([Seen(acks("db-0", "00000001", 0, 10), 0.5), Seen(acks("db-1", "00000002", 10.2, 20), 0.5)])
    assert judge_overlap(found).kind == "inconclusive"


def test_what_the_clocks_leave_open_is_decided_by_what_is_stored() -> None:
    """The first write of the new leader was asked for while the last one of the old was still being confirmed."""
    found = terms([Seen(acks("db-0", "00000001", 0, 10) + acks("db-1", "00000002", 9.955, 20), 0.0)])
    assert 0 < overlaps(found)[0].upper < 0.006
    assert overlaps(found)[0].lower < 0
    assert judge_overlap(found, lambda: False).kind == "inconclusive"
    verdict = judge_overlap(found, lambda: True)
    assert verdict.kept
    assert "the clocks leave 0.005 s open" in verdict.reason


def test_nothing_that_is_stored_excuses_two_members_at_once() -> None:
    there = acks("db-0", "00000001", 0, 25) + acks("db-1", "00000002", 20, 60)
    assert judge_overlap(terms([Seen(there, 0.0)]), lambda: True).kind == "broken"


def test_two_members_on_one_timeline_are_two_leaders() -> None:
    found = terms([Seen(acks("db-0", "00000001", 0, 10) + acks("db-1", "00000001", 12, 20), 0.0)])
    assert judge_overlap(found).kind == "broken"


def test_a_leader_that_comes_back_later_is_no_second_one() -> None:
    there = acks("db-0", "00000001", 0, 10) + acks("db-1", "00000002", 12, 20) + acks("db-0", "0000000A", 22, 30)
    assert judge_overlap(terms([Seen(there, 0.0)])).kept


def test_without_names_nothing_is_known() -> None:
    assert judge_overlap(terms([Seen(acks("", "", 0, 10), 0.0)])).kind == "unknown"


def test_clocks_are_compared_by_the_quickest_answer() -> None:
    ours = iter([0.0, 4.0, 10.0, 10.2, 20.0, 23.0])
    theirs = iter([102.5, 110.06, 121.0])
    reading = read_clock(lambda: next(theirs), lambda: next(ours), samples=3)
    assert abs(reading.offset - 99.96) < 1e-9
    assert abs(reading.uncertainty - 0.1) < 1e-9
    assert abs(reading.to_ours(110.06) - 10.1) < 1e-9


def test_two_readings_cover_the_drift_between_them() -> None:
    joined = ClockReading(10.0, 0.1).joined(ClockReading(10.3, 0.2))
    assert joined.offset - joined.uncertainty <= 9.9
    assert joined.offset + joined.uncertainty >= 10.5 - 1e-9
