"""Receipts and the day's total beside the sales that they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from support.clients.sql import QuestionFailed
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import journey
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown, throughout
from support.world import World

_RATES = ("10.00", "8.25", "0.00", "19.00")  # percent, used in turn: every sum is another
_MOST = 3  # pieces of one sale
_SOON_S = 2.0  # seconds between two looks that nothing changes any more: quicker than the sweep that makes receipts
_NO_TABLE = "42P01"
# One row per sale of the shop with what hangs on it; the receipts that hang on no completed sale of the shop follow.
_SALES = """
SELECT s.id, s.total, s.status, (s.created_at AT TIME ZONE 'UTC')::date::text AS day, count(r.id) AS receipts,
       coalesce(bool_and(r.tenant_id = s.tenant_id), true) AS own, min(r.number) AS number
FROM sales s LEFT JOIN receipts r ON r.sale_id = s.id WHERE s.tenant_id = %s GROUP BY s.id
"""
_LOOSE = """
SELECT count(*) AS number FROM receipts r LEFT JOIN sales s ON s.id = r.sale_id AND s.status = 'COMPLETED'
WHERE r.tenant_id = %s AND (s.id IS NULL OR s.tenant_id <> r.tenant_id)
"""


@dataclass(frozen=True, slots=True)
class Round:
    """Sales that were made one after the other."""

    store: Store
    confirmed: Mapping[str, Decimal]  # id and total, as the customers were told
    at: float  # when the last one was confirmed, on the suite's clock


def make_sales(store: Store, number: int) -> Round:
    """So many sales of different sums. Raises Broken when one is refused."""
    confirmed = {}
    for index in range(number):
        answer = store.sell((store.pieces[0], index % _MOST + 1), tax=_RATES[index % len(_RATES)])
        expect(answer, answered(201), "A sale was not completed")
        confirmed[str(answer.told("id"))] = Decimal(str(answer.told("total")))
    return Round(store, confirmed, SYSTEM_CLOCK.now())


@dataclass(frozen=True, slots=True)
class Slips:
    """What is stored of sales and receipts, and what the shop says of the days."""

    confirmed: Mapping[str, Decimal]
    sales: Sequence[Mapping[str, Any]]
    loose: int  # receipts that belong to no completed sale of the shop
    days: Mapping[str, Mapping[str, Any]]  # what the shop's report tells of each day
    unreadable: str = ""  # why receipts could not even be looked up
    causes: Sequence[str] = ()  # what else is wrong, where something is missing

    def __str__(self) -> str:
        with_one = sum(row["receipts"] == 1 for row in self.sales)
        return f"{with_one} of {len(self.sales)} sales with one receipt; the report tells {dict(self.days)}"


def read(system: JewelryShop, sold: Round) -> Slips:
    """Sales and receipts from the database, the days' figures from the shop."""
    shop = sold.store.shop.tenant_id
    try:
        rows = system.truth.ask(_SALES, [shop])
        loose = int(system.truth.ask(_LOOSE, [shop])[0]["number"])
    except QuestionFailed as failed:
        if failed.sqlstate != _NO_TABLE:
            raise
        causes = journey.migrations(system).found
        return Slips(sold.confirmed, [], 0, {}, f"receipts cannot be looked up: {failed.error}", causes)
    days = {day: _report(sold.store, day) for day in sorted({str(row["day"]) for row in rows})}
    return Slips(sold.confirmed, rows, loose, days)


def _report(store: Store, day: str) -> Mapping[str, Any]:
    answer = store.owner.day(day)
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise Unknown(f"the shop does not tell the figures of {day}: {cause_of(answer)}")
    return answer.body


def have_one_receipt_each() -> ComplaintMatcher[Slips]:
    """Matches when sales and receipts are joined one to one, and the stored sales are those that were confirmed."""

    def complaints(seen: Slips) -> list[str]:
        if seen.unreadable:
            return [seen.unreadable]
        completed = [row for row in seen.sales if row["status"] == "COMPLETED"]
        without = sum(row["receipts"] == 0 for row in completed)
        several = sum(row["receipts"] > 1 for row in completed)
        found = [f"{without} of {len(completed)} sales have no receipt"] if without else []
        found += [f"{several} of {len(completed)} sales have more than one receipt"] if several else []
        found += ["a receipt belongs to another shop than its sale"] if not all(row["own"] for row in completed) else []
        found += [f"{seen.loose} receipts belong to no completed sale"] if seen.loose else []
        numbers = [row["number"] for row in completed if row["receipts"]]
        found += ["two receipts have the same number"] if len(set(numbers)) < len(numbers) else []
        stored = {str(row["id"]): Decimal(str(row["total"])) for row in completed}
        return found + ([] if stored == dict(seen.confirmed) else ["the stored sales are not the confirmed ones"])

    return without_complaints("exactly one receipt for each confirmed sale, and no other", complaints)


def add_up_to_the_day() -> ComplaintMatcher[Slips]:
    """Matches when the shop's report of each day tells number and sum of that day's stored sales."""

    def complaints(seen: Slips) -> list[str]:
        found = [] if seen.days else [seen.unreadable or "there is no day to look at"]
        for day, told in seen.days.items():
            rows = [row for row in seen.sales if row["day"] == day and row["status"] == "COMPLETED"]
            total = sum((Decimal(str(row["total"])) for row in rows), Decimal())
            if Decimal(str(told["total"])) != total:
                found.append(f"the day's total of {day} is {told['total']}, its sales sum up to {total}")
            for name in ("sales", "receipts"):
                if int(told[name]) != len(rows):
                    found.append(f"the report of {day} counts {told[name]} {name}, {len(rows)} are stored")
        return found

    return without_complaints("number and sum of the day's sales in its report", complaints)


def demand_receipts(world: World, limit: float) -> None:
    """Raises Broken unless each sale has exactly one receipt `limit` s after the last one."""
    _demand(world, have_one_receipt_each(), limit, f"Not every sale has exactly one receipt within {limit:g} s")


def demand_day_total(world: World, limit: float) -> None:
    """Raises Broken unless the day's total equals the sum of its sales `limit` s after the last one."""
    _demand(world, add_up_to_the_day(), limit, f"The day's total is not the sum of its sales within {limit:g} s")


def _demand(world: World, matcher: ComplaintMatcher[Slips], limit: float, reason: str) -> None:
    sold, system = world.things.get(Round), world.jewelry

    def complaints(seen: Slips) -> list[str]:
        return [*matcher.complaints(seen), *seen.causes]

    def look(_: Deadline) -> Slips:
        seen = read(system, sold)
        return seen if matcher.matches(seen) else replace(seen, causes=[*seen.causes, *missing_hands(system)])

    named: ComplaintMatcher[Slips] = without_complaints(str(matcher), complaints)
    world.eventually(look, named, max(0.0, limit - (SYSTEM_CLOCK.now() - sold.at)), reason)


def missing_hands(system: JewelryShop) -> list[str]:
    """What is wrong with those who do the periodic work."""
    return [text for part in ("scheduler", "worker") for text in system.parts.state(part).complaints()]


def demand_unchanged(world: World, seconds: float) -> None:
    """Raises Broken when receipts or totals change once more after everything was right."""
    sold, receipts, total = world.things.get(Round), have_one_receipt_each(), add_up_to_the_day()
    both: ComplaintMatcher[Slips] = without_complaints(
        "receipts and totals as they were", lambda seen: [*receipts.complaints(seen), *total.complaints(seen)]
    )
    reason = "Receipts or the day's total changed although nothing was sold"
    throughout(lambda _: read(world.jewelry, sold), both, seconds, reason, every=_SOON_S)
