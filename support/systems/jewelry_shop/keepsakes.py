"""What a shop's people leave in the cache and expect to find again: a sign-in on the web, a parked basket."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.clients.http import PublicWay
from support.evidence.redaction import REDACTOR
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.api import Person
from support.systems.jewelry_shop.rest import Basket
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_FORM = "/accounts/login/"
_PAGE = "/dashboard/"
_KEPT_S = 600  # seconds that a basket is kept: the longest that the shop allows, longer than any outage here
_COOKIE = r"{name}=([^;,\s]+)"


@dataclass(frozen=True, slots=True)
class Keepsakes:
    """A stored sign-in and a parked basket."""

    store: Store
    signed_in: str  # the name of the person
    cookies: Mapping[str, str]
    basket: Basket


def leave(system: JewelryShop, store: Store | None) -> Keepsakes:
    """Signs in with the form and parks a basket. Raises Broken with the shop's cause when either is refused."""
    if store is None:
        raise Unknown("there is no shop whose people could leave something")
    person = store.shop.employee
    cookies = _sign_in(system.way, person)
    basket = Basket(f"basket-{store.shop.slug[-4:]}", f"two rings for {store.shop.slug}")  # four letters of its own
    answer = store.till.park_basket(basket.name, basket.content, _KEPT_S)
    expect(answer, answered(200), "A basket could not be parked")
    if not answer.told("copies"):
        raise Unknown("the basket was parked without a copy: nobody has promised to keep it")
    kept = Keepsakes(store, person.username, cookies, basket)
    wrong = look(system, kept).missing
    if wrong:
        raise Unknown(f"what was left is not there from the start: {'; '.join(wrong)}")
    return kept


def _sign_in(way: PublicWay, person: Person) -> Mapping[str, str]:
    form = way.send("GET", _FORM)
    expect(form, answered(200), "The sign-in page does not come")
    token = _cookie(form.headers, "csrftoken")
    fields = {"login": person.username, "password": person.password, "csrfmiddlewaretoken": token}
    answer = way.send_form(_FORM, fields, {"Cookie": f"csrftoken={token}"})
    expect(answer, answered(302), "Nobody can sign in on the web")
    signed = _cookie(answer.headers, "tenant_sessionid")
    REDACTOR.register(signed)
    return {"tenant_sessionid": signed}


def _cookie(headers: Mapping[str, str], name: str) -> str:
    found = re.search(_COOKIE.format(name=name), headers.get("set-cookie", ""))
    if found is None:
        raise Unknown(f"the sign-in page gave no cookie {name}")
    return found[1]


@dataclass(frozen=True, slots=True)
class Found:
    """What is missing of what was left; empty when everything is there."""

    missing: Sequence[str]
    of: int

    def __str__(self) -> str:
        return "; ".join(self.missing) or "everything is there"


def look(system: JewelryShop, kept: Keepsakes) -> Found:
    """Asks for both as their owners would."""
    cookie = "; ".join(f"{name}={value}" for name, value in kept.cookies.items())
    page = system.way.send("GET", _PAGE, headers={"Cookie": cookie})
    basket = kept.store.till.send("GET", f"/api/pos/drafts/{kept.basket.name}/")
    missing = []
    if page.status != 200 or kept.signed_in not in page.text:
        missing.append(f"the sign-in is not known any more ({page.status}: {cause_of(page)})"[:200])  # its beginning
    if basket.status != 200 or basket.told("content") != kept.basket.content:
        missing.append(f"the basket is gone ({basket.status}: {cause_of(basket)})"[:200])  # says it all
    return Found(missing, 2)


def are_still_there() -> ComplaintMatcher[Found]:
    """Matches when sign-in and basket are there."""

    def complaints(found: Found) -> list[str]:
        empty = ["cache master came back empty"] if len(found.missing) == found.of else []
        return [*empty, *found.missing]

    return without_complaints("sign-in and basket still there", complaints)
