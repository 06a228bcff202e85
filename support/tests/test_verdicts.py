"""From bounds to verdicts: kept, broken, and the three ways of not knowing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from support.observers.attempts import Attempt, Journal, Lateness
from support.observers.downtime import Downtime, Outage
from support.observers.verdicts import Evidence, judge, measure, service

GOOD = Evidence(confirmed_before=300, confirmed_after=300, late=Lateness(0.002), slot=0.05)


def away(lower: float, upper: float) -> Downtime:
    outage = Outage(0.0, 0.0, lower, upper, 10)
    return Downtime(lower, upper, [outage], 0)


@pytest.mark.parametrize(
    ("bounds", "evidence", "kind"),
    [
        (away(20, 24), GOOD, "kept"),
        (away(20, 30), GOOD, "kept"),
        (away(20, 30.01), GOOD, "inconclusive"),
        (away(30, 31), GOOD, "inconclusive"),
        (away(30.01, 31), GOOD, "broken"),
        (away(31, float("inf")), GOOD, "broken"),
        (away(10, float("inf")), GOOD, "inconclusive"),
        (away(20, 24), replace(GOOD, confirmed_before=199), "unknown"),
        (away(40, 44), replace(GOOD, confirmed_before=199), "unknown"),
        (away(20, 24), replace(GOOD, confirmed_after=199), "unknown"),
        (away(40, 44), replace(GOOD, confirmed_after=0), "broken"),
        (away(20, 24), replace(GOOD, late=Lateness(0.026, 0.64)), "kept"),
        (away(20, 29.5), replace(GOOD, late=Lateness(0.026, 0.64)), "invalid"),
        (away(40, 44), replace(GOOD, late=Lateness(0.026, 0.64)), "broken"),
        (away(30.5, 44), replace(GOOD, late=Lateness(0.026, 0.64)), "invalid"),
        (away(20, 24), replace(GOOD, late=Lateness(0.501, 0.64)), "invalid"),
        (away(40, 44), replace(GOOD, late=Lateness(0.501, 0.64)), "invalid"),
        (away(20, float("inf")), replace(GOOD, late=Lateness(0.026, 0.64)), "invalid"),
        (away(20, 24), replace(GOOD, late=Lateness(0.025)), "kept"),
        (away(20, 24), replace(GOOD, interrupted="the observer was restarted"), "invalid"),
        (away(20, 24), replace(GOOD, failed_before=1), "invalid"),
        (Downtime(0, float("inf"), [], 0), replace(GOOD, confirmed_before=0), "unknown"),
    ],
)
def test_the_judgement(bounds: Downtime, evidence: Evidence, kind: str) -> None:
    assert judge(bounds, 30, evidence).kind == kind


def test_a_verdict_says_its_figures() -> None:
    assert str(judge(away(31, 32), 30, GOOD)) == "broken: away for at least 31.00 s, promised 30 s"
    assert "higher rate" in judge(away(29, 32), 30, GOOD).reason
    assert "was not over" in judge(away(31, float("inf")), 30, GOOD).reason


def lines(*, late: float = 0.0, rate: float = 20.0, seconds: int = 40, end: str = "over", cold: int = -1) -> bytes:
    """The journal of a run whose service refuses between second 15 and 20, and the attempt `cold`."""
    told = [{"event": "begin", "at": 0.0, "deadline": seconds, "rates": {"sale": rate}}]
    for seq in range(int(seconds * rate)):
        planned = seq / rate
        which = {"probe": "sale", "seq": seq}
        start = planned + late
        outcome = {"outcome": "fail", "error": "busy"} if 15 <= start < 20 or seq == cold else {"outcome": "ok"}
        told.append({"event": "intent", **which, "planned": planned, "start": start, "checksum": "c"})
        told.append({"event": "outcome", **which, "end": start + 0.01, **outcome})
    told += [{"event": "mark", "name": "fault-1", "at": 14.9}, {"event": "end", "at": seconds + 0.1, "reason": end}]
    return b"".join(json.dumps(line).encode() + b"\n" for line in told)


def journal(data: bytes) -> Journal:
    found = Journal()
    found.feed(data)
    return found


def test_a_measurement_from_lines() -> None:
    measured = measure(journal(lines()), "sale", 14.9)
    assert measured.bounds.lower <= 5.0 <= measured.bounds.upper
    assert measured.evidence.confirmed_before == 298  # 20 per second until 14.9 s
    assert measured.evidence.confirmed_after == 400
    assert measured.judge(6.0).kept
    assert measured.judge(4.0).kind == "broken"


def test_what_failed_before_the_fault_is_told_and_what_failed_while_warming_up_is_left_out() -> None:
    found = journal(lines(cold=3))
    verdict = measure(found, "sale", 14.9).judge(6.0)
    assert str(verdict) == "invalid: 1 attempts had failed before the fault already: busy"
    found.steady_since = 0.2  # the attempt after the one that failed
    measured = measure(found, "sale", 14.9)
    assert measured.judge(6.0).kept
    assert measured.evidence.confirmed_before == 298 - 4
    assert [one.seq for one in found.failed_unsteady("sale")] == [3]


@pytest.mark.parametrize(
    ("late", "limit", "kind"), [(0.03, 6.0, "kept"), (0.03, 5.05, "invalid"), (0.6, 60.0, "invalid")]
)
def test_lateness_is_invalid_when_it_could_matter_or_is_great(late: float, limit: float, kind: str) -> None:
    assert measure(journal(lines(late=late)), "sale", 14.9).judge(limit).kind == kind


def test_an_observer_that_was_lost_is_invalid() -> None:
    verdict = measure(journal(lines(end="the observer was restarted")), "sale", 14.9).judge(6.0)
    assert verdict.kind == "invalid"
    assert "restarted" in verdict.reason


def test_the_service_of_a_window() -> None:
    attempts = journal(lines()).attempts("sale")
    seen = service(attempts, 10.0, 30.0)
    assert seen.attempts == 401
    assert seen.failed == 100
    assert seen.failed_share == pytest.approx(100 / 401)
    assert seen.longest_gap == pytest.approx(5.05)
    assert seen.p95 == pytest.approx(0.01)
    assert service([], 0, 1).failed_share == 1.0


def test_an_attempt_without_outcome_is_unknown_once_the_run_has_ended() -> None:
    intent = {"event": "intent", "probe": "sale", "seq": 0, "planned": 1.0, "start": 1.0}
    found = journal(json.dumps(intent).encode() + b"\n")
    assert found.attempts()[0].outcome == "open"
    found.feed(b'{"event":"end","at":9.0,"reason":"over"}\n')
    attempt: Attempt = found.attempts()[0]
    assert (attempt.outcome, attempt.error) == ("info", "the observer wrote no outcome")


def test_a_late_observer_says_how_late_it_was_at_worst() -> None:
    reason = judge(away(20, 29.5), 30, replace(GOOD, late=Lateness(0.026, 0.64))).reason
    assert "26 ms late (99 %; at worst 640 ms)" in reason
