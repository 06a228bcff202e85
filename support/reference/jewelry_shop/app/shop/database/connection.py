"""Connections that never wait longer than the request may."""

import time
from typing import Any

import psycopg
from psycopg import errors

from shop.config import config
from shop.request import present_request
from shop.sabotage import sabotaged

_pinned: list[str] = []


class DeadlineExceededError(psycopg.OperationalError):
    """The database has not answered in time; the connection is closed."""


class DeadlineConnection(psycopg.Connection[Any]):
    """Bounds every wait for the server by the request's deadline (outside requests: by DB_DEADLINE_S per wait).

    Nothing else helps against a frozen server: its kernel goes on acknowledging packets, so TCP time-outs do not
    fire, and server-side time-outs do not run.
    """

    wait_limit_s: float | None = None  # the checker sets its own

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> "DeadlineConnection":
        """As psycopg's, with the sabotage that keeps the first leader's address."""
        if not sabotaged("pin_leader_address"):
            return super().connect(conninfo, **kwargs)
        if _pinned:
            kwargs["host"] = _pinned[0]
        made = super().connect(conninfo, **kwargs)
        if not _pinned:
            found = made.execute("SELECT host(inet_server_addr())").fetchone()
            _pinned.append(next(iter(found.values())) if isinstance(found, dict) else found[0])
            if not made.autocommit:
                made.rollback()
        return made

    def wait(self, gen: Any, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """psycopg's single waiting place; closes the connection when it must not be used again."""
        limit = self._remaining()
        limit = limit if timeout is None else min(limit, timeout)
        try:
            if limit <= 0:
                raise errors._WaitTimeout("no time left")
            return super().wait(gen, *args, timeout=limit, **kwargs)
        except errors._WaitTimeout as error:
            self.close()
            raise DeadlineExceededError("no answer from the database in time") from error
        except (errors.LockNotAvailable, errors.QueryCanceled):
            # A leader whose supervisor stands still is never told that another member leads now. Its commits hang, for
            # nobody copies them any more, and hold their locks: whoever waits behind one must look for the leader anew.
            if not sabotaged("keep_blocked_connections"):
                self.close()
                self._renew_neighbours()
            raise
        except psycopg.OperationalError:
            self._renew_neighbours()
            raise
        except errors.ReadOnlySqlTransaction:
            # This member follows another one now: the pool must not hand the connection out again.
            self.close()
            raise

    def _renew_neighbours(self) -> None:
        """A connection that is of no use any more is not the only one: the pool replaces the idle ones, too.

        Left alone, the pool would give a request one dead connection after the other, pausing for a second and more in
        between, until the request gives up after DB_POOL_WAIT_S although the new leader answers.
        """
        pool = getattr(self, "_pool", None)  # only the pool's own connections have it: the checker's has none
        if self.closed and pool is not None:
            pool.drain()

    def _remaining(self) -> float:
        if self.wait_limit_s is not None:
            return self.wait_limit_s
        state = present_request()
        if state is None:
            return config.db_deadline_s
        return state.deadline - time.monotonic()
