"""Controls of the cache: baskets that outlive its servers, roles after a restart, and writes that nobody copies."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from support.faults.base import Injection
from support.observers.attempts import Attempt
from support.observers.bars import Bar
from support.systems.jewelry_shop.cache import CacheView
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.durability import Loss
from support.tests.controls.control import THING, Control, looked_at, thing
from support.tests.test_shop_cache_promises import (
    GOOD,
    LOSSES,
    REFUSALS,
    RESTARTED,
    SAMPLES,
    STORED,
    sample,
    write,
)
from support.tests.test_shop_views import CACHE, server, watcher

_FROZEN: Any = SimpleNamespace(seconds=20.0)
_INJECTION = Injection(_FROZEN, "", "", "", "before", "after", "ended")
_SHOP = 3  # place of its reading, after those of three servers
_UNREAD: Any = None  # what no step of these sentences looks at


def _spoilt(place: int, **change: Any) -> list[Loss]:
    """The last reading at one place is another one."""
    last = GOOD[-1]
    readings = [replace(one, **change) if number == place else one for number, one in enumerate(last.readings)]
    return [*GOOD[:-1], replace(last, readings=readings)]


def _during(outcome: Any, error: str = "") -> CacheStory:
    """Both followers stood still from 10 s to 30 s; so ended what was written from the 15th second on."""
    attempts: list[Attempt] = [
        *(write(n / 20, "ok") for n in range(200)),
        *(write(10 + n / 20, "fail", "NOREPLICAS Not enough good replicas") for n in range(100)),
        *(write(15 + n / 20, outcome, error) for n in range(300)),
        *(write(31 + n / 20, "ok") for n in range(200)),
    ]
    journal = SimpleNamespace(attempts=lambda *_: attempts, interrupted=False)
    run = SimpleNamespace(marks={"before": 9.9, "after": 9.95}, attempts=lambda *_: attempts)
    traffic: Any = SimpleNamespace(
        run=run, stop=lambda: journal, settle=lambda *_: None, settled_until=float("inf"), ledger="l"
    )
    bar: Bar = _UNREAD
    return CacheStory(_UNREAD, traffic, CACHE, CACHE.servers[0].pod, "redis-0.x", _INJECTION, bar, 0.0, {})


_REFUSED, _ACCEPTED = _during("fail", "NOREPLICAS Not enough good replicas"), _during("uncopied")
_BESIDE: dict[str, Any] = {"jewelry.cache.ask_server": [["min-replicas-to-write", "1"]]}
# The first server is back as a follower of the second one, whom all watchers name.
_ROLES = CacheView(
    [server(0, "slave"), server(1, "master"), server(2, "slave")], [watcher(n, master="redis-1.x") for n in range(3)], 2
)

CONTROLS: dict[str, Control] = {
    "lost cache servers": thing(LOSSES, replace(LOSSES, losses=_spoilt(1, content=None))),
    "return of cache servers": thing(LOSSES, replace(LOSSES, losses=[*GOOD[:-1], replace(GOOD[-1], back=61.0)])),
    "basket in the shop": thing(LOSSES, replace(LOSSES, losses=_spoilt(_SHOP, content="one ring"))),
    "lifetime of the basket": thing(
        LOSSES, replace(LOSSES, losses=_spoilt(_SHOP, left=GOOD[-2].readings[-1].left + 1))
    ),
    "masters of the cache": thing(
        RESTARTED, replace(RESTARTED, samples=[*SAMPLES[:10], sample(2.0, "master"), *SAMPLES[11:]])
    ),
    "restarted cache server": looked_at(
        "jewelry.cache.view",
        _ROLES,
        replace(_ROLES, servers=[server(0, "master"), *_ROLES.servers[1:]]),
        RESTARTED,
    ),
    "link of a restarted server": looked_at(
        "jewelry.cache.view",
        _ROLES,
        replace(_ROLES, servers=[server(0, "slave", link="down"), *_ROLES.servers[1:]]),
        RESTARTED,
    ),
    "refused writes": Control(
        THING, lambda: _REFUSED, lambda: _ACCEPTED, (), _BESIDE | {"cache_refusals.read_at": STORED}
    ),
    "remains of refused writes": Control(
        "cache_refusals.read_at",
        lambda: STORED,
        lambda: replace(STORED, phantom=["cache-000201"]),
        (_REFUSED,),
        _BESIDE,
    ),
    "writes after the refusals": thing(REFUSALS, replace(REFUSALS, back=None)),
}
