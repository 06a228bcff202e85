"""Rushes at the till: many sell the same few pieces at once, and a day that has everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.clients.http import Answer
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.integrity import Books
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.system import JewelryShop

_SCARCE = 3  # pieces that a rush fights for, fewer than there are tills


@dataclass(frozen=True, slots=True)
class Rush:
    """What the tills were told when all of them sold at once."""

    store: Store
    piece: Piece
    answers: Sequence[Answer]

    @property
    def confirmed(self) -> list[Answer]:
        """The sales that were confirmed."""
        return [answer for answer in self.answers if answer.status == 201]

    @property
    def refused(self) -> list[Answer]:
        """Everything else."""
        return [answer for answer in self.answers if answer.status != 201]


@dataclass(frozen=True, slots=True)
class Tills:
    """Tills of a shop, beside the first."""

    ids: Sequence[str]


def rush(store: Store, piece: Piece, tills: Tills) -> Rush:
    """Every till sells one piece at the same moment."""
    return Rush(store, piece, store.rush(piece, tills.ids))


def confirms_exactly(number: int) -> ComplaintMatcher[Rush]:
    """Matches when so many sales were confirmed, each under a number of its own."""

    def complaints(rush: Rush) -> list[str]:
        confirmed, numbers = rush.confirmed, {answer.told("sale_number") for answer in rush.confirmed}
        found = []
        if len(confirmed) > rush.piece.opening:
            found.append(f"more pieces sold than were in stock: {len(confirmed)} of {rush.piece.opening}")
        elif len(confirmed) != number:
            reasons = "; ".join(sorted({cause_of(answer) for answer in rush.refused}))
            found.append(f"{len(confirmed)} sales were confirmed, the others: {reasons}")
        if len(numbers) != len(confirmed):
            found.append(f"{len(confirmed)} confirmed sales share {len(numbers)} numbers")
        return found

    return without_complaints(f"exactly {number} confirmed sales under different numbers", complaints)


def tell_what_is_left(system: JewelryShop) -> ComplaintMatcher[Rush]:
    """Matches when each refusal names what is left and what was asked for, and only confirmed sales are stored."""

    def complaints(rush: Rush) -> list[str]:
        found = []
        for answer in rush.refused:
            told = (answer.status, answer.told("code"), answer.told("requested"))
            if told != (400, "insufficient_stock", 1) or answer.told("available") is None:
                found.append(f"a refusal was answered {answer.status}: {cause_of(answer)}")
        shop = rush.store.shop
        sales, lines = system.truth.count("sales", shop.tenant_id), system.truth.count("sale_items", shop.tenant_id)
        if sales != len(rush.confirmed) or lines != len(rush.confirmed):
            found.append(f"{sales} sales with {lines} lines are stored, {len(rush.confirmed)} were confirmed")
        return found

    return without_complaints("refusals that name what is left, and leave no trace", complaints)


def go_through_a_day(store: Store, tills: Tills) -> None:
    """Sales, a rush for the last pieces, refused sales and corrections of stock; the books must bear all of it.

    Raises Broken when an ordinary sale or correction is refused: then there was no such day.
    """
    scarce, plenty = store.pieces[0], store.stock("BAND", "19.99", 40)  # forty: more than the day can sell
    store.rush(scarce, tills.ids)
    for quantity in (1, 2, 3):  # three ordinary sales of different sizes
        expect(store.sell((plenty, quantity)), answered(201), "An ordinary sale was refused")
    # The first line could be served; the second cannot: the whole sale must leave no trace.
    store.sell((plenty, 1), (scarce, _SCARCE + 1))
    store.till.sell(store.shop.terminal_id, [(plenty.id, 1000)])  # far above any stock
    for kind, quantity in (("ADD", 5), ("DEDUCT", 2), ("SET", 30)):
        expect(store.owner.adjust(plenty.id, kind, quantity), answered(200), "A correction of stock was refused")
    expect(store.sell((plenty, 1)), answered(201), "A sale after the corrections was refused")


@dataclass(frozen=True, slots=True)
class AllBooks:
    """The books of every shop that this scenario and its run still have open."""

    books: Sequence[Books]


def read_all_books(system: JewelryShop) -> AllBooks:
    """The books of the scenario's shops; shops of earlier scenarios were checked before they were removed."""
    return AllBooks([system.books(shop) for shop in system.shops.opened])


def all_add_up(single: ComplaintMatcher[Books]) -> ComplaintMatcher[AllBooks]:
    """Matches when the books of every shop add up and something was sold in one of them."""

    def complaints(everything: AllBooks) -> list[str]:
        found = [text for books in everything.books for text in single.complaints(books)]
        return found if any(books.sales for books in everything.books) else [*found, "no sale was found in any shop"]

    return without_complaints("stock and money of every shop add up", complaints)
