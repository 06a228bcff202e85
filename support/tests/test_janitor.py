"""The janitor mends what is overdue or abandoned, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from support.faults.intents import ByItself, ByPatch, ByPlatform, InContainer, Intent, Remedy
from support.faults.janitor_agent import HttpApi, Janitor

START = datetime(2026, 1, 1, tzinfo=UTC)
BACK = ByPatch("shop", "deployments", "till", "uid-1", [{"op": "replace", "path": "/spec/template", "value": {"a": 1}}])
RESUME = InContainer("shop", "db-0", "uid-1", "postgres", ["sh", "-c", "resume"])


class FakeApi:
    """The API server with a clock of its own."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.intents: dict[str, dict[str, Any]] = {}
        self.leases: dict[str, int] = {}
        self.uid = "uid-1"
        self.machine_ready: bool | None = False  # None: nobody may look
        self.failure = ""
        self.commands: list[Sequence[str]] = []
        self.patches: list[tuple[str, Sequence[dict[str, Any]]]] = []
        self.observers = {"observer-1": True, "observer-2": False}  # whether they are ready
        self.jobs = {"load-a-1": "a", "load-b-1": "b"}  # the runs that they belong to
        self.posts: list[tuple[str, dict[str, Any]]] = []

    def add(self, *remedies: Remedy, run: str = "a", seconds: float = 60.0) -> None:
        name = f"intent-{run}-{len(self.intents)}"
        body = Intent(name, run, "processes-frozen", "db-0", "running", seconds, remedies).body()
        body["metadata"]["creationTimestamp"] = (START + timedelta(seconds=self.seconds)).isoformat()
        self.intents[name] = body

    def list(self, path: str, labels: str) -> tuple[list[dict[str, Any]], datetime]:
        time = START + timedelta(seconds=self.seconds)
        if path.endswith("configmaps"):
            return list(self.intents.values()), time
        if path.endswith("pods"):
            ready = {name: [{"type": "Ready", "status": str(told)}] for name, told in self.observers.items()}
            metadata = {name: {"name": name, "uid": f"uid-of-{name}"} for name in ready}
            return [{"metadata": metadata[name], "status": {"conditions": told}} for name, told in ready.items()], time
        if path.endswith("jobs"):
            labels_of = {name: {"holdfast.dev/run": run} for name, run in self.jobs.items()}
            return [{"metadata": {"name": name, "labels": told}} for name, told in labels_of.items()], time
        return [{"metadata": {"name": name, "resourceVersion": str(at)}} for name, at in self.leases.items()], time

    def get(self, path: str) -> dict[str, Any] | None:
        if "/nodes/" in path:
            if self.machine_ready is None:
                raise HTTPError(path, 403, "forbidden", Message(), None)
            return {"status": {"conditions": [{"type": "Ready", "status": str(self.machine_ready)}]}}
        return {"metadata": {"uid": self.uid}} if self.uid else None

    def delete(self, path: str) -> None:
        name = path.rpartition("/")[2].partition("?")[0]
        self.jobs.pop(name, None)
        self.intents.pop(name, None)
        self.leases.pop(name, None)

    def patch(self, path: str, patch: Sequence[dict[str, Any]]) -> str:
        self.patches.append((path, patch))
        return self.failure

    def post(self, path: str, body: dict[str, Any]) -> str:
        self.posts.append((path, body))
        return self.failure

    def command(self, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
        self.commands.append(command)
        return self.failure


class World:
    """Time that passes in looks of two seconds, with a run that renews as long as it lives."""

    def __init__(self) -> None:
        self.api = FakeApi()
        self.log: list[str] = []
        self.alive = True
        self.api.leases["run-a"] = 0
        self.janitor = Janitor(self.api, "holdfast", now=lambda: self.api.seconds, say=self.log.append)

    def let_pass(self, seconds: float) -> None:
        for _ in range(int(seconds / 2)):
            self.api.seconds += 2
            if self.alive:
                self.api.leases["run-a"] += 1
            self.janitor.look()


@pytest.fixture
def world() -> World:
    return World()


def test_a_fault_within_its_time_and_of_a_living_run_is_left_alone(world: World) -> None:
    world.api.add(RESUME)
    world.let_pass(58)
    assert world.api.commands == []
    assert len(world.api.intents) == 1


def test_a_fault_past_its_time_is_mended(world: World) -> None:
    world.api.add(RESUME)
    world.let_pass(62)
    assert world.api.commands == [["sh", "-c", "resume"]]
    assert world.api.intents == {}
    assert "its time is over: mended" in world.log[0]


def test_the_faults_of_a_dead_run_are_mended_fifteen_seconds_after_its_last_sign(world: World) -> None:
    world.api.add(RESUME, seconds=600)
    world.let_pass(10)
    world.alive = False
    world.let_pass(14)
    assert world.api.commands == []
    world.let_pass(4)
    assert world.api.commands == [["sh", "-c", "resume"]]
    world.let_pass(2)
    assert world.api.leases == {}
    assert "nothing left to mend" in world.log[-1]


def test_the_probes_and_the_load_of_a_dead_run_are_ended_and_nobody_elses(world: World) -> None:
    world.api.add(RESUME, seconds=600)
    world.let_pass(10)
    assert world.api.posts == []
    world.alive = False
    world.let_pass(16)
    asked = ("/api/v1/namespaces/holdfast/pods/observer-1:8088/proxy/stop", {"of": "a"})
    assert world.api.posts == [asked]  # once; the other one is not ready
    assert world.api.jobs == {"load-b-1": "b"}
    assert any("observer-1 makes no further attempts" in line for line in world.log)


def test_an_observer_that_could_not_be_told_is_told_again(world: World) -> None:
    world.api.add(RESUME, run="b")
    world.api.failure = "not reachable"
    world.let_pass(4)
    assert len(world.api.posts) == 2
    world.api.failure = ""
    world.let_pass(6)
    assert len(world.api.posts) == 3


def test_a_dead_run_is_known_until_its_observers_are_told_or_a_minute_has_passed(world: World) -> None:
    world.alive, world.api.failure = False, "not reachable"
    world.let_pass(30)
    assert world.api.leases
    world.api.failure = ""
    world.let_pass(2)
    assert world.api.leases == {}
    assert "observer-1 makes no further attempts" in world.log[-2]


def test_an_observer_that_never_answers_does_not_keep_a_dead_run_for_ever(world: World) -> None:
    world.alive, world.api.failure = False, "not reachable"
    world.let_pass(70)
    assert world.api.leases
    world.let_pass(10)
    assert world.api.leases == {}


def test_a_fault_without_any_lease_is_mended_at_once(world: World) -> None:
    world.api.add(RESUME, run="b")
    world.let_pass(2)
    assert world.api.commands == [["sh", "-c", "resume"]]


def test_what_cannot_be_mended_is_tried_again_at_the_next_look(world: World) -> None:
    world.api.add(RESUME, run="b")
    world.api.failure = "db-0: not reachable"
    world.let_pass(4)
    assert len(world.api.commands) == 2
    assert len(world.api.intents) == 1
    assert "not mended" in world.log[0]


def test_a_pod_that_was_replaced_needs_no_mending(world: World) -> None:
    world.api.add(RESUME, run="b")
    world.api.uid = "uid-2"
    world.let_pass(2)
    assert world.api.commands == []
    assert world.api.intents == {}


def test_what_outlives_a_pod_is_mended_in_its_successor(world: World) -> None:
    world.api.add(InContainer("shop", "db-0", "", "postgres", ["sh", "-c", "give back"]), run="b")
    world.api.uid = ""
    world.let_pass(4)
    assert world.api.commands == []
    assert len(world.api.intents) == 1
    assert "db-0 is away" in world.log[0]
    world.api.uid = "uid-2"
    world.let_pass(2)
    assert world.api.commands == [["sh", "-c", "give back"]]
    assert world.api.intents == {}


def test_a_release_of_a_dead_run_is_taken_back(world: World) -> None:
    world.api.add(BACK, run="b", seconds=600)
    world.let_pass(2)
    path = "/apis/apps/v1/namespaces/shop/deployments/till"
    assert world.api.patches == [(path, [{"op": "replace", "path": "/spec/template", "value": {"a": 1}}])]
    assert world.api.intents == {}


def test_another_object_of_that_name_is_left_alone(world: World) -> None:
    world.api.add(BACK, run="b")
    world.api.uid = "uid-2"
    world.let_pass(2)
    assert world.api.patches == []
    assert world.api.intents == {}


def test_a_release_that_cannot_be_taken_back_is_tried_again(world: World) -> None:
    world.api.add(BACK, run="b")
    world.api.failure = "forbidden"
    world.let_pass(4)
    assert len(world.api.patches) == 2
    assert len(world.api.intents) == 1


def test_what_mends_itself_is_only_struck_out(world: World) -> None:
    world.api.add(ByItself("made anew"), run="b")
    world.let_pass(2)
    assert world.api.intents == {}


def test_a_machine_at_which_nobody_may_look_has_its_record_for_another_minute(world: World) -> None:
    world.api.machine_ready = None
    world.api.add(ByPlatform("power_on", "two"), run="b", seconds=30)
    world.let_pass(80)
    assert len(world.api.intents) == 1
    world.let_pass(14)
    assert world.api.intents == {}


def test_a_machine_that_stays_away_keeps_its_record_however_late_it_is(world: World) -> None:
    world.api.add(ByPlatform("power_on", "two"), run="b", seconds=30)
    world.let_pass(600)
    assert len(world.api.intents) == 1
    world.api.machine_ready = True
    world.let_pass(2)
    assert world.api.intents == {}


def test_a_machine_is_not_called_back_before_its_loss_can_have_been_noticed(world: World) -> None:
    world.api.machine_ready = True
    world.api.add(ByPlatform("power_on", "two"), seconds=300)
    world.let_pass(10)
    world.alive = False
    world.let_pass(34)
    assert len(world.api.intents) == 1
    world.let_pass(6)
    assert world.api.intents == {}


def test_a_machine_that_is_back_needs_no_record_any_more(world: World) -> None:
    world.api.add(ByPlatform("power_on", "two"), run="b", seconds=300)
    world.let_pass(20)
    assert len(world.api.intents) == 1
    world.api.machine_ready = True
    world.let_pass(2)
    assert world.api.intents == {}


class Handler(BaseHTTPRequestHandler):
    """An API server that knows one ConfigMap."""

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer secret"
        self.answer(200 if "configmaps?" in self.path else 404, {"items": [{"metadata": {"name": "one"}}]})

    def do_DELETE(self) -> None:
        self.answer(404 if self.path.endswith("gone") else 200, {})

    def do_PATCH(self) -> None:
        assert self.headers["Content-Type"] == "application/json-patch+json"
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(403 if self.path.endswith("locked") else 200, {"sent": sent})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(404 if self.path.endswith("none") else 200, {})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()


def test_the_api_server_is_asked_with_the_token_and_tells_its_time(server: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    api = HttpApi(server, tmp_path)
    items, time = api.list("/api/v1/namespaces/holdfast/configmaps", "holdfast.dev/intent=true")
    assert [item["metadata"]["name"] for item in items] == ["one"]
    assert abs((time - datetime.now(UTC)).total_seconds()) < 5
    assert api.get("/api/v1/namespaces/shop/pods/none") is None
    api.delete("/api/v1/namespaces/holdfast/configmaps/one")
    api.delete("/api/v1/namespaces/holdfast/configmaps/gone")


def test_a_patch_is_sent_and_its_refusal_told(server: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    api = HttpApi(server, tmp_path)
    assert api.patch("/apis/apps/v1/namespaces/shop/deployments/till", BACK.patch) == ""
    assert "403" in api.patch("/apis/apps/v1/namespaces/shop/deployments/locked", BACK.patch)


def test_an_observer_is_spoken_to_through_the_api_server(server: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    api = HttpApi(server, tmp_path)
    assert api.post("/api/v1/namespaces/holdfast/pods/observer-1:8088/proxy/stop", {"of": "a"}) == ""
    assert "404" in api.post("/none", {})
    assert "refused" in HttpApi("http://127.0.0.1:9", tmp_path).post("/none", {})
