"""What a sale must cost, computed here in whole cents, and what the shop says of it in three places."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from support.clients.http import Answer
from support.clients.sql import Row
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.api import order
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.truth import differences
from support.waiting import Unknown

GOODS = r"\d+ x \d+\.\d\d(?: less \d+\.\d\d)?(?:, \d+ x \d+\.\d\d(?: less \d+\.\d\d)?)*"
REDUCTION = r"nothing|\d+(?:\.\d+)? %|\d+\.\d\d"
_LINE = re.compile(r"(\d+) x (\d+\.\d\d)(?: less (\d+\.\d\d))?")
_ENOUGH = 20  # pieces of each kind in stock: more than any line takes
_PERCENT = 100  # what a percentage is divided by


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of one kind at a price, less something."""

    quantity: int
    price: Decimal
    less: Decimal

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.quantity * self.price - self.less


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is taken off the whole sale: the shop's word for its kind, and the figure."""

    kind: str | None
    value: Decimal


def read_goods(text: str) -> tuple[Line, ...]:
    """The lines of a sale as a feature writes them: "3 x 19.99, 1 x 10.05 less 0.50"."""
    found = _LINE.findall(text)
    return tuple(Line(int(number), Decimal(price), Decimal(less or "0.00")) for number, price, less in found)


def read_reduction(text: str) -> Reduction:
    """A discount as a feature writes it: "nothing", "5 %" or "12.34"."""
    if text == "nothing":
        return Reduction(None, Decimal("0.00"))
    if text.endswith("%"):
        return Reduction("PERCENTAGE", Decimal(text.removesuffix(" %")))
    return Reduction("FIXED", Decimal(text))


@dataclass(frozen=True, slots=True)
class Sums:
    """The four figures of a sale."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


def compute(goods: Sequence[Line], reduction: Reduction, rate: Decimal) -> Sums:
    """The agreed arithmetic in whole cents: half a cent goes up, tax is taken once, from what is left to pay."""
    subtotal = sum(_cents(Fraction(line.amount)) for line in goods)
    taken = Fraction(reduction.value)
    discount = _cents(Fraction(subtotal, 100) * taken / _PERCENT if reduction.kind == "PERCENTAGE" else taken)
    tax = _cents(Fraction(subtotal - discount, 100) * Fraction(rate) / _PERCENT)
    return Sums(*(Decimal(cents) / 100 for cents in (subtotal, discount, tax, subtotal - discount + tax)))


def _cents(amount: Fraction) -> int:
    return math.floor(amount * 100 + Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Priced:
    """One sale: what it must cost, and what was told before, at the confirmation, and in the books."""

    goods: Sequence[Line]
    rate: Decimal
    sums: Sums
    preview: Answer
    confirmation: Answer
    stored: Sequence[Row]
    lines: Sequence[Row]


def price_and_sell(
    system: JewelryShop, store: Store, goods: Sequence[Line], reduction: Reduction, rate: Decimal
) -> Priced:
    """Asks what the sale would cost, sells, and reads what is stored of it."""
    pieces = [store.stock(f"RING{number}", str(line.price), _ENOUGH) for number, line in enumerate(goods)]
    items = [
        {"inventory_item_id": piece.id, "quantity": line.quantity, "discount": f"{line.less:.2f}"}
        for piece, line in zip(pieces, goods, strict=True)
    ]
    figures = {"tax_rate": f"{rate:.2f}", "discount_type": reduction.kind, "discount_value": f"{reduction.value:.2f}"}
    body = order(store.shop.terminal_id, items, **figures)
    preview, confirmation = store.till.preview(body), store.till.place(body)
    sale = confirmation.told("id") if confirmation.status == 201 else None
    stored, lines = (system.truth.sale(sale), system.truth.lines(sale)) if sale else ([], [])
    return Priced(goods, rate, compute(goods, reduction, rate), preview, confirmation, stored, lines)


def costs(total: Decimal) -> ComplaintMatcher[Priced]:
    """Matches a sale whose sums are right to the cent in all three places.

    Raises Unknown when the feature's own total is not what the agreed arithmetic gives.
    """

    def complaints(priced: Priced) -> list[str]:
        if priced.sums.total != total:
            raise Unknown(f"the feature promises {total}, the agreed arithmetic gives {priced.sums.total}")
        found = _told("asked before", priced, priced.preview, 200, "tax_amount")
        found += _told("confirmed", priced, priced.confirmation, 201, "tax")
        return found or [*_lines("confirmed", priced, priced.confirmation.told("items")), *_in_the_books(priced)]

    return without_complaints(f"{total} when asked before, when confirmed and in the books", complaints)


def _told(place: str, priced: Priced, answer: Answer, status: int, tax: str) -> list[str]:
    if answer.status != status or not isinstance(answer.body, dict):
        return [f"{place}: answered {answer.status}: {cause_of(answer)}"]
    return _wrong(place, priced, answer.body, tax)


def _wrong(place: str, priced: Priced, told: Mapping[str, object], tax: str) -> list[str]:
    sums = priced.sums
    wanted = {"subtotal": sums.subtotal, "discount_amount": sums.discount, tax: sums.tax, "total": sums.total}
    found = differences(wanted, told, list(wanted))
    early = sums.subtotal * priced.rate / _PERCENT  # the tax of a sale without any discount
    seen = _amount(told.get(tax))
    if seen is not None and seen != sums.tax and sums.discount and abs(seen - early) < Decimal("0.01"):
        found.insert(0, f"tax was computed before the discount: {seen} instead of {sums.tax}")
    return [f"{place}: {text}" for text in found]


def _amount(told: object) -> Decimal | None:
    try:
        return Decimal(str(told))
    except ArithmeticError:
        return None


def _in_the_books(priced: Priced) -> list[str]:
    if len(priced.stored) != 1:
        return [f"in the books: the sale is stored {len(priced.stored)} times"]
    found = _wrong("in the books", priced, priced.stored[0], "tax")
    return [*found, *_lines("in the books", priced, priced.lines)]


def _lines(place: str, priced: Priced, told: Sequence[Mapping[str, object]] | None) -> list[str]:
    wanted = sorted([line.quantity, line.price, line.less, line.amount] for line in priced.goods)
    names = ("quantity", "unit_price", "discount", "subtotal")
    seen = sorted([Decimal(str(row.get(name) or 0)) for name in names] for row in told or [])
    return [] if seen == wanted else [f"{place}: the lines are {_plain(seen)}, not {_plain(wanted)}"]


def _plain(lines: Sequence[Sequence[object]]) -> str:
    return "; ".join(" ".join(map(str, line)) for line in lines)
