"""Valuations of the stock: work that the shop hands to the background, and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from support.clients.http import Answer
from support.cluster import ApiError
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_FIRST_PRICE, _STEP = Decimal("120.00"), Decimal("37.45")  # every kind has another price, so every sum is another
_PACE_MS = 1000  # pause after each kind of goods: long enough to be seen at work, and as long as the shop allows
_BEGUN_S = 15.0  # seconds until work that was handed over is begun: the promise for a whole valuation
_WRITTEN_S = 10.0  # seconds until a line is in the journal that the cluster shows
_RECENT_S = 120  # seconds of journal that are read: a scenario's work is younger
_LINES = "SELECT step, item_id, amount, worker FROM job_lines WHERE job_id = %s ORDER BY step, delivery"


@dataclass(frozen=True, slots=True)
class Valuation:
    """A valuation that was asked for."""

    store: Store
    answer: Answer
    at: float  # when it was asked for, on the suite's clock

    @property
    def id(self) -> str:
        """The id of the work. Raises Unknown when it was not accepted."""
        if self.answer.status != 202 or not self.answer.told("id"):
            raise Unknown(f"no valuation was accepted: {self.answer}")
        return str(self.answer.told("id"))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the shop says a valuation is."""

    status: str
    worker: str
    deliveries: int
    done: int
    of: int
    total: Decimal | None

    def __str__(self) -> str:
        return f"{self.status} at {self.worker or 'nobody'}, {self.done} of {self.of} steps, total {self.total}"

    @property
    def standing(self) -> str:
        """What is wrong with work that is not finished."""
        if self.status == "QUEUED":
            return "the valuation is still QUEUED: no background worker has begun it"
        return f"the valuation is {self.status}: {self.worker} has done {self.done} of {self.of} steps"


def stock_kinds(store: Store, number: int) -> None:
    """So many kinds of rings of different prices and numbers."""
    for index in range(number):
        store.stock(f"RING{index:02}", str(_FIRST_PRICE + _STEP * index), index % 5 + 1)  # one to five of a kind


def worth(store: Store) -> Decimal:
    """What the stock has cost, from what the owner has said of each kind."""
    return sum((Decimal(piece.sent["cost_price"]) * piece.opening for piece in store.pieces), Decimal())


def ask(store: Store, pace_ms: int = 0) -> Valuation:
    """One attempt of the owner to have the stock valued."""
    at = SYSTEM_CLOCK.now()
    return Valuation(store, store.owner.value_stock(pace_ms), at)


def ask_slowly(world: World, store: Store) -> Valuation:
    """A slow valuation that a background worker is seen to work on. Raises Broken when nobody begins it."""
    valuation = ask(store, _PACE_MS)
    expect(valuation.answer, answered(202), "A valuation was not accepted")
    begun: ComplaintMatcher[Progress] = without_complaints(
        "a valuation in progress", lambda seen: [] if seen.status == "RUNNING" and seen.done else [seen.standing]
    )
    world.eventually(lambda _: progress(valuation), begun, _BEGUN_S, "A valuation was not begun")
    return valuation


def progress(valuation: Valuation) -> Progress:
    """What the shop says now. Raises Unknown when it does not answer."""
    answer = valuation.store.owner.job(valuation.id)
    if answer.status != 200:
        raise Unknown(f"the shop does not say how far a valuation is: {answer}")
    told: Mapping[str, Any] = answer.body
    total = Decimal(told["total"]) if told["total"] is not None else None
    done, of = int(told["steps_done"]), int(told["steps_total"])
    return Progress(str(told["status"]), str(told["worker"] or ""), int(told["deliveries"]), done, of, total)


def is_done(wanted: Decimal, steps: int) -> ComplaintMatcher[Progress]:
    """Matches work that is finished with the right sum over all kinds."""

    def complaints(seen: Progress) -> list[str]:
        if seen.status != "DONE":
            return [seen.standing]
        found = [] if seen.total == wanted else [f"the sum is {seen.total} instead of {wanted}"]
        return found + ([] if (seen.done, seen.of) == (steps, steps) else [f"{seen.done} of {steps} kinds are in it"])

    return without_complaints(f"a finished valuation of {steps} kinds with the sum {wanted}", complaints)


