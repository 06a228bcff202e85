"""Controls of shops beside each other: goods attached to the wrong one, a suspension, and whose answers a shop gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from support.clients.http import Answer
from support.systems.jewelry_shop.side_by_side import SideBySide
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.traces import Trace
from support.tests.controls.control import Control, looked_at, thing
from support.tests.test_shop_admission import ATTACHED, ITEM, OTHER, OWN, SALE, STOCK, SUSPENDED, heard
from support.tests.test_shop_matchers import PIECE, SHOP, SOLD
from support.tests.test_shop_views import POD


def people(served: Callable[[str], bool]) -> Any:
    """A session whose calls of these paths are done; all others are refused because the shop is suspended."""

    def send(method: str, path: str, *_: Any) -> Answer:
        return replace(SALE if served(path) else SUSPENDED, method=method, path=path)

    return SimpleNamespace(send=send)


def store(session: Any) -> Store:
    """A shop whose people have sold, and now use this session at the entrance."""
    return Store(SHOP, session, session, [PIECE], [SOLD], _category="c")


_SERVED, _REFUSED = people(lambda _: True), people(lambda _: False)
_WITHOUT_SALE, _SALE_ONLY = people(lambda path: path != SALE.path), people(lambda path: path == SALE.path)
_PODS: dict[str, Any] = {"jewelry.parts.ready_pods": [POD]}
_LEFT_OVER = {**STOCK, "Silberquell": Trace({"inventory_items": {"x": {"id": "x"}}})}


def at_instance(well: Any, broken: Any) -> Control:
    """At the entrance everything is well; at the instance it is so."""
    return looked_at("jewelry.at_instance", well, broken, store(well), **_PODS)


def _heard_also(told: str) -> SideBySide:
    """Three answers, and a refusal that tells of this."""
    (one,) = heard(f'{{"id": "{OWN}"}}').heard
    refusal = replace(one.answers[0], status=400, text=f'{{"item": "{told}"}}')
    return SideBySide([replace(one, answers=[*one.answers, refusal])])


CONTROLS: dict[str, Control] = {
    "attached goods": thing(ATTACHED, replace(ATTACHED, answer=replace(ATTACHED.answer, status=201))),
    "stored goods of another": thing(ATTACHED, replace(ATTACHED, stored=[ITEM])),
    "remains in either shop": thing(ATTACHED, replace(ATTACHED, after=_LEFT_OVER)),
    "own ring": thing(SALE, replace(SALE, status=400, text='{"detail": "no such branch"}')),
    "suspended shop": at_instance(_REFUSED, people(lambda path: path == "/api/branches/")),
    "sales of a suspended shop": at_instance(_REFUSED, _SALE_ONLY),
    "neighbour of a suspended shop": at_instance(_SERVED, _WITHOUT_SALE),
    "sign-ins after a suspension": at_instance(_SERVED, _REFUSED),
    "refusals of two shops": thing(_heard_also(OWN), _heard_also(OTHER)),
    "answers of two shops": thing(
        heard(f'{{"id": "{OWN}", "employee": 1}}'), heard(f'{{"id": "{OWN}", "customer": "{OTHER}"}}')
    ),
}
