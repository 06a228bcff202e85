"""Faults of whole machines, given by the platform that carries them; it arms their end itself before it injects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.faults.guards import is_ready, refuse_control_plane
from support.faults.intents import ByPlatform, Remedy
from support.faults.proof import FaultFailed, seen
from support.platforms.base import NodeFaults
from support.waiting import Deadline

Way = Literal["power-off", "cut-off", "freeze"]


@dataclass(frozen=True, slots=True)
class _Calls:
    begin: Callable[..., None]
    end: Callable[[str], None]
    end_name: str
    well: Callable[[str], bool]


@dataclass(slots=True)
class MachineFault:
    """A machine without power, off the network, or frozen, for `seconds` at most.

    Never the machine of the control plane. The intent in the cluster says how the platform ends it.
    """

    node_faults: NodeFaults
    machine: str
    seconds: float
    way: Way
    namespace: str = field(default="", init=False)

    @property
    def kind(self) -> str:
        """Such as machine-power-off."""
        return f"machine-{self.way}"

    @property
    def target(self) -> str:
        """The machine."""
        return f"machine {self.machine}"

    def rights(self) -> Sequence[Right]:
        """Reading machines; the rest is the platform's."""
        return [Right("list", "nodes")]

    def precheck(self, cluster: Cluster) -> str:
        """All machines are ready, and this one carries no control plane."""
        refuse_control_plane(cluster, self.machine)
        return "powered, connected, ready"

    def remedies(self) -> Sequence[Remedy]:
        """The platform's own end."""
        return [ByPlatform(self._calls().end_name, self.machine)]

    def inject(self, cluster: Cluster) -> None:
        """Returns when the machine is away."""
        del cluster
        self._calls().begin(self.machine, back_after=self.seconds)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The platform sees the machine away; Kubernetes notices later (see `noticed`)."""
        del cluster, within
        if self._calls().well(self.machine):
            raise FaultFailed(f"machine {self.machine} is well although its {self.way} was asked for")
        return f"machine {self.machine}: {self.way} seen by the platform"

    def revert(self, cluster: Cluster) -> None:
        """Ends it; harmless when its own end came first."""
        del cluster
        self._calls().end(self.machine)

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """The platform and Kubernetes both see the machine well."""
        if not self._calls().well(self.machine):
            raise FaultFailed(f"machine {self.machine} is still away")
        noticed(cluster, self.machine, ready=True, within=within)
        return f"machine {self.machine} is back and ready"

    def _calls(self) -> _Calls:
        faults = self.node_faults
        if self.way == "power-off":
            return _Calls(faults.power_off, faults.power_on, "power_on", faults.is_powered)
        if self.way == "cut-off":
            return _Calls(faults.cut_off, faults.reconnect, "reconnect", faults.is_connected)
        return _Calls(faults.freeze, faults.unfreeze, "unfreeze", lambda machine: not faults.is_frozen(machine))


def NodePowerOff(node_faults: NodeFaults, machine: str, seconds: float) -> MachineFault:  # noqa: N802 (reads as a kind)
    """The machine loses its power."""
    return MachineFault(node_faults, machine, seconds, "power-off")


def NodeCutOff(node_faults: NodeFaults, machine: str, seconds: float) -> MachineFault:  # noqa: N802 (reads as a kind)
    """The machine is cut off from the others; what is on it goes on running."""
    return MachineFault(node_faults, machine, seconds, "cut-off")


def NodeFrozen(node_faults: NodeFaults, machine: str, seconds: float) -> MachineFault:  # noqa: N802 (reads as a kind)
    """Every process of the machine stands still."""
    return MachineFault(node_faults, machine, seconds, "freeze")


def noticed(cluster: Cluster, machine: str, *, ready: bool, within: float) -> None:
    """Waits until Kubernetes calls a machine ready, or no longer ready. Raises FaultFailed."""

    def look(_: Deadline) -> bool:
        conditions = cluster.get("nodes", machine).get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    word = "ready" if ready else "not ready"
    seen(look, equal_to(ready), within, f"Kubernetes must call the machine {machine} {word}")


@dataclass(slots=True)
class ClusterPowerOff:
    """All machines without power at once, the control plane's too, for `seconds` at most.

    Nothing in the cluster can mend this: the platform has armed the end outside before the power goes, and gives it
    back also when the suite dies. The intent is read by whoever looks when the cluster is back.
    """

    node_faults: NodeFaults
    seconds: float
    namespace: str = field(default="", init=False)
    kind: str = field(default="cluster-power-off", init=False)
    _machines: list[str] = field(default_factory=list, init=False)

    @property
    def target(self) -> str:
        """The machines."""
        return f"all machines ({', '.join(self._machines)})"

    def rights(self) -> Sequence[Right]:
        """Reading machines; the rest is the platform's."""
        return [Right("list", "nodes")]

    def precheck(self, cluster: Cluster) -> str:
        """All machines are ready."""
        nodes = cluster.list("nodes")
        away = [node["metadata"]["name"] for node in nodes if not is_ready(node)]
        if away or not nodes:
            raise FaultFailed(f"not every machine is ready before the fault: {', '.join(away) or 'there is none'}")
        self._machines = sorted(node["metadata"]["name"] for node in nodes)
        return "powered and ready"

    def remedies(self) -> Sequence[Remedy]:
        """The platform's own end, for each machine."""
        return [ByPlatform("power_on", machine) for machine in self._machines]

    def inject(self, cluster: Cluster) -> None:
        """Returns when all machines are off."""
        del cluster
        self.node_faults.power_off_all(back_after=self.seconds)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The platform sees every machine off."""
        del cluster, within
        running = [machine for machine in self._machines if self.node_faults.is_powered(machine)]
        if running:
            raise FaultFailed(f"{', '.join(running)} still has its power")
        return f"{len(self._machines)} machines without power"

    def revert(self, cluster: Cluster) -> None:
        """Gives the power back; harmless when its own end came first."""
        del cluster
        self.node_faults.power_on_all()

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """The API server answers again and calls every machine ready."""
        for machine in self._machines:
            noticed(cluster, machine, ready=True, within=within)
        return f"{len(self._machines)} machines are back and ready"