def demand_done(world: World, limit: float) -> Progress:
    """Raises Broken unless the valuation was accepted and is finished with the right sum `limit` s after that."""
    valuation = world.things.get(Valuation)
    expect(valuation.answer, answered(202), "A valuation was not accepted")
    matcher = is_done(worth(valuation.store), len(valuation.store.pieces))
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - valuation.at))
    reason = f"A valuation was not finished with the right sum within {limit:g} s"
    return world.eventually(lambda _: progress(valuation), matcher, left, reason)


@dataclass(frozen=True, slots=True)
class Told:
    """What the journal of the worker that did the work tells of it."""

    worker: str
    known: bool  # whether it is an instance that is there
    events: Sequence[str]

    def __str__(self) -> str:
        return f"{self.worker} tells {', '.join(self.events) or 'nothing'}"


def tells_of_it() -> ComplaintMatcher[Told]:
    """Matches a journal that tells of the beginning and the end of the same work."""

    def complaints(told: Told) -> list[str]:
        if not told.known:
            return [f'no background worker is called "{told.worker}"']
        missing = [event for event in ("job_started", "job_finished") if event not in told.events]
        return [f"the journal of {told.worker} lacks {event} for this valuation" for event in missing]

    return without_complaints("beginning and end of the valuation in its worker's journal", complaints)


def demand_told(world: World) -> None:
    """Raises Broken unless the journal of the worker that the shop names tells of this very valuation."""
    valuation, system = world.things.get(Valuation), world.jewelry
    worker = progress(valuation).worker

    def look(_: Deadline) -> Told:
        known = worker in {pod.name for pod in system.parts.pods("worker")}
        return Told(worker, known, _events(system, worker, valuation.id) if known else [])

    reason = "The journal of the background worker does not tell of the valuation"
    world.eventually(look, tells_of_it(), _WRITTEN_S, reason)


def _events(system: JewelryShop, pod: str, job: str) -> list[str]:
    container = system.profile.part("worker").container
    try:
        text = system.cluster.logs(system.namespace, pod, container, since_s=_RECENT_S)
    except ApiError as error:
        raise Unknown(f"the journal of {pod} cannot be read: {error}") from error
    return events_of(text, job)


def events_of(text: str, job: str) -> list[str]:
    """The events of one piece of work in a journal."""
    found = []
    for line in text.splitlines():
        if job in line:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # a line that was cut, or is not ours
            if isinstance(told, dict) and told.get("job_id") == job:
                found.append(str(told.get("event")))
    return found


@dataclass(frozen=True, slots=True)
class Lines:
    """What is stored of a valuation, beside the kinds that should be in it."""

    wanted: Mapping[str, Decimal]  # kind and its worth
    stored: Sequence[tuple[str, Decimal]]

    def __str__(self) -> str:
        return f"{len(self.stored)} lines for {len(self.wanted)} kinds"


def stored_lines(system: JewelryShop, valuation: Valuation) -> Lines:
    """The lines of a valuation as they are stored."""
    rows = system.truth.ask(_LINES, [valuation.id])
    wanted = {piece.id: Decimal(piece.sent["cost_price"]) * piece.opening for piece in valuation.store.pieces}
    return Lines(wanted, [(str(row["item_id"]), Decimal(str(row["amount"]))) for row in rows])


def value_each_kind_once() -> ComplaintMatcher[Lines]:
    """Matches exactly one line for each kind, each with its worth, and no other."""

    def complaints(lines: Lines) -> list[str]:
        counted = Counter(item for item, _ in lines.stored)
        twice = sum(number > 1 for number in counted.values())
        found = [f"steps executed twice after redelivery: {twice} of {len(lines.wanted)}"] if twice else []
        missing = sum(item not in counted for item in lines.wanted)
        found += [f"{missing} of {len(lines.wanted)} kinds have not been valued"] if missing else []
        strange = sum(item not in lines.wanted for item in counted)
        found += [f"{strange} lines are about something else"] if strange else []
        wrong = [amount for item, amount in lines.stored if lines.wanted.get(item, amount) != amount]
        return found + ([f"{len(wrong)} kinds have a wrong worth"] if wrong else [])

    return without_complaints("exactly one line with the right worth for each kind", complaints)


def worker_named(system: JewelryShop, seen: Progress) -> Pod:
    """The living instance that the shop names as at work. Raises Unknown when there is none of that name."""
    for pod in system.parts.ready_pods("worker"):
        if pod.name == seen.worker:
            return pod
    raise Unknown(f'no ready background worker is called "{seen.worker}"')
