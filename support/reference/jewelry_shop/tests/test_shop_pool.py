"""While the database is away, one request of a process waits for it and the others are told at once."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

_CODE = Path(__file__).parents[1] / "app/shop/database/base.py"


class TooManyRequests(Exception):
    pass


class LateError(Exception):
    pass


class DjangosWrapper:
    def __init__(self, waiting):
        self.pool = SimpleNamespace(get_stats=lambda: {"requests_waiting": waiting})

    def get_new_connection(self, _):
        return "connection"


@pytest.fixture
def world():
    """Whether the database is away, and the present request."""
    return SimpleNamespace(away=True, request=SimpleNamespace(deadline=time.monotonic() + 10))


@pytest.fixture
def wrapper(monkeypatch, world):
    """Makes a wrapper of the module's own, around stand-ins for Django, the pool and the shop."""
    modules = {
        "django": {},
        "django.db": {},
        "django.db.backends": {},
        "django.db.backends.postgresql": {},
        "django.db.backends.postgresql.base": {"DatabaseWrapper": DjangosWrapper},
        "psycopg_pool": {"TooManyRequests": TooManyRequests},
        "psycopg_pool.base": {"AttemptWithBackoff": SimpleNamespace()},
        "shop": {},
        "shop.database": {},
        "shop.database.connection": {"DeadlineExceededError": LateError},
        "shop.health": {},
        "shop.health.checker": {"database_is_away": lambda: world.away},
        "shop.request": {"present_request": lambda: world.request},
    }
    for name, parts in modules.items():
        module = ModuleType(name)
        vars(module).update(parts)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("base_alone", _CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.DatabaseWrapper


def test_who_comes_while_somebody_waits_for_a_lost_database_is_refused(wrapper):
    with pytest.raises(TooManyRequests):
        wrapper(waiting=1).get_new_connection({})


def test_the_first_one_waits_and_so_finds_it_back(wrapper):
    assert wrapper(waiting=0).get_new_connection({}) == "connection"


def test_a_queue_is_no_reason_while_the_database_answers(wrapper, world):
    world.away = False
    assert wrapper(waiting=3).get_new_connection({}) == "connection"


def test_outside_requests_everybody_waits(wrapper, world):
    world.request = None
    assert wrapper(waiting=3).get_new_connection({}) == "connection"


def test_a_request_without_time_takes_no_connection(wrapper, world):
    world.request.deadline = time.monotonic() - 1
    with pytest.raises(LateError):
        wrapper(waiting=0).get_new_connection({})
