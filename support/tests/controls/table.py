"""What each control puts in the place of the shop: once as promised, once with exactly that promise broken.

`where` names what is replaced: a recorded thing ("thing"), a part of the system ("jewelry.cache.view"), or the function
of a domain module that looks at the shop ("rest.find_basket"). The step, its matcher and its words are the real ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.clients.http import Answer
from support.evidence.verdict import SEED, Result, Verdict, judge
from support.running import own_run
from support.systems.jewelry_shop import counter, diagnosis, healing, isolation, journal, journey, money
from support.systems.jewelry_shop.ledgers import ReadBack
from support.systems.jewelry_shop.parts import PartState
from support.systems.jewelry_shop.readiness import LookUp, Readiness
from support.tests.controls import (
    table_background,
    table_baskets,
    table_budget,
    table_fences,
    table_growth,
    table_health,
    table_isolation,
    table_leadership,
    table_money,
    table_quiet,
    table_recovery,
    table_releases,
    table_sign_in,
)
from support.tests.controls.control import THING, Control, thing
from support.tests.test_shop_matchers import (
    CASES,
    FEW,
    LEDGER,
    LOST,
    OK,
    PIECE,
    READ_ONLY,
    SERVICE,
    SOLD,
    SOLD_TOO,
    STORE,
)
from support.tests.test_shop_views import ADDRESS, CACHE, DATABASE, STATE, watched, watcher, with_member


def case(name: str, where: str, *things: Any, index: int = 0, **beside: Any) -> Control:
    """A control with the good and one of the bad objects of a matcher's own tests."""
    found = CASES[name]
    return Control(where, lambda: found().good, lambda: found().bad[index][0], things, beside)


def opening(answer: Answer) -> counter.Opening:
    """The attempt to open a shop that was answered so."""
    return counter.Opening(answer, STORE.shop)


def places(*verdicts: Any) -> ReadBack:
    """The ledger read at these places."""
    return ReadBack(list(verdicts))


def same(where: str, *things: Any) -> Control:
    """A comparison of two sources that finds nothing, or one difference."""
    return Control(where, lambda: journey.Compared("x", []), lambda: journey.Compared("x", ["a differs"]), things)


EVERYWHERE, MISSING = places(LEDGER, LEDGER, LEDGER), places(LEDGER, LEDGER, LOST)
TAUGHT = replace(SOLD, status=201, seconds=0.1)
NOT_FOUND = replace(OK, status=404)
RUSH = money.Rush(STORE, PIECE, [SOLD, SOLD_TOO, FEW])
INTRUSION = isolation.Intrusion("read", STORE, NOT_FOUND, {"stock": 1})
LATE_DAY = journey.WorkingDay(None, journey.Remaining(10, 9, 9), 31.0)  # type: ignore[arg-type]
HALTED: list[PartState] = [replace(STATE, pods=[], desired=0)]
ASKED = journal.Asked([OK])
QUIET: dict[str, Any] = {"incidents.await_rejoin": None, "incidents.await_end_of_fault": None}
OUTCOMES = ["passed:a", "passed:b", "skipped:b", "failed:c", "broken:d", "skipped:e"]


def verdict(*outcomes: str) -> Verdict:
    """The verdict over promises a to f after these outcomes, such as "passed:a"."""
    told = [outcome.split(":") for outcome in outcomes]
    results = [
        Result(promise, status, [promise], "A ring is missing." * (status == "failed")) for status, promise in told
    ]
    return judge("abcdef", dict.fromkeys("abcdef", 1) | {"b": 2}, results)


def own(judged: Verdict, code: int = 0, text: str = "", folder: str = "20260101T000000Z-abc") -> own_run.OwnRun:
    """A run that was judged so."""
    summary = text or "1 scenario passed, 0 failed, 0 skipped"
    return own_run.OwnRun(code, summary, folder, {"passed": 1}, judged.lines()[0], judged)


KEPT, MIXED, EMPTY = own(verdict("passed:a")), own(verdict(*OUTCOMES)), verdict()
COVERED = {(kind, number): ["a"] for kind, numbers in SEED.items() for number in numbers}
NEW_POD = replace(STATE.pods[0], uid="u9", name="celery-beat-9")
SEARCH = journey.Search(journey.Compared("x", []), 0.1)
DELETION = healing.Deletion("scheduler", STATE.pods[0], frozenset(["u0"]), 0.0, "")

