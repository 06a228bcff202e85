"""Downtime bounds against simulated outages whose truth is known, and the cases in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from support.observers.attempts import Attempt, Outcome, unwatched
from support.observers.downtime import HOLD_S, downtime, longest_gap

BEFORE_S, AFTER_S = 15.0, 25.0  # seconds of a healthy service around each simulated outage


def attempt(seq: int, start: float, end: float, outcome: Outcome = "ok", probe: str = "sale") -> Attempt:
    return Attempt(probe, seq, start, start, end, outcome)


def steady(rate: float, begin: float, until: float, away: tuple[float, float] | None = None) -> list[Attempt]:
    """Attempts at a rate, answered after 10 ms, refused while the service is away."""
    found = []
    for seq in range(int((until - begin) * rate)):
        start = begin + seq / rate
        refused = away is not None and away[0] <= start < away[1]
        found.append(attempt(seq, start, start + 0.01, "fail" if refused else "ok"))
    return found


@dataclass(frozen=True)
class Simulation:
    """A service that is away for a known time, and how its absence shows to its clients."""

    attempts: Sequence[Attempt]
    fault: float
    truth: float


def refused(_: random.Random, start: float, latency: float, back: float) -> tuple[float, Outcome]:
    return start + latency, "fail"


def timed_out(_: random.Random, start: float, latency: float, back: float) -> tuple[float, Outcome]:
    return start + 2.0, "info"  # a deadline of 2 s on the client's side


def frozen(_: random.Random, start: float, latency: float, back: float) -> tuple[float, Outcome]:
    """Held until the service goes on, unless the client's deadline of 3 s is over first."""
    return (back + latency, "ok") if back - start < 3.0 else (start + 3.0, "info")


def mixed(chance: random.Random, start: float, latency: float, back: float) -> tuple[float, Outcome]:
    return chance.choice([refused, timed_out, frozen])(chance, start, latency, back)


def answered(end: float) -> tuple[float, Outcome]:
    return end, "ok"


def simulate(seed: int) -> Simulation:
    chance = random.Random(seed)
    rate = chance.choice([5.0, 10.0, 20.0, 50.0])
    length = chance.choice([chance.uniform(0.3, 2.0), chance.uniform(2.0, 45.0)])
    away, back = BEFORE_S, BEFORE_S + length
    slowest = chance.choice([0.005, 0.05, 0.4])
    show: Callable[[random.Random, float, float, float], tuple[float, Outcome]]
    show = chance.choice([refused, timed_out, frozen, mixed])
    # Some outages hit a part of the requests only: one instance of several, away all the time.
    share = chance.choice([1.0, 1.0, 0.6])
    attempts, hit = [], []
    for seq in range(int((back + AFTER_S) * rate)):
        planned = seq / rate
        start = planned + chance.uniform(0, 0.2 / rate)  # the observer is a little late, too
        latency = chance.uniform(0.001, slowest)
        served = start + chance.uniform(0, latency)  # the moment at which the service did its work
        end, outcome = answered(start + latency)
        if away <= served < back and chance.random() < share:
            end, outcome = show(chance, served, latency, back)
            hit += [served] if outcome != "ok" else []
        attempts.append(Attempt("sale", seq, planned, start, end, outcome))
    chance.shuffle(attempts)
    # A part that is away while others serve is away for its clients from the first request turned away to the last.
    truth = length if share == 1.0 else max(hit, default=0.0) - min(hit, default=0.0)
    return Simulation(attempts, away - chance.uniform(0, 0.2), truth)


@pytest.mark.parametrize("seed", range(200))
def test_the_bounds_contain_the_truth_of_every_simulated_outage(seed: int) -> None:
    simulation = simulate(seed)
    found = downtime(simulation.attempts, simulation.fault)
    assert found.lower <= simulation.truth <= found.upper, (found.lower, simulation.truth, found.upper)
    assert found.recovered
    assert found.failed_before == 0


def test_the_bounds_are_close_when_refusals_are_quick() -> None:
    found = downtime(steady(20.0, 0.0, 60.0, (20.0, 27.3)), 19.9)
    slot = 1 / 20.0
    assert 7.3 - 2 * slot <= found.lower <= 7.3 <= found.upper <= 7.3 + 3 * slot


def test_without_any_failure_the_longest_silence_is_the_upper_bound() -> None:
    found = downtime(steady(20.0, 0.0, 60.0), 20.0)
    assert found.lower == 0.0
    assert found.outages == []
    assert found.upper == pytest.approx(0.06)  # one slot and one answer


