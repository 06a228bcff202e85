"""What an attempt left behind in a shop: every stored row that carries the shop's id, before and after."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from support.systems.jewelry_shop.truth import Truth
from support.waiting import Unknown

# Every table with rows of shops, whatever there will be one day.
_TABLES = """
SELECT format('%I', c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
# The last number given in a day: a number that is given to nobody is allowed.
_WITHOUT_MEANING = frozenset({"sale_counters"})
STOCK = "inventory_items"

Rows = Mapping[str, Mapping[str, Any]]  # by the row's own key


@dataclass(frozen=True, slots=True)
class Trace:
    """All rows of a shop at one moment, by table."""

    tables: Mapping[str, Rows]

    def __str__(self) -> str:
        return ", ".join(f"{name} {len(rows)}" for name, rows in self.tables.items() if rows)

    def only(self, names: Collection[str]) -> Trace:
        """The same without the tables that work in the background writes."""
        return Trace({name: rows for name, rows in self.tables.items() if name in names})


def read_trace(truth: Truth, tenant: str) -> Trace:
    """Every row of a shop, read by one question and so at one moment. Raises Unknown when there is no such table."""
    names = [str(row["name"]) for row in truth.ask(_TABLES)]
    names = [name for name in names if name not in _WITHOUT_MEANING]
    if not names:
        raise Unknown("the database shows no table with rows of shops")
    # The names come from the database's own catalogue, quoted by it; the id is a parameter.
    parts = [f"SELECT '{name}' AS name, to_jsonb(x)::text AS row FROM {name} x WHERE tenant_id = %s" for name in names]  # noqa: S608
    found: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in names}
    for stored in truth.ask(" UNION ALL ".join(parts), [tenant] * len(names)):
        row = json.loads(str(stored["row"]))
        found[str(stored["name"])][_key(row)] = row
    return Trace(found)


def _key(row: Mapping[str, Any]) -> str:
    """The id where a table has one, else the whole row."""
    return str(row["id"]) if "id" in row else json.dumps(row, sort_keys=True)


def left_behind(before: Trace, after: Trace, culprit: str) -> list[str]:
    """What is stored otherwise than before, in words; `culprit` is whose doing it is, such as "a refused sale"."""
    found = []
    for name in sorted({*before.tables, *after.tables}):
        old, new = before.tables.get(name, {}), after.tables.get(name, {})
        if name == STOCK:
            found += _lowered(old, new, culprit)
        added, removed = len(new.keys() - old.keys()), len(old.keys() - new.keys())
        changed = sum(1 for key in old.keys() & new.keys() if old[key] != new[key])
        counts = (("left", added), ("removed", removed), ("changed", changed))
        told = [f"{word} {number}" for word, number in counts if number]
        found += [f"{culprit} {' and '.join(told)} rows of {name}"] if told else []
    return found


def _lowered(old: Rows, new: Rows, culprit: str) -> list[str]:
    return [
        f"stock lowered by {culprit}: {row['sku']} had {row['quantity']}, has {new[key]['quantity']}"
        for key, row in old.items()
        if key in new and int(new[key]["quantity"]) < int(row["quantity"])
    ]
