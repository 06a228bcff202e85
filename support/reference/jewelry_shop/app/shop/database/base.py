"""Django looks for `DatabaseWrapper` in the module `base` of the engine's package."""

import time
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg_pool import TooManyRequests
from psycopg_pool.base import AttemptWithBackoff

from shop.database.connection import DeadlineExceededError
from shop.health.checker import database_is_away
from shop.request import present_request

# The pool pauses for a second after a failed attempt to connect, then for two, then for four, and cannot be told
# otherwise; a planned handover takes two seconds altogether, and nobody should wait for much longer.
AttemptWithBackoff.INITIAL_DELAY = 0.5
AttemptWithBackoff.DELAY_BACKOFF = 1.0

_MAY_WAIT = 1  # requests of a process that wait for a database that is known to be away: who finds it back


class DatabaseWrapper(PostgresWrapper):
    """Keeps the promises of a refusal: in time, and with a true outcome."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection, unless the request has no time left: it would only spoil connections of the pool."""
        state = present_request()
        if state is not None and time.monotonic() >= state.deadline:
            raise DeadlineExceededError("no time left")
        if state is not None and database_is_away() and self.pool.get_stats()["requests_waiting"] >= _MAY_WAIT:
            # Sales of one shop follow each other. All that had waited would meet a leader that has just begun and is
            # slow, in one queue with all that come now, and fail for seconds after it is back.
            raise TooManyRequests("the database is away, and somebody waits for it already")
        return super().get_new_connection(conn_params)

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        """As Django's, but a transaction that has lost its connection does not wait for another one at its end."""
        if autocommit and self.connection is None:
            return  # the next transaction connects anew, and that sets it
        super().set_autocommit(autocommit, *args, **kwargs)

    def _commit(self) -> Any:
        # From here on a missing answer means `unknown`, before it `not_done`.
        state = present_request()
        if self.connection is not None and state is not None:
            state.commit_sent = True
        return super()._commit()
