"""Rows of the suite's own table in the database: removed when their scenario is over, or when nobody else will."""

from __future__ import annotations

from collections.abc import Collection

from support.clients.sql import SqlClient

_OF_LEDGER = "WITH gone AS (DELETE FROM probe.ledger WHERE ledger_id = %s RETURNING 1) SELECT count(*) FROM gone"
# Six digits end the name of a ledger; what stands before them is its run. A day is as long as shops may be left.
_OF_NOBODY = """
WITH gone AS (
    DELETE FROM probe.ledger
    WHERE at < now() - interval '1 day' OR regexp_replace(ledger_id, '-[0-9a-f]{6}$', '') = ANY(%s)
    RETURNING 1
) SELECT count(*) FROM gone
"""
_WITHIN_S = 10.0  # seconds; some thousand rows without an index go in far less than one


class ProbeRows:
    """What the direct probe has written, for removal under the account that owns it."""

    def __init__(self, sql: SqlClient, leader: str) -> None:
        self._sql, self._leader = sql, leader

    def forget(self, ledger: str) -> None:
        """Removes the rows of a ledger. Raises QuestionFailed."""
        self._sql.value(self._leader, _OF_LEDGER, [ledger], within=_WITHIN_S)

    def forget_left_overs(self, dead: Collection[str]) -> int:
        """Removes rows older than a day, and those of dead runs; their number. Raises QuestionFailed."""
        return int(self._sql.value(self._leader, _OF_NOBODY, [sorted(dead)], within=_WITHIN_S))
