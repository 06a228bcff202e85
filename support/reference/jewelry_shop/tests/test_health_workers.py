"""The page that says whether workers answer: a connection broken by a move of the cache says nothing of them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

_CODE = Path(__file__).parents[1] / "app/shop/health/pages.py"


class QueueBroken(Exception):
    """What the queue's library raises on a connection whose server is gone."""


class Control:
    """Answers one ping after the other from a list; an exception in it is raised."""

    def __init__(self) -> None:
        self.answers = []

    def ping(self, timeout):
        assert timeout > 0
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def control():
    return Control()


@pytest.fixture
def workers(monkeypatch, control):
    """What the page says of the workers, with stand-ins for the libraries and the rest of the application."""

    def same(function):
        return function

    for name, parts in {
        "django": {},
        "django.http": {"HttpRequest": object, "JsonResponse": object},
        "django.views": {},
        "django.views.decorators": {},
        "django.views.decorators.csrf": {"csrf_exempt": same},
        "django.views.decorators.http": {"require_GET": same},
        "kombu": {},
        "kombu.exceptions": {"OperationalError": QueueBroken},
        "shop": {},
        "shop.config": {"config": SimpleNamespace()},
        "shop.health": {},
        "shop.health.checker": {"Look": SimpleNamespace, "state_of": None},
        "shop.jobs": {},
        "shop.jobs.app": {"app": SimpleNamespace(control=control)},
        "shop.sabotage": {"sabotaged": lambda _word: False},
    }.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**parts))
    spec = importlib.util.spec_from_file_location("pages_alone", _CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda: module._celery(SimpleNamespace(ok=True))


TWO = [{"celery@a": {"ok": "pong"}}, {"celery@b": {"ok": "pong"}}]


@pytest.mark.parametrize(
    ("answers", "status", "message"),
    [
        ([TWO], "ok", "2 workers answer"),
        ([QueueBroken(), TWO], "ok", "2 workers answer"),  # kept since before the cache had another master
        ([OSError(), TWO], "ok", "2 workers answer"),
        ([QueueBroken(), QueueBroken()], "unavailable", "the queue does not answer"),
        ([[]], "unavailable", "no worker answers"),
        ([QueueBroken(), []], "unavailable", "no worker answers"),
    ],
)
def test_a_broken_connection_is_asked_once_more(workers, control, answers, status, message):
    control.answers = list(answers)
    said = workers()
    assert (said["status"], said["message"]) == (status, message)
    assert not control.answers, "every ping that was to be made was made"
