"""Runs of the agent and its own server: open loop, a life before this one, nothing secret in the lines."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from support.observers.agent.asks import ask
from support.observers.agent.runs import Runs
from support.observers.agent.server import Server
from support.observers.agent.web import exchange
from support.observers.attempts import Journal
from support.observers.plan import (
    CacheProbe,
    DirectProbe,
    HttpProbe,
    ProbePlan,
    ProbeSpec,
    SaleProbe,
)
from support.tests.observers_fakes import NOBODY, http, played, silent


def test_attempts_begin_at_their_planned_times_while_others_hang(tmp_path: Path) -> None:
    async def story(port: int) -> Journal:
        runs = Runs(tmp_path)
        url = f"http://127.0.0.1:{port}/"
        run = runs.start(ProbePlan([HttpProbe("page", 50, [url], within=0.4)], 0.6).body("one"))
        run.mark("fault-1")
        while run.running:
            await asyncio.sleep(0.05)
        journal = Journal()
        journal.feed(runs.lines("one", 0))
        return journal

    journal = played(story, silent)
    attempts = journal.attempts("page")
    assert len(attempts) > 10  # 50 per second for 0.6 s on a machine that may be busy; closed-loop it would be two
    assert [one.planned for one in attempts] == pytest.approx([journal.begin + n / 50 for n in range(len(attempts))])
    assert all(later.start < earlier.end for earlier, later in pairwise(attempts)), "nobody waits for another"
    assert {one.outcome for one in attempts} == {"fail"}
    assert all(one.seconds > 0.35 for one in attempts)
    assert median(one.start - one.planned for one in attempts) < 0.2  # seconds: half of what each hangs
    assert journal.marks["fault-1"] >= journal.begin - 0.01
    assert journal.ended
    assert not journal.interrupted


def test_a_run_that_was_cut_off_by_a_restart_says_so(tmp_path: Path) -> None:
    (tmp_path / "one.ndjson").write_text('{"event":"begin","at":0.0,"rates":{"a":1.0}}\n')
    journal = Journal()
    journal.feed(Runs(tmp_path).lines("one", 0))
    assert journal.interrupted
    assert journal.end_reason == "the observer was restarted"


def test_the_agents_own_server(tmp_path: Path) -> None:
    async def story(port: int) -> list[tuple[int, Any]]:
        runs = Runs(tmp_path)
        server = await Server(runs, "node-1").serve("127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        async def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
            sent = None if body is None else json.dumps(body).encode()
            reply = await exchange(f"{base}/{path}", method, {}, sent, 2.0)
            return reply.status, reply.json()

        plan = ProbePlan([HttpProbe("page", 20, [f"http://127.0.0.1:{port}/"])], 5.0).body("one")
        answers = [
            await call("GET", "clock"),
            await call("POST", "ask", {"kind": "http", "url": f"http://127.0.0.1:{port}/"}),
            await call("POST", "ask", {"kind": "tcp", "host": "127.0.0.1", "port": NOBODY}),
            await call("POST", "runs", plan),
            await call("POST", "runs", plan),
            await call("POST", "runs/one/mark", {"name": "x"}),
            await call("POST", "runs/one/stop"),
            await call("POST", "runs/two/stop"),
            await call("GET", "runs/two/lines?from=0"),
            await call("POST", "ask", {"kind": "sql"}),
            await call("POST", "ask", []),
            await call("GET", "nothing"),
            await call("POST", "runs", {**plan, "id": "a-1"}),
            await call("POST", "stop", {"of": "b"}),
            await call("POST", "stop", {"of": "a"}),
            await call("POST", "stop", {}),
        ]
        async with asyncio.timeout(10.0):
            while runs.running:  # lines reach the file beside the event loop: all of them are there after the end only
                await asyncio.sleep(0.01)
        lines = await exchange(f"{base}/runs/one/lines?from=0", "GET", {}, None, 2.0)
        assert json.loads(lines.body.splitlines()[0])["event"] == "begin"
        server.close()
        return answers

    answers = played(story, http(200, {"a": 1}))
    assert [status for status, _ in answers] == [
        200,
        200,
        200,
        201,
        400,
        200,
        200,
        404,
        404,
        400,
        400,
        404,
        201,
        200,
        200,
        400,
    ]
    assert answers[0][1]["node"] == "node-1"
    assert (answers[1][1]["status"], answers[1][1]["text"]) == (200, '{"a": 1}')
    assert answers[2][1]["connected"] is False
    assert [answers[13][1], answers[14][1]] == [{"stopped": 0}, {"stopped": 1}]


def test_no_password_is_ever_written_into_the_lines(tmp_path: Path) -> None:
    async def story(port: int) -> bytes:
        runs = Runs(tmp_path)
        specs: list[ProbeSpec] = [
            DirectProbe("direct", 20, "127.0.0.1", "u", "top-secret", "d", "r7", port=port, connect_s=0.1),
            CacheProbe("cache", 20, [f"127.0.0.1:{port}"], "mymaster", "top-secret", "r7", within=0.1),
            SaleProbe(
                "sale", 20, [f"http://127.0.0.1:{port}"], {"Authorization": "top-secret"}, "r7", ["t"], ["i"], 0.1
            ),
        ]
        run = runs.start(ProbePlan(specs, 0.2).body("one"))
        while run.running:
            await asyncio.sleep(0.05)
        assert "top-secret" not in repr(specs)
        return runs.lines("one", 0)

    assert b"top-secret" not in played(story, silent)


def test_a_question_to_the_database_that_gets_no_answer_says_so() -> None:
    question = {"kind": "sql", "port": 0, "host": "127.0.0.1", "user": "u", "password": "p", "database": "d"}

    async def story(port: int) -> dict[str, Any]:
        return await ask({**question, "port": port, "statement": "SELECT 1", "within": 0.4})

    assert played(story, silent)["error"] == "not connected: time is over"
