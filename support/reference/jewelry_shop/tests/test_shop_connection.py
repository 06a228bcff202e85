"""A connection that its server has ended takes the idle ones of its pool with it."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

_CODE = Path(__file__).parents[1] / "app/shop/database/connection.py"


@pytest.fixture
def switched():
    """The sabotages that are switched on."""
    return set()


@pytest.fixture
def connection(monkeypatch, switched):
    """The module, with stand-ins for the application's settings and its present request."""
    state = SimpleNamespace(deadline=time.monotonic() + 10)
    for name, parts in {
        "config": {"config": SimpleNamespace(db_deadline_s=10.0)},
        "request": {"present_request": lambda: state},
        "sabotage": {"sabotaged": lambda word: word in switched},
    }.items():
        monkeypatch.setitem(sys.modules, f"shop.{name}", SimpleNamespace(**parts))
    monkeypatch.setitem(sys.modules, "shop", SimpleNamespace())
    spec = importlib.util.spec_from_file_location("connection_alone", _CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def failing(connection, monkeypatch):
    """Makes a connection in the given state whose next wait ends with the given error."""

    def make(error, status):
        def wait(*_, **__):
            raise error

        monkeypatch.setattr(psycopg.Connection, "wait", wait)
        monkeypatch.setattr(psycopg.Connection, "__del__", lambda _: None)
        made = connection.DeadlineConnection.__new__(connection.DeadlineConnection)
        made.pgconn = SimpleNamespace(status=status)
        return made

    return make


class Pool:
    def __init__(self):
        self.drained = 0

    def drain(self):
        self.drained += 1


LOST = psycopg.OperationalError("server closed the connection unexpectedly")
BAD, OK = psycopg.pq.ConnStatus.BAD, psycopg.pq.ConnStatus.OK


@pytest.mark.parametrize(("status", "drained"), [(BAD, 1), (OK, 0)])
def test_the_neighbours_of_a_lost_connection_are_replaced(failing, status, drained):
    made = failing(LOST, status)
    made._pool = Pool()
    with pytest.raises(psycopg.OperationalError):
        made.wait(iter(()))
    assert made._pool.drained == drained


def test_a_connection_of_no_pool_is_only_lost(failing):
    with pytest.raises(psycopg.OperationalError):
        failing(LOST, BAD).wait(iter(()))


@pytest.mark.parametrize("switches", [set(), {"keep_blocked_connections"}])
@pytest.mark.parametrize("refusal", [psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled])
def test_who_has_waited_in_vain_looks_for_the_leader_anew(failing, monkeypatch, switched, switches, refusal):
    closed = []

    def close(self):
        self.pgconn.status = BAD
        closed.append(self)

    switched |= switches
    monkeypatch.setattr(psycopg.Connection, "close", close)
    made = failing(refusal("canceling statement due to lock timeout"), OK)
    made._pool = Pool()
    with pytest.raises(refusal):
        made.wait(iter(()))
    assert (len(closed), made._pool.drained) == ((0, 0) if switches else (1, 1))
