"""The agent's probes against small servers of the tests: outcomes, open loop, hanging and broken lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import psycopg
import pytest

from support.observers.agent.asks import ask
from support.observers.agent.notes import read_note
from support.observers.agent.probes import Probe, probe_from
from support.observers.agent.result import Result
from support.observers.agent.runs import Runs
from support.observers.agent.server import Server
from support.observers.agent.sql import Account, Connection, Late
from support.observers.agent.web import exchange
from support.observers.attempts import Journal
from support.observers.plan import (
    CacheProbe,
    DirectProbe,
    HttpProbe,
    JobProbe,
    ProbePlan,
    ProbeSpec,
    SaleProbe,
    read_probe,
)

T = TypeVar("T")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOBODY = 1  # a port of 127.0.0.1 on which nobody listens


def played(story: Callable[[int], Coroutine[Any, Any, T]], talk: Talk) -> T:
    """Runs a story with a server that talks as given; the story gets its port."""

    async def play() -> T:
        async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (OSError, EOFError):
                pass  # the agent has hung up
            finally:
                writer.close()

        server = await asyncio.start_server(quietly, "127.0.0.1", 0)
        try:
            return await story(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    return asyncio.run(play())


def http(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        data = json.dumps(body).encode()
        told = {"Content-Length": str(len(data)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + data)
        await writer.drain()

    return talk


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the other side gives up


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()


def sale(port: int, within: float = 0.5) -> Probe:
    bases = [f"http://127.0.0.1:{port}"]
    return probe_from(SaleProbe("sale", 20, bases, {"Host": "shop"}, "r7", ["till"], ["ring"], within).spec())


def attempted(make: Callable[[int], Probe], talk: Talk) -> Result:
    return played(lambda port: make(port).attempt(3), talk)


DONE = {"id": "s1", "sale_number": "SALE-1", "total": "825.00"}
CONFIRMED = {"X-Confirmed-By": "db-1/00000004", "X-Served-By": "django-1"}


@pytest.mark.parametrize(
    ("talk", "outcome"),
    [
        (http(201, DONE, CONFIRMED), "ok"),
        (http(400, {"detail": "no"}), "fail"),
        (http(401, {}), "fail"),
        (http(503, {"outcome": "not_done"}), "fail"),
        (http(503, {"outcome": "unknown"}), "info"),
        (http(503, None), "info"),
        (http(500, {}), "info"),
        (http(502, {}), "info"),
        (silent, "info"),
        (cut, "info"),
    ],
)
def test_what_a_sale_comes_to(talk: Talk, outcome: str) -> None:
    assert attempted(sale, talk).outcome == outcome


def test_a_confirmed_sale_tells_who_confirmed_what() -> None:
    result = attempted(sale, http(201, DONE, CONFIRMED))
    assert (result.answered_by, result.timeline, result.instance) == ("db-1", "00000004", "django-1")
    assert result.facts == {**DONE, "item": "ring", "quantity": "1"}


def test_a_sale_that_could_not_be_sent_was_surely_not_made() -> None:
    assert asyncio.run(sale(NOBODY).attempt(0)).outcome == "fail"


def test_a_sale_carries_its_ledger_id_in_the_note() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        seen.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

    assert attempted(sale, talk).outcome == "ok"
    assert b"POST /api/pos/sales/create/ HTTP/1.1\r\nhost: shop\r\n" in seen[0]
    line = json.loads(seen[1])["items"][0]
    found = read_note(line["notes"])
    assert found
    assert (found.ledger, found.client, found.seq) == ("r7", "sale", 3)
    assert found.checksum == sale(NOBODY).intent(3)["checksum"]


@pytest.mark.parametrize(
    ("talk", "outcome"),
    [
        (http(200, {"id": "ring"}), "ok"),
        (http(200, {"id": "brooch"}), "fail"),
        (http(200, "no object"), "fail"),
        (http(503, {}), "fail"),
        (silent, "fail"),
    ],
)
def test_what_a_read_comes_to(talk: Talk, outcome: str) -> None:
    def make(port: int) -> Probe:
        return probe_from({**read_probe("read", 20, f"http://127.0.0.1:{port}", "ring", {}).spec(), "within": 0.3})

    assert attempted(make, talk).outcome == outcome


@pytest.mark.parametrize(
    ("talk", "outcome"),
    [
        (http(202, {"id": "j1", "status": "QUEUED"}), "ok"),
        (http(202, {"status": "QUEUED"}), "info"),
        (http(400, {}), "fail"),
        (http(503, {"outcome": "not_done"}), "fail"),
        (http(503, {"outcome": "unknown"}), "info"),
        (silent, "info"),
        (cut, "info"),
    ],
)
def test_what_asking_for_work_comes_to(talk: Talk, outcome: str) -> None:
    def make(port: int) -> Probe:
        return probe_from(JobProbe("jobs", 2, f"http://127.0.0.1:{port}/jobs/", {}, {"pace_ms": 0}, 0.3).spec())

    result = attempted(make, talk)
    assert result.outcome == outcome
    assert result.facts == ({"id": "j1"} if outcome == "ok" else {})


def redis(answers: Mapping[str, str]) -> Talk:
    """A watcher and a master at once; commands without an answer are answered by silence."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            count = int((await reader.readuntil(b"\r\n"))[1:])
            words = []
            for _ in range(count):
                length = int((await reader.readuntil(b"\r\n"))[1:])
                words.append((await reader.readexactly(length + 2))[:-2].decode())
            port = str(writer.get_extra_info("sockname")[1])
            told = {"SENTINEL": f"*2\r\n$9\r\n127.0.0.1\r\n${len(port)}\r\n{port}\r\n", "AUTH": "+OK\r\n", **answers}
            writer.write(told.get(words[0], "").encode())
            await writer.drain()

    return talk


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"SET": "+OK\r\n", "WAIT": ":1\r\n"}, "ok"),
        ({"SET": "+OK\r\n", "WAIT": ":0\r\n"}, "uncopied"),
        ({"SET": "-NOREPLICAS Not enough good replicas\r\n"}, "fail"),
        ({"SET": "-READONLY You can't write\r\n"}, "fail"),
        ({"SET": "+OK\r\n", "WAIT": "-ERR broken\r\n"}, "info"),
        ({"SET": "+OK\r\n"}, "info"),
        ({}, "info"),
        ({"AUTH": "-LOADING loading\r\n"}, "fail"),
        ({"SENTINEL": "*-1\r\n"}, "fail"),
    ],
)
def test_what_a_cache_write_comes_to(answers: Mapping[str, str], outcome: str) -> None:
    def make(port: int) -> Probe:
        watchers = [f"127.0.0.1:{NOBODY}", f"127.0.0.1:{port}"]  # one watcher is lost with its machine
        return probe_from(CacheProbe("cache", 20, watchers, "mymaster", "secret", "r7", within=0.3).spec())

    assert attempted(make, redis(answers)).outcome == outcome


