"""PostgreSQL with deadlines that hold against a frozen server, and without ever asking it to cancel anything."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

_CUT_GRACE_S = 1.0  # until a cut connection's task has noticed; it is woken by the end of its socket at once


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom to connect."""

    host: str
    port: int
    user: str
    password: str
    database: str


class Late(Exception):
    """The server did not answer in time; whether the statement was applied is not known."""


class Connection:
    """One connection in autocommit, every wait bounded on this side of the line."""

    def __init__(self, raw: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self._raw = raw

    @classmethod
    async def open(cls, account: Account, within: float, statement_s: float) -> Connection:
        """A new connection. Raises psycopg.Error, OSError or TimeoutError; nothing was sent to be applied then."""
        async with asyncio.timeout(within):  # libpq's own connect_timeout would make 2 s of anything shorter
            raw = await psycopg.AsyncConnection.connect(
                host=account.host,
                port=account.port,
                user=account.user,
                password=account.password,
                dbname=account.database,
                autocommit=True,
                prepare_threshold=None,
                sslmode="prefer",
                gssencmode="disable",
                application_name="holdfast-observer",
                options=f"-c statement_timeout={int(statement_s * 1000)}",  # milliseconds
            )
        return cls(raw)

    async def ask(
        self, statement: str, params: Sequence[Any], within: float
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows. Raises psycopg.Error, or Late after `within` seconds with the connection cut."""
        task = asyncio.ensure_future(self._run(statement, params))
        done, _ = await asyncio.wait({task}, timeout=within)
        if not done:
            await self._cut(task)
            raise Late(f"no answer within {within:g} s")
        return task.result()

    async def _run(self, statement: str, params: Sequence[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        # Without parameters a percent sign in the statement is a percent sign.
        cursor = await self._raw.execute(statement.encode(), tuple(params) or None)
        if cursor.description is None:
            return [], []
        return [column.name for column in cursor.description], await cursor.fetchall()

    async def _cut(self, task: asyncio.Future[Any]) -> None:
        """Ends the line under a waiting statement.

        Cancelling the task would make psycopg send a cancel request, and a commit that waits for its copy answers that
        by confirming without the copy: the observer would break what it measures.
        """
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._raw.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)
        await asyncio.wait({task}, timeout=_CUT_GRACE_S)
        if task.done() and not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain about it
        self.close()

    @property
    def usable(self) -> bool:
        """Whether the connection can take another statement."""
        return not self._raw.closed

    def close(self) -> None:
        """Ends the connection at once, without waiting for anybody."""
        self._raw.pgconn.finish()
