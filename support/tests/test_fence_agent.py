"""What the agent of the network policies reads, when it puts its rules in place, and whom it keeps out in doubt."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.platforms.embedded.fences import __main__, api, table
from support.platforms.embedded.fences.__main__ import Agent
from support.platforms.embedded.fences.api import State
from support.platforms.embedded.fences.machine import Addresses, Nft
from support.platforms.embedded.fences.model import Port, read_pod
from support.platforms.embedded.layout import HERE as HERE_OF_NODES

HTTP = Port("http", "TCP", 8080)


@pytest.mark.parametrize("change", [{"hostNetwork": True}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_pods_that_policies_do_not_concern(change: Any) -> None:
    assert read_pod(body()) is not None
    assert read_pod(body(**change)) is None


def body(phase: str = "Running", uid: str = "u", labels: Any = None, **spec: Any) -> Any:
    ports = [{"name": "http", "containerPort": 8080}, {"containerPort": 1}]
    return {
        "metadata": {"namespace": "a", "name": "x", "uid": uid, "labels": labels or {}},
        "spec": {"nodeName": "n1", "containers": [{"ports": ports}], **spec},
        "status": {"phase": phase, "podIP": "fd00::1", "podIPs": [{"ip": "fd00::1"}, {"ip": "10.1.0.2"}]},
    }


def test_a_pod_is_read_with_its_address_of_version_4_and_its_named_ports() -> None:
    read = read_pod(body())
    assert read
    assert (read.address, read.ports) == ("10.1.0.2", (HTTP,))


def test_a_static_pod_has_the_uid_that_its_machine_knows() -> None:
    static = body()
    static["metadata"]["annotations"] = {"kubernetes.io/config.hash": "local"}
    read = read_pod(static)
    assert read
    assert read.uid == "local"


def note(folder: Path, name: str, uid: str, address: str, interface: str = "eth0") -> None:
    content = {"ifName": interface, "cniArgs": [["K8S_POD_UID", uid]], "result": {"ips": [{"address": address}]}}
    (folder / name).write_text(json.dumps(content))


def test_the_machine_tells_which_pod_has_which_address(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path)
    note(tmp_path, "one", "u1", "10.1.0.2/24")
    note(tmp_path, "loop", "u1", "127.0.0.1/8", interface="lo")
    (tmp_path / "half").write_text('{"ifName": "et')
    assert addresses.read() == {"10.1.0.2": "u1"}
    note(tmp_path, "half", "u2", "10.1.0.3/24")
    (tmp_path / "one").unlink()
    assert addresses.read() == {"10.1.0.3": "u2"}
    assert Addresses(tmp_path / "none").read() == {}


def test_an_unchanged_folder_is_not_read_again_and_a_changed_one_is(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path)
    note(tmp_path, "one", "u1", "10.1.0.2/24")
    os.utime(tmp_path, (1.0, 1.0))  # long ago
    assert addresses.read() == {"10.1.0.2": "u1"}
    note(tmp_path, "two", "u2", "10.1.0.3/24")
    os.utime(tmp_path, (1.0, 1.0))
    assert addresses.read() == {"10.1.0.2": "u1"}
    os.utime(tmp_path, (2.0, 2.0))
    assert addresses.read() == {"10.1.0.2": "u1", "10.1.0.3": "u2"}


def test_a_note_that_was_being_written_is_read_when_it_is_whole_although_the_folder_has_not_changed(
    tmp_path: Path,
) -> None:
    addresses = Addresses(tmp_path)
    (tmp_path / "half").write_text('{"ifName": "et')
    os.utime(tmp_path, (1.0, 1.0))
    assert addresses.read() == {}
    note(tmp_path, "half", "u1", "10.1.0.2/24")
    os.utime(tmp_path, (1.0, 1.0))
    assert addresses.read() == {"10.1.0.2": "u1"}


class FakeApi:
    """Gives prepared answers to the agent's questions, in order."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = [b"".join(json.dumps(line).encode() + b"\n" for line in lines) for lines in answers]
        self.queries: list[dict[str, Any]] = []

    def __call__(self) -> FakeApi:
        return self

    def __enter__(self) -> FakeApi:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, _: str, query: dict[str, Any]) -> io.BytesIO:
        self.queries.append(query)
        return io.BytesIO(self.answers.pop(0))