def test_a_service_that_never_returns_is_away_until_the_observation_ends() -> None:
    short = downtime(steady(20.0, 0.0, 40.0, (20.0, 1e9)), 20.0)
    long = downtime(steady(20.0, 0.0, 80.0, (20.0, 1e9)), 20.0)
    assert not short.recovered
    assert short.upper == float("inf")
    assert short.lower == pytest.approx(20.0, abs=0.1)
    assert long.lower == pytest.approx(60.0, abs=0.1)


def test_a_success_that_does_not_hold_is_no_return() -> None:
    flapping = steady(20.0, 0.0, 60.0, (20.0, 25.0))
    again = [
        replace(one, outcome="fail") if 28.0 <= one.start < 30.0 else one for one in flapping
    ]  # three good seconds in between are fewer than must hold
    found = downtime(again, 20.0)
    assert len(found.outages) == 1
    assert found.lower == pytest.approx(10.0, abs=0.1)


def test_two_outages_with_lasting_success_between_are_two() -> None:
    attempts = steady(20.0, 0.0, 80.0, (20.0, 24.0))
    attempts = [replace(one, outcome="fail") if 40.0 <= one.start < 42.0 else one for one in attempts]
    found = downtime(attempts, 20.0)
    assert [round(outage.lower) for outage in found.outages] == [4, 2]
    assert found.worst == found.outages[0]


def test_a_return_shortly_before_the_end_was_not_seen_to_hold() -> None:
    found = downtime(steady(20.0, 0.0, 30.0 + HOLD_S - 1.0, (20.0, 30.0)), 20.0)
    assert not found.recovered


def test_unknown_outcomes_are_no_successes() -> None:
    attempts = [replace(one, outcome="info") if 20.0 <= one.start < 26.0 else one for one in steady(20.0, 0.0, 50.0)]
    assert downtime(attempts, 20.0).lower == pytest.approx(6.0, abs=0.1)


def test_an_answer_that_comes_too_late_for_the_customer_counts_as_failed() -> None:
    attempts = [
        replace(one, end=one.start + 4.0) if 20.0 <= one.start < 26.0 else one for one in steady(20.0, 0.0, 50.0)
    ]
    assert downtime(attempts, 20.0).lower == 0.0
    assert downtime(attempts, 20.0, patience=2.0).lower == pytest.approx(2.0, abs=0.1)


def test_failures_before_the_fault_are_counted_apart() -> None:
    found = downtime(steady(20.0, 0.0, 60.0, (10.0, 10.5)), 20.0)
    assert found.failed_before == 10
    assert found.outages == []


def test_an_outage_with_nothing_seen_before_has_no_upper_bound() -> None:
    found = downtime(steady(20.0, 0.0, 60.0, (0.0, 5.0)), 0.0)
    assert found.upper == float("inf")


def test_the_longest_gap_counts_the_edges_of_the_window() -> None:
    attempts = steady(10.0, 0.0, 10.0)
    assert longest_gap(attempts, 0.0, 10.0).seconds == pytest.approx(0.1)
    assert longest_gap(attempts, 0.0, 14.0).seconds == pytest.approx(4.09)
    assert longest_gap([], 0.0, 3.0).seconds == 3.0


def starts(*moments: float) -> list[Attempt]:
    return [attempt(seq, at, at + 0.01) for seq, at in enumerate(moments)]


@pytest.mark.parametrize(("pauses", "too_much"), [(5, False), (20, True)])
def test_many_short_pauses_are_too_much_from_a_twentieth_of_the_time_on(pauses: int, too_much: bool) -> None:
    late = range(50, 50 + 20 * pauses, 20)  # now and then two attempts in a row begin with the third one
    moments = [(seq + next((first + 2 - seq for first in late if 0 <= seq - first < 2), 0)) / 50 for seq in range(500)]
    seen = unwatched(starts(*moments), 1 / 50)
    assert seen.longest == pytest.approx(0.06)
    assert seen.share > 0.01
    assert seen.too_much is too_much


def test_time_is_unwatched_where_neighbours_are_further_apart_than_half_a_slot_of_lateness_explains() -> None:
    even = [seq / 50 for seq in range(500)]
    assert unwatched(starts(*even), 1 / 50).share == 0
    assert not unwatched(starts(*(at + 0.3 for at in even)), 1 / 50).too_much  # all late alike: as dense as punctual
    held = [at if at < 5 else max(at, 5.2) for at in even]  # a pause of 0.2 s, then all that was due at once
    seen = unwatched(starts(*held), 1 / 50)
    assert seen.longest == pytest.approx(0.22)
    assert seen.share == pytest.approx((0.22 - 0.03) / (held[-1] - held[0]))
    assert not seen.too_much  # more than a hundredth of ten seconds, but nothing that customers notice fits into it
    held = [at if at < 5 else max(at, 5.25) for at in even]
    assert unwatched(starts(*held), 1 / 50).too_much
    assert unwatched(starts(1.0), 1 / 50).too_much  # one attempt covers nothing
