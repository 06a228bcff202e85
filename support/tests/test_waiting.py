"""Waiting with a clock that does not wait."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hamcrest import equal_to, greater_than

from support.waiting import Broken, Deadline, Unknown, eventually, throughout


class FakeClock:
    """Time passes only when somebody sleeps, or when an observation says how long it took."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class NotYet(Exception):
    """An observation that allows another look."""


def test_ends_with_the_first_sight_that_matches() -> None:
    clock, sights = FakeClock(), iter([1, 2, 3, 4])
    assert eventually(lambda _: next(sights), equal_to(3), 10, "three", clock=clock) == 3
    assert next(sights) == 4


def test_a_broken_promise_tells_what_was_seen_and_when() -> None:
    clock, sights = FakeClock(), iter(["red"] * 3 + ["amber"] * 100)
    with pytest.raises(Broken) as broken:
        eventually(lambda _: next(sights), equal_to("green"), 5, "The light is not green", clock=clock)
    lines = str(broken.value).splitlines()
    assert lines[0].startswith("The light is not green (waited 5.")
    assert "amber" in lines[1]
    assert "0.0 s red" in lines[-1]
    assert [sight.text for sight in broken.value.timeline.sights] == ["red", "amber"]


def test_pauses_grow_from_a_quarter_second_to_two() -> None:
    clock = FakeClock()
    times: list[float] = []
    with pytest.raises(Broken):
        eventually(lambda _: times.append(clock.time), equal_to("never"), 20, "x", clock=clock)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] == pytest.approx(0.25)
    assert max(pauses) == pytest.approx(2.0)


def test_a_last_fresh_look_decides_after_the_deadline() -> None:
    clock, remarks = FakeClock(), list[str]()

    def observe(_: Deadline) -> bool:
        return clock.time >= 110.0

    assert eventually(observe, equal_to(True), 10, "late", clock=clock, remark=remarks.append) is True
    assert "only right at the last look" in remarks[0]


def test_a_wait_that_uses_most_of_its_time_is_remarked() -> None:
    clock, remarks = FakeClock(), list[str]()
    eventually(lambda _: clock.time, greater_than(108.5), 10, "slow", clock=clock, remark=remarks.append)
    assert remarks
    assert "of 10 s" in remarks[0]


def test_only_listed_exceptions_allow_another_look() -> None:
    clock = FakeClock()

    def observe(_: Deadline) -> int:
        raise NotYet("busy")

    with pytest.raises(NotYet):
        eventually(observe, equal_to(1), 5, "x", clock=clock)


def test_who_sees_nothing_knows_nothing() -> None:
    clock = FakeClock()

    def observe(_: Deadline) -> int:
        raise NotYet("no route")

    with pytest.raises(Unknown, match="no route"):
        eventually(observe, equal_to(1), 5, "x", retrying=(NotYet,), clock=clock)


def test_the_last_error_is_kept_beside_the_last_sight() -> None:
    clock = FakeClock()

    looks = iter([1])

    def observe(_: Deadline) -> int:
        for value in looks:
            return value
        raise NotYet("line cut")

    with pytest.raises(Broken) as broken:
        eventually(observe, equal_to(5), 3, "x", retrying=(NotYet,), clock=clock)
    assert "Last error: line cut" in str(broken.value)


def test_the_deadline_is_passed_down_and_shrinks() -> None:
    clock, left = FakeClock(), list[float]()
    with pytest.raises(Broken):
        eventually(lambda deadline: left.append(deadline.left()), equal_to(1), 4, "x", clock=clock)
    assert left[0] == pytest.approx(4)
    assert left == sorted(left, reverse=True) or left[-1] <= 1.0
    assert Deadline(5, clock).left(at_most=2) == 2


def test_no_time_left_means_one_look() -> None:
    looks = iter([7, 8])
    assert eventually(lambda _: next(looks), equal_to(7), 0, "x", clock=FakeClock()) == 7
    assert next(looks) == 8


def test_throughout_looks_until_the_time_is_over() -> None:
    clock, looks = FakeClock(), list[float]()

    def observe(_: Deadline) -> bool:
        looks.append(clock.time)
        return True

    assert throughout(observe, equal_to(True), 10, "calm", every=1, clock=clock) is True
    assert looks[0] == 100.0
    assert looks[-1] == pytest.approx(110.0)


def test_throughout_ends_with_the_first_sight_that_does_not_match() -> None:
    clock, sights = FakeClock(), iter([True, True, False, True])
    with pytest.raises(Broken, match=r"held for .* of 10 s"):
        throughout(lambda _: next(sights), equal_to(True), 10, "calm", every=1, clock=clock)


def test_what_could_not_be_seen_did_not_hold() -> None:
    def observe(_: Deadline) -> bool:
        raise NotYet("blind")

    with pytest.raises(NotYet):
        throughout(observe, equal_to(True), 10, "calm", clock=FakeClock())
