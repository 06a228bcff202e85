"""Traffic goes on after a fault until nothing hangs any more and enough was confirmed in a row."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from support.observers.attempts import Attempt, Journal, Outcome
from support.observers.run import ProbeRun
from support.systems.jewelry_shop.traffic import SALES, Traffic

SLOT = 0.05  # seconds: twenty attempts a second


class Run:
    """A run whose attempts are given."""

    def __init__(self, attempts: list[Attempt]) -> None:
        self.given = attempts
        self.journal = Journal()

    def wait_confirmed(self, count: int, probe: str, within: float) -> int:
        return count

    def attempts(self, probe: str) -> list[Attempt]:
        assert probe == SALES
        return self.given


def sales(count: int) -> list[Attempt]:
    times = [number * SLOT for number in range(count)]
    return [Attempt(SALES, number, at, at, at + SLOT, "ok") for number, at in enumerate(times)]


def settle(attempts: list[Attempt]) -> tuple[int, float]:
    """How many count, and until when the verdict looks."""
    traffic = Traffic(cast(ProbeRun, Run(attempts)), "ledger", SALES)
    traffic.settle(0.0, 0.0)
    return traffic._in_a_row(0.0), traffic.settled_until


def test_two_hundred_in_a_row_settle_it() -> None:
    assert settle(sales(200)) == (200, float("inf"))


def test_what_is_still_under_way_is_left_out_of_the_verdict() -> None:
    attempts = sales(201)
    assert settle([*attempts[:-1], replace(attempts[-1], outcome="open")]) == (200, attempts[-1].start)


@pytest.mark.parametrize("outcome", ["fail", "info", "uncopied"])
def test_a_failure_begins_the_count_anew(outcome: Outcome) -> None:
    attempts = sales(250)
    attempts[100] = replace(attempts[100], outcome=outcome, end=attempts[240].start)
    # Nothing is left out of a verdict that has too little to say.
    assert settle([*attempts[:-1], replace(attempts[-1], outcome="open")]) == (148, float("inf"))


def test_an_attempt_that_hangs_is_waited_for_however_many_succeed_beside_it() -> None:
    attempts = sales(450)
    attempts[100] = replace(attempts[100], outcome="open")
    assert settle(attempts) == (100, float("inf"))
    attempts[100] = replace(attempts[100], outcome="fail")
    assert settle(attempts)[0] == 349


@pytest.mark.parametrize(
    ("failed", "steady"),
    [((), 0.0), ((0, 1, 30), 31 * SLOT), ((300,), float("-inf"))],
    ids=["nothing failed", "only at first", "just now"],
)
def test_customers_have_warmed_up_when_enough_were_served_in_a_row(failed: tuple[int, ...], steady: float) -> None:
    attempts = sales(400)
    for number in failed:
        attempts[number] = replace(attempts[number], outcome="fail", error="busy")
    run = Run(attempts)
    Traffic(cast(ProbeRun, run), "ledger", SALES).warm_up(0.0)
    assert run.journal.steady_since == steady
