"""Faults of processes inside a pod: frozen for a time, or killed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hamcrest import equal_to, not_

from support.cluster.client import Cluster
from support.cluster.errors import NotFound, Unreachable
from support.cluster.execution import ExecResult
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults import scripts
from support.faults.guards import is_ready
from support.faults.intents import ByItself, InContainer, Remedy
from support.faults.proof import FaultFailed, seen
from support.faults.scripts import Processes
from support.waiting import Deadline

Json = dict[str, Any]

_COMMAND_S = 10.0  # seconds for one command in a container; they do their work in milliseconds
_STOPPED = "T"  # the state that /proc shows for a stopped process
# Ended by itself meanwhile: a child of a process that stands still remains as a zombie, and runs nothing.
_ENDED = {"gone", "Z"}


@dataclass(frozen=True, slots=True)
class Place:
    """One container of one pod."""

    namespace: str
    pod: str
    container: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod}"


class InOneContainer:
    """The part of a fault that strikes one container by commands in it."""

    __slots__ = ()
    place: Place

    @property
    def namespace(self) -> str:
        """The namespace of its pod."""
        return self.place.namespace

    def rights(self) -> Sequence[Right]:
        """Commands in the pod."""
        return [Right("create", "pods", self.namespace, "exec")]


@dataclass(frozen=True, slots=True)
class ContainerState:
    """Which pod and which start of its container this is."""

    uid: str
    started: str  # id of the running container, empty while there is none
    restarts: int


@dataclass(slots=True)
class ProcessesFrozen:
    """Stops processes in one or several pods for `seconds`; each pod's end is armed inside it before the stop."""

    places: Sequence[Place]
    which: Sequence[Processes]
    seconds: float
    kind: str = field(default="processes-frozen", init=False)
    _uids: dict[Place, str] = field(default_factory=dict, init=False)
    _pids: dict[Place, list[int]] = field(default_factory=dict, init=False)

    @property
    def target(self) -> str:
        """Which processes of which pods."""
        return f"{' and '.join(self.which)} in {', '.join(str(place) for place in self.places)}"

    @property
    def namespace(self) -> str:
        """The namespace of the pods."""
        return self.places[0].namespace

    def rights(self) -> Sequence[Right]:
        """Commands in the pods."""
        return [Right("create", "pods", self.namespace, "exec")]

    def precheck(self, cluster: Cluster) -> str:
        """The pods are ready."""
        self._uids = {place: container_state(cluster, place, must_be_ready=True).uid for place in self.places}
        return "running"

    def remedies(self) -> Sequence[Remedy]:
        """Let everything go on that stands still."""
        return [
            InContainer(place.namespace, place.pod, self._uids[place], place.container, scripts.resume())
            for place in self.places
        ]

    def inject(self, cluster: Cluster) -> None:
        """Stops them, pod after pod."""
        for place in self.places:
            told = _run(cluster, place, scripts.freeze(self.which, self.seconds))
            self._pids[place] = [int(word) for word in told.split()]

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """Every process that still exists is stopped, and there is at least one in each pod."""
        for place, pids in self._pids.items():
            seen(self._states(cluster, place, pids), equal_to({_STOPPED}), within, f"{place} must stand still")
        return ", ".join(f"{place}: {len(pids)} processes in state T" for place, pids in self._pids.items())

    def revert(self, cluster: Cluster) -> None:
        """Lets them go on; a pod that is gone has nothing left to mend."""
        for place in self.places:
            with contextlib.suppress(NotFound):
                _run(cluster, place, scripts.resume())

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """None of them is stopped any more."""
        for place, pids in self._pids.items():
            look = self._states(cluster, place, pids)
            seen(look, not_(equal_to({_STOPPED})), within, f"{place} must go on")
        return "no process is stopped"

    def _states(self, cluster: Cluster, place: Place, pids: Sequence[int]) -> Callable[[Deadline], set[str]]:
        def look(_: Deadline) -> set[str]:
            lines = _run(cluster, place, scripts.states(pids)).splitlines()
            found = {line.split()[1] for line in lines}
            return {_STOPPED} if found - _ENDED == {_STOPPED} else found - {_STOPPED}

        return look


@dataclass(slots=True)
class ProcessesKilled(InOneContainer):
    """Ends processes of one pod without notice, all at once."""

    place: Place
    which: Sequence[Processes]
    kind: str = field(default="processes-killed", init=False)
    seconds: float = field(default=0.0, init=False)
    _before: ContainerState | None = field(default=None, init=False)

    @property
    def target(self) -> str:
        """Which processes of which pod."""
        return f"{' and '.join(self.which)} in {self.place}"

    def precheck(self, cluster: Cluster) -> str:
        """The pod is ready."""
        self._before = container_state(cluster, self.place, must_be_ready=True)
        return f"container {self._before.started}, {self._before.restarts} restarts"

    def remedies(self) -> Sequence[Remedy]:
        """The container is started again by its machine."""
        return [ByItself("the container is started again")]

    def inject(self, cluster: Cluster) -> None:
        """Kills. The container may end before its shell has told so: the proof is what counts."""
        with contextlib.suppress(Unreachable):
            answer = _exec(cluster, self.place, scripts.kill(self.which))
            if answer.code in (64, 65):  # the script's own refusals
                raise FaultFailed(f"{self.target}: {answer.stderr.strip()}")

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The container that ran before runs no more."""
        before = self._before

        def look(_: Deadline) -> bool:
            now = container_state(cluster, self.place)
            return before is not None and now.uid == before.uid and now.started == before.started

        seen(look, equal_to(False), within, f"The container of {self.place} must have ended")
        return f"the container of {self.place} was ended and is started again"

    def revert(self, cluster: Cluster) -> None:
        """Nothing to do."""

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """A container runs again."""

        def look(_: Deadline) -> bool:
            return bool(container_state(cluster, self.place).started)

        seen(look, equal_to(True), within, f"A container must run in {self.place}")
        return f"a container runs in {self.place} again"


def container_state(cluster: Cluster, place: Place, *, must_be_ready: bool = False) -> ContainerState:
    """How a container stands. Raises NotFound; Refusal when it must be ready and is not."""
    pod = cluster.get("pods", place.pod, place.namespace)
    if must_be_ready and not is_ready(pod):
        raise Refusal(
            f"The pod {place.pod} is not ready already.", "Wait until the system is whole.", ExitCode.UNSAFE_TARGET
        )
    statuses = pod.get("status", {}).get("containerStatuses", [])
    status: Json = next((one for one in statuses if one["name"] == place.container), {})
    running = "running" in status.get("state", {})
    started = str(status.get("containerID", "")) if running else ""
    return ContainerState(pod["metadata"]["uid"], started, int(status.get("restartCount", 0)))


def _run(cluster: Cluster, place: Place, command: Sequence[str]) -> str:
    answer = _exec(cluster, place, command)
    if answer.code:
        raise FaultFailed(f"a command in {place} ended with {answer.code}: {answer.stderr.strip()}")
    return answer.stdout


def _exec(cluster: Cluster, place: Place, command: Sequence[str]) -> ExecResult:
    return cluster.exec(place.namespace, place.pod, command, container=place.container, within=_COMMAND_S)
