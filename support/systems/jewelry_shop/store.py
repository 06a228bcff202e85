"""A shop at work: its people signed in, pieces in stock, sales made."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from support.clients.http import Answer
from support.expect import expect
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.api import Body, OpenShop, Person, Session

_NO_CATEGORY = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of jewellery as its creation was confirmed."""

    id: str
    sku: str
    sent: Mapping[str, Any]
    confirmed: Mapping[str, Any]

    @property
    def opening(self) -> int:
        """How many pieces the stock began with."""
        return int(self.sent["quantity"])


@dataclass(slots=True)
class Store:
    """One open shop with its people, and what the scenario has done in it."""

    shop: OpenShop
    owner: Session
    till: Session
    pieces: list[Piece] = field(default_factory=list)
    sales: list[Answer] = field(default_factory=list)
    _category: str = _NO_CATEGORY

    def person(self, role: str) -> Person:
        """The owner, or the employee."""
        return self.shop.owner if role == "owner" else self.shop.employee

    def description(self, article: str, price: str, quantity: int, **others: Any) -> Body:
        """What the owner says of a new piece; the article number gets a tail of its own."""
        cost = str((Decimal(price) * Decimal("0.6")).quantize(Decimal("0.01")))  # below the price, or it is refused
        body = {
            "sku": f"{article}-{secrets.token_hex(2)}",
            "name": f"Ring {article}",
            "category": self.category(),
            "karat": 18,
            "weight_grams": "4.250",
            "cost_price": cost,
            "selling_price": price,
            "quantity": quantity,
            "branch": self.shop.branch_id,
        }
        return {**body, **others}

    def category(self) -> str:
        """The shop's one category of goods, made when it is first needed."""
        if self._category == _NO_CATEGORY:
            answer = self.owner.add_category("Rings")
            expect(answer, answered(201), "A new shop cannot add a category of goods")
            self._category = str(answer.told("id"))
        return self._category

    def stock(self, article: str, price: str, quantity: int) -> Piece:
        """Adds a piece with its opening stock. Raises Broken with the shop's cause when it is refused."""
        sent = self.description(article, price, quantity)
        answer = self.owner.add_item(sent)
        expect(answer, answered(201), "A new shop cannot take goods into stock")
        piece = Piece(str(answer.told("id")), str(sent["sku"]), sent, answer.body)
        self.pieces.append(piece)
        return piece

    def sell(self, *lines: tuple[Piece, int], tax: str = "10.00", terminal: str = "") -> Answer:
        """One attempt to sell; the answer is kept, whatever it is."""
        wanted = [(piece.id, quantity) for piece, quantity in lines]
        answer = self.till.sell(terminal or self.shop.terminal_id, wanted, tax)
        self.sales.append(answer)
        return answer

    def open_tills(self, number: int) -> list[str]:
        """So many further tills in the shop's branch; their ids."""
        answers = [self.owner.add_till(f"till-{index + 2}", self.shop.branch_id) for index in range(number)]
        for answer in answers:
            expect(answer, answered(201), "A shop cannot open a further till")
        return [str(answer.told("id")) for answer in answers]

    def rush(self, piece: Piece, tills: Sequence[str]) -> list[Answer]:
        """Every till sells one piece at the same moment; the answers in the order of the tills."""
        with ThreadPoolExecutor(max_workers=len(tills)) as pool:
            answers = list(pool.map(lambda till: self.till.sell(till, [(piece.id, 1)]), tills))
        self.sales += answers
        return answers

    @property
    def confirmed(self) -> list[Answer]:
        """The sales that the shop has confirmed."""
        return [answer for answer in self.sales if answer.status == 201]
