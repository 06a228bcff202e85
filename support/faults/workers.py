"""Background workers are lost in the middle of their work: a whole instance, or one of its working processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults import scripts
from support.faults.base import LeavesNothing
from support.faults.guards import is_ready
from support.faults.pods import PodDeleted
from support.faults.processes import ContainerState, InOneContainer, Place, container_state
from support.faults.proof import FaultFailed, seen
from support.faults.scripts import Processes
from support.waiting import Deadline

_COMMAND_S = 10.0  # seconds for one command in a container; they do their work in milliseconds
# Seconds for which the instance stands still at most: it is gone two seconds after its deletion, which the kubelet
# grants also without a grace period, and in which it could otherwise hand its work back in good order.
_STILL_S = 15.0


@dataclass(slots=True)
class WorkerLost(LeavesNothing):
    """An instance disappears without a last word: its processes stand still, then its pod is deleted by force."""

    place: Place
    kind: str = field(default="worker-lost", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the pod's controller makes another one", init=False)
    _deletion: PodDeleted = field(init=False)

    def __post_init__(self) -> None:
        self._deletion = PodDeleted(self.place.namespace, self.place.pod, 0)

    @property
    def target(self) -> str:
        """Which instance."""
        return f"{self.place} (without a last word)"

    @property
    def namespace(self) -> str:
        """The namespace of the pod."""
        return self.place.namespace

    def rights(self) -> Sequence[Right]:
        """Commands in the pod, and deleting it."""
        return [Right("create", "pods", self.namespace, "exec"), *self._deletion.rights()]

    def precheck(self, cluster: Cluster) -> str:
        """The pod exists and is ready."""
        return self._deletion.precheck(cluster)

    def inject(self, cluster: Cluster) -> None:
        """Stops everything in it, with the end of that armed first, and deletes it."""
        _must(cluster, self.place, scripts.freeze([Processes.APPLICATION], _STILL_S))
        self._deletion.inject(cluster)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """No pod of this identity exists any more."""
        return self._deletion.verify_injected(cluster, within)


@dataclass(slots=True)
class ChildKilled(InOneContainer, LeavesNothing):
    """One child of the main process ends without notice; the main process and the container go on."""

    place: Place
    pid: int
    kind: str = field(default="child-killed", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the main process makes another child", init=False)
    _before: ContainerState | None = field(default=None, init=False)

    @property
    def target(self) -> str:
        """Which process of which pod."""
        return f"child process {self.pid} in {self.place}"

    def precheck(self, cluster: Cluster) -> str:
        """The pod is ready."""
        if not is_ready(cluster.get("pods", self.place.pod, self.place.namespace)):
            sentence = f"The pod {self.place.pod} is not ready already."
            raise Refusal(sentence, "Wait until the system is whole.", ExitCode.UNSAFE_TARGET)
        self._before = container_state(cluster, self.place)
        return f"container {self._before.started}"

    def inject(self, cluster: Cluster) -> None:
        """Kills the child; refuses a process that is none."""
        _must(cluster, self.place, scripts.kill_child(self.pid))

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The child is gone, and the container is the same as before."""

        def look(_: Deadline) -> str:
            return _must(cluster, self.place, scripts.states([self.pid])).split()[-1]

        seen(look, equal_to("gone"), within, f"Process {self.pid} in {self.place} must be gone")
        if container_state(cluster, self.place) != self._before:
            raise FaultFailed(f"the whole container of {self.place} has ended with its child")
        return f"child process {self.pid} in {self.place} is gone, the container goes on"


def _must(cluster: Cluster, place: Place, command: Sequence[str]) -> str:
    answer = cluster.exec(place.namespace, place.pod, command, container=place.container, within=_COMMAND_S)
    if answer.code:
        raise FaultFailed(f"a command in {place} ended with {answer.code}: {answer.stderr.strip()}")
    return answer.stdout
