"""The gold price: how old it is, and whether each period had its one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.healing import Deletion
from support.systems.jewelry_shop.receipts import missing_hands
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown, throughout
from support.world import World

_EVERY_S = 1.5  # seconds between two looks: several in each period
_ROWS = "SELECT period_start::text AS period_start, run_count, price::text AS price FROM gold_prices"
_NOW = "SELECT now()::text AS now"
_NEEDED = 3  # whole periods without which nothing is said


@dataclass(frozen=True, slots=True)
class Price:
    """The price as the shop tells it."""

    age: float  # seconds; infinite when there is none
    period: str
    answer: str  # what was told when there is none
    causes: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.age:.0f} s old"


@dataclass(frozen=True, slots=True)
class Watched:
    """From when on the price was watched, by the database's clock."""

    since: datetime


def ask(system: JewelryShop, store: Store, limit: float) -> Price:
    """One question of the owner; what is missing is looked for when the price is older than `limit` s."""
    answer = store.owner.gold_price()
    if answer.status == 404:  # no price yet
        return Price(float("inf"), "", "the shop knows no gold price", missing_hands(system))
    if answer.status != 200:
        raise Unknown(f"the shop does not tell the gold price: {cause_of(answer)}")
    age = float(answer.told("age_s"))
    return Price(age, str(answer.told("period_start")), "", missing_hands(system) if age > limit else ())


def is_younger_than(limit: float, after: datetime | None = None) -> ComplaintMatcher[Price]:
    """Matches a price of at most that age and, if given, of a later period."""

    def complaints(price: Price) -> list[str]:
        if price.answer or price.age > limit:
            return [price.answer or f"the gold price is {price.age:.0f} s old", *price.causes]
        if price.age < 0:
            return [f"the gold price is of a period that has not begun: {price.period}"]
        stale = after is not None and _moment(price.period) <= after
        return ["the gold price has not been refreshed since", *price.causes] if stale else []

    return without_complaints(f"a gold price of at most {limit:g} s", complaints)


def watch(world: World, seconds: float, limit: float) -> None:
    """Raises Broken as soon as the price is older than `limit`, within so many seconds."""
    system, store = world.jewelry, world.things.get(Store)
    world.things.put(Watched(_now(system)))
    reason = f"The gold price was older than {limit:g} s"
    throughout(lambda _: ask(system, store, limit), is_younger_than(limit), seconds, reason, every=_EVERY_S)


def demand_refreshed(world: World, limit: float) -> None:
    """Raises Broken unless there is a price of a later period `limit` s after the scheduler was deleted."""
    deletion, system, store = world.things.get(Deletion), world.jewelry, world.things.get(Store)
    matcher = is_younger_than(limit, _moment(deletion.latest_period))

    def look(_: Deadline) -> Price:
        return ask(system, store, limit)

    left = max(0.0, limit - (SYSTEM_CLOCK.now() - deletion.at))
    reason = f"The gold price was not refreshed within {limit:g} s after the scheduler was lost"
    world.eventually(look, matcher, left, reason)


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods that were over in a window, and those that are stored."""

    due: Sequence[datetime]
    stored: Mapping[datetime, int]  # and how often each was executed
    schedulers: int

    @property
    def missing(self) -> list[datetime]:
        """Periods without a price."""
        return [start for start in self.due if start not in self.stored]

    def __str__(self) -> str:
        return f"{len(self.stored)} stored, {len(self.due)} due, {len(self.missing)} missing"


def periods(system: JewelryShop, since: datetime, seconds: float) -> Periods:
    """What is stored of the window from `since` until now, in periods of so many seconds."""
    rows = [row for row in system.truth.ask(_ROWS) if _moment(row["period_start"]) >= since]
    stored = {_moment(row["period_start"]): int(row["run_count"]) for row in rows}
    due = whole_periods(since, _now(system), seconds)
    return Periods(due, stored, len(system.parts.state("scheduler").living))


def whole_periods(since: datetime, until: datetime, seconds: float) -> list[datetime]:
    """The starts of all periods, aligned to the clock, that began and were over in a window."""
    first = -int(-since.timestamp() // seconds) * seconds  # rounded up
    number = int((until.timestamp() - first) // seconds)
    return [datetime.fromtimestamp(first + index * seconds, UTC) for index in range(max(0, number))]


def are_executed_once(seconds: float, missing: int = 0) -> ComplaintMatcher[Periods]:
    """Matches when every period but so many has its price, each executed once, and there are no others."""

    def complaints(seen: Periods) -> list[str]:
        if len(seen.due) < _NEEDED:
            raise Unknown(f"only {len(seen.due)} periods were watched, {_NEEDED} are needed")
        twice = [start for start, count in seen.stored.items() if count != 1]
        odd = [start for start in seen.stored if start.timestamp() % seconds]
        cause = "two schedulers: " if seen.schedulers > 1 else ""
        found = [f"{cause}periods executed twice: {', '.join(map(_short, twice))}"] if twice else []
        found += [f"prices of no whole period: {', '.join(map(_short, odd))}"] if odd else []
        if len(seen.missing) > missing:
            names = ", ".join(map(_short, seen.missing))
            found.append(f"{len(seen.missing)} of {len(seen.due)} periods have no price: {names}")
        return found

    return without_complaints(f"one price in each period of {seconds:g} s, at most {missing} missing", complaints)


def watched_periods(world: World, seconds: float) -> Periods:
    """The periods since the price was watched."""
    return periods(world.jewelry, world.things.get(Watched).since, seconds)


def periods_around_loss(world: World, seconds: float) -> Periods:
    """The periods since the last one before the scheduler was gone."""
    return periods(world.jewelry, _moment(world.things.get(Deletion).latest_period), seconds)


def _now(system: JewelryShop) -> datetime:
    return _moment(system.truth.ask(_NOW)[0]["now"])


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _short(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"
