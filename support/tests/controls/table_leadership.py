"""Controls of the database: a planned handover, a lost follower, and a former leader that went its own way."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from support.faults.base import Injection
from support.systems.jewelry_shop.database import ClusterView
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.lost_followers import LostFollower
from support.tests.controls.control import Control, looked_at, thing
from support.tests.test_database_recovery import RETURN
from support.tests.test_shop_views import DATABASE, replication, with_member

_NEVER: Any = None  # what no step of these sentences looks at
_FROZEN: Any = SimpleNamespace(seconds=60.0)
_INJECTION = Injection(_FROZEN, "", "", "the supervisor was asked: accepted", "before", "after", "ended")
_LEADER, _SYNCHRONOUS, _OTHER = (member.pod for member in DATABASE.members)


def failover(now: ClusterView) -> Failover:
    """db-0 has led on timeline 4 when the fault came; the database is so now, while the fault lasts."""
    system: Any = SimpleNamespace(database=SimpleNamespace(view=lambda _: now))
    run = SimpleNamespace(marks={"before": 0.0, "after": 0.1}, to_suite_time=lambda _: float("inf"))
    traffic: Any = SimpleNamespace(run=run)
    return Failover(system, traffic, DATABASE, _LEADER, _NEVER, _INJECTION, _NEVER)


def led_by_next(timeline: int) -> ClusterView:
    """db-1 leads on this timeline."""
    told = {f"db-{number}": {"role": "leader" * (number == 1), "timeline": timeline} for number in range(3)}
    members = [replace(one, told=told) for one in DATABASE.members]
    return replace(DATABASE, members=members, record_leader="db-1", record_address=_SYNCHRONOUS.ip)


_WITHOUT_SYNCHRONOUS = replace(DATABASE, sync_follower="", replication=replication(sync_state="async"))

CONTROLS: dict[str, Control] = {
    "planned handover": thing(failover(led_by_next(5)), failover(DATABASE)),
    "timeline of a handover": thing(failover(led_by_next(5)), failover(led_by_next(6))),
    "synchronous follower": looked_at(
        "jewelry.database.view",
        DATABASE,
        _WITHOUT_SYNCHRONOUS,
        LostFollower(lost=_OTHER, left=_SYNCHRONOUS),
        failover(DATABASE),
        **{"lost_followers.breaker": SimpleNamespace(open=[_INJECTION])},
    ),
    "members that stream": looked_at("jewelry.database.view", DATABASE, with_member(2, receiver="")),
    "single leader of the members": looked_at("jewelry.database.view", DATABASE, with_member(2, follows=False)),
    "return of a former leader": looked_at("diverging.look", RETURN, replace(RETURN, view=with_member(1, receiver=""))),
    "rows of its own": looked_at("diverging.look", RETURN, replace(RETURN, rows={"db-0": 0, "db-1": 10, "db-2": 0})),
    "second leader": looked_at("jewelry.database.view", DATABASE, with_member(2, label="master")),
}
