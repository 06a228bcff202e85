"""The suite's side of a run: marks, piecewise reading, waiting, clocks, questions."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from support.cluster.client import Cluster
from support.cluster.errors import Unreachable
from support.observers.clock import ClockReading
from support.observers.observer import Observer, ObserverError, RedisAnswerError
from support.observers.plan import HttpProbe, ProbePlan
from support.observers.run import ProbeRun
from support.waiting import Unknown


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeAgent:
    """An agent whose run confirms one attempt per suite second."""

    node = "two"

    def __init__(self, clock: FakeClock) -> None:
        self.suite = clock
        self.away = False
        self.stopped = False

    def call(self, method: str, path: str, body: dict[str, Any] | None, within: float) -> dict[str, Any]:
        self.stopped = self.stopped or path.endswith("stop")
        return {"at": 1000.0 + self.suite.time}

    def lines(self, run: str, start: int, within: float) -> bytes:
        if self.away:
            raise ObserverError("cut off")
        told: list[dict[str, Any]] = [{"event": "begin", "at": 1000.0, "rates": {"sale": 1.0}}]
        for seq in range(int(self.suite.time)):
            at = 1000.0 + seq
            told.append({"event": "intent", "probe": "sale", "seq": seq, "planned": at, "start": at})
            told.append({"event": "outcome", "probe": "sale", "seq": seq, "end": at + 0.1, "outcome": "ok"})
        told += [{"event": "end", "at": 2000.0, "reason": "over"}] if self.stopped else []
        whole = b"".join(json.dumps(line).encode() + b"\n" for line in told)
        piece = whole[start : start + 500]  # bytes: so few that reading takes several pieces
        return piece[: piece.rfind(b"\n") + 1]

    def clock(self) -> ClockReading:
        return ClockReading(1000.0, 0.001)


def run() -> tuple[ProbeRun, FakeAgent, FakeClock]:
    clock = FakeClock()
    agent = FakeAgent(clock)
    return ProbeRun("one", agent, 3.0, clock), agent, clock


def test_it_waits_for_confirmed_writes_and_reads_in_pieces() -> None:
    probing, _, clock = run()
    assert probing.wait_confirmed(20, "sale", within=60) >= 20
    assert 20 <= clock.time < 24
    assert probing.confirmed("sale", since=1010.0) == probing.confirmed("sale") - 10
    assert probing.journal.bytes_read > 500


def test_too_few_confirmed_writes_are_unknown_not_broken() -> None:
    probing, _, _ = run()
    with pytest.raises(Unknown, match="100 confirmed sale attempts"):
        probing.wait_confirmed(100, "sale", within=10)


def test_an_agent_that_is_cut_off_is_waited_for() -> None:
    probing, agent, clock = run()
    agent.away = True
    original = clock.sleep

    def back_later(seconds: float) -> None:
        original(seconds)
        agent.away = clock.time < 12

    clock.sleep = back_later  # type: ignore[method-assign]
    assert probing.wait_confirmed(5, "sale", within=60) >= 12
    assert clock.time >= 12


def test_marks_and_moments_on_the_suites_clock() -> None:
    probing, _, clock = run()
    clock.time = 7.0
    assert probing.mark("fault-1") == 1007.0
    assert probing.marks == {"fault-1": 1007.0}
    assert probing.to_suite_time(1007.0) == 7.0


def test_a_stopped_run_is_read_to_its_end() -> None:
    probing, agent, clock = run()
    clock.time = 5.0
    journal = probing.stop()
    assert agent.stopped
    assert journal.ended
    assert len(journal.attempts()) == 5


class FakeCluster:
    """A cluster with two agents that give one prepared answer."""

    def __init__(self, answer: dict[str, Any], status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.asked: list[tuple[str, str, Any]] = []

    def list(self, kind: str, namespace: str | None = None, labels: str = "") -> list[dict[str, Any]]:
        if kind == "nodes":
            return [{"metadata": {"name": "two"}}]
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        return [
            {"metadata": {"name": f"observer-{node}"}, "spec": {"nodeName": node}, "status": ready}
            for node in ("one", "two")
        ]

    def proxy(
        self, namespace: str, pod: str, port: int, method: str, path: str, body: Any = None, within: float = 5.0
    ) -> tuple[int, bytes]:
        self.asked.append((pod, path, body))
        if self.status == 0:
            raise Unreachable(0, "gone", "no answer")
        return self.status, json.dumps({"now": 1.0, "error": "", "seconds": 0.1, **self.answer}).encode()


def observer(answer: dict[str, Any], status: int = 200) -> tuple[Observer, FakeCluster]:
    cluster = FakeCluster(answer, status)
    return Observer(cast(Cluster, cluster)), cluster


def test_the_agent_on_the_control_plane_is_asked_unless_another_is_named() -> None:
    asking, cluster = observer({"status": 200, "headers": {}, "text": '{"a": 1}'})
    assert asking.nodes() == ["two", "one"]
    assert asking.ask_http("http://shop/").json() == {"a": 1}
    asking.ask_http("http://shop/", node="one")
    assert [pod for pod, _, _ in cluster.asked] == ["observer-two", "observer-one"]


def test_a_machine_without_agent_is_told() -> None:
    asking, _ = observer({})
    with pytest.raises(ObserverError, match="no agent of the observer is ready on three"):
        asking.ask_dns("shop", node="three")


def test_sql_answers_and_errors() -> None:
    asking, cluster = observer({"rows": [[1]], "columns": ["a"]})
    answer = asking.ask_sql("db", 5432, "u", "p", "d", "SELECT %s", [1])
    assert (answer.rows, answer.columns, answer.error) == ([[1]], ["a"], "")
    assert cluster.asked[0][2]["statement"] == "SELECT %s"
    refused, _ = observer({"error": "read only", "sqlstate": "25006"})
    assert refused.ask_sql("db", 5432, "u", "p", "d", "INSERT").sqlstate == "25006"


def test_redis_answers_and_refusals() -> None:
    asking, _ = observer({"answers": ["OK", None]})
    assert asking.ask_redis("redis", 6379, "p", [["SET", "a", "b"], ["GET", "c"]]) == ["OK", None]
    refusing, _ = observer({"answers": [{"refused": "READONLY no"}]})
    with pytest.raises(RedisAnswerError) as refused:
        refusing.ask_redis("redis", 6379, "p", [["SET", "a", "b"]])
    assert refused.value.code == "READONLY"
    away, _ = observer({"error": "time is over", "answers": []})
    with pytest.raises(ObserverError, match="redis: time is over"):
        away.ask_redis("redis", 6379, "p", [["PING"]])


@pytest.mark.parametrize(("status", "word"), [(0, "cannot be reached"), (400, "answered 400")])
def test_an_observer_that_does_not_work_is_no_statement_about_the_system(status: int, word: str) -> None:
    asking, _ = observer({}, status)
    with pytest.raises(ObserverError, match=word):
        asking.ask_http("http://shop/")


def test_a_run_is_started_where_it_was_asked_for() -> None:
    asking, cluster = observer({})
    probing = asking.start(ProbePlan([HttpProbe("page", 5, ["http://shop/"])], 60), node="one")
    assert probing.node == "one"
    pod, path, body = cluster.asked[0]
    assert (pod, path) == ("observer-one", "runs")
    assert body["deadline_s"] == 60
    assert body["probes"][0]["kind"] == "http"
