"""Controls of background work: valuations, receipts, the gold price, and the workers behind them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from support.clients.http import Answer
from support.faults.processes import ContainerState
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.gold import Watched
from support.systems.jewelry_shop.hanging import Hang
from support.systems.jewelry_shop.healing import Deletion
from support.systems.jewelry_shop.lost_work import Loss
from support.systems.jewelry_shop.queued_work import Moment
from support.systems.jewelry_shop.receipts import Round
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.traffic import JOBS, WORK
from support.systems.jewelry_shop.valuations import Valuation
from support.tests.controls.control import THING, Control, Later, fake, thing
from support.tests.controls.customers import BAR, FAULT, INJECTION, attempts, customers
from support.tests.test_shop_background import LOST, RUNNING, SLIPS, START, slips
from support.tests.test_shop_matchers import SHOP, STORE
from support.tests.test_shop_views import CACHE, POD

# ---------------------------------------------------------------- valuations

RINGS = [Piece(name, name, {"cost_price": cost, "quantity": 2}, {}) for name, cost in (("a", "5.00"), ("b", "10.00"))]
ACCEPTED = Answer("POST", "/api/jobs/valuations/", 202, '{"id": "j1"}')
LOSS = Loss("worker", LOST, 0.0, RUNNING)
OTHER = replace(LOST, name="worker-b", uid="v")


def valued(worker: str = "worker-b", deliveries: int = 2, status: str = "DONE", total: str = "30.00") -> Valuation:
    """A valuation of two kinds of rings, 30.00 in all, of which the shop tells so."""
    done = {"steps_done": 2 if status == "DONE" else 1, "steps_total": 2}
    told = {"status": status, "worker": worker, "deliveries": deliveries, "total": total, **done}
    owner = fake(job=lambda _: Answer("GET", "/j", 200, json.dumps(told)))
    return Valuation(Store(SHOP, owner, owner, RINGS), ACCEPTED, 0.0)


def told(job: str) -> str:
    """The journal of a worker that did this job."""
    return "\n".join(json.dumps({"event": event, "job_id": job}) for event in ("job_started", "job_finished"))


def lines(*kinds: str) -> list[dict[str, str]]:
    """The stored lines of a valuation."""
    return [{"item_id": kind, "amount": {"a": "10.00", "b": "20.00"}[kind]} for kind in kinds]


def finished_by(where: str, well: Any, broken: Any) -> Control:
    """A control of work that is taken up again by the worker that is left."""
    return Control(where, lambda: well, lambda: broken, (LOSS,), {"jewelry.parts.pods": [OTHER]})


# ---------------------------------------------------------------- receipts

ROUND = Round(STORE, {"s": Decimal("825.00")}, 0.0)


def receipts(broken: Any) -> Control:
    """A control of what is stored of sales and receipts."""
    return Control("receipts.read", lambda: SLIPS, lambda: broken, (ROUND,))


# ---------------------------------------------------------------- the gold price


def at(seconds: float) -> str:
    """A moment on the database's clock."""
    return str(START + timedelta(seconds=seconds))


def price(age: float, period: float = 50) -> Answer:
    """A price of this age, of the period that began then."""
    return Answer("GET", "/g", 200, json.dumps({"age_s": age, "period_start": at(period)}))


def priced(*told: Answer) -> Store:
    """A shop that tells this price, or one after the other."""
    return Store(SHOP, fake(gold_price=Later(told[0], told[-1])), fake())


def periods(*counts: int) -> list[dict[str, Any]]:
    """The stored periods of ten seconds, from the first one on, and how often each was executed."""
    return [
        {"now": at(10 * len(counts)), "period_start": at(10 * index), "run_count": count}
        for index, count in enumerate(counts)
        if count
    ]


ONE_SCHEDULER: dict[str, Any] = {"jewelry.parts.state": fake(living=[POD])}
DELETED = Deletion("scheduler", POD, frozenset(), 0.0, at(0))

# ---------------------------------------------------------------- a worker that hangs


def hang() -> Hang:
    """A worker that hung for fifty seconds."""
    return Hang(LOST, ContainerState("u", "c0", 0), frozenset(), 0.0, START, START + timedelta(seconds=50))


def jobs(*finished: float, last: str = "DONE") -> list[dict[str, Any]]:
    """Valuations that the other worker has finished then, and what became of the last one."""
    found = [
        {"status": "DONE", "worker": "worker-b", "created": at(0), "finished": at(moment), "lines": 2}
        for moment in finished
    ]
    return [*found[:-1], {**found[-1], "status": last}]


def ordered(well: list[dict[str, Any]], broken: list[dict[str, Any]]) -> Control:
    """A control of the valuations that were ordered meanwhile."""
    things = (hang(), customers(ORDERED), Store(SHOP, fake(), fake(), RINGS))
    return Control("jewelry.truth.ask", lambda: well, lambda: broken, things)


