"""Pods are deleted, with or without notice, or asked for as maintenance does."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, NotFound
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults.base import LeavesNothing
from support.faults.guards import is_ready
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
            return _is_there(cluster, self.namespace, self.pod, self._uid)

        seen(look, equal_to(False), within, f"The pod {self.pod} must be gone")
        return f"pod {self.pod} with uid {self._uid} is gone"


_NOT_NOW = 429  # the API server's "too many": the disruption budget does not allow it now


@dataclass(slots=True)
class PodsEvicted(LeavesNothing):
    """Asks for several pods, one straight after the other, before any of them can be replaced.

    A refusal is no failure of the fault: `refused` tells it afterwards, by pod.
    """

    namespace: str
    pods: Sequence[str]
    kind: str = field(default="pods-evicted", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the controllers of the pods make others", init=False)
    refused: dict[str, str] = field(default_factory=dict, init=False)
    _uids: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def target(self) -> str:
        """Which pods."""
        return f"{self.namespace}/{', '.join(self.pods)}"

    def rights(self) -> Sequence[Right]:
        """Asking for pods as maintenance does."""
        return [Right("create", "pods", self.namespace, "eviction")]

    def precheck(self, cluster: Cluster) -> str:
        """The pods exist and are ready."""
        for name in self.pods:
            pod = cluster.get("pods", name, self.namespace)
            if not is_ready(pod):
                raise Refusal(
                    f"The pod {name} is not ready already.", "Wait until the system is whole.", ExitCode.UNSAFE_TARGET
                )
            self._uids[name] = pod["metadata"]["uid"]
        return ", ".join(f"{name} uid {uid}" for name, uid in self._uids.items())

    def inject(self, cluster: Cluster) -> None:
        """Asks for them in their order."""
        for name in self.pods:
            try:
                cluster.evict(name, self.namespace)
            except ApiError as error:
                if error.status != _NOT_NOW:
                    raise
                self.refused[name] = error.message

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """No pod that was granted exists any more, and those that were refused are still there."""

        def look(_: Deadline) -> list[str]:
            granted = {name: uid for name, uid in self._uids.items() if name not in self.refused}
            return [name for name, uid in granted.items() if _is_there(cluster, self.namespace, name, uid)]

        seen(look, equal_to([]), within, f"The granted ones of {self.target} must be gone")
        granted = [name for name in self.pods if name not in self.refused]
        return f"granted: {', '.join(granted) or 'none'}; refused: {', '.join(self.refused) or 'none'}"


def _is_there(cluster: Cluster, namespace: str, name: str, uid: str) -> bool:
    try:
        return bool(cluster.get("pods", name, namespace)["metadata"]["uid"] == uid)
    except NotFound:
        return False


@dataclass(slots=True)
class AllPodsDeleted(LeavesNothing):
    """Deletes every pod of a namespace by force, all at once."""

    namespace: str
    kind: str = field(default="all-pods-deleted", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the controllers make every pod anew", init=False)
    _uids: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def target(self) -> str:
        """The namespace."""
        return f"every pod in {self.namespace} (grace 0 s)"

    def rights(self) -> Sequence[Right]:
        """Deleting pods."""
        return [Right("list", "pods", self.namespace), Right("delete", "pods", self.namespace)]

    def precheck(self, cluster: Cluster) -> str:
        """There are pods; that they are whole was seen by the guards."""
        self._uids = _uids(cluster, self.namespace)
        if not self._uids:
            raise Refusal(f"There is no pod in {self.namespace}.", "Deliver the system first.", ExitCode.UNSAFE_TARGET)
        return f"{len(self._uids)} pods"

    def inject(self, cluster: Cluster) -> None:
        """Deletes them side by side: one after the other, the first would be back before the last is gone."""
        with ThreadPoolExecutor(max_workers=len(self._uids)) as pool:
            list(pool.map(lambda name: cluster.delete("pods", name, self.namespace, grace=0), self._uids))

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """None of the pods of before exists any more."""

        def look(_: Deadline) -> set[str]:
            return set(self._uids.values()) & set(_uids(cluster, self.namespace).values())

        seen(look, equal_to(set()), within, f"Every pod of before must be gone in {self.namespace}")
        return f"{len(self._uids)} pods are gone"


def _uids(cluster: Cluster, namespace: str) -> dict[str, str]:
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in cluster.list("pods", namespace)}