class FakeConnection:
    """A database connection that answers as told."""

    usable = True

    def __init__(self, answer: Exception | str) -> None:
        self.answer, self.closed = answer, False

    async def ask(
        self, statement: str, params: Sequence[Any], within: float
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return ["member", "timeline"], [(self.answer, "00000002")]

    def close(self) -> None:
        self.closed = True


def direct(*, kept: bool = False) -> Probe:
    return probe_from(DirectProbe("direct", 20, "db", "probe", "secret", "shop", "r7", kept=kept).spec())


def opening(monkeypatch: pytest.MonkeyPatch, *connections: FakeConnection | Exception) -> None:
    waiting = list(connections)

    async def connect(account: Account, within: float, statement_s: float) -> FakeConnection:
        found = waiting.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(Connection, "open", connect)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("db-1", "ok"),
        (psycopg.errors.ReadOnlySqlTransaction("read only"), "fail"),
        (psycopg.errors.InsufficientPrivilege("no"), "fail"),
        (psycopg.errors.AdminShutdown("terminating connection"), "info"),
        (psycopg.OperationalError("server closed the connection unexpectedly"), "info"),
        (Late("no answer within 2 s"), "info"),
    ],
)
def test_what_a_direct_write_comes_to(monkeypatch: pytest.MonkeyPatch, answer: Exception | str, outcome: str) -> None:
    connection = FakeConnection(answer)
    opening(monkeypatch, connection)
    result = asyncio.run(direct().attempt(0))
    assert result.outcome == outcome
    assert connection.closed


@pytest.mark.parametrize("error", [psycopg.OperationalError("refused"), TimeoutError(), OSError("no route")])
def test_a_direct_write_without_connection_was_surely_not_made(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    opening(monkeypatch, error)
    assert asyncio.run(direct().attempt(0)).outcome == "fail"


def test_a_kept_connection_is_replaced_only_when_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = FakeConnection("db-0"), FakeConnection("db-1")
    opening(monkeypatch, first, second)
    probe = direct(kept=True)

    async def story() -> list[str]:
        members = [(await probe.attempt(seq)).answered_by for seq in range(2)]
        first.answer = Late("no answer")
        return [*members, (await probe.attempt(2)).outcome, (await probe.attempt(3)).answered_by]

    assert asyncio.run(story()) == ["db-0", "db-0", "info", "db-1"]
    assert first.closed


def test_a_database_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    async def story(port: int) -> float:
        begin = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await Connection.open(Account("127.0.0.1", port, "u", "p", "d"), 0.3, 2.0)
        return asyncio.get_running_loop().time() - begin

    assert played(story, silent) < 1.9  # libpq itself would have waited for 2 s


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "other", "name": "a", "rate": 1},
        {"kind": "http", "name": "a", "rate": 0, "urls": []},
        {"kind": "http", "name": "a", "rate": 150, "within": 12, "urls": []},
        {"kind": "sale", "name": "a", "rate": 1, "ledger": "x", "urls": [], "tills": [], "items": []},
    ],
)
def test_plans_that_cannot_be_kept_are_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"other|allowed|needs"):
        probe_from(spec)


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
        ]
        async with asyncio.timeout(10.0):
            while runs.running:  # lines reach the file beside the event loop: all of them are there after the end only
                await asyncio.sleep(0.01)
        lines = await exchange(f"{base}/runs/one/lines?from=0", "GET", {}, None, 2.0)
        assert json.loads(lines.body.splitlines()[0])["event"] == "begin"
        server.close()
        return answers

    answers = played(story, http(200, {"a": 1}))
    assert [status for status, _ in answers] == [200, 200, 200, 201, 400, 200, 200, 404, 404, 400, 400, 404]
    assert answers[0][1]["node"] == "node-1"
    assert (answers[1][1]["status"], answers[1][1]["text"]) == (200, '{"a": 1}')
    assert answers[2][1]["connected"] is False


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
