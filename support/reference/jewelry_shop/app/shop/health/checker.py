"""Threads that look at the database and the cache every second, so that health pages can answer at once.

One thread for each: a cache that does not answer must not make the database's result look old.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from django_redis import get_redis_connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from shop import metrics
from shop.config import config
from shop.database.connection import DeadlineConnection
from shop.logs import log_event

EVERY_S = 1.0
_AWAY_EVERY_S = 0.25  # while the database is away: the return is seen at once
OLD_AFTER_S = 3.0  # a result older than this counts as failed
_LOOK_LIMIT_S = 2.0  # longest single look: shorter than OLD_AFTER_S, so that the reason is a fresh one


class DatabaseLookError(Exception):
    """The database answers, but not as a complete one."""


@dataclass
class Look:
    """What was seen last; replaced as a whole, so readers need no lock."""

    ok: bool
    at: float
    reason: str = ""
    writable: bool = False


_START = "not looked at yet"
_last_answer_at = {"database": 0.0, "cache": 0.0}
_looks = {"database": Look(False, 0.0, _START), "cache": Look(False, 0.0, _START)}


class _DatabaseLooker:
    """Keeps one connection of its own, apart from the pool of the requests."""

    def __init__(self) -> None:
        self._connection: DeadlineConnection | None = None
        self._complete = False  # the table was there once; it will not go away again

    def look(self) -> Look:
        try:
            return self._ask()
        except (psycopg.Error, OSError, DatabaseLookError) as error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return Look(False, time.monotonic(), _first_line(error))

    def _ask(self) -> Look:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        row = self._connection.execute("SELECT pg_is_in_recovery(), to_regclass('public.sales') IS NOT NULL").fetchone()
        self._complete = self._complete or row[1]
        if not self._complete:
            raise DatabaseLookError("the tables are not there yet")
        return Look(True, time.monotonic(), writable=not row[0])

    @staticmethod
    def _connect() -> DeadlineConnection:
        made = DeadlineConnection.connect(
            host=config.postgres_host,
            port=config.postgres_port,
            dbname=config.postgres_db,
            user=config.postgres_user,
            password=config.postgres_password,
            application_name=f"{config.pod_name} checker",
            connect_timeout=2,
            tcp_user_timeout=3000,
            autocommit=True,
        )
        made.wait_limit_s = _LOOK_LIMIT_S
        return made


class _CacheLooker:
    """PING on the master that the watchers name."""

    def __init__(self) -> None:
        # Three silent watchers must not take longer than one look.
        patience: dict[str, Any] = {
            "socket_timeout": 0.5,
            "socket_connect_timeout": 0.5,
            "retry": Retry(NoBackoff(), 0),
        }
        if config.redis_use_sentinel:
            sentinel = Sentinel(config.watchers, sentinel_kwargs=patience, password=config.redis_password, **patience)
            self._master = sentinel.master_for(config.redis_master_name)
        else:
            self._master = Redis(host=config.redis_first_host, password=config.redis_password, **patience)

    def look(self) -> Look:
        try:
            self._master.ping()
        except (RedisError, OSError) as error:
            return Look(False, time.monotonic(), _first_line(error))
        return Look(True, time.monotonic())


def start_checkers() -> None:
    """Start both threads in this process; they end with it."""
    for name, looker in (("database", _DatabaseLooker()), ("cache", _CacheLooker())):
        threading.Thread(target=_look_for_ever, args=(name, looker), name=f"checker-{name}", daemon=True).start()


def state_of(name: str) -> Look:
    """What is known about `database` or `cache` now, with the reason if it is not good."""
    seen = _looks[name]
    if not seen.ok:
        return Look(False, seen.at, _with_age(seen.reason, name))
    age = time.monotonic() - seen.at
    if age > OLD_AFTER_S:
        return Look(False, seen.at, f"last answer {age:.0f} s ago")
    return seen


def database_is_away() -> bool:
    """Whether the last look at the database has failed; one that is only late says nothing about it."""
    seen = _looks["database"]
    return not seen.ok and seen.reason != _START


def database_reason() -> str:
    """Why the database cannot be used, or nothing."""
    seen = state_of("database")
    return "" if seen.ok else seen.reason


def _look_for_ever(name: str, looker: _DatabaseLooker | _CacheLooker) -> None:
    while True:
        begun = time.monotonic()
        before = _looks[name]
        seen = looker.look()
        _looks[name] = seen
        if seen.ok:
            _last_answer_at[name] = seen.at
        if (seen.ok, seen.writable) != (before.ok, before.writable):
            level = logging.INFO if seen.ok else logging.WARNING
            log_event(f"{name}_state", _sentence(name, seen), level, ok=seen.ok, reason=seen.reason)
        if name == "database":
            _count_pool()
        elif seen.ok and not before.ok and before.reason != _START:
            _drop_idle_cache_connections()
        every = _AWAY_EVERY_S if name == "database" and not seen.ok else EVERY_S
        time.sleep(max(0.0, every - (time.monotonic() - begun)))


def _drop_idle_cache_connections() -> None:
    """A server that went away with its machine could not say goodbye: the next request would find out, and fail."""
    get_redis_connection("default").connection_pool.disconnect(inuse_connections=False)


def _count_pool() -> None:
    from django.db import connections

    # Only a pool that a request has opened: asking for it must not make one.
    pool = type(connections["default"])._connection_pools.get("default")
    if pool is not None:
        figures = pool.get_stats()
        metrics.POOL.labels("size").set(figures.get("pool_size", 0))
        metrics.POOL.labels("free").set(figures.get("pool_available", 0))


def _sentence(name: str, seen: Look) -> str:
    if not seen.ok:
        return f"the {name} does not answer: {seen.reason}"
    follower = name == "database" and not seen.writable
    return f"the {name} answers" + (" (a follower: nothing can be written)" if follower else "")


def _with_age(reason: str, name: str) -> str:
    at = _last_answer_at[name]
    return f"{reason}; last answer {time.monotonic() - at:.0f} s ago" if at else reason


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
