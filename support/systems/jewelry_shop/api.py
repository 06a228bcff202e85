"""The shop's own interface as its people use it: the platform administrator, and the staff of one shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer, Way
from support.waiting import Unknown

Body = dict[str, Any]

_PAGES = 50  # pages of a list at most; a shop of the suite has a handful of rows


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    username: str
    password: str
    role: str

    def __repr__(self) -> str:
        return f"Person({self.username}, {self.role})"  # never the password


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop of the suite's own, as its opening was confirmed."""

    tenant_id: str
    slug: str
    company_name: str
    branch_id: str
    terminal_id: str
    owner: Person
    employee: Person
    opening: Answer


class Visitor:
    """Nobody yet: may ask for health and sign in."""

    def __init__(self, way: Way) -> None:
        self.way = way

    def sign_in(self, username: str, password: str) -> Answer:
        """One attempt to sign in; whatever came back is the answer."""
        return self.way.send("POST", "/api/auth/login/", {"username": username, "password": password})

    def session(self, person: Person) -> Session:
        """A session of that person. Raises Unknown when signing in fails: what follows could not be judged."""
        answer = self.sign_in(person.username, person.password)
        token = answer.told("access")
        if answer.status != 200 or not token:
            raise Unknown(f"{person.username} could not sign in: {answer}")
        return Session(self.way, str(token))


class Session:
    """Somebody who is signed in. Every method is one call and returns its answer, good or bad."""

    def __init__(self, way: Way, token: str) -> None:
        self.way = way
        self._token = token

    def over(self, way: Way) -> Session:
        """The same sign-in used over another way, such as straight to one instance."""
        return Session(way, self._token)

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that carries the sign-in."""
        return {"Authorization": f"Bearer {self._token}"}

    def send(self, method: str, path: str, body: Any = None, within: float = 12.0) -> Answer:
        """Any call of the shop's interface."""
        return self.way.send(method, path, body, self.authorization, within)

    def profile(self) -> Answer:
        """Who the shop thinks this is."""
        return self.send("GET", "/api/user/profile/")

    def rows(self, path: str) -> list[Body]:
        """All rows of a list, page by page. Raises Unknown when a page does not come."""
        found: list[Body] = []
        joint = "&" if "?" in path else "?"
        for page in range(1, _PAGES + 1):
            answer = self.send("GET", path if page == 1 else f"{path}{joint}page={page}")
            if answer.status != 200:
                raise Unknown(f"a list could not be read: {answer}")
            body = answer.body
            found += body if isinstance(body, list) else body["results"]
            if isinstance(body, list) or not body.get("next"):
                return found
        raise Unknown(f"{path} did not end after {_PAGES} pages")

    def add_branch(self, name: str) -> Answer:
        """A further branch of the own shop."""
        return self.send("POST", "/api/branches/", {"name": name, "address": "Market 1", "phone": "0100"})

    def add_till(self, code: str, branch: str) -> Answer:
        """A further till of a branch."""
        return self.send("POST", "/api/terminals/", {"terminal_id": code, "branch": branch})

    def add_category(self, name: str) -> Answer:
        """A category of goods."""
        return self.send("POST", "/api/inventory/categories/create/", {"name": name, "parent": None})

    def add_item(self, body: Body) -> Answer:
        """A piece of jewellery, with its opening stock."""
        return self.send("POST", "/api/inventory/items/create/", body)

    def item(self, item: str) -> Answer:
        """One piece as the shop shows it."""
        return self.send("GET", f"/api/inventory/items/{item}/")

    def adjust(self, item: str, kind: str, quantity: int) -> Answer:
        """A correction of stock: ADD, DEDUCT or SET."""
        body = {"adjustment_type": kind, "quantity": quantity, "reason": "stocktaking"}
        return self.send("POST", f"/api/inventory/items/{item}/adjust-stock/", body)

    def sell(self, terminal: str, lines: Sequence[tuple[str, int]], tax: str = "10.00", note: str = "") -> Answer:
        """A sale of pieces, as (id, quantity) per line; the shop computes the sums."""
        items = [{"inventory_item_id": item, "quantity": quantity, "notes": note} for item, quantity in lines]
        return self.place(order(terminal, items, tax_rate=tax))

    def place(self, body: Body) -> Answer:
        """A sale that is described in full."""
        return self.send("POST", "/api/pos/sales/create/", body)

    def preview(self, body: Body) -> Answer:
        """What a sale would cost; nothing is sold."""
        return self.send("POST", "/api/pos/calculate-totals/", body)

    def sale(self, sale: str) -> Answer:
        """One sale as the shop shows it."""
        return self.send("GET", f"/api/sales/{sale}/")

    def value_stock(self, pace_ms: int = 0) -> Answer:
        """Hands the valuation of the stock to the background; it rests `pace_ms` after each kind of goods."""
        return self.send("POST", "/api/jobs/valuations/", {"pace_ms": pace_ms})

    def job(self, job: str) -> Answer:
        """How far a piece of background work is."""
        return self.send("GET", f"/api/jobs/{job}/")

    def gold_price(self) -> Answer:
        """The latest gold price with its age."""
        return self.send("GET", "/api/pricing/gold/")

    def day(self, day: str) -> Answer:
        """The figures of one day, such as 2026-03-02."""
        return self.send("GET", f"/api/reports/day/?date={day}")

    def park_basket(self, name: str, content: str, ttl_s: int) -> Answer:
        """Parks a basket in the cache; the answer tells how many followers have it."""
        return self.send("PUT", f"/api/pos/drafts/{name}/", {"content": content, "ttl_s": ttl_s})

    def basket(self, name: str) -> Answer:
        """A parked basket with the seconds that it will still be kept."""
        return self.send("GET", f"/api/pos/drafts/{name}/")


def order(terminal: str, items: Sequence[Body], **others: Any) -> Body:
    """A sale as it is sent: paid in cash, ten percent tax and no discount unless said otherwise."""
    usual: Body = {"payment_method": "CASH", "tax_rate": "10.00", "discount_type": None, "discount_value": "0.00"}
    return {"terminal_id": terminal, "items": list(items), **usual, **others}