def test_a_list_is_followed_from_its_version_until_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def event(kind: str, version: str, one: Any) -> Any:
        return {"type": kind, "object": one | {"metadata": one.get("metadata", {}) | {"resourceVersion": version}}}

    api_server = FakeApi(
        [{"metadata": {"resourceVersion": "5"}, "items": [body(uid="u"), body(uid="v")]}],
        [event("ADDED", "6", body(uid="w")), event("DELETED", "7", body(uid="u")), event("BOOKMARK", "9", {})],
        [{"type": "ERROR", "object": {"code": 410}}],
    )
    monkeypatch.setattr(api, "_Connection", api_server)
    state = State()
    with pytest.raises(api.Gone):
        api.Follower("pods", state)._list_and_watch()
    assert set(state.cluster.pods) == {"v", "w"}
    assert [query.get("resourceVersion") for query in api_server.queries] == [None, "5", "9"]


class FakeNft(Nft):
    def __init__(self) -> None:
        super().__init__(())
        self.put_in: list[table.Fences] = []
        self.there = [table.frame_mark()]

    def put(self, fences: table.Fences) -> None:
        self.put_in.append(fences)

    def chains(self) -> list[str]:
        return self.there


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Agent, State, FakeNft, Path]:
    monkeypatch.setattr(__main__, "READY", tmp_path.with_suffix(".ready"))
    state, nft = State(), FakeNft()
    return Agent("n1", state, Addresses(tmp_path), nft), state, nft, tmp_path


def told(state: State, *pods: Any, policies: Any = ()) -> None:
    state.replace("pods", list(pods))
    state.replace("namespaces", [{"metadata": {"name": "a"}}])
    state.replace("policies", list(policies))
    for kind in ("pods", "namespaces", "policies"):
        state.follow(kind, following=True)


def test_nothing_is_touched_until_the_api_has_told_everything(agent: Any) -> None:
    one, state, nft, _ = agent
    state.replace("pods", [body()])
    one.step(0.0)
    assert nft.put_in == []
    told(state, body())
    one.step(0.0)
    assert len(nft.put_in) == 1


def test_only_changes_that_matter_are_put_in_place(agent: Any) -> None:
    one, state, nft, folder = agent
    note(folder, "x", "u", "10.1.0.2/24")
    told(state, body())
    one.step(0.0)
    state.put("pods", body(), gone=False)
    state.put("pods", body(uid="far", nodeName="n2"), gone=False)
    one.step(1.0)
    assert len(nft.put_in) == 1
    policy = {"metadata": {"namespace": "a", "name": "p"}, "spec": {"podSelector": {"matchLabels": {"app": "y"}}}}
    state.put("policies", policy, gone=False)
    state.put("pods", body(labels={"app": "y"}), gone=False)
    one.step(1.1)
    assert nft.put_in[-1].receiving["10.1.0.2"].startswith("jump")
    state.put("policies", policy, gone=True)
    one.step(1.2)
    assert nft.put_in[-1].receiving["10.1.0.2"] == "accept"


def test_a_lost_table_is_made_again(agent: Any) -> None:
    one, state, nft, _ = agent
    told(state, body())
    one.step(0.0)
    one.step(10.0)
    nft.there = []
    state.put("pods", body(uid="far", nodeName="n2"), gone=False)
    one.step(14.0)
    assert len(nft.put_in) == 1  # not looked at yet
    one.step(16.0)
    assert len(nft.put_in) == 2


def test_a_new_pod_stays_outside_while_a_policy_may_be_unknown(agent: Any) -> None:
    one, state, nft, folder = agent
    note(folder, "x", "u", "10.1.0.2/24")
    told(state, body())
    one.step(0.0)
    state.follow("policies", following=False)
    note(folder, "y", "v", "10.1.0.3/24")
    new = body(uid="v") | {"status": {"phase": "Pending"}}
    state.put("pods", new, gone=False)
    state.put("policies", {"metadata": {"namespace": "a", "name": "p"}, "spec": {"podSelector": {}}}, gone=False)
    one.step(1.0)
    assert nft.put_in[-1].receiving["10.1.0.2"].startswith("jump")  # what is told is obeyed
    assert "10.1.0.3" not in nft.put_in[-1].sending
    state.follow("policies", following=True)
    one.step(2.0)
    assert nft.put_in[-1].receiving["10.1.0.3"].startswith("jump")


def test_a_machine_starts_with_the_very_frame_that_the_agent_looks_for() -> None:
    text = (HERE_OF_NODES / "node" / "closed.nft").read_text()
    assert "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")) == table.new_frame()
