"""A probe in a process of its own: the same answers, and an honest one when the process is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from support.observers.agent.aside import Aside, here_or_aside
from support.observers.agent.probes import HttpProbe
from support.observers.plan import DirectProbe, read_probe

_NOBODY_S = 5.0  # seconds that an attempt may take in which nobody answers


def probe(port: int) -> Aside:
    spec = DirectProbe("direct", 20, "127.0.0.1", "u", "p", "d", "r7", port=port, connect_s=_NOBODY_S).spec()
    made = here_or_aside(spec)
    assert isinstance(made, Aside)
    return made


async def ended(made: Aside) -> None:
    made.close()
    assert made._process is not None
    await made._process.communicate()  # also its pipes are closed then, while there is a loop to do it


def in_time(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30.0))  # seconds; a process has to start


def test_an_attempt_is_made_by_another_process_and_told_as_its_own() -> None:
    async def work() -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            made = probe(closed.getsockname()[1])
            await made.prepare()
            before = time.monotonic()
            results = await asyncio.gather(*(made.attempt(seq) for seq in range(3)))
            await ended(made)
        assert [result.outcome for result in results] == ["fail"] * 3
        assert "not connected" in results[0].error
        assert before < results[0].start < time.monotonic(), "the moment at which the other process began"

    in_time(work())


def test_a_lost_process_leaves_its_attempts_unknown_and_sends_nothing_more() -> None:
    async def work() -> None:
        with socket.socket() as silent:  # takes connections and says nothing
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            made = probe(silent.getsockname()[1])
            await made.prepare()
            hanging = asyncio.create_task(made.attempt(0))
            await asyncio.sleep(0)  # until it has been told
            assert made._process is not None
            os.kill(made._process.pid, signal.SIGKILL)
            assert (await hanging).outcome == "info"
            assert (await made.attempt(1)).outcome == "fail"
            await ended(made)

    in_time(work())


def test_what_does_not_compute_is_made_here() -> None:
    assert isinstance(here_or_aside(read_probe("looks", 5, "http://x", "1", {}).spec()), HttpProbe)


def test_a_plan_that_cannot_be_executed_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        here_or_aside({"kind": "direct", "name": "x", "rate": 1})
