"""A pod is deleted, with or without notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.errors import NotFound
from support.errors import ExitCode, Refusal
from support.faults.base import LeavesNothing
from support.faults.guards import Right, is_ready
from support.faults.proof import seen
from support.waiting import Deadline


@dataclass(slots=True)
class PodDeleted(LeavesNothing):
    """Deletes a pod: graceful with its own notice (`grace` None), forced with 0."""

    namespace: str
    pod: str
    grace: int | None = None  # seconds
    kind: str = field(default="pod-deleted", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the pod's controller makes another one", init=False)
    _uid: str = field(default="", init=False)

    @property
    def target(self) -> str:
        """Which pod, and how."""
        return f"{self.namespace}/{self.pod} ({'graceful' if self.grace is None else f'grace {self.grace} s'})"

    def rights(self) -> Sequence[Right]:
        """Deleting pods."""
        return [Right("delete", "pods", self.namespace)]

    def precheck(self, cluster: Cluster) -> str:
        """The pod exists and is ready."""
        pod = cluster.get("pods", self.pod, self.namespace)
        if not is_ready(pod):
            raise Refusal(
                f"The pod {self.pod} is not ready already.", "Wait until the system is whole.", ExitCode.UNSAFE_TARGET
            )
        self._uid = pod["metadata"]["uid"]
        return f"uid {self._uid}"

    def inject(self, cluster: Cluster) -> None:
        """Deletes it."""
        cluster.delete("pods", self.pod, self.namespace, grace=self.grace)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """No pod of this uid exists any more."""

        def look(_: Deadline) -> bool:
            try:
                return bool(cluster.get("pods", self.pod, self.namespace)["metadata"]["uid"] == self._uid)
            except NotFound:
                return False

        seen(look, equal_to(False), within, f"The pod {self.pod} must be gone")
        return f"pod {self.pod} with uid {self._uid} is gone"
