"""A release: the description of a Deployment's pods is changed, and put back exactly as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults.intents import ByPatch, Remedy
from support.faults.proof import seen
from support.waiting import Deadline

Json = dict[str, Any]

_KIND = "deployments"
_TEMPLATE = "/spec/template"


@dataclass(slots=True)
class Released:
    """Changes the pods' template by a strategic merge; it is put back when it ends, or after `seconds` by others."""

    namespace: str
    deployment: str
    change: Json  # of the template
    what: str  # in words, such as "version 2.0.0"
    seconds: float
    kind: str = field(default="released", init=False)
    _uid: str = field(default="", init=False)
    _original: Json = field(default_factory=dict, init=False)

    @property
    def target(self) -> str:
        """What is released where."""
        return f"{self.namespace}/{self.deployment} ({self.what})"

    def rights(self) -> Sequence[Right]:
        """Changing Deployments."""
        return [Right("patch", _KIND, self.namespace)]

    def precheck(self, cluster: Cluster) -> str:
        """No other release is under way; the template is kept to be put back."""
        body = cluster.get(_KIND, self.deployment, self.namespace)
        if not rolled_out(body):
            raise Refusal(
                f"A release of {self.deployment} is under way already.",
                f"Wait for it: kubectl -n {self.namespace} rollout status deployment/{self.deployment}",
                ExitCode.UNSAFE_TARGET,
            )
        self._uid, self._original = body["metadata"]["uid"], body["spec"]["template"]
        return f"revision {body['metadata'].get('annotations', {}).get('deployment.kubernetes.io/revision', '?')}"

    def remedies(self) -> Sequence[Remedy]:
        """The template as it was."""
        return [ByPatch(self.namespace, _KIND, self.deployment, self._uid, self._back())]

    def inject(self, cluster: Cluster) -> None:
        """Releases."""
        body = {"spec": {"template": self.change}}
        cluster.patch(_KIND, self.deployment, body, self.namespace, how="strategic")

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The template is another one and the cluster has begun to roll it out."""
        seen(self._taken_over(cluster, same=False), equal_to(True), within, f"{self.target} must be rolled out")
        return f"{self.what} is being rolled out in {self.deployment}"

    def revert(self, cluster: Cluster) -> None:
        """Puts the template back; harmless when it is as it was."""
        if cluster.get(_KIND, self.deployment, self.namespace)["spec"]["template"] != self._original:
            cluster.patch(_KIND, self.deployment, self._back(), self.namespace, how="json")

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """The template is as it was and the cluster has begun to roll it out."""
        seen(self._taken_over(cluster, same=True), equal_to(True), within, f"{self.target} must be taken back")
        return f"{self.deployment} is described as before"

    def _back(self) -> list[Json]:
        return [{"op": "replace", "path": _TEMPLATE, "value": self._original}]

    def _taken_over(self, cluster: Cluster, *, same: bool) -> Any:
        def look(_: Deadline) -> bool:
            body = cluster.get(_KIND, self.deployment, self.namespace)
            observed = int(body.get("status", {}).get("observedGeneration", 0))
            is_same = bool(body["spec"]["template"] == self._original)
            return is_same is same and observed >= int(body["metadata"]["generation"])

        return look


def rolled_out(body: Json) -> bool:
    """Whether a Deployment runs completely as it is described now."""
    wanted, status = int(body["spec"].get("replicas", 1)), body.get("status", {})
    counts = [int(status.get(name, 0)) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return int(status.get("observedGeneration", 0)) >= int(body["metadata"]["generation"]) and counts == [wanted] * 3
