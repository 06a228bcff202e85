"""Single acts over the counter, as the steps need them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from support.clients.http import Answer
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.api import OpenShop, Visitor
from support.systems.jewelry_shop.journey import Compared, Remaining, Selling, SignIn, remaining
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown
from support.world import Things


@dataclass(frozen=True, slots=True)
class Opening:
    """An attempt to open a shop."""

    answer: Answer
    opened: OpenShop | None

    @property
    def shop(self) -> OpenShop:
        """The opened shop. Raises Unknown when it was refused: another step judges that."""
        if self.opened is None:
            raise Unknown(f"there is no shop to look at: {cause_of(self.answer)}")
        return self.opened


def open_shop(system: JewelryShop, company: str, slug: str = "") -> Opening:
    """One attempt to open a shop, under a short name of its own or a given one."""
    return Opening(*system.shops.request(company, slug))


def sign_in(system: JewelryShop, store: Store, role: str) -> SignIn:
    """One attempt of the owner or the employee to sign in."""
    person = store.person(role)
    return SignIn(store.shop, person, Visitor(system.way).sign_in(person.username, person.password))


def sell(store: Store, number: int, tax: Decimal) -> Selling:
    """One attempt to sell pieces of the shop's first kind."""
    piece = store.pieces[0]
    return Selling(store, piece, number, store.sell((piece, number), tax=f"{tax:.2f}"))


def left(system: JewelryShop, things: Things) -> Remaining:
    """How many of the shop's first piece are left."""
    return remaining(system, things.get(Store), things.get(Piece))


def properties(table: Any) -> Mapping[str, str]:
    """A table of properties and values. Raises Unknown when the sentence came without one."""
    if table is None:
        raise Unknown("the sentence needs a table")
    return {row["property"]: row["value"] for row in table}


def sums(table: Any) -> Mapping[str, str]:
    """A table of one row of sums. Raises Unknown when the sentence came without one."""
    if table is None or len(table.rows) != 1:
        raise Unknown("the sentence needs a table of one row")
    return dict(zip(table.headings, table.rows[0].cells, strict=True))


def readiness(system: JewelryShop) -> Compared:
    """Every instance of the application is asked by itself whether it is ready, and whether it has its database."""
    pods = system.parts.ready_pods("django")
    found = [] if pods else ["no instance of the application is ready"]
    for pod in pods:
        answer = system.instance(pod).send("GET", "/health/ready/")
        if answer.status != 200 or answer.told("status") != "ready":
            found.append(f"{pod.name}: {cause_of(answer)}")
    return Compared("readiness", found)


def is_refused(code: str) -> ComplaintMatcher[Answer]:
    """Matches a refusal that names this code."""

    def complaints(answer: Answer) -> list[str]:
        told = str(answer.told("error"))
        return [] if answer.status == 409 and told == code else [f"it was answered {answer.status}: {cause_of(answer)}"]

    return without_complaints(f'a refusal "{code}"', complaints)


def number_of(system: JewelryShop, selling: Selling) -> Compared:
    """The sale's number has the agreed form, with the day, and occurs once in the shop."""
    number = str(selling.answer.told("sale_number"))
    shop = selling.store.shop.tenant_id
    rows = system.truth.ask("SELECT id FROM sales WHERE tenant_id = %s AND sale_number = %s", [shop, number])
    found = [] if len(rows) == 1 else [f"{len(rows)} sales are stored under {number}"]
    if not re.fullmatch(r"SALE-\d{8}-\d{6}", number):
        found.append(f"{number} is not of the form SALE-YYYYMMDD-NNNNNN")
    elif abs((datetime.now(UTC).date() - datetime.strptime(number[5:13], "%Y%m%d").date()).days) > 1:
        found.append(f"{number} names another day")  # one day off is midnight passing by
    return Compared("the number", found)
