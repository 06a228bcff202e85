"""The embedded cluster's machines as the faults of machines see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from support.platforms.embedded.layout import Node
from support.platforms.embedded.nodes import Machines


@dataclass(frozen=True)
class PodmanEngine:
    """See support.platforms.node_faults.Engine."""

    machines: Machines
    platform: str = "embedded"

    def _nodes(self, names: Sequence[str]) -> list[Node]:
        return [node for node in self.machines.nodes if node.name in names]

    def names(self) -> Sequence[str]:
        return [node.name for node in self.machines.nodes]

    def running(self) -> Collection[str]:
        return [node.name for node in self.machines.running()]

    def frozen(self) -> Collection[str]:
        return [container.name for container in self.machines.podman.containers() if container.state == "paused"]

    def kill(self, names: Sequence[str]) -> None:
        self.machines.kill(self._nodes(names))

    def start(self, names: Sequence[str]) -> None:
        self.machines.start(self._nodes(names))

    def pause(self, name: str) -> None:
        self.machines.podman("pause", name)

    def unpause(self, name: str) -> None:
        self.machines.podman("unpause", name, check=False)

    def execute(self, name: str, script: str, *, detached: bool = False) -> str:
        return self.machines.podman("exec", *(["--detach"] if detached else []), name, "sh", "-c", script)
