"""Planned handover, lost follower, divergence, second failure, database away: what is promised, refused and unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from support.matchers import ComplaintMatcher
from support.observers import bars
from support.observers.attempts import Attempt, Outcome
from support.observers.downtime import Downtime, Outage
from support.systems.jewelry_shop import cold_starts, comebacks, diverging, handovers, keepsakes, lost_followers
from support.systems.jewelry_shop import without_database as away
from support.systems.jewelry_shop.comebacks import Moment, Refusals, back_since
from support.systems.jewelry_shop.effective import failover_settings
from support.systems.jewelry_shop.failover import Failover, late_although_writable, why_late
from support.systems.jewelry_shop.traffic import ALIVE, READY, Traffic
from support.tests.test_shop_views import DATABASE, with_member
from support.waiting import Unknown, mismatch

HANDOVER = handovers.Handover("db-0", 4, "db-1", 5, "the supervisor of db-0 was asked: accepted")
SYNCHRONY = lost_followers.Synchrony("db-2", "db-2", "db-2", frozen=True)
RETURN = diverging.Return(DATABASE, "db-1", "replica", {"db-0": 0, "db-1": 0, "db-2": 0})
REFUSED = Attempt("sales", 1, 0.0, 0.0, 10.0, "fail", '{"error": "busy", "reason": "last answer 6 s ago"}', 503)
NOT_READY = '{"status": "not_ready", "database": {"status": "unavailable", "reason": "last answer 6 s ago"}'
SAID = away.Said("d-0", READY, 13.0, 503, NOT_READY)
LIVES = away.Said("d-0", ALIVE, 1.0, 200, "")


def health(*said: away.Said) -> away.Health:
    return away.Health(["d-0"], said)


class Case:
    """A matcher, something it accepts, and things it refuses, each with words of the mismatch."""

    def __init__(self, matcher: ComplaintMatcher[Any], good: Any, *bad: tuple[Any, str]) -> None:
        self.matcher, self.good, self.bad = matcher, good, bad


CASES: dict[str, Callable[[], Case]] = {
    "handover": lambda: Case(
        handovers.is_one_change(),
        HANDOVER,
        (replace(HANDOVER, after="db-0", timeline_after=4), "db-0 still leads; the supervisor of db-0 was asked"),
        (replace(HANDOVER, after="nobody", timeline_after=0), "nobody leads"),
        (replace(HANDOVER, timeline_after=6), "changed 2 times instead of once: db-0 on timeline 4, then db-1 on 6"),
    ),
    "synchrony": lambda: Case(
        lost_followers.is_taken_over(),
        SYNCHRONY,
        (replace(SYNCHRONY, record="db-1"), "db-2 is not the synchronous follower: synchronous by record db-1"),
        (replace(SYNCHRONY, leader_says=""), "by the leader nobody"),
    ),
    "return": lambda: Case(
        diverging.follows_again(2),
        RETURN,
        (replace(RETURN, former="db-9"), "db-9 is not there"),
        (replace(RETURN, view=with_member(1, label="")), "db-1 has the role of nobody instead of replica"),
        (replace(RETURN, rows={"db-0": 0, "db-1": 10}), "rows of its own are still on db-1: 10"),
        (replace(RETURN, rows={"db-0": None}), "nobody knows what db-0 has stored"),
        (
            replace(RETURN, view=with_member(1, receiver=""), rows={"db-1": 10}),
            "former leader cannot rejoin: timelines diverged (db-1 on 4, the leader on 4)",
        ),
    ),
    "one leader": lambda: Case(
        diverging.has_one_leader("db-0"),
        DATABASE,
        (with_member(2, follows=False), "db-2 accepts writes, too"),
        (with_member(2, label="master"), "db-2 is labelled as leader, too"),
        (with_member(0, follows=True), "db-0 no longer accepts writes"),
        (replace(DATABASE, record_leader="db-1"), "the leader record names db-1 instead of db-0"),
    ),
    "refusals": lambda: Case(
        comebacks.are_clear(12),
        Refusals([REFUSED]),
        (Refusals([replace(REFUSED, status=0, error="timed out")]), "1 customers got no answer: timed out"),
        (Refusals([replace(REFUSED, end=13.0)]), "1 customers waited for up to 13.0 s"),
        (Refusals([replace(REFUSED, status=500)]), "refused without a reason: 500"),
        (Refusals([replace(REFUSED, error="upstream connect error")]), "503 upstream connect error"),
    ),
    "health": lambda: Case(
        away.tells_that_database_is_away(12),
        health(SAID, LIVES),
        (
            health(replace(SAID, status=200, text=""), LIVES),
            "health page said ok while the database was away: 1 times, first d-0 13.0 s after (200)",
        ),
        (health(replace(SAID, text='{"status": "not_ready"}'), LIVES), "did not name the database"),
        (health(replace(SAID, status=0, text="timed out"), LIVES), "no answer timed out"),
        (health(SAID, replace(LIVES, status=0)), "did not say that it is alive: 1 times, first d-0 1.0 s after"),
    ),
    "lives": lambda: Case(
        away.are_the_same(),
        away.Lives(3, []),
        (away.Lives(3, ["d-0"]), "d-0 was restarted or replaced while the database was away"),
    ),
    "restarts": lambda: Case(
        cold_starts.at_most_once(),
        cold_starts.Restarted({"db-0": 1, "redis-0": 0}),
        (cold_starts.Restarted({"db-0": 2}), "db-0 has restarted 2 times"),
        (cold_starts.Restarted({}), "there is no instance"),
    ),
    "keepsakes": lambda: Case(
        keepsakes.are_still_there(),
        keepsakes.Found([], 2),
        (keepsakes.Found(["the basket is gone (404)"], 2), "the basket is gone"),
        (
            keepsakes.Found(["the sign-in is not known any more", "the basket is gone"], 2),
            "cache master came back empty",
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_promised_is_accepted(name: str) -> None:
    case = CASES[name]()
    assert case.matcher.matches(case.good), mismatch(case.matcher, case.good)


@pytest.mark.parametrize(
    ("name", "index"), [(name, index) for name in CASES for index in range(len(CASES[name]().bad))]
)
def test_what_is_broken_is_refused_with_its_cause(name: str, index: int) -> None:
    case = CASES[name]()
    value, words = case.bad[index]
    assert not case.matcher.matches(value)
    assert words in mismatch(case.matcher, value)


@pytest.mark.parametrize(
    ("matcher", "seen"),
    [
        (lost_followers.is_taken_over(), replace(SYNCHRONY, frozen=False)),
        (away.tells_that_database_is_away(12), health(LIVES)),
        (away.tells_that_database_is_away(12), health(replace(SAID, after=5.0), LIVES)),
        (away.are_the_same(), away.Lives(0, [])),
        (diverging.has_one_leader("db-0"), with_member(2, follows=None)),
    ],
)
def test_what_nobody_could_see_is_no_verdict(matcher: ComplaintMatcher[Any], seen: Any) -> None:
    with pytest.raises(Unknown):
        matcher.matches(seen)


def sales(*outcomes: str, gap: float = 0.1) -> list[Attempt]:
    """One sale after the other, each answered after a twentieth of a second."""
    starts = [index * gap for index in range(len(outcomes))]
    pairs = zip(starts, outcomes, strict=True)
    return [Attempt("sales", i, at, at, at + 0.05, cast(Any, word)) for i, (at, word) in enumerate(pairs)]


def test_the_way_back_is_counted_from_the_second_failure() -> None:
    # Away from 1 s on, a second failure at 3 s, back at 5 s.
    attempts = sales(*["ok"] * 10, *["fail"] * 40, *["ok"] * 100)
    bounds = back_since(attempts, Moment(3.0, 3.1), fault=0.95)
    assert bounds.lower == pytest.approx(4.9 - 3.1)
    assert bounds.upper == pytest.approx(5.05 - 3.0)
    assert bounds.recovered
    assert bounds.failed_before == 0


def test_what_does_not_hold_is_not_back() -> None:
    assert not back_since(sales(*["ok"] * 10, *["fail"] * 40, "ok"), Moment(3.0, 3.1), fault=0.95).recovered


def test_failures_before_the_fault_are_told() -> None:
    assert back_since(sales("fail", *["ok"] * 100), Moment(3.0, 3.1), fault=0.95).failed_before == 1


def test_the_lease_is_not_blamed_for_what_does_not_wait_for_it() -> None:
    settings = failover_settings({"ttl": 20, "loop_wait": 2}, {})
    story = Failover(
        *cast("tuple[Any, Any, Any, Any]", (None,) * 4), settings, cast(Any, None), bars.planned_handover()
    )
    assert story.blame(5) == []
    story.bar, story.causes = bars.lost_follower(float("inf"), 2), ["a silent follower is never dropped"]
    assert story.blame(10) == ["a silent follower is never dropped"]
    story.bar, story.causes = bars.lost_follower(30, 2), []
    assert "wal_sender_timeout 30 s" in story.blame(10)[0]
    story.causes = ["a silent follower is never dropped"]
    story.bar = settings.takeover()
    assert "lease of 20 s" in story.blame(5)[1]


@pytest.mark.parametrize(
    ("volume", "kept"), [({"persistentVolumeClaim": {"claimName": "pgdata"}}, True), ({"emptyDir": {}}, False)]
)
def test_the_nearest_mount_decides_where_data_lies(volume: dict[str, Any], kept: bool) -> None:
    mounts = [{"name": "root", "mountPath": "/var/lib"}, {"name": "data", "mountPath": "/var/lib/postgresql/data"}]
    volumes = [{"name": "root", "emptyDir": {}}, {"name": "data", **volume}]
    pod = {"spec": {"containers": [{"name": "postgres", "volumeMounts": mounts}], "volumes": volumes}}
    assert cold_starts.is_on_claim(pod, "postgres", "/var/lib/postgresql/data/pgroot") is kept
    assert not cold_starts.is_on_claim(pod, "postgres", "/elsewhere")


def test_writes_after_the_observer_was_lost_are_neither_known_nor_unasked_for() -> None:
    class Run:
        class journal:  # noqa: N801 (a stand-in for an attribute)
            @staticmethod
            def attempts() -> Sequence[Attempt]:
                return sales("ok", "ok")

    from support.observers.ledger import StoredRow

    traffic = Traffic(cast(Any, Run()), "l", "sales")
    rows = [StoredRow("sales", seq, "") for seq in range(4)]
    assert traffic.known(rows) == rows
    traffic.abandon()
    assert [row.seq for row in traffic.known(rows)] == [0, 1]


def away_for(lower: float, upper: float) -> Downtime:
    return Downtime(lower, upper, [Outage(0.0, 0.1, 0.1 + lower, upper, 2)], 0)


@pytest.mark.parametrize(
    ("sales", "direct", "late"),
    [
        (away_for(39, 40), away_for(0.2, 0.5), True),  # until a supervisor thawed
        (away_for(50, float("inf")), away_for(2, 3), True),  # for good
        (away_for(50, float("inf")), away_for(35, 36), True),
        (away_for(24, 25), away_for(0.2, 0.5), False),  # inside the promise of 30 s
        (away_for(39, 40), away_for(38, 39), False),  # the database itself was late
        (away_for(50, float("inf")), away_for(50, float("inf")), False),
    ],
)
def test_an_application_that_comes_back_late_is_told_from_a_late_database(
    sales: Downtime, direct: Downtime, late: bool
) -> None:
    assert late_although_writable(sales, direct, 30) is late


def sale(instance: str, outcome: Outcome) -> Attempt:
    return Attempt("sales", 0, 0.0, 0.0, 0.1, outcome, instance=instance)


@pytest.mark.parametrize(
    ("seen", "in_place", "cause"),
    [
        ([("a", "ok"), ("b", "ok"), ("a", "fail"), ("b", "info")], False, "instances are overloaded after the return"),
        ([("a", "ok"), ("a", "fail"), ("", "info")], True, "instances are overloaded after the return"),
        ([("a", "ok"), ("b", "fail")], False, "instances keep talking to the former leader"),
        ([("a", "fail"), ("", "info")], False, "instances keep talking to the former leader"),
        ([("a", "fail")], True, "instances keep their connections of before"),
        ([("", "info")], False, "instances keep talking to the former leader"),
        ([], False, "instances keep talking to the former leader"),
    ],
)
def test_instances_that_confirm_again_are_overloaded_and_do_not_cling(
    seen: list[tuple[str, Outcome]], in_place: bool, cause: str
) -> None:
    assert why_late([sale(*one) for one in seen], in_place=in_place).startswith(cause)
