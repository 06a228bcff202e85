"""What is really stored: the rows of one shop, read by SQL with the suite's own read-only account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from support.clients.sql import Row, SqlClient

# Tables whose rows belong to a shop, with the columns that a change would show in.
_TABLES_OF_A_SHOP = ("tenants", "branches", "sales_terminals", "users")


class Truth:
    """Questions to the leading database member."""

    def __init__(self, sql: SqlClient, leader: str) -> None:
        self._sql = sql
        self._leader = leader  # address of the leader Service: whoever leads answers

    def ask(self, statement: str, params: Sequence[Any] = ()) -> list[Row]:
        """The rows of any question to the leader. Raises QuestionFailed."""
        return self._sql.ask(self._leader, statement, params)

    def shops(self, slug: str) -> list[Row]:
        """The rows of shops with this short name."""
        return self.ask("SELECT id, slug, company_name, status FROM tenants WHERE slug = %s", [slug])

    def belongings(self, tenant: str) -> Mapping[str, int]:
        """How many shops, branches, tills and people are stored under a shop's id."""
        counts = {}
        for table in _TABLES_OF_A_SHOP:
            column = "id" if table == "tenants" else "tenant_id"
            # The names are constants of this file; the id is a parameter.
            rows = self.ask(f"SELECT count(*) AS number FROM {table} WHERE {column} = %s", [tenant])  # noqa: S608
            counts[table] = int(rows[0]["number"])
        return counts

    def people_named_like(self, prefix: str) -> int:
        """How many user names begin like this."""
        rows = self.ask("SELECT count(*) AS number FROM users WHERE starts_with(username, %s)", [prefix])
        return int(rows[0]["number"])

    def person(self, username: str) -> list[Row]:
        """The rows of people with this name."""
        return self.ask("SELECT id, username, role, tenant_id, branch_id FROM users WHERE username = %s", [username])

    def item(self, item: str) -> list[Row]:
        """The rows of one piece, all columns."""
        return self.ask("SELECT * FROM inventory_items WHERE id = %s", [item])

    def ids(self, table: str, tenant: str) -> set[str]:
        """The ids of a shop's rows in one of its tables (a constant of the caller)."""
        return {str(row["id"]) for row in self.ask(f"SELECT id FROM {table} WHERE tenant_id = %s", [tenant])}  # noqa: S608

    def count(self, table: str, tenant: str) -> int:
        """How many rows a shop has in one of its tables."""
        return len(self.ids(table, tenant))

    def sale(self, sale: str) -> list[Row]:
        """The rows of sales with this id."""
        return self.ask("SELECT * FROM sales WHERE id = %s", [sale])

    def lines(self, sale: str) -> list[Row]:
        """The lines of a sale."""
        return self.ask("SELECT * FROM sale_items WHERE sale_id = %s ORDER BY inventory_item_id", [sale])


def plain(value: Any) -> Any:
    """A value in a form in which the database, JSON and a person's text can be compared: numbers as numbers."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        return Decimal(str(value)).normalize()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    text = str(value)
    try:
        return Decimal(text).normalize() if text.replace(".", "", 1).replace("-", "", 1).isdigit() else text
    except ArithmeticError:
        return text


def differences(wanted: Mapping[str, Any], seen: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """One text per field whose values differ, compared as what they mean and not as how they are written."""
    return [
        f"{name} is {seen.get(name)!r} instead of {wanted.get(name)!r}"
        for name in names
        if plain(wanted.get(name)) != plain(seen.get(name))
    ]
