"""Machines whose start was interrupted: the guard finishes it, and nothing that runs is without its network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, cast

import pytest

from support.platforms.embedded import network, nodes
from support.platforms.embedded.layout import Folders, Node
from support.platforms.embedded.podman import Container, Podman
from support.platforms.node_faults import ContainerNodeFaults

NODE = Node(3)
HERE_PID = 1  # a process that lives wherever this runs


class KilledError(Exception):
    """Stands for the end of the process in the middle of a call."""


class Engine:
    """Knows one machine; every way to end a fault can be interrupted."""

    def __init__(self, *, interrupted: bool) -> None:
        self._interrupted = interrupted

    def names(self) -> list[str]:
        return [NODE.name]

    def start(self, _: list[str]) -> None:
        self._perhaps()

    def unpause(self, _: str) -> None:
        self._perhaps()

    def execute(self, *_: str) -> None:
        self._perhaps()

    def _perhaps(self) -> None:
        if self._interrupted:
            raise KilledError


ENDS: dict[str, Callable[[ContainerNodeFaults], None]] = {
    f"power_on-{NODE.name}-1": lambda faults: faults.power_on(NODE.name),
    f"power_on-{NODE.name}-2": lambda faults: faults.power_on_all(),
    f"reconnect-{NODE.name}-1": lambda faults: faults.reconnect(NODE.name),
    f"unfreeze-{NODE.name}-1": lambda faults: faults.unfreeze(NODE.name),
}


@pytest.mark.parametrize("mark", ENDS)
@pytest.mark.parametrize("interrupted", [True, False])
def test_a_fault_counts_as_ended_only_when_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: str, interrupted: bool
) -> None:
    monkeypatch.setenv("HOLDFAST_STATE", str(tmp_path))
    (tmp_path / "faults").mkdir()
    (tmp_path / "faults" / mark).touch()
    faults = ContainerNodeFaults(cast(Any, Engine(interrupted=interrupted)))
    if interrupted:
        with pytest.raises(KilledError):
            ENDS[mark](faults)
    else:
        ENDS[mark](faults)
    assert (tmp_path / "faults" / mark).exists() is interrupted


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What was done to the machine, whether it runs and whether it has its network."""
    seen: dict[str, Any] = {"done": [], "runs": True, "attached": True}
    monkeypatch.setattr(nodes, "RUN_DIR", tmp_path)
    monkeypatch.setattr(nodes, "give_weight", lambda: None)
    monkeypatch.setattr(Podman, "__call__", lambda _, *words, **__: seen["done"].append(words[0]))
    found = Container(NODE.name, "running", HERE_PID)
    monkeypatch.setattr(nodes.Machines, "running", lambda _: [NODE] if seen["runs"] else [])
    monkeypatch.setattr(nodes.Machines, "container", lambda *_: found)
    monkeypatch.setattr(network, "is_attached", lambda *_: seen["attached"])
    monkeypatch.setattr(network, "attach", lambda *_: seen["done"].append("attach"))
    return seen


@pytest.mark.parametrize(
    ("runs", "attached", "done"),
    [(True, True, []), (True, False, ["attach"]), (False, False, ["rm", "run", "attach"])],
)
def test_a_machine_is_started_up_to_its_network(
    world: dict[str, Any], tmp_path: Path, runs: bool, attached: bool, done: list[str]
) -> None:
    world |= {"runs": runs, "attached": attached}
    nodes.Machines(Folders(tmp_path, tmp_path), tmp_path, tmp_path / "kube", [NODE]).start([NODE])
    assert world["done"] == done


@pytest.mark.parametrize(
    ("shown", "attached"),
    [
        ('[{"ifname": "eth0", "addr_info": [{"family": "inet", "local": "198.18.0.13"}]}]', True),
        ('[{"ifname": "eth0", "addr_info": [{"family": "inet6", "local": "fe80::1"}]}]', False),
        ("", False),  # no such card
    ],
)
def test_a_machine_has_its_network_when_it_has_its_address(
    monkeypatch: pytest.MonkeyPatch, shown: str, attached: bool
) -> None:
    monkeypatch.setattr(network, "run", lambda words, **_: CompletedProcess(words, 0, shown, ""))
    assert network.is_attached(NODE, HERE_PID) is attached
