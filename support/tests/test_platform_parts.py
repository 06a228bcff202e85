"""The embedded platform's parts that need no cluster."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from support.errors import ExitCode, Refusal
from support.platforms import by_name, commands
from support.platforms.base import ImageArchive
from support.platforms.commands import CommandFailed
from support.platforms.embedded import cache, kubeadm, machine, network, readiness
from support.platforms.embedded.cluster import Cluster
from support.platforms.embedded.layout import Folders, Node

NOW = 1_760_000_000.0  # some moment of the wall clock
STAMP = "2025-10-09T08:53:20Z"  # the same moment as the API writes it


def test_an_interrupted_build_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    target = tmp_path / "thing"

    def breaks(unfinished: Path) -> None:
        unfinished.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.build_once(target, breaks)
    assert not target.exists()
    assert cache.build_once(target, lambda unfinished: unfinished.write_text("whole")).read_text() == "whole"  # type: ignore[arg-type]


def test_what_is_built_is_not_built_again(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    target.write_text("there")
    cache.build_once(target, lambda _: pytest.fail("built again"))


def test_digest_sees_names_contents_and_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = cache.digest([tmp_path, "x"])
    assert first == cache.digest([tmp_path, "x"])
    assert first != cache.digest(["x", tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    assert first != cache.digest([tmp_path, "x"])


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Refusal) as refused:
        machine.require_root()
    assert refused.value.exit_code == ExitCode.NOT_ROOT
    assert "sudo" in refused.value.remedy


def test_a_full_disk_is_named_with_its_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "free_gib", lambda _: 1.5)
    with pytest.raises(Refusal, match=r"18 GiB are needed .* 1\.5 GiB are free") as refused:
        machine.require_disk(Folders(tmp_path / "cache", tmp_path / "state"), warm=False)
    assert refused.value.exit_code == ExitCode.NO_DISK_SPACE


def test_a_network_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '[{"ifname": "lab0", "addr_info": [{"local": "198.18.7.1"}]}]'
    monkeypatch.setattr(network, "run", lambda *_, **__: type("Done", (), {"stdout": answer}))
    with pytest.raises(Refusal, match=r"lab0 has 198\.18\.7\.1") as refused:
        network.refuse_if_taken()
    assert refused.value.exit_code == ExitCode.IN_THE_WAY


def test_limits_never_exceed_the_machines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (64, 4096))
    assert machine.ulimits() == ["nofile=4096:4096", "nproc=4096:4096"]


def test_the_machines_share_what_the_host_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(machine, "memory_gib", lambda: 24.0)
    memory = "16384Mi"  # 8 of the 24 GiB for each machine; of the 2000 millicores 593, and 220 more for the first
    assert kubeadm.kubelet_settings(3)["systemReserved"] == {"cpu": "1407m", "memory": memory}
    assert kubeadm.kubelet_patch(3) == {"systemReserved": {"cpu": "1187m", "memory": memory}}
    assert kubeadm.kubelet_patch(1)["systemReserved"]["cpu"] == "0m"


def test_nodes_have_fixed_names_and_addresses() -> None:
    assert (Node(2).name, Node(2).address, Node(2).pod_range) == ("holdfast-2", "198.18.0.12", "198.19.2.0/24")
    assert [Node(n).control_plane for n in (1, 2, 3)] == [True, False, False]


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(Refusal, match="embedded, kind, existing"):
        by_name("moon")


def test_a_failed_command_says_its_last_words() -> None:
    with pytest.raises(commands.CommandFailed, match="ended with 3: no space left"):
        commands.run(["sh", "-c", "echo no space left >&2; exit 3"])


def test_a_missing_program_is_named() -> None:
    with pytest.raises(commands.CommandFailed, match="no-such-program is not installed"):
        commands.run(["no-such-program"])


def _node(heartbeat: str = STAMP, ready: str = "True") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat}]
    return {"kind": "Node", "metadata": {"name": "holdfast-1"}, "status": {"conditions": conditions}}


def _workload(name: str, ready: int = 1) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"replicas": 1},
        "status": {"readyReplicas": ready},
    }


def _pod(started: str = STAMP) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": "coredns-1", "namespace": "kube-system"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"state": {"running": {"startedAt": started}}}],
        },
    }


WORKLOADS = [_workload(name) for name in ("a", "b", "c", "d", "e", "f")]


def test_a_complete_cluster_lacks_nothing() -> None:
    assert readiness.missing([_node(), *WORKLOADS, _pod()], ["holdfast-1"], since=NOW) == []


@pytest.mark.parametrize(
    ("items", "lacking"),
    [
        ([_node(ready="Unknown"), *WORKLOADS], ["machine holdfast-1"]),
        (WORKLOADS, ["machine holdfast-1"]),
        ([_node(heartbeat="2025-10-09T08:50:00Z"), *WORKLOADS], ["machine holdfast-1"]),
        ([_node(), *WORKLOADS[:5]], ["add-ons"]),
        ([_node(), *WORKLOADS[:5], _workload("f", ready=0)], ["f"]),
        ([_node(), *WORKLOADS, _pod(started="2025-10-09T08:50:00Z")], ["coredns-1"]),
    ],
    ids=[
        "not ready",
        "no machine",
        "not heard of since the start",
        "no add-on",
        "not complete",
        "pod of before the cut",
    ],
)
def test_what_is_not_ready_is_named(items: list[dict[str, Any]], lacking: list[str]) -> None:
    assert readiness.missing(items, ["holdfast-1"], since=NOW) == lacking


@pytest.mark.parametrize(
    ("fails", "message", "good", "times"),
    [
        (0, "", True, 1),
        (2, "parent snapshot x does not exist", True, 3),
        (3, "parent snapshot x does not exist", False, 3),
        (1, "no space left on device", False, 1),
    ],
)
def test_an_image_is_imported_again_when_its_layers_vanish_meanwhile(
    fails: int, message: str, good: bool, times: int
) -> None:
    calls = []

    def command(*words: Any, **_: Any) -> str:
        calls.append(words)
        if len(calls) <= fails:
            raise CommandFailed(["ctr"], 1, message)
        return ""

    node, archive = MagicMock(), ImageArchive(Path("shop.tar"), "d1")
    cluster = Cluster(MagicMock(podman=MagicMock(exec=command)))
    with contextlib.nullcontext() if good else pytest.raises(CommandFailed):
        cluster._import(node, archive)
    assert len(calls) == times


def test_going_back_to_an_earlier_image_of_the_same_name_imports_it_again(tmp_path: Path) -> None:
    """Or the machines would go on with the later one under that name."""
    imported: list[str] = []

    def command(_: str, words: Any, **__: Any) -> str:
        imported.append(str(words[-1]).rpartition("/")[2])
        return ""

    machines = MagicMock(podman=MagicMock(return_value="v2", exec=command), nodes=[MagicMock()])
    machines.folders.node.return_value = tmp_path
    (tmp_path / "containerd").mkdir()
    cluster = Cluster(machines)
    old, new, other = (ImageArchive(Path(f"{name}.tar"), "") for name in ("shop-0a", "shop-1b", "shop-front-0a"))
    for archive in (old, other, old, new, new, other, old):
        cluster.load([archive])
    assert imported == ["shop-0a.tar", "shop-front-0a.tar", "shop-1b.tar", "shop-0a.tar"]
