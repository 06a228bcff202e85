"""Sales that cannot be completed: each is one mistake away from a good one, and must leave no trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.api import Body, order
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traces import Trace, left_behind, read_trace
from support.waiting import Unknown

_FEW = 2  # pieces of the second kind: a line of three cannot be served
_CULPRIT = "a refused sale"


def _line(piece: Piece, quantity: int = 1) -> Body:
    return {"inventory_item_id": piece.id, "quantity": quantity}


@dataclass(frozen=True, slots=True)
class _Counter:
    """What lies on the counter: plenty of one ring at 750.00, and few bands."""

    till: str
    ring: Piece
    band: Piece

    def split(self, paid: str) -> Body:
        """A sale of one ring, 825.00 with tax, paid in two parts."""
        parts = [{"method": "CASH", "amount": "400.00"}, {"method": "CARD", "amount": paid}]
        return order(self.till, [_line(self.ring)], payment_method="SPLIT", split_payments=parts)


def _unknown() -> str:
    return str(uuid.uuid4())


# The mistakes by the words of the feature.
_MISTAKES: Mapping[str, Callable[[_Counter], Body]] = {
    "a second line above stock": lambda at: order(at.till, [_line(at.ring), _line(at.band, _FEW + 1)]),
    "an unknown till": lambda at: order(_unknown(), [_line(at.ring), _line(at.band)]),
    "a quantity of zero": lambda at: order(at.till, [_line(at.band), _line(at.ring, 0)]),
    "a quantity below zero": lambda at: order(at.till, [_line(at.band), _line(at.ring, -1)]),
    "no goods at all": lambda at: order(at.till, []),
    "payments below the total": lambda at: at.split("424.99"),
    "payments above the total": lambda at: at.split("425.01"),
    "the same goods twice": lambda at: order(at.till, [_line(at.ring), _line(at.ring)]),
    "unknown goods": lambda at: order(at.till, [_line(at.ring), {"inventory_item_id": _unknown(), "quantity": 1}]),
    "a discount above the sum": lambda at: order(
        at.till, [_line(at.ring)], discount_type="FIXED", discount_value="750.01"
    ),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One impossible sale: the answer, and everything stored of the shop before and right after it."""

    mistake: str
    answer: Answer
    before: Trace
    after: Trace

    def complaints(self) -> list[str]:
        """What it has left behind."""
        return [f"{self.mistake}: {text}" for text in left_behind(self.before, self.after, _CULPRIT)]


@dataclass(frozen=True, slots=True)
class Attempts:
    """All impossible sales of a scenario."""

    store: Store
    made: Sequence[Attempt]


def mistakes_of(table: Any) -> list[str]:
    """The column of mistakes. Raises Unknown when the sentence came without one, or names a mistake nobody knows."""
    names = [str(row["mistake"]) for row in table] if table is not None else []
    unknown = [name for name in names if name not in _MISTAKES]
    if not names or unknown:
        raise Unknown(f"the sentence needs a table of mistakes; known are {', '.join(_MISTAKES)}")
    return names


def try_impossible_sales(system: JewelryShop, store: Store, names: Sequence[str]) -> Attempts:
    """Tries each sale once, through the public entrance, in a shop with two kinds of goods."""
    counter = _Counter(store.shop.terminal_id, store.pieces[0], store.stock("BAND", "19.99", _FEW))
    made, before = [], read_trace(system.truth, store.shop.tenant_id)
    for name in names:
        answer = store.till.place(_MISTAKES[name](counter))
        after = read_trace(system.truth, store.shop.tenant_id)
        made.append(Attempt(name, answer, before, after))
        before = after
    return Attempts(store, made)


def are_refused_without_trace() -> ComplaintMatcher[Attempts]:
    """Matches when every sale was refused as a mistake of the caller's, and had left nothing when it was."""

    def complaints(attempts: Attempts) -> list[str]:
        traces = [text for one in attempts.made for text in one.complaints()]
        wrong = [one for one in attempts.made if one.answer.status != 400]
        answers = [f"{one.mistake} was answered {one.answer.status}: {cause_of(one.answer)}" for one in wrong]
        return [*traces, *answers]

    return without_complaints("every sale refused as a mistake, with no trace of it", complaints)


def trace_of(system: JewelryShop, attempts: Attempts) -> Trace:
    """Everything stored of the shop now."""
    return read_trace(system.truth, attempts.store.shop.tenant_id)


def nothing_came_later(attempts: Attempts) -> ComplaintMatcher[Trace]:
    """Matches a shop that is still as it was before the first of the sales."""
    before = attempts.made[0].before
    return without_complaints("stock, sales and receipts as they were", lambda now: left_behind(before, now, _CULPRIT))
