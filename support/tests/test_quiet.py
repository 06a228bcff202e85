"""Parts that fail silently are named; the suite's own faults are not blamed on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.cluster import Json, NotFound
from support.faults import history
from support.systems.jewelry_shop import quiet
from support.waiting import mismatch

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIFE = quiet.Life("redis", "redis-0", "u0", "redis", 1, "", None)
KILLED = quiet.End("Error", 137, NOON + timedelta(minutes=5))


def lives(*found: quiet.Life, desired: int = 1, faults: Any = ()) -> quiet.Lives:
    return quiet.Lives(found, {"redis": desired}, {"redis": NOON}, faults)


@pytest.mark.parametrize(
    ("life", "words"),
    [
        (replace(LIFE, last=KILLED), "redis of redis-0 ended with Error (137) at 2026-01-01 12:05"),
        (replace(LIFE, last=quiet.End("OOMKilled", 0, KILLED.at)), "ended with OOMKilled"),
        (replace(LIFE, last=quiet.End("Error", 1, None)), "at an unknown time"),
        (replace(LIFE, waiting="CrashLoopBackOff"), "is kept from running: CrashLoopBackOff"),
        (replace(LIFE, waiting="ImagePullBackOff"), "is kept from running: ImagePullBackOff"),
    ],
)
def test_a_part_that_has_failed_is_named(life: quiet.Life, words: str) -> None:
    assert words in mismatch(quiet.have_not_failed(), lives(life))


@pytest.mark.parametrize(
    "life",
    [
        LIFE,
        replace(LIFE, waiting="ContainerCreating"),
        replace(LIFE, last=quiet.End("Completed", 0, KILLED.at)),
        replace(LIFE, last=quiet.End("Error", 1, NOON - timedelta(seconds=1))),  # before delivery
        replace(LIFE, last=quiet.End("Unknown", 255, KILLED.at)),  # away with its machine
    ],
)
def test_what_is_no_failure_is_not_blamed(life: quiet.Life) -> None:
    assert quiet.have_not_failed().matches(lives(life))


def test_an_end_by_a_fault_of_the_suite_is_not_blamed() -> None:
    span = history.Span(KILLED.at.timestamp() - 20, KILLED.at.timestamp() - 10) if KILLED.at else None
    assert span
    killed = replace(LIFE, last=KILLED)
    assert quiet.have_not_failed().matches(lives(killed, faults=[span]))
    assert not quiet.have_not_failed().matches(lives(killed, faults=[replace(span, end=span.end - 600)]))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (lives(replace(LIFE, restarts=2, last=KILLED)), "redis of redis-0 was restarted during the watched minute"),
        (lives(LIFE, replace(LIFE, uid="u1", pod="redis-1", restarts=1)), "redis of redis-1 was restarted"),
        (lives(replace(LIFE, waiting="CrashLoopBackOff")), "is kept from running"),
        (lives(replace(LIFE, uid="u9", restarts=0)), "redis-0 is gone and was replaced"),
    ],
)
def test_a_part_that_does_not_go_on_is_named(now: quiet.Lives, words: str) -> None:
    matcher = quiet.go_on_undisturbed(lives(LIFE))
    assert matcher.matches(lives(LIFE))
    assert words in mismatch(matcher, now)


def test_what_an_autoscaler_gives_back_is_no_failure() -> None:
    before = lives(LIFE, replace(LIFE, uid="u1", pod="redis-1"), desired=2)
    assert quiet.go_on_undisturbed(before).matches(lives(LIFE, desired=1))
    assert not quiet.go_on_undisturbed(before).matches(lives(LIFE, desired=2))


def test_a_container_is_read() -> None:
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-01T12:05:00Z"}
    entry = {"name": "c", "restartCount": 2, "state": {"running": {}}, "lastState": {"terminated": ended}}
    life = quiet.read_life("redis", {"name": "p", "uid": "u"}, entry)
    assert (life.restarts, life.waiting) == (2, "")
    assert life.last == quiet.End("OOMKilled", 137, KILLED.at)
    waiting = {"name": "c", "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    assert quiet.read_life("redis", {"name": "p", "uid": "u"}, waiting).waiting == "ImagePullBackOff"


class Notes:
    """A cluster that keeps one object."""

    def __init__(self) -> None:
        self.data: dict[str, str] | None = None

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        if self.data is None:
            raise NotFound(404, "NotFound", name)
        return {"data": dict(self.data)}

    def create(self, kind: str, body: Json, namespace: str | None = None) -> None:
        self.data = body["data"]

    def patch(self, kind: str, name: str, body: Json, namespace: str | None = None) -> None:
        merged = {**(self.data or {}), **body["data"]}
        self.data = {key: value for key, value in merged.items() if value is not None}


def test_faults_are_remembered_for_a_day() -> None:
    notes: Any = Notes()
    assert history.spans(notes) == []
    history.remember(notes, "a", 10, clock=lambda: 1000.0)
    history.remember(notes, "b", 0, clock=lambda: 2000.0)
    assert history.spans(notes) == [history.Span(1000.0, 1010.0), history.Span(2000.0, 2000.0)]
    history.remember(notes, "c", 5, clock=lambda: 88_000.0)
    assert [span.begin for span in history.spans(notes)] == [2000.0, 88_000.0]
