"""What must be true before anything may be broken; each refusal is one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import NotFound
from support.errors import ExitCode, Refusal
from support.faults import intents
from support.observers.install import NAMESPACE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Right:
    """One thing the suite must be allowed to do."""

    verb: str
    kind: str
    namespace: str | None = None
    subresource: str = ""

    def __str__(self) -> str:
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.kind}{'/' + self.subresource if self.subresource else ''}{place}"


_BOOKKEEPING = (
    Right("create", "configmaps", NAMESPACE),
    Right("delete", "configmaps", NAMESPACE),
    Right("create", "leases", NAMESPACE),
)


@dataclass(frozen=True, slots=True)
class Guards:
    """The conditions of one platform, from its profile; `check` asks them all and changes nothing."""

    cluster: Cluster
    run: str
    context: str = ""  # the only context allowed; empty: any
    fingerprint: str = ""  # uid of the namespace kube-system; empty: any cluster
    opt_in: str = "holdfast.dev/faults=allowed"
    _protected: tuple[str, ...] = field(default=("default", NAMESPACE), repr=False)

    def check(self, namespace: str, rights: Sequence[Right], *, alongside: bool = False) -> None:
        """Raises Refusal unless a fault in this namespace (empty: of a machine) is allowed now.

        `alongside` allows a second fault of the same run, and a system that is no longer whole.
        """
        self._right_cluster()
        if namespace:
            self._right_namespace(namespace)
        self._rights([*_BOOKKEEPING, *rights])
        self._nothing_open(alongside)
        if namespace and not alongside:
            self._whole(namespace)

    def _right_cluster(self) -> None:
        if self.context and self.cluster.context != self.context:
            raise Refusal(
                f"The profile allows faults under the context {self.context} only, this is {self.cluster.context}.",
                f"Choose it with HOLDFAST_CONTEXT={self.context}, or name this one in the profile (kube.context).",
                ExitCode.WRONG_CONTEXT,
            )
        if not self.fingerprint:
            return
        found = self.cluster.get("namespaces", "kube-system")["metadata"]["uid"]
        if found != self.fingerprint:
            raise Refusal(
                f"This is another cluster than the profile was written for (its kube-system has uid {found}).",
                "Check the kubeconfig, or correct kube.fingerprint in the profile.",
                ExitCode.UNSAFE_TARGET,
            )

    def _right_namespace(self, namespace: str) -> None:
        if namespace in self._protected or namespace.startswith("kube-"):
            raise Refusal(
                f"Nothing is ever broken in the namespace {namespace}.",
                "Let the system under test live in a namespace of its own.",
                ExitCode.UNSAFE_TARGET,
            )
        label, _, value = self.opt_in.partition("=")
        try:
            found = self.cluster.get("namespaces", namespace)["metadata"].get("labels", {})
        except NotFound as error:
            raise Refusal(
                f"There is no namespace {namespace}.",
                "Deliver the system first, or correct kube.namespace in the profile.",
                ExitCode.UNSAFE_TARGET,
            ) from error
        if found.get(label) != value:
            raise Refusal(
                f"The namespace {namespace} has not agreed to faults.",
                f"If it is meant for tests: kubectl label namespace {namespace} {self.opt_in}",
                ExitCode.UNSAFE_TARGET,
            )

    def _rights(self, rights: Sequence[Right]) -> None:
        missing = [
            right
            for right in dict.fromkeys(rights)
            if not self.cluster.allowed(right.verb, right.kind, right.namespace, right.subresource)
        ]
        if missing:
            raise Refusal(
                f"This account may not {', '.join(str(right) for right in missing)}.",
                "Grant it with a Role and a RoleBinding, or run without the disruptive scenarios.",
                ExitCode.MISSING_RIGHT,
            )

    def _nothing_open(self, alongside: bool) -> None:
        for intent in intents.read_all(self.cluster):
            if alongside and intent.run == self.run:
                continue
            raise Refusal(
                f"A fault is still open: {intent.kind} at {intent.target}, of run {intent.run}.",
                "Wait until it is over, or end it now: uv run holdfast halt",
                ExitCode.IN_THE_WAY,
            )

    def _whole(self, namespace: str) -> None:
        """No pod of the system may be away already: a second blow would be judged as the first one's effect."""
        for pod in self.cluster.list("pods", namespace):
            phase = pod.get("status", {}).get("phase")
            if phase == "Succeeded" or is_ready(pod):
                continue
            raise Refusal(
                f"The pod {pod['metadata']['name']} in {namespace} is not ready already.",
                f"Look at it first: kubectl -n {namespace} describe pod {pod['metadata']['name']}",
                ExitCode.UNSAFE_TARGET,
            )


def is_ready(pod: Json) -> bool:
    """Whether a pod is Ready and not on its way out."""
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def refuse_control_plane(cluster: Cluster, machine: str) -> None:
    """Raises Refusal unless a machine exists, is Ready, carries no control plane, and is not the last one."""
    nodes = {node["metadata"]["name"]: node for node in cluster.list("nodes")}
    remedy = f"There are {', '.join(sorted(nodes))}."
    if machine not in nodes:
        raise Refusal(f"There is no machine {machine}.", remedy, ExitCode.UNSAFE_TARGET)
    if "node-role.kubernetes.io/control-plane" in nodes[machine]["metadata"].get("labels", {}):
        raise Refusal(
            f"The machine {machine} carries the control plane: with it gone, nothing could be observed or mended.",
            "Move what is to be hit to another machine first.",
            ExitCode.UNSAFE_TARGET,
        )
    away = [name for name, node in nodes.items() if not is_ready(node)]
    if away:
        raise Refusal(
            f"The machine {away[0]} is not ready already.",
            "Wait until all machines are ready: kubectl get nodes",
            ExitCode.UNSAFE_TARGET,
        )