CONTROLS: dict[str, Control] = {
    **table_baskets.CONTROLS,
    **table_budget.CONTROLS,
    **table_fences.CONTROLS,
    **table_growth.CONTROLS,
    **table_health.CONTROLS,
    **table_isolation.CONTROLS,
    **table_leadership.CONTROLS,
    "cache at rest": Control("jewelry.cache.view", lambda: CACHE, lambda: watched(followers=0)),
    "parked basket": case("basket", "rest.find_basket", index=1),
    "database at rest": Control("jewelry.database.view", lambda: DATABASE, lambda: with_member(2, follows=False)),
    "copies of a sale": case("copies", "rest.copies_of"),
    "followers": case("read-only followers", "rest.try_to_write_to_followers"),
    "answer to a customer": thing(ASKED, journal.Asked([replace(OK, seconds=3)])),
    "answers to all customers": thing(ASKED, journal.Asked([OK, replace(OK, status=302)])),
    "journals": case("known", "journal.read_journals", ASKED),
    "spread of customers": case("spread", "journal.read_journals", ASKED),
    "unknown name": thing(journal.Asked([NOT_FOUND]), ASKED),
    "silence of the journals": Control(
        "journal.read_journals",
        lambda: CASES["unknown"]().good,
        lambda: CASES["unknown"]().bad[0][0],
        (ASKED,),
        {"journal._UNSEEN_S": 0.05},
    ),
    "sights of the shops": thing(CASES["own rows"]().good, CASES["own rows"]().bad[0][0]),
    "fences in the database": thing(CASES["fences"]().good, CASES["fences"]().bad[0][0]),
    "intrusion": thing(INTRUSION, replace(INTRUSION, answer=OK)),
    "piece after an intrusion": Control(
        "isolation.stored_about", lambda: {"stock": 1}, lambda: {"stock": 0}, (INTRUSION,)
    ),
    "rush": thing(
        RUSH, money.Rush(STORE, PIECE, [SOLD, SOLD_TOO, replace(SOLD, text=SOLD.text.replace("000001", "3"))])
    ),
    "refusals of a rush": Control("jewelry.truth.count", lambda: 2, lambda: 3, (RUSH,)),
    "books": case("all books", "money.read_all_books", index=1),
    "parts": Control(
        "readiness.observer_of", lambda: lambda _: [STATE], lambda: lambda _: HALTED, (Readiness([STATE], 0),)
    ),
    "addresses": thing(LookUp([ADDRESS]), LookUp([replace(ADDRESS, leads_to=frozenset())])),
    "parts behind addresses": Control(
        "readiness.ask_all", lambda: [ADDRESS], lambda: [replace(ADDRESS, exchanges=(("a", "does not answer"),))]
    ),
    "health told to the front": Control(
        THING,
        lambda: ASKED,
        lambda: journal.Asked([replace(OK, text=OK.text.replace("1.0.0", "0.9.0"))]),
        (),
        {"jewelry.configured": "1.0.0"},
    ),
    "journal of the application": case("known", "journal.read_journals", ASKED, index=1),
    "interruption": case("verdict", "outages.interruption"),
    "interruption at most": case("verdict", "outages.interruption"),
    "takeover": case("verdict", "failover.is_another_member", **{"outages.interruption": CASES["verdict"]().good}),
    "outcome": case("outcome", "failover.outcome"),
    "history": case("history", "failover.history_entry", index=1),
    "instances that follow": case("following", "following.read"),
    "ledger at the leader": case("ledger", "outages.read_at_leader"),
    "ledger for shop and followers": Control(
        "outages.read_for_shop_and_followers", lambda: EVERYWHERE, lambda: MISSING
    ),
    "ledger after the return": Control("incidents.read_everywhere", lambda: EVERYWHERE, lambda: MISSING, (), QUIET),
    "ledger after the thaw": Control(
        "incidents.read_everywhere", lambda: EVERYWHERE, lambda: MISSING, (), QUIET | {"failover.synchrony": []}
    ),
    "ledger on every member": Control("incidents.read_everywhere", lambda: EVERYWHERE, lambda: MISSING),
    "ledger of both sides": Control(
        "incidents.read_everywhere",
        lambda: EVERYWHERE,
        lambda: MISSING,
        (),
        {"outages.demand_minority_writer": None, "failover.synchrony": []},
    ),
    "indexes": Control("ledgers.soundness", list, lambda: ["an index is not sound"]),
    "one at a time": case("verdict", "failover.judge_one_at_a_time"),
    "former leader": Control(
        "jewelry.database.view",
        lambda: DATABASE,
        lambda: with_member(2, receiver=""),
        (),
        {"incidents.await_end_of_fault": None},
    ),
    "cache interruption": case("verdict", "cache_incidents.interruption"),
    "copied writes": case("copied writes", "cache_incidents.read_back"),
    "promotion": Control(
        "story.system.cache.watchers",
        lambda: [watcher(number, master="redis-1.x") for number in range(3)],
        lambda: [watcher(number) for number in range(3)],
        (),
        {"cache_incidents._watchers_that_switched": ["redis-sentinel-0"]},
    ),
    "former master": Control(
        "story.system.cache.view",
        lambda: replace(CACHE, servers=[CACHE.servers[0], *(replace(one, role="slave") for one in CACHE.servers[1:])]),
        lambda: replace(CACHE, servers=CACHE.servers[:1]),
    ),
    "service of the instances": case("taken out", "cache_incidents.taken_out"),
    "full number": Control("jewelry.parts.state", lambda: STATE, lambda: HALTED[0]),
    "readiness of the application": same("counter.readiness"),
    "opened shop in the database": same("journey.stored_shop", opening(TAUGHT)),
    "layout of the database": same("journey.migrations"),
    "opening": thing(opening(TAUGHT), opening(replace(TAUGHT, seconds=31.0))),
    "sight of the owner": same("journey.seen_by_owner", opening(TAUGHT)),
    "stored branch and till": same("journey.stored_shop", opening(TAUGHT)),
    "second shop": thing(opening(CASES["refused"]().good), opening(CASES["refused"]().bad[0][0])),
    "remains of the second shop": same("journey.nothing_stored_of", STORE),
    "recognised person": Control(
        "journey.recognised",
        lambda: journey.Compared("x", []),
        lambda: journey.Compared("x", ["the role differs"]),
        (),
        {"signing in.answer": OK},
    ),
    "stored person": same("journey.stored_person"),
    "stored ring": same("journey.stored_piece"),
    "unchanged stock": same("journey.unchanged_goods"),
    "number of a sale": same("counter.number_of"),
    "rings left": case("stock left", "counter.left"),
    "stored sale": same("journey.stored_sale"),
    "working day": thing(replace(LATE_DAY, seconds=3.0), LATE_DAY),
    "sale at every instance": same("journey.same_everywhere"),
    "sales meanwhile": case("served without failure", "outages.served"),
    "requests without failure": Control(
        "healing.served", lambda: healing.Looks(SERVICE), lambda: healing.Looks(replace(SERVICE, failed=1))
    ),
    "requests with few failures": case("looks", "healing.served"),
    "agreement of a run": thing(KEPT, replace(KEPT, code=1)),
    "colour of a run": thing(KEPT, own(verdict("passed:a", "failed:b"))),
    "place of results": thing(KEPT, replace(KEPT, folder="results")),
    "counts of a run": thing(MIXED, own(verdict(*OUTCOMES, "passed:f"))),
    "rate of a run": thing(MIXED, own(verdict("passed:a", "passed:b", "passed:b"))),
    "run of nothing": thing(own(EMPTY, 19, "no promise was checked"), own(EMPTY, 0, "no promise was checked")),
    "earlier tests": thing(own_run.Coverage(COVERED), own_run.Coverage(COVERED | {("E2E group", 7): []})),
    "search of a colleague": Control(
        "journey.found_by_colleague", lambda: SEARCH, lambda: replace(SEARCH, seconds=2.5)
    ),
    "new instance": Control(
        "jewelry.parts.pods", lambda: [NEW_POD], lambda: [STATE.pods[0]], (DELETION,), {"healing._silent": ""}
    ),
    "diagnosis": thing(diagnosis.Finding("parts", ["all is well"]), diagnosis.Finding("parts", [""])),
    "cause of trouble": Control(
        "diagnosis.diagnose",
        lambda: diagnosis.Finding("parts", ["x"]),
        lambda: diagnosis.Finding("parts", ["x"], ["no scheduler"]),
        (diagnosis.Finding("parts", ["x"]),),
    ),
    "refused mistake": Control("adding.answer", lambda: replace(READ_ONLY, status=400), lambda: TAUGHT),
    "sums of a sale": Control(
        "selling.answer",
        lambda: sold("825.00"),
        lambda: sold("824.99"),
    ),
}


def sold(total: str) -> Answer:
    """A confirmed sale with these sums."""
    text = f'{{"status": "COMPLETED", "subtotal": "750.00", "tax": "75.00", "total": "{total}"}}'
    return Answer("POST", "/api/sales/", 201, text, {}, 0.1)


for _table in (table_background, table_money, table_quiet, table_recovery, table_releases, table_sign_in):
    CONTROLS |= _table.CONTROLS
