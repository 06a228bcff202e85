"""Two shops on one installation: what each of them sees, what it can do to the other, and what stands between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer
from support.clients.sql import Row
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop

# Both shops use the same words, so that a search without a fence finds the other's goods, too.
_WORD = "RING"
_LOOKS: Mapping[str, str] = {
    "/api/inventory/items/": "inventory_items",
    f"/api/inventory/items/?search={_WORD}": "inventory_items",
    f"/api/pos/search/products/?q={_WORD}": "inventory_items",
    "/api/inventory/categories/": "inventory_categories",
    "/api/branches/": "branches",
    "/api/terminals/": "sales_terminals",
    "/api/pos/terminals/": "sales_terminals",
    "/api/sales/": "sales",
}
_FENCES = """
SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       (SELECT count(*) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
          AND p.cmd = 'ALL' AND p.qual LIKE '%app.current_tenant%'
          AND coalesce(p.with_check, p.qual) LIKE '%app.current_tenant%') AS policies,
       (SELECT count(*) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname) AS all_policies,
       pg_get_userbyid(c.relowner) AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'tenants' OR EXISTS (
  SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
"""
_ROLE = "SELECT rolsuper AS superuser, rolbypassrls AS bypasses FROM pg_roles WHERE rolname = %s"


def busy_store(system: JewelryShop, company_name: str) -> Store:
    """A shop with two branches, two pieces of jewellery and a sale."""
    store = system.open_store(company_name)
    expect(store.owner.add_branch("Station"), answered(201), "A shop cannot open a second branch")
    ring = store.stock(_WORD, "750.00", 10)
    store.stock(f"{_WORD}-BAND", "120.00", 5)
    expect(store.sell((ring, 1)), answered(201), "A shop cannot sell its goods")
    return store


@dataclass(frozen=True, slots=True)
class Look:
    """One list or search of one shop, beside what is stored for it."""

    company: str
    path: str
    seen: frozenset[str]
    own: frozenset[str]

    def complaints(self) -> list[str]:
        """Rows of others, and own rows that are not shown."""
        foreign, hidden = self.seen - self.own, self.own - self.seen
        found = []
        if foreign:
            found.append(f"rows of another shop were returned: {self.company} saw {len(foreign)} in {self.path}")
        return found + ([f"{self.company} does not see {len(hidden)} of its own in {self.path}"] if hidden else [])


@dataclass(frozen=True, slots=True)
class Sights:
    """What the shops of a scenario have seen."""

    looks: Sequence[Look]

    def __str__(self) -> str:
        return f"{len(self.looks)} lists and searches"


def look_through_everything(system: JewelryShop, stores: Sequence[Store]) -> Sights:
    """Every list and search of every shop. Raises Unknown when one cannot be read."""
    return Sights(
        [
            Look(
                store.shop.company_name,
                path,
                frozenset(str(row["id"]) for row in store.owner.rows(path)),
                frozenset(system.truth.ids(table, store.shop.tenant_id)),
            )
            for store in stores
            for path, table in _LOOKS.items()
        ]
    )


def show_each_its_own() -> ComplaintMatcher[Sights]:
    """Matches when every list equals what is stored; a list of which nothing is stored proves nothing."""

    def complaints(sights: Sights) -> list[str]:
        empty = [f"nothing was stored to be seen in {look.path}" for look in sights.looks if not look.own]
        return [text for look in sights.looks for text in look.complaints()] + empty

    return without_complaints("each shop sees exactly its own rows", complaints)


@dataclass(frozen=True, slots=True)
class Fences:
    """The database's own guard of every table with data of shops, and the application's rights."""

    tables: Sequence[Row]
    role: str
    rights: Sequence[Row]


def inspect_fences(system: JewelryShop) -> Fences:
    """Reads the guards from the leading member's own catalogue."""
    role = system.configured(f"{system.profile.settings.app}/POSTGRES_USER")
    return Fences(system.truth.ask(_FENCES), role, system.truth.ask(_ROLE, [role]))


def are_closed() -> ComplaintMatcher[Fences]:
    """Matches when no table is open and the application's role cannot get around the guard."""

    def complaints(fences: Fences) -> list[str]:
        found = [] if fences.tables else ["no table with data of shops was found"]
        for row in fences.tables:
            if not (row["enabled"] and row["forced"]):
                found.append(f"{row['name']} is not fenced (row security {'not forced' if row['enabled'] else 'off'})")
            if row["policies"] != 1 or row["all_policies"] != 1:
                found.append(f"{row['name']} has {row['all_policies']} policies, {row['policies']} of them by shop")
            if row["owner"] == fences.role:
                found.append(f"{row['name']} belongs to the application's own role")
        if not fences.rights:
            found.append(f"the application's role {fences.role} does not exist")
        for row in fences.rights:
            found += [f"{fences.role} is superuser"] if row["superuser"] else []
            found += [f"{fences.role} may bypass row security"] if row["bypasses"] else []
        return found

    return without_complaints("row security forced on every table, the application's role bound by it", complaints)


@dataclass(frozen=True, slots=True)
class Intrusion:
    """An attempt on a piece of another shop, and everything stored about the piece before it."""

    attempt: str
    victim: Store
    answer: Answer
    before: Mapping[str, Any]


def intrude(system: JewelryShop, intruder: Store, victim: Store, attempt: str) -> Intrusion:
    """Tries to read, sell or adjust the first piece of another shop, whose number is known."""
    piece = victim.pieces[0].id
    before = stored_about(system, victim)
    calls = {
        "read": lambda: intruder.owner.item(piece),
        "sell": lambda: intruder.till.sell(intruder.shop.terminal_id, [(piece, 1)]),
        "adjust": lambda: intruder.owner.adjust(piece, "SET", 0),
    }
    return Intrusion(attempt, victim, calls[attempt](), before)


def stored_about(system: JewelryShop, victim: Store) -> Mapping[str, Any]:
    """The piece's row, its adjustments and the lines that sold it, whoever stored them."""
    piece = victim.pieces[0].id
    adjustments = "SELECT * FROM stock_adjustments WHERE item_id = %s ORDER BY id"
    lines = "SELECT * FROM sale_items WHERE inventory_item_id = %s ORDER BY id"
    return {
        "piece": system.truth.item(piece),
        "adjustments": system.truth.ask(adjustments, [piece]),
        "lines": system.truth.ask(lines, [piece]),
    }


def is_refused_as_unknown() -> ComplaintMatcher[Intrusion]:
    """Matches when the foreign piece does not exist for the intruder: 404, or 400 where its number is in a sale."""

    def complaints(intrusion: Intrusion) -> list[str]:
        wanted = 400 if intrusion.attempt == "sell" else 404
        answer, told = intrusion.answer, f"the attempt to {intrusion.attempt} was answered {intrusion.answer.status}"
        if answer.status == wanted:
            return []
        if 200 <= answer.status < 300:  # the statuses that mean "done"
            return [f"rows of another shop were returned: {told}"]
        return [f"{told} instead of {wanted}: {cause_of(answer)}"]

    return without_complaints("a refusal as if the piece did not exist", complaints)


def is_unchanged(system: JewelryShop) -> ComplaintMatcher[Intrusion]:
    """Matches when everything stored about the piece is as before the attempt."""

    def complaints(intrusion: Intrusion) -> list[str]:
        after = stored_about(system, intrusion.victim)
        return [f"{name} of another shop changed" for name in after if after[name] != intrusion.before[name]]

    return without_complaints("everything stored about the piece unchanged", complaints)