def revived(where: str, well: Any, broken: Any, **others: Any) -> Control:
    """A control of the worker that hung: its restart, and its answer to a ping."""
    seen = {"jewelry.cluster.list": [NOTICED], "jewelry.cluster.get": CHECK, "jewelry.truth.ask": [{"now": at(50)}]}
    return Control(where, lambda: well, lambda: broken, (hang(),), seen | others)


def pinged(worker: str) -> Answer:
    """The page that shows who answers a ping."""
    return Answer("GET", "/health/detailed/", 200, json.dumps({"checks": {"celery": {"workers": [worker]}}}))


AGAIN, NEVER = ContainerState("u", "c1", 1), ContainerState("u", "c0", 0)
NOTICED = {"metadata": {"uid": "e"}, "message": "Liveness probe failed: time is over"}
CHECK: dict[str, Any] = {"spec": {"template": {"spec": {"containers": []}}}}
ORDERED = [replace(one, outcome="ok" if one.seq < 5 else "fail") for one in attempts(WORK)[:8]]

# ---------------------------------------------------------------- work while the cache changes its master

ASKED = [replace(one, facts={"id": f"j{one.seq}"}) for one in attempts(JOBS) if FAULT - 2 < one.start < FAULT + 4]
INCIDENT = CacheStory(None, customers([]), CACHE, replace(POD, name="redis-1"), "", INJECTION, BAR, 0.0, {})  # type: ignore[arg-type]


def stored(asked: Sequence[Any], lines: int = 5) -> list[dict[str, Any]]:
    """These jobs as they are stored, the first of them with so many lines."""
    counts = [lines, *(5 for _ in asked[1:])]
    done = {"status": "DONE", "steps": 5, "different": 5, "adds_up": True, "seconds": 3.0}
    return [{**done, "id": one.facts["id"], "lines": count} for one, count in zip(asked, counts, strict=True)]


def accepted(broken: list[dict[str, Any]]) -> Control:
    """A control of what is stored of the accepted jobs."""
    things = (INCIDENT, customers(ASKED, store=STORE), Moment(at(0)))
    cache = {"jewelry.cache.view": CACHE, "jewelry.cache.down_after": 5.0, "queued_work.cache_causes": []}
    return Control("jewelry.truth.ask", lambda: stored(ASKED), lambda: broken, things, cache)


CONTROLS: dict[str, Control] = {
    "sum of a valuation": thing(valued(), valued(total="29.99")),
    "journal of a valuation": Control(
        "jewelry.cluster.logs",
        lambda: told("j1"),
        lambda: told("j2"),
        (valued("worker-b"),),
        {"jewelry.parts.pods": [OTHER]},
    ),
    "work that was taken up": finished_by(THING, valued(), valued("worker-a", 1, "RUNNING")),
    "worker that took it up": finished_by(THING, valued(), valued(LOST.name)),
    "kinds of rings": Control("jewelry.truth.ask", lambda: lines("a", "b"), lambda: lines("a", "a", "b"), (valued(),)),
    "receipts": receipts(slips(receipts=2)),
    "total of the day": receipts(slips(total="825.01")),
    "receipts afterwards": receipts(Later(SLIPS, slips(receipts=2))),
    "age of the gold price": Control(
        THING,
        lambda: priced(price(12)),
        lambda: priced(price(12), price(21)),
        (),
        {"jewelry.truth.ask": [{"now": at(60)}]},
    ),
    "periods of the gold price": Control(
        "jewelry.truth.ask",
        lambda: periods(1, 1, 1, 1),
        lambda: periods(1, 2, 1, 1),
        (Watched(datetime(2026, 1, 1, tzinfo=UTC)),),
        ONE_SCHEDULER,
    ),
    "refreshed gold price": thing(priced(price(5)), priced(price(5, 0)), DELETED),
    "periods without a scheduler": Control(
        "jewelry.truth.ask", lambda: periods(1, 0, 0, 1, 1), lambda: periods(1, 0, 0, 0, 1), (DELETED,), ONE_SCHEDULER
    ),
    "restart of a worker": revived("hanging._state", AGAIN, NEVER, **{"jewelry.way.send": pinged(LOST.name)}),
    "answer of a worker": revived(
        "jewelry.way.send", pinged(LOST.name), pinged("worker-b"), **{"hanging._state": AGAIN}
    ),
    "work of the others": ordered(jobs(5, 15, 25, 35, 45), jobs(5, 15, 16, 35, 45)),
    "valuations meanwhile": ordered(jobs(5, 15, 25, 35, 45, 49), jobs(5, 15, 25, 35, 45, 49, last="QUEUED")),
    "accepted valuations": accepted(stored(ASKED, 10)),
    "valuations that nobody asked for": accepted([*stored(ASKED), {**stored(ASKED)[0], "id": "x"}]),
}
