"""Controls of recoveries: lost machines, second failures, a database that is away, cold starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from support import waiting
from support.clients.http import Answer
from support.observers.attempts import Attempt
from support.profiles import load_profile
from support.systems.jewelry_shop.breaking import Breaker
from support.systems.jewelry_shop.cold_starts import ColdStart
from support.systems.jewelry_shop.comebacks import Moment
from support.systems.jewelry_shop.keepsakes import Keepsakes
from support.systems.jewelry_shop.ledgers import ReadBack
from support.systems.jewelry_shop.machine_loss import Machine, MachineStory
from support.systems.jewelry_shop.parts import PartState
from support.systems.jewelry_shop.rest import Basket
from support.systems.jewelry_shop.second_failures import SecondFailure
from support.systems.jewelry_shop.strength import Restarts, Strength
from support.systems.jewelry_shop.traffic import ALIVE, DIRECT, LOOKS, READY, SALES
from support.tests.controls.control import THING, Control, fake, thing
from support.tests.controls.customers import BAR, FAULT, IN_EFFECT, INJECTION, attempts, customers, failover
from support.tests.test_database_recovery import NOT_READY
from support.tests.test_shop_matchers import LEDGER, LOST, OK, PIECE, READ_ONLY, SHOP, SOLD
from support.tests.test_shop_views import CACHE, DATABASE, POD, STATE, watched

PROFILE = load_profile("jewelry-shop")
RESTARTED = replace(POD, restarts=2)

# ---------------------------------------------------------------- a lost machine

_BOUND = {
    "metadata": {"name": "db-2"},
    "spec": {"nodeName": "n9", "volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]},
}


def lost_machine(state: PartState = STATE, away: float = 5.0) -> MachineStory:
    """The loss of "n9": every movable part is as `state`, and one entrance was away for so long."""
    database = PROFILE.part("database").selector
    cluster = fake(list=lambda _, __, selector: [_BOUND] if selector == database else [])
    system = fake(
        profile=PROFILE, namespace="shop", cluster=cluster, parts=fake(state=lambda _: state, pods=lambda _: [POD])
    )
    traffic = customers(attempts(SALES, 5.0), beside=attempts(f"{LOOKS}-n1", away))
    return MachineStory(system, traffic, Machine("n9", {}), POD, ["n1"], INJECTION, BAR, 0.0)


ON_THE_LOST_ONE = replace(STATE, pods=[replace(POD, node="n9")])


# ---------------------------------------------------------------- full strength

WHOLE = Strength([STATE], DATABASE, CACHE)
AS_BEFORE: dict[str, Any] = {"breaking.arrangement": {}}
PAUSED = {"deployments django": {"spec.paused": True}}
HALF = replace(WHOLE, cache=watched(followers=0))


def breaker_over(pod: Any) -> Breaker:
    """A breaker that has struck, over a shop of this instance; no calm is waited for."""
    system = fake(profile=PROFILE, parts=fake(pods=lambda _: [pod]))

    def eventually(observe: Any, matcher: Any, _: float, reason: str) -> Any:
        return waiting.eventually(observe, matcher, 0.05, reason)

    world: Any = fake(jewelry=system, eventually=eventually, invariants={})
    return Breaker(world, fake(), Restarts({POD.uid: (POD.name, 0)}), {}, {}, calm=0.0, struck=True)


def strong(where: str, well: Any, broken: Any, **beside: Any) -> Control:
    """A control of the strength after the loss of a machine."""
    return Control(where, lambda: well, lambda: broken, (breaker_over(POD),), AS_BEFORE | beside)


# ---------------------------------------------------------------- second failure, database away


def second_failure(away: float) -> Any:
    """Sales were away for so long from the first failure on; the second one came 10 s later."""
    return failover(attempts(SALES, away))


SECOND = SecondFailure(POD, INJECTION, Moment(FAULT + 10, FAULT + 10.5))


def said(ready: int = 503, text: str = NOT_READY, dead: float = 0.0) -> Sequence[Attempt]:
    """One instance calls itself not ready, with this answer, as long as the database is away; it is dead for a time."""
    outcome = "ok" if ready == 200 else "fail"
    not_ready = attempts(READY, 60.0, IN_EFFECT, outcome=outcome, status=ready, error=text)
    return [*not_ready, *attempts(ALIVE, dead, IN_EFFECT, status=0, error="time is over")]


def resumption(away: float) -> Any:
    """The leader was back after 40 s, sales after so many."""
    return failover([*attempts(SALES, away), *attempts(DIRECT, 40.0)])


def way_back(away: float) -> Any:
    """The way to the database was open again after 62 s, sales after so many."""
    story = failover(attempts(SALES, away))
    story.traffic.run.marks["ended"] = IN_EFFECT + 62.0
    return story


# ---------------------------------------------------------------- cold start, keepsakes

STARTED = ColdStart(0.0, {}, [])


def open_shop(answer: Answer = SOLD) -> Any:
    """Customers whose shop answers a sale so."""
    return customers([], store=fake(pieces=[PIECE], sell=lambda _: answer))


def started(where: str, well: Any, broken: Any, things: tuple[Any, ...] = (), **beside: Any) -> Control:
    """A control of a cold start."""
    return Control(where, lambda: well, lambda: broken, (STARTED, *things), beside)


AT_REST: dict[str, Any] = {"cold_starts.read_strength": WHOLE, "jewelry.parts.pods": [POD]}
BASKET = Answer("GET", "/d", 200, '{"content": "two rings"}')


def kept(basket: Answer = BASKET) -> Keepsakes:
    """A sign-in, and a basket that the shop shows so."""
    store = fake(shop=SHOP, till=fake(send=lambda *_: basket))
    return Keepsakes(store, "e", {"tenant_sessionid": "c"}, Basket("b", "two rings"))


PAGE, SIGN_IN_PAGE = replace(OK, text="dashboard of e"), Answer("GET", "/dashboard/", 302, "")

CONTROLS: dict[str, Control] = {
    "parts of a lost machine": thing(lost_machine(), lost_machine(ON_THE_LOST_ONE)),
    "customers of a lost machine": thing(lost_machine(), lost_machine(away=45.0)),
    "strength after a loss": strong("breaking.read_strength", WHOLE, HALF),
    "restarts after a loss": Control(
        THING,
        lambda: breaker_over(POD),
        lambda: breaker_over(RESTARTED),
        (),
        AS_BEFORE | {"breaking.read_strength": WHOLE},
    ),
    "settings after a loss": strong("breaking.arrangement", {}, PAUSED, **{"breaking.read_strength": WHOLE}),
    "settings alone": strong("breaking.arrangement", {}, PAUSED),
    "recovery from two failures": thing(second_failure(15.0), second_failure(75.0), SECOND),
    "refusals until then": thing(
        failover(attempts(SALES, 5.0)), failover(attempts(SALES, 5.0, error="upstream connect error"))
    ),
    "health without a database": thing(
        failover([], instances=[POD], beside=said()), failover([], instances=[POD], beside=said(200, ""))
    ),
    "life without a database": thing(
        failover([], instances=[POD], beside=said()), failover([], instances=[POD], beside=said(dead=1.0))
    ),
    "resumption of sales": thing(resumption(45.0), resumption(60.0)),
    "resumption of sales after a cut": thing(way_back(65.0), way_back(80.0)),
    "lives without a database": Control(
        "jewelry.parts.pods", lambda: [POD], lambda: [RESTARTED], (failover([], instances=[POD]),)
    ),
    "cold start": started("cold_starts.read_strength", WHOLE, HALF, (open_shop(),), **{"jewelry.parts.pods": [POD]}),
    "sale after a cold start": started(THING, open_shop(), open_shop(READ_ONLY), **AT_REST),
    "restarts after a cold start": started(
        "jewelry.parts.pods", [POD], [RESTARTED], (open_shop(),), **{"cold_starts.read_strength": WHOLE}
    ),
    "ledger after the loss of power": Control(
        "ledgers.read_everywhere",
        lambda: ReadBack([LEDGER, LEDGER, LEDGER]),
        lambda: ReadBack([LEDGER, LEDGER, LOST]),
        (failover([]),),
    ),
    "kept basket": thing(kept(), kept(replace(BASKET, status=404)), **{"jewelry.way.send": PAGE}),
    "kept sign-in": Control("jewelry.way.send", lambda: PAGE, lambda: SIGN_IN_PAGE, (kept(),)),
}
