"""A workload is set to another size by hand, past its autoscaler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults.intents import ByItself, Remedy
from support.faults.proof import FaultFailed


@dataclass(slots=True)
class SizeSet:
    """Sets the size of a Deployment that an autoscaler steers."""

    namespace: str
    name: str
    size: int
    kind: str = field(default="size-set", init=False)
    seconds: float = field(default=0.0, init=False)
    _before: int = field(default=0, init=False)
    _generation: int = field(default=0, init=False)

    @property
    def target(self) -> str:
        """Which workload, and to what size."""
        return f"{self.namespace}/{self.name} ({self.size} instances)"

    def rights(self) -> Sequence[Right]:
        """Changing a size."""
        return [Right("patch", "deployments", self.namespace, "scale")]

    def precheck(self, cluster: Cluster) -> str:
        """The workload has another size than it is to get."""
        body = cluster.get("deployments", self.name, self.namespace)
        self._before, self._generation = int(body["spec"]["replicas"]), int(body["metadata"]["generation"])
        if self._before == self.size:
            raise Refusal(
                f"{self.name} has {self.size} instances already.", "Wait until it is at rest.", ExitCode.UNSAFE_TARGET
            )
        return f"{self._before} instances"

    def remedies(self) -> Sequence[Remedy]:
        """The autoscaler; where it fails, the clean-up of the run and the next delivery put the size right."""
        return [ByItself(f"the autoscaler corrects the size; it was {self._before}")]

    def inject(self, cluster: Cluster) -> None:
        """Sets it."""
        self._scale(cluster, self.size)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The workload has been given another size: its settings have changed since. It may be corrected already."""
        del within
        metadata = cluster.get("deployments", self.name, self.namespace)["metadata"]
        if int(metadata["generation"]) == self._generation:
            raise FaultFailed(f"{self.name} was not set to {self.size} instances")
        return f"{self.name} was set from {self._before} to {self.size} instances"

    def revert(self, cluster: Cluster) -> None:
        """Sets the former size again unless it has been corrected meanwhile."""
        if int(cluster.get("deployments", self.name, self.namespace)["spec"]["replicas"]) == self.size:
            self._scale(cluster, self._before)

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """The size is no longer the one that was set."""
        del within
        size = int(cluster.get("deployments", self.name, self.namespace)["spec"]["replicas"])
        if size == self.size:
            raise FaultFailed(f"{self.name} still has {size} instances")
        return f"{self.name} has {size} instances"

    def _scale(self, cluster: Cluster, size: int) -> None:
        body = {"spec": {"replicas": size}}
        cluster.patch("deployments", self.name, body, self.namespace, subresource="scale")
