"""Two busy shops on the same instances: does every answer carry only what belongs to its caller?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Capabilities
from support.systems.jewelry_shop.api import Body, order
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traces import Trace, read_trace
from support.waiting import SYSTEM_CLOCK, Clock, Deadline, Unknown

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SEARCH = "/api/pos/search/products/"
_WORDS = ("RING", "ring band")  # the same for both shops
_STOCK = 5000  # pieces to sell: more than anybody can in the time
_ROUND_S = 0.8  # one round of calls by both shops: about 30 calls a second, far below what would make the shop grow
_BASKET_S = 120  # seconds that a parked basket lives: longer than the scenario
_BASKET = "counter-1"  # the same name in both shops

Call = tuple[str, str, Body | None]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a shop's answers may carry, and what would betray it in the answers of another."""

    ids: frozenset[str]
    people: frozenset[int]
    words: frozenset[str]  # article numbers, names of people, the short name, the content of its basket


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that one shop was answered."""

    company: str
    answers: Sequence[Answer]
    own: Belongings
    foreign: Belongings

    @property
    def served(self) -> list[Answer]:
        """The answers that must have something of the caller's in them; a refusal need not."""
        return [answer for answer in self.answers if _is_done(answer)]

    def strangers(self, answer: Answer) -> list[str]:
        """What an answer carries that is not the caller's; a refusal may have ids that belong to no shop."""
        told = set(_ID.findall(answer.text))
        ids = told - self.own.ids if _is_done(answer) else told & self.foreign.ids
        found = [f"the id {one}" for one in sorted(ids)]
        found += [f'"{word}"' for word in sorted(self.foreign.words) if word in answer.text]
        return found + [f"person {one}" for one in sorted(_people(answer.body) - self.own.people)]

    def is_empty(self, answer: Answer) -> bool:
        """Whether an answer that should carry something of the caller's carries nothing."""
        if answer.method == "PUT":  # a parked basket is confirmed by the number of its copies
            return False
        return not (self.own.ids & set(_ID.findall(answer.text)) or any(word in answer.text for word in self.own.words))


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both shops."""

    heard: Sequence[Heard]

    def __str__(self) -> str:
        return ", ".join(f"{one.company} {len(one.served)} answers" for one in self.heard)


def work_side_by_side(
    system: JewelryShop, stores: Sequence[Store], seconds: float, clock: Clock = SYSTEM_CLOCK
) -> SideBySide:
    """Both shops make the same mixture of calls at the same time, round after round."""
    baskets = {store.shop.slug: f"basket of {store.shop.slug} {secrets.token_hex(4)}" for store in stores}
    plans = {store.shop.slug: _calls(store, baskets[store.shop.slug], system.profile.capabilities) for store in stores}
    answers: dict[str, list[Answer]] = {store.shop.slug: [] for store in stores}
    deadline = Deadline(seconds, clock)
    with ThreadPoolExecutor(max_workers=sum(map(len, plans.values()))) as pool:
        while not deadline.over:
            round_over = Deadline(_ROUND_S, clock)
            asked = [
                (store.shop.slug, pool.submit(store.owner.send, *call))
                for calls in zip(*plans.values(), strict=True)
                for store, call in zip(stores, calls, strict=True)
            ]
            for slug, future in asked:
                answers[slug].append(future.result())
            clock.sleep(round_over.left())
    known = {store.shop.slug: _belongings(system, store, baskets[store.shop.slug]) for store in stores}
    _demand_common_instances(system.profile.capabilities, answers)
    return SideBySide([_heard(store, answers, known) for store in stores])


def _calls(store: Store, basket: str, able: Capabilities) -> list[Call]:
    piece = store.stock("RING-CHAIN", "10.00", _STOCK)
    searches: list[Call] = [("GET", f"{_SEARCH}?q={words}", None) for words in _WORDS]
    looks = ["/api/user/profile/", "/api/inventory/items/?search=RING", "/api/branches/", "/api/terminals/"]
    parked = f"/api/pos/drafts/{_BASKET}/"
    baskets: list[Call] = [("PUT", parked, {"content": basket, "ttl_s": _BASKET_S}), ("GET", parked, None)]
    return [
        *searches,
        *(("GET", path, None) for path in [*looks, "/api/inventory/categories/", f"/api/inventory/items/{piece.id}/"]),
        ("GET", "/api/sales/", None),
        _sale(store, piece),
        *(baskets if able.drafts else []),
    ]


def _sale(store: Store, piece: Piece) -> Call:
    body = order(store.shop.terminal_id, [{"inventory_item_id": piece.id, "quantity": 1}])
    return "POST", "/api/pos/sales/create/", body


def _belongings(system: JewelryShop, store: Store, basket: str) -> Belongings:
    trace: Trace = read_trace(system.truth, store.shop.tenant_id)
    people = trace.tables.get("users", {})
    if not people:
        raise Unknown(f"nobody of {store.shop.company_name} is stored")
    ids = {key for rows in trace.tables.values() for key in rows if _ID.fullmatch(key)} | {store.shop.tenant_id}
    words = {str(row["sku"]) for row in trace.tables.get("inventory_items", {}).values()}
    words |= {str(row["username"]) for row in people.values()} | {store.shop.slug, basket}
    return Belongings(frozenset(ids), frozenset(int(row["id"]) for row in people.values()), frozenset(words))


def _heard(store: Store, answers: Mapping[str, list[Answer]], known: Mapping[str, Belongings]) -> Heard:
    slug = store.shop.slug
    others = [belongings for name, belongings in known.items() if name != slug]
    foreign = Belongings(
        frozenset().union(*(one.ids for one in others)),
        frozenset().union(*(one.people for one in others)),
        frozenset().union(*(one.words for one in others)),
    )
    return Heard(store.shop.company_name, answers[slug], known[slug], foreign)


def _demand_common_instances(able: Capabilities, answers: Mapping[str, list[Answer]]) -> None:
    if not able.served_by_header:
        return
    served = [{answer.headers.get("x-served-by", "") for answer in told} - {""} for told in answers.values()]
    if not set.intersection(*served):
        raise Unknown("no instance has served both shops: they were not side by side")


def _is_done(answer: Answer) -> bool:
    return 200 <= answer.status < 300  # the statuses that mean "done"


def _people(body: Any) -> set[int]:
    """Every number of a person in an answer."""
    if isinstance(body, list):
        return {one for part in body for one in _people(part)}
    if not isinstance(body, dict):
        return set()
    own = {int(body["employee"])} if str(body.get("employee") or "").isdigit() else set()
    return own | {one for part in body.values() for one in _people(part)}


def carry_only_their_own(at_least: int) -> ComplaintMatcher[SideBySide]:
    """Matches when no answer carries anything foreign; Unknown when a shop has too few answers to say so."""

    def complaints(seen: SideBySide) -> list[str]:
        found = [text for heard in seen.heard for text in _complaints(heard)]
        few = [heard for heard in seen.heard if len(heard.served) < at_least]
        if not found and (few or not seen.heard):
            raise Unknown(f"too few answers for a verdict ({seen}), at least {at_least} each are needed")
        return found

    return without_complaints(f"at least {at_least} answers each, none with anything of the other shop", complaints)


def _complaints(heard: Heard) -> list[str]:
    leaks = [(answer, strange) for answer in heard.answers if (strange := heard.strangers(answer))]
    empty = [answer for answer in heard.served if heard.is_empty(answer)]
    paths = sorted({answer.path for answer, _ in leaks})
    # Only the till search is answered from the cache: when every other answer is right, the cache has mixed them up.
    cached = bool(paths) and all(path.startswith(_SEARCH) for path in paths)
    found = []
    if leaks:
        title = "cached search answer of another shop" if cached else "answer with rows of another shop"
        found.append(f"{title}: {heard.company} got {len(leaks)} of {len(heard.answers)}, such as {leaks[0][1][0]}")
        found += [f"from {path}" for path in paths if not cached]
    if empty:
        found.append(f"{heard.company}: {len(empty)} answers without anything of its own, such as {empty[0]}")
    return found
