"""Every matcher of the shop accepts what is promised, refuses what is broken, and says why in the promised words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from support.clients.http import Answer
from support.matchers import ComplaintMatcher
from support.observers.ledger import LedgerVerdict
from support.observers.verdicts import Service, Verdict
from support.systems.jewelry_shop import (
    answers,
    cache_incidents,
    counter,
    failover,
    following,
    healing,
    integrity,
    isolation,
    journal,
    journey,
    ledgers,
    money,
    outages,
    rest,
)
from support.systems.jewelry_shop.api import OpenShop, Person
from support.systems.jewelry_shop.judging import Judged, keeps_the_promise
from support.systems.jewelry_shop.store import Piece, Store
from support.waiting import Unknown, mismatch

OK = Answer("GET", "/x", 200, '{"status": "ok", "version": "1.0.0"}', {"x-request-id": "a"}, 0.1)
READ_ONLY = Answer("POST", "/x", 503, '{"error": "database_read_only", "reason": "connected to a follower"}')
SOLD = Answer("POST", "/sale", 201, '{"sale_number": "SALE-20260101-000001", "status": "COMPLETED", "total": "825.00"}')
SOLD_TOO = replace(SOLD, text=SOLD.text.replace("000001", "000002"))
FEW = Answer("POST", "/sale", 400, '{"code": "insufficient_stock", "available": 0, "requested": 1}')
SHOP = OpenShop("t", "e2e-a", "Goldregen", "b", "t1", Person("o", "x", "O"), Person("e", "x", "E"), OK)
PIECE = Piece("p", "RING-1", {"quantity": 2}, {})
STORE: Any = Store(SHOP, None, None, [PIECE])  # type: ignore[arg-type]  # no matcher here uses its sessions

ITEM = {
    "id": "p",
    "sku": "RING-1",
    "quantity": 9,
    "booked": 9,
    "stocked": 10,
    "sold": 1,
    "tenant_id": "t",
    "branch_shop": "t",
    "category_shop": "t",
}
SALE = {
    "id": "s",
    "sale_number": "SALE-20260101-000001",
    "subtotal": "750.00",
    "discount_amount": "0.00",
    "tax": "75.00",
    "total": "825.00",
    "lines": "750.00",
}
LINE = {
    "id": "l",
    "quantity": 1,
    "unit_price": "750.00",
    "discount": "0.00",
    "subtotal": "750.00",
    "tenant_id": "t",
    "sale_shop": "t",
    "item_shop": "t",
}
BOOKS = integrity.Books("e2e-a", [ITEM], [SALE], [LINE], Decimal(10))


def books(*, item: Any = None, sale: Any = None, line: Any = None) -> integrity.Books:
    return replace(BOOKS, items=[ITEM | (item or {})], sales=[SALE | (sale or {})], lines=[LINE | (line or {})])


LEDGER = LedgerVerdict("the leader", 500, 250, 500, (), (), (), (), 0, 0)
LOST = replace(LEDGER, lost=["sales-000001", "sales-000002"])
LOOK = isolation.Look("Goldregen", "/api/sales/", frozenset("ab"), frozenset("ab"))
FENCE = {"name": "sales", "enabled": True, "forced": True, "policies": 1, "all_policies": 1, "owner": "jewelry_owner"}
RIGHTS = {"superuser": False, "bypasses": False}
SERVICE = Service(3000, 0, 0.1, 0.2, 0.3, 0.4, {})
FOLLOW = following.Follow("django-a", True, 1.5)


class Case:
    """A matcher, something it accepts, and things it refuses, each with words of the mismatch."""

    def __init__(self, matcher: ComplaintMatcher[Any], good: Any, *bad: tuple[Any, str]) -> None:
        self.matcher, self.good, self.bad = matcher, good, bad


CASES: dict[str, Callable[[], Case]] = {
    "answered": lambda: Case(
        answers.answered(200),
        OK,
        (READ_ONLY, "application is connected to a follower: read-only transaction"),
        (Answer("GET", "/x", 0, error="timed out"), "answered not at all: no answer came (timed out"),
        (replace(OK, status=302), "302"),
    ),
    "answered in time": lambda: Case(
        answers.answered_within(200, 2), OK, (replace(OK, seconds=2.5), "2.50 s"), (READ_ONLY, "503")
    ),
    "tells": lambda: Case(
        answers.tells(status="COMPLETED", total="825.00"),
        SOLD,
        (replace(SOLD, text=SOLD.text.replace("825", "824")), "total is '824.00' instead of '825.00'"),
        (READ_ONLY, "read-only transaction"),
    ),
    "books add up": lambda: Case(
        integrity.adds_up(),
        BOOKS,
        (books(item={"quantity": 10, "booked": 10}), "stock unchanged after a confirmed sale: RING-1 had 10, sold 1"),
        (books(item={"sold": 11, "quantity": 0}), "more pieces sold than were in stock"),
        (books(item={"quantity": 7}), "stock lowered by a refused sale"),
        (books(item={"booked": 8}), "adjustments of RING-1 add up to 8"),
        (books(item={"quantity": -1, "sold": 11}), "stock below zero"),
        (books(sale={"total": "824.99"}), "750.00 - 0.00 + 75.00 is not 824.99"),
        (books(sale={"tax": "75.01", "total": "825.01"}), "tax 75.01 is not 10 %"),
        (books(sale={"lines": "749.00"}), "lines add up to 749.00"),
        (books(sale={"sale_number": "17"}), "17 is no number of a sale"),
        (replace(BOOKS, sales=[SALE, SALE]), "was given 2 times"),
        (books(line={"subtotal": "1.00"}), "is 1.00 instead of 750.00"),
        (books(line={"item_shop": "other"}), "without its sale and goods in the same shop"),
        (books(item={"branch_shop": "other"}), "branch or category of another shop"),
    ),
    "all books": lambda: Case(
        money.all_add_up(integrity.adds_up()),
        money.AllBooks([BOOKS]),
        (money.AllBooks([]), "no sale was found"),
        (money.AllBooks([books(item={"quantity": 7})]), "refused sale"),
    ),
    "rush": lambda: Case(
        money.confirms_exactly(2),
        money.Rush(STORE, PIECE, [SOLD, SOLD_TOO, FEW]),
        (money.Rush(STORE, PIECE, [SOLD, SOLD_TOO, SOLD]), "more pieces sold than were in stock: 3 of 2"),
        (money.Rush(STORE, PIECE, [SOLD, SOLD]), "share 1 numbers"),
        (money.Rush(STORE, PIECE, [SOLD, READ_ONLY]), "1 sales were confirmed"),
    ),
    "own rows": lambda: Case(
        isolation.show_each_its_own(),
        isolation.Sights([LOOK]),
        (
            isolation.Sights([replace(LOOK, seen=frozenset("abc"))]),
            "rows of another shop were returned: Goldregen saw 1",
        ),
        (isolation.Sights([replace(LOOK, seen=frozenset("a"))]), "does not see 1 of its own"),
        (isolation.Sights([replace(LOOK, seen=frozenset(), own=frozenset())]), "nothing was stored"),
    ),
    "fences": lambda: Case(
        isolation.are_closed(),
        isolation.Fences([FENCE], "jewelry_app", [RIGHTS]),
        (isolation.Fences([FENCE | {"forced": False}], "jewelry_app", [RIGHTS]), "sales is not fenced"),
        (isolation.Fences([FENCE | {"all_policies": 2}], "jewelry_app", [RIGHTS]), "2 policies"),
        (isolation.Fences([FENCE], "jewelry_owner", [RIGHTS]), "belongs to the application's own role"),
        (isolation.Fences([FENCE], "jewelry_app", [RIGHTS | {"superuser": True}]), "is superuser"),
        (isolation.Fences([FENCE], "jewelry_app", [RIGHTS | {"bypasses": True}]), "may bypass"),
        (isolation.Fences([FENCE], "jewelry_app", []), "does not exist"),
        (isolation.Fences([], "jewelry_app", [RIGHTS]), "no table"),
    ),
    "intrusion": lambda: Case(
        isolation.is_refused_as_unknown(),
        isolation.Intrusion("read", STORE, replace(OK, status=404), {}),
        (isolation.Intrusion("read", STORE, OK, {}), "rows of another shop were returned"),
        (isolation.Intrusion("sell", STORE, replace(OK, status=404), {}), "404 instead of 400"),
        (isolation.Intrusion("adjust", STORE, READ_ONLY, {}), "503 instead of 404"),
    ),
    "well": lambda: Case(
        journal.is_well(2, "1.0.0"),
        journal.Asked([OK]),
        (journal.Asked([replace(OK, status=302)]), "302"),
        (journal.Asked([replace(OK, seconds=3)]), "took 3.00 s"),
        (journal.Asked([replace(OK, text='{"status": "ok", "version": "0.9"}')]), "version 0.9, configured is 1.0.0"),
        (journal.Asked([]), "nobody asked"),
    ),
    "known": lambda: Case(
        journal.know_every_question(),
        journal.Journals(frozenset("a"), {"django": {"d1": frozenset("a"), "d2": frozenset()}}),
        (journal.Journals(frozenset("ab"), {"django": {"d1": frozenset("a")}}), "1 of 2 questions"),
        (journal.Journals(frozenset("a"), {"django": {}}), "not in the journal of django"),
    ),
    "spread": lambda: Case(
        journal.every_instance_served(),
        journal.Journals(frozenset("ab"), {"django": {"d1": frozenset("a"), "d2": frozenset("b")}}),
        (journal.Journals(frozenset("a"), {"django": {"d1": frozenset("a"), "d2": frozenset()}}), "d2 has served none"),
        (journal.Journals(frozenset("a"), {"django": {}}), "no ready instance"),
    ),
    "unknown": lambda: Case(
        journal.know_no_question(),
        journal.Journals(frozenset("a"), {"nginx": {"n1": frozenset()}}),
        (journal.Journals(frozenset("a"), {"nginx": {"n1": frozenset("a")}}), "nginx has seen the question"),
    ),
    "stock left": lambda: Case(
        journey.leaves(9),
        journey.Remaining(10, 9, 9),
        (journey.Remaining(10, 10, 10), "stock unchanged after a confirmed sale"),
        (journey.Remaining(10, 9, 10), "9 shown, 10 stored"),
        (journey.Remaining(10, 90, 90), "90 shown"),
    ),
    "same": lambda: Case(
        journey.is_the_same(),
        journey.Compared("x", []),
        (journey.Compared("x", ["1 unapplied migration: sales.0003_receipts"]), "1 unapplied migration: sales.0003"),
    ),
    "refused": lambda: Case(
        counter.is_refused("slug_taken"),
        Answer("POST", "/x", 409, '{"error": "slug_taken"}'),
        (Answer("POST", "/x", 201, "{}"), "answered 201"),
        (Answer("POST", "/x", 409, '{"error": "other"}'), "other"),
    ),
    "copies": lambda: Case(
        rest.is_visible_on(2),
        rest.Copies(["a", "b"], ["a", "b"]),
        (rest.Copies(["a", "b"], ["a"]), "visible on 1 of 2"),
        (rest.Copies(["a"], ["a"]), "visible on 1 of 1"),
    ),
    "read-only followers": lambda: Case(
        rest.are_refused_as_read_only(),
        rest.WriteAttempts([("db-1", "25006")]),
        (rest.WriteAttempts([("db-1", "")]), "db-1 accepted a write"),
        (rest.WriteAttempts([("db-1", "42501")]), "refused with 42501"),
    ),
    "basket": lambda: Case(
        rest.lies_on_the_master(),
        rest.Where("redis-0", "redis-0.x", True, True),
        (rest.Where("redis-0", "redis-0.x", False, True), "does not lead to redis-0"),
        (rest.Where("redis-0", "redis-0.x", True, False), "basket is not on redis-0"),
    ),
    "ledger": lambda: Case(
        ledgers.keeps_every_confirmed_write(1),
        ledgers.ReadBack([LEDGER]),
        (ledgers.ReadBack([LOST]), "confirmed sales missing after failover: 2"),
        (ledgers.ReadBack([replace(LEDGER, duplicates=["sales-000001"])]), "1 duplicated"),
        (ledgers.ReadBack([replace(LEDGER, altered=["sales-000001"])]), "1 altered"),
        (ledgers.ReadBack([replace(LEDGER, phantom=["sales-000001"])]), "1 phantom"),
    ),
    "verdict": lambda: Case(
        keeps_the_promise("x"),
        Judged(Verdict("kept", "2 s")),
        (
            Judged(
                Verdict("broken", "away for 44 s"), ["lease of 80 s makes takeover slower than 30 s"], [("bar", "89 s")]
            ),
            "lease of 80 s makes takeover slower than 30 s; away for 44 s; bar 89 s",
        ),
    ),
    "outcome": lambda: Case(
        failover.is_one_outcome(),
        failover.Outcome("db-0", 1, [("db-1", 2)], True),
        (failover.Outcome("db-0", 1, [("db-0", 2), ("db-1", 2)], True), "more than one member"),
    ),
    "history": lambda: Case(
        failover.tells_when_and_why(),
        failover.HistoryEntry(True, "no recovery target", "2026-01-01", "db-1"),
        (failover.HistoryEntry(False, "", "", ""), "no entry"),
        (failover.HistoryEntry(True, "", "2026-01-01", "db-1"), "lacks its reason"),
    ),
    "following": lambda: Case(
        following.all_follow_within(10),
        following.Followed([FOLLOW]),
        (following.Followed([replace(FOLLOW, seconds=None, told="read-only")]), "keep talking to the former leader"),
        (following.Followed([replace(FOLLOW, seconds=11.0)]), "wrote 11.0 s after"),
        (following.Followed([replace(FOLLOW, same_life=False)]), "django-a was restarted"),
        (following.Followed([]), "no instance"),
    ),
    "served without failure": lambda: Case(
        outages.without_failure(95, 2),
        outages.Served(SERVICE, ()),
        (outages.Served(replace(SERVICE, failed=2, errors={"busy": 2}), ()), "2 of 3000 sales failed: 2 x busy"),
        (outages.Served(replace(SERVICE, p95=3.0), ()), "3.00 s"),
        (outages.Served(SERVICE, ["all instances taken out of service because the cache was away"]), "all instances"),
    ),
    "looks": lambda: Case(
        healing.failed_at_most(3000, 1.0, 1.0),
        healing.Looks(replace(SERVICE, failed=30)),
        (healing.Looks(replace(SERVICE, failed=31, errors={"cut": 31})), "31 of 3000 requests failed: 31 x cut"),
        (healing.Looks(replace(SERVICE, longest_gap=1.2)), "nobody was answered for 1.20 s"),
    ),
    "taken out": lambda: Case(
        cache_incidents.never_taken_out(),
        cache_incidents.TakenOut([], 3),
        (cache_incidents.TakenOut(["a", "b", "c"], 3), "all instances taken out of service because the cache was away"),
        (cache_incidents.TakenOut(["a"], 3), "1 of 3 instances"),
        (cache_incidents.TakenOut([], 0), "no instance in service"),
    ),
    "copied writes": lambda: Case(
        cache_incidents.keeps_every_copied_write(),
        cache_incidents.CopiesRead([LEDGER]),
        (cache_incidents.CopiesRead([LOST]), "2 lost"),
        (cache_incidents.CopiesRead([replace(LEDGER, lost=["x"] * 300)]), "cache master came back empty"),
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


@pytest.mark.parametrize("kind", ["unknown", "inconclusive", "invalid"])
def test_a_measurement_that_says_nothing_is_never_a_verdict(kind: Any) -> None:
    with pytest.raises(Unknown):
        keeps_the_promise("x").matches(Judged(Verdict(kind, "only 12 of 200")))


def test_too_few_confirmed_writes_are_unknown() -> None:
    few = replace(LEDGER, confirmed=210, confirmed_before=190)
    with pytest.raises(Unknown):
        ledgers.keeps_every_confirmed_write(1).matches(ledgers.ReadBack([few]))
    with pytest.raises(Unknown):
        cache_incidents.keeps_every_copied_write().matches(cache_incidents.CopiesRead([few]))


def test_a_ledger_that_was_read_at_too_few_places_is_unknown() -> None:
    with pytest.raises(Unknown, match="1 places instead of 3"):
        ledgers.keeps_every_confirmed_write(3).matches(ledgers.ReadBack([LEDGER]))


def test_too_few_requests_are_unknown() -> None:
    with pytest.raises(Unknown):
        healing.failed_at_most(3000, 1.0).matches(healing.Looks(replace(SERVICE, attempts=2999)))
    with pytest.raises(Unknown, match="nobody asked"):
        healing.failed_at_most(3000, 1.0, 1.0).matches(healing.Looks(replace(SERVICE, longest_gap=1.2), 0.3))


def test_a_day_that_is_good_but_late_is_broken() -> None:
    day = journey.WorkingDay(None, journey.Remaining(10, 9, 9), 31.0)  # type: ignore[arg-type]  # its sale is not looked at
    assert "31.0 s" in mismatch(journey.succeeds_within(30), day)
    assert journey.succeeds_within(30).matches(replace(day, seconds=3.0))


@pytest.mark.parametrize(
    ("shipped", "planned", "applied", "found"),
    [
        (["sales.0001_a"], [], {"sales.0001_a"}, []),
        (["sales.0001_a", "sales.0003_b"], ["sales.0003_b"], {"sales.0001_a"}, ["1 unapplied migration: sales.0003_b"]),
        (["a.1", "a.2"], ["a.2"], {"a.1", "a.2"}, ["1 unapplied migration: a.2"]),
        (["a.1"], [], {"a.1", "b.1"}, ["the database has what the application does not ship: b.1"]),
    ],
)
def test_layout_changes_are_compared_both_ways(
    shipped: list[str], planned: list[str], applied: set[str], found: list[str]
) -> None:
    assert journey.unapplied(shipped, planned, applied) == found


def test_values_are_compared_as_what_they_mean() -> None:
    from support.systems.jewelry_shop.truth import differences

    assert differences({"a": "750.00", "b": 1}, {"a": 750, "b": "1"}, ["a", "b"]) == []
    assert differences({"a": "9"}, {"a": "90"}, ["a"]) == ["a is '90' instead of '9'"]
