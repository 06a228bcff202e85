"""A shop that tries to attach its goods to a branch or a category of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.clients.http import Answer
from support.clients.sql import Row
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traces import Trace, left_behind, read_trace

# What the attempt could leave; receipts and sums of the day come from the background and have their own time.
_CONCERNED = ("inventory_items", "stock_adjustments", "inventory_categories", "branches", "sales_terminals")
_ITEM = "SELECT tenant_id, branch_id, category_id FROM inventory_items WHERE sku = %s"


@dataclass(frozen=True, slots=True)
class Attachment:
    """The attempt: the answer, the rows of the piece whoever owns them, and both shops before and after."""

    foreign: Mapping[str, str]  # branch, category or both, with the ids of the other shop's
    answer: Answer
    stored: Sequence[Row]
    before: Mapping[str, Trace]  # by the shop's name
    after: Mapping[str, Trace]


def attach(system: JewelryShop, intruder: Store, victim: Store, what: str, owner: Store) -> Attachment:
    """The intruder takes a piece into stock with the victim's branch, category or both, in the name of `owner`."""
    parts = {"branch": victim.shop.branch_id, "category": victim.category()}
    foreign = parts if what == "both" else {what: parts[what]}
    shop = owner.shop.tenant_id
    # Every name under which a careless application could look for the shop in what it is sent.
    named = {"tenant_id": shop, "tenant": shop, "shop": shop, "shop_id": shop}
    sent = intruder.description("RING", "750.00", 1, **foreign, **named)
    stores = (intruder, victim)
    before = _traces(system, stores)
    answer = intruder.owner.add_item(sent)
    return Attachment(foreign, answer, system.truth.ask(_ITEM, [sent["sku"]]), before, _traces(system, stores))


def _traces(system: JewelryShop, stores: Sequence[Store]) -> dict[str, Trace]:
    return {one.shop.company_name: read_trace(system.truth, one.shop.tenant_id).only(_CONCERNED) for one in stores}


def is_refused_without_a_row() -> ComplaintMatcher[Attachment]:
    """Matches when the piece was refused as a mistake and nothing of it is stored in either shop."""

    def complaints(seen: Attachment) -> list[str]:
        found = [text for row in seen.stored for text in _stored(row, seen.foreign)]
        for shop, before in seen.before.items():
            found += [f"{shop}: {text}" for text in left_behind(before, seen.after[shop], "a refused piece")]
        if seen.answer.status != 400:
            found.append(f"it was answered {seen.answer.status} instead of 400: {cause_of(seen.answer)}")
        return found

    return without_complaints("a refusal as a mistake, and no row in either shop", complaints)


def _stored(row: Row, foreign: Mapping[str, str]) -> list[str]:
    wrong = [name for name, id_wanted in foreign.items() if str(row[f"{name}_id"]) == id_wanted]
    return [f"item stored with a {name} of another shop" for name in wrong] or ["the refused piece is stored"]


def take_own(intruder: Store) -> Answer:
    """The same piece with the shop's own branch and category."""
    return intruder.owner.add_item(intruder.description("RING", "750.00", 1))
