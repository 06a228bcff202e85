"""Does this platform have what a scenario needs? Decided in one place, each answer with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from support.cluster import ApiError, Cluster, Json
from support.faults import volumes
from support.faults.processes import Place
from support.platforms.base import Platform
from support.profiles import Profile
from support.running import fence_gate
from support.running.tags import Tag


class Needs:
    """Asks the live cluster, the platform and the profile; each question at most once in a run."""

    def __init__(self, cluster: Cluster, platform: Platform, profile: Profile, run: str = "run") -> None:
        self._cluster, self._platform, self._profile, self._run = cluster, platform, profile, run

    def lacking(self, needs: Iterable[Tag]) -> str:
        """Why a scenario with these needs cannot run here; empty when it can."""
        return "; ".join(reason for reason in map(self._lacking, needs) if reason)

    def _lacking(self, need: Tag) -> str:
        word = need.name.removeprefix("needs.")
        special: dict[str, Callable[[], str]] = {
            "nodes.2": lambda: self._machines(2),
            "nodes.3": lambda: self._machines(3),
            "node_power": self._node_faults,
            "node_network": self._node_faults,
            "metrics": self._metrics,
            "ingress": self._ingress,
            "fences": self._fences,
            "sized_volumes": self._sized_volumes,
        }
        if word in special:
            return special[word]()
        available = bool(getattr(self._profile.capabilities, word))
        return "" if available else f"the profile says that {word.replace('_', ' ')} is not available here"

    def _machines(self, number: int) -> str:
        ready = [body for body in self._nodes if _is_ready(body)]
        return "" if len(ready) >= number else f"needs {number} machines, {len(ready)} are ready"

    @cached_property
    def _nodes(self) -> list[Json]:
        return self._cluster.list("nodes")

    def _node_faults(self) -> str:
        given = self._platform.node_faults
        return "" if given else f"the platform {self._platform.name} cannot make machines fail"

    def _metrics(self) -> str:
        """One that is there and does not answer is no lack: that the shop can do with it is what is promised."""
        try:
            self._cluster.get("apiservices", "v1beta1.metrics.k8s.io")
        except ApiError:
            return "there is no metrics API"
        return ""

    def _fences(self) -> str:
        if not self._profile.capabilities.fences:
            return "the profile says that fences are not available here"
        return fence_gate.lacking(self._cluster, self._run)

    def _sized_volumes(self) -> str:
        """Where nobody can be asked, nothing is lacking: the fault itself refuses a volume without a size."""
        part = self._profile.part("database")
        pods = self._cluster.list("pods", self._profile.kube.namespace, part.selector)
        ready = [body["metadata"]["name"] for body in pods if _is_ready(body)]
        if not (part.volume and ready):
            return ""
        return volumes.lacking(
            self._cluster, Place(self._profile.kube.namespace, ready[0], part.container), part.volume.path
        )

    def _ingress(self) -> str:
        found = self._cluster.list("ingresses", self._profile.kube.namespace)
        return "" if found or self._profile.entrance.address else "there is no public entrance"


def _is_ready(body: Json) -> bool:
    conditions = body.get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
