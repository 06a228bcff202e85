"""A rush of requests, which ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.faults.intents import ByItself, Remedy
from support.faults.proof import seen
from support.observers.install import NAMESPACE
from support.observers.load import LoadRun
from support.waiting import Deadline


@dataclass(slots=True)
class Rush:
    """Load on the system behind `namespace`, from inside the cluster."""

    namespace: str
    load: LoadRun
    kind: str = field(default="rush", init=False)

    @property
    def target(self) -> str:
        """Which system, and how much."""
        return f"{self.namespace} ({self.load.plan.requests} requests in {self.load.plan.seconds} s)"

    @property
    def seconds(self) -> float:
        """When it is over."""
        return float(self.load.plan.seconds)

    def rights(self) -> Sequence[Right]:
        """Jobs in the suite's own namespace."""
        return [Right("create", "jobs", NAMESPACE), Right("create", "secrets", NAMESPACE)]

    def precheck(self, cluster: Cluster) -> str:
        """Nothing to look at: the guards have seen the system whole."""
        del cluster
        return "no rush"

    def remedies(self) -> Sequence[Remedy]:
        """Its own deadline."""
        return [ByItself(f"the Job {self.load.name} ends by its own deadline and removes itself")]

    def inject(self, cluster: Cluster) -> None:
        """Starts it."""
        del cluster
        self.load.start()

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The first requests have been made."""
        del cluster

        def look(_: Deadline) -> bool:
            return self.load.began()

        seen(look, equal_to(True), within, "The load must begin")
        return f"{self.load.name} makes requests"

    def revert(self, cluster: Cluster) -> None:
        """Ends it and takes it away."""
        del cluster
        self.load.remove()

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """Nothing of it runs any more."""

        def look(_: Deadline) -> int:
            return len(cluster.list("pods", NAMESPACE, f"job-name={self.load.name}"))

        seen(look, equal_to(0), within, "The load must be gone")
        return f"{self.load.name} is gone"
