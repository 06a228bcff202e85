"""A suspended shop: what its people are told at every instance, and whether its neighbour goes on selling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.clients.http import Answer
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Capabilities
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.api import Body, Session, order
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_SALE = "/api/pos/sales/create/"
_LOOKS = ("/api/user/profile/", "/api/branches/", "/api/inventory/items/", "/api/sales/")
_EACH = 4  # an instance has several processes; so many calls reach each of them, as a rule
_SUSPENDED = "SUSPENDED"
_ENTRANCE = "the entrance"

Call = tuple[str, str, Body | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What one call was told, and where."""

    place: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one shop's people at every instance and through the entrance."""

    company: str
    told: Sequence[Told]

    def __str__(self) -> str:
        return f"{len(self.told)} calls of {self.company}"


def work_everywhere(system: JewelryShop, stores: Sequence[Store]) -> None:
    """The people of both shops look around at every instance, so that each of them knows both shops.

    Raises Unknown when one of them is not served: what comes later would prove nothing.
    """
    for store in stores:
        for one in _everywhere(system, store.owner, [("GET", path, None) for path in _LOOKS] * _EACH):
            if one.answer.status != 200:
                raise Unknown(f"{store.shop.company_name} is not served at {one.place}: {one.answer}")


def set_status(system: JewelryShop, store: Store, word: str) -> None:
    """The platform administrator suspends a shop, or opens it again ("resume"). Raises Broken when that is refused."""
    path = f"/api/platform/shops/{store.shop.tenant_id}/{word}/"
    answer = system.shops.administrator().send("POST", path)
    expect(answer, answered(200), f'The platform administrator cannot {word} "{store.shop.company_name}"')


def call_everything(system: JewelryShop, store: Store) -> Calls:
    """Every call that the people of a shop can make, at every instance and through the entrance."""
    sale = _sale_of(store)
    calls = [sale, *_calls(store, system.profile.capabilities)]
    return Calls(store.shop.company_name, _everywhere(system, store.owner, calls))


def look_everywhere(system: JewelryShop, store: Store) -> Calls:
    """The plain looks of a shop's people, with the sign-ins that they had."""
    looks: list[Call] = [("GET", path, None) for path in _LOOKS]
    told = [one for session in (store.owner, store.till) for one in _everywhere(system, session, looks)]
    return Calls(store.shop.company_name, told)


def sell_everywhere(system: JewelryShop, store: Store) -> Calls:
    """One sale of one piece at every instance and through the entrance."""
    return Calls(store.shop.company_name, _everywhere(system, store.till, [_sale_of(store)]))


def _everywhere(system: JewelryShop, session: Session, calls: Sequence[Call]) -> list[Told]:
    pods = system.parts.ready_pods("django")
    if not pods:
        raise Unknown("no instance of the application is ready")
    ways = {_ENTRANCE: session, **{pod.name: system.at_instance(session, pod) for pod in pods}}
    return [Told(place, way.send(*call)) for place, way in ways.items() for call in calls]


def _sale_of(store: Store) -> Call:
    line = {"inventory_item_id": store.pieces[0].id, "quantity": 1}
    return "POST", _SALE, order(store.shop.terminal_id, [line])


def _calls(store: Store, able: Capabilities) -> list[Call]:
    piece, sale = store.pieces[0].id, str(store.confirmed[0].told("id"))
    line = {"inventory_item_id": piece, "quantity": 1}
    change = {"adjustment_type": "ADD", "quantity": 1, "reason": "stocktaking"}
    paths = [
        *_LOOKS,
        f"/api/branches/{store.shop.branch_id}/",
        "/api/terminals/",
        "/api/pos/terminals/",
        "/api/inventory/categories/",
        f"/api/inventory/items/{piece}/",
        "/api/pos/search/products/?q=RING",
        f"/api/sales/{sale}/",
        *([f"/api/sales/{sale}/receipt/", "/api/reports/day/"] if able.receipts else []),
        *(["/api/pricing/gold/"] if able.gold_price else []),
        *(["/api/inventory/export/"] if able.export else []),
        *(["/api/pos/drafts/counter/"] if able.drafts else []),
    ]
    changes: list[Call] = [
        ("POST", "/api/pos/calculate-totals/", order(store.shop.terminal_id, [line])),
        ("POST", "/api/inventory/items/create/", store.description("RING", "750.00", 1)),
        ("POST", "/api/inventory/categories/create/", {"name": "Chains", "parent": None}),
        ("POST", f"/api/inventory/items/{piece}/adjust-stock/", change),
        ("POST", "/api/branches/", {"name": "Harbour", "address": "Quay 1", "phone": "0100"}),
        ("POST", "/api/terminals/", {"terminal_id": "till-9", "branch": store.shop.branch_id}),
        *([("POST", "/api/jobs/valuations/", {"pace_ms": 0})] if able.jobs else []),
        *([("PUT", "/api/pos/drafts/counter/", {"content": "x", "ttl_s": 60})] if able.drafts else []),
    ]
    return [*(("GET", path, None) for path in paths), *changes]


def are_refused_as_suspended() -> ComplaintMatcher[Calls]:
    """Matches when every call was refused because the shop is suspended, and said so."""

    def complaints(calls: Calls) -> list[str]:
        found: list[str] = []
        for one in calls.told:
            answer = one.answer
            if answer.status == 201 and answer.path == _SALE:
                found.insert(0, f"suspended shop can still sell: {calls.company} at {one.place}")
            elif (answer.status, answer.told("tenant_status")) != (403, _SUSPENDED):
                call = f"{answer.method} {answer.path} at {one.place}"
                found.append(f"{call} was answered {answer.status} instead of suspended: {cause_of(answer)}")
        return found if calls.told else ["nobody called"]

    return without_complaints("every call refused because the shop is suspended", complaints)


def are_all_served() -> ComplaintMatcher[Calls]:
    """Matches when every call was done."""

    def complaints(calls: Calls) -> list[str]:
        wrong = [one for one in calls.told if not 200 <= one.answer.status < 300]  # the statuses that mean "done"
        found = [f"{one.place} answered {one.answer.status}: {cause_of(one.answer)}" for one in wrong]
        return found if calls.told else ["nobody called"]

    return without_complaints("every call served", complaints)
