"""Once in every period, also on a machine that lets time pass between two lines of a program."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

_CODE = Path(__file__).parents[1] / "app/shop/jobs/schedule.py"
PERIOD_S, SECOND = 10, 2  # seconds: as delivered


@pytest.fixture
def schedule(monkeypatch):
    """The module with a stand-in for celery."""
    parts = SimpleNamespace(BaseSchedule=object, schedstate=lambda due, left: (due, left))
    monkeypatch.setitem(sys.modules, "celery", SimpleNamespace(schedules=parts))
    monkeypatch.setitem(sys.modules, "celery.schedules", parts)
    spec = importlib.util.spec_from_file_location("schedule_alone", _CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("pauses", [[0.0], [0.0] * 6 + [0.4], [0.0] * 9 + [0.02]], ids=["quick", "busy", "seldom busy"])
def test_it_is_due_once_in_every_period(schedule, monkeypatch, pauses):
    clock, passing = [1_000_000.0], itertools.cycle(pauses)  # seconds; it begins with a period

    def now():
        clock[0] += next(passing)
        return clock[0]

    monkeypatch.setattr(schedule, "time", SimpleNamespace(time=now))
    due = schedule.AlignedSchedule.__new__(schedule.AlignedSchedule)
    due.period_s, due.second = PERIOD_S, SECOND
    sent, last = [], clock[0]
    while clock[0] < 1_000_100.0:  # ten periods
        is_due, left = due.is_due(datetime.fromtimestamp(last, UTC))
        if is_due:
            last = clock[0]
            sent.append(int(last) // PERIOD_S)
        clock[0] += min(left, 1.0)  # the scheduler looks every second at the latest
    assert sent == sorted(set(sent))
    assert len(sent) == 10
