"""Signals: clean-ups finish, a second signal ends them, and a child is told once whoever was signalled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from support import interrupts


@pytest.fixture(autouse=True)
def _hears_ctrl_c() -> Iterator[None]:
    """Who was started in the background ignores it from the start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_a_clean_up_is_finished_before_a_signal_is_heard(number: signal.Signals) -> None:
    told: list[str] = []
    before = signal.getsignal(number)
    with interrupts.put_off(told.append):
        os.kill(os.getpid(), number)
        told.append("cleaned up")
    assert told == ["cleaned up", number.name]
    assert signal.getsignal(number) is before


def test_a_signal_is_heard_although_the_clean_up_fails() -> None:
    told: list[str] = []

    def clean_up() -> None:
        with interrupts.put_off(told.append):
            os.kill(os.getpid(), signal.SIGTERM)
            raise ValueError("left behind")

    with pytest.raises(ValueError, match="left behind"):
        clean_up()
    assert told == ["SIGTERM"]


def test_without_a_signal_nothing_is_told() -> None:
    told: list[str] = []
    with interrupts.put_off(told.append):
        pass
    assert told == []


def test_a_second_signal_ends_a_clean_up() -> None:
    told: list[str] = []
    with interrupts.put_off(told.append):
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_an_ignored_signal_stays_ignored_in_a_clean_up() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        told: list[str] = []
        with interrupts.put_off(told.append):
            os.kill(os.getpid(), signal.SIGINT)
        assert told == []
    finally:
        signal.signal(signal.SIGINT, before)


# Tells when it listens, counts its signals, and ends in good order, as behave does.
CHILD = """
import signal, sys, time
def end(*_): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, end)
print("listening", flush=True)
try: time.sleep(30)
except KeyboardInterrupt: sys.exit(5)
"""


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_a_signal_to_the_caller_ends_its_child_in_good_order(number: signal.Signals) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, process_group=0)
    assert child.stdout is not None
    child.stdout.readline()
    before = signal.getsignal(number)

    def send() -> None:
        while signal.getsignal(number) is before:  # until the caller waits
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    assert interrupts.wait_for(child) == (5, True)
    sender.join()


def test_a_child_that_is_left_alone_ends_by_itself() -> None:
    assert interrupts.wait_for(subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])) == (3, False)
