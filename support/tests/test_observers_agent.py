"""The agent's probes against small servers of the tests: outcomes, open loop, hanging and broken lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import pytest

from support.observers.agent.notes import read_note
from support.observers.agent.probes import Probe, probe_from
from support.observers.agent.result import Result
from support.observers.agent.sql import Account, Connection, Late
from support.observers.plan import (
    CacheProbe,
    DirectProbe,
    JobProbe,
    SaleProbe,
    read_probe,
)
from support.tests.observers_fakes import NOBODY, Talk, cut, http, played, silent


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
