"""What every platform offers: a cluster that comes up and goes away, images loaded, and faults of its machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class NodeState:
    """One machine of the cluster as the platform sees it from outside."""

    name: str
    powered: bool
    detail: str
    since: float = 0.0  # when it was last given power, in seconds of the wall clock; 0: not known


@dataclass(frozen=True)
class PlatformStatus:
    """What a platform can say of itself without asking the cluster."""

    name: str
    running: bool
    summary: str
    nodes: Sequence[NodeState] = ()


@dataclass(frozen=True)
class Need:
    """One thing that `doctor` looks at: is it there, and if not, how to get it."""

    what: str
    present: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class ImageArchive:
    """A docker-archive with the images named; the digest tells whether a node has it already."""

    path: Path
    digest: str
    names: Sequence[str] = field(default=())

    @property
    def family(self) -> str:
        """What it is an archive of: its name without the digest. A later one has images of the same names."""
        return self.path.stem.rpartition("-")[0]


# Builds archives when it is called: building needs tools that only `up` makes sure of.
Archives = Callable[[], Sequence[ImageArchive]]


class NodeFaults(Protocol):
    """Faults of whole machines. Each arms its own end first, so that it ends also when the caller is killed.

    `back_after` is in seconds. The ending calls are idempotent: ending what has ended already is no error.
    """

    def power_off(self, node: str, *, back_after: float) -> None:
        """Cut the power of a machine; every process on it is gone when this returns."""

    def power_on(self, node: str) -> None:
        """Give the machine its power back; returns when it has booted, not when Kubernetes calls it ready."""

    def is_powered(self, node: str) -> bool:
        """Whether processes of the machine run."""

    def cut_off(self, node: str, *, back_after: float) -> None:
        """Drop every packet between the machine and the others, both ways; what is on it goes on running."""

    def reconnect(self, node: str) -> None:
        """End a cut."""

    def is_connected(self, node: str) -> bool:
        """Whether packets pass."""

    def freeze(self, node: str, *, back_after: float) -> None:
        """Stop every process of the machine without ending it."""

    def unfreeze(self, node: str) -> None:
        """Let a frozen machine go on."""

    def is_frozen(self, node: str) -> bool:
        """Whether the machine is frozen."""

    def power_off_all(self, *, back_after: float) -> None:
        """Cut the power of all machines at once."""

    def power_on_all(self) -> None:
        """Give all machines their power back."""


class Platform(Protocol):
    """A way to have a Kubernetes cluster."""

    name: str

    @property
    def kubeconfig(self) -> Path | None:
        """Where its kubeconfig lies; None: the user's own."""

    @property
    def node_faults(self) -> NodeFaults | None:
        """Faults of machines, or None where the platform cannot give them."""

    def up(self, nodes: int, archives: Archives = tuple) -> None:
        """Bring the cluster up or repair it, with the images of `archives()` in it; quick when it runs.

        Raises Refusal.
        """

    def down(self, *, purge: bool = False) -> None:
        """Remove the cluster; with purge its build results too."""

    def status(self) -> PlatformStatus:
        """How it stands, without changing anything."""

    def doctor(self) -> list[Need]:
        """What it needs of this machine, and what is missing."""

    def load_images(self, archives: Sequence[ImageArchive]) -> None:
        """Make images known to every node; what a node has already is not loaded again."""
