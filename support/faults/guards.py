"""What must be true before anything may be broken; each refusal is one sentence with its remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, NotFound
from support.cluster.rights import Right, lacking
from support.errors import ExitCode, Refusal
from support.faults import intents
from support.observers.install import NAMESPACE

Json = dict[str, Any]

_LONGEST_S = 600.0  # seconds of one fault: twice the longest that a promise asks for, and still a coffee break
_MOST_OPEN = 4  # faults of one run at the same time: more is no failure that a promise speaks of
_WORKLOADS = ("deployments", "statefulsets")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a fault goes: whom it hits and for how long. `machines` are hit with everything on them."""

    pods: Sequence[tuple[str, str]] = ()  # namespace and name
    machines: Sequence[str] = ()
    seconds: float = 0.0
    target: str = ""  # in words


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
    system: str = ""  # the only namespace that may be hit; empty: any that has agreed
    parts: Mapping[str, str] = field(default_factory=dict)  # name -> labels of the instances that may be hit
    destructive: bool = True  # whether a whole part or a machine may be taken away
    watched: bool = False  # whether the janitor and the life sign of the run must be there
    _protected: tuple[str, ...] = field(default=("default", NAMESPACE), repr=False)

    def check(
        self, namespace: str, rights: Sequence[Right], *, alongside: bool = False, reach: Reach | None = None
    ) -> None:
        """Raises Refusal unless a fault in this namespace (empty: of a machine) is allowed now.

        `alongside` allows a second fault of the same run, and a system that is no longer whole.
        """
        try:
            self._ask(namespace, rights, alongside, reach or Reach())
        except ApiError as error:
            raise Refusal(
                f"Nobody could make sure that this is safe to break ({error}).",
                "Let the account read what is asked here, or wait until the cluster answers.",
                ExitCode.MISSING_RIGHT if error.status in (401, 403) else ExitCode.UNSAFE_TARGET,
            ) from error

    def check_place(self, namespace: str) -> None:
        """The part of `check` that must hold before even the janitor is brought into a cluster."""
        try:
            self._right_cluster()
            self._right_namespace(namespace)
            self._rights(_BOOKKEEPING)
        except ApiError as error:
            raise Refusal(
                f"Nobody could make sure that this is the right place ({error}).", "", ExitCode.UNSAFE_TARGET
            ) from error

    def _ask(self, namespace: str, rights: Sequence[Right], alongside: bool, reach: Reach) -> None:
        self._right_cluster()
        for one in dict.fromkeys([namespace, *(place for place, _ in reach.pods)]):
            if one:
                self._right_namespace(one)
        self._bounded(reach)
        self._rights([*_BOOKKEEPING, *rights])
        self._nothing_open(alongside, reach)
        self._mended_by_somebody(alongside)
        if namespace and not alongside:
            self._whole(namespace)
        self._blast_radius(reach)

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
        if self.system and namespace != self.system:
            raise Refusal(
                f"The system under test lives in {self.system}, not in {namespace}.",
                "Correct kube.namespace in the profile, or leave the other namespace alone.",
                ExitCode.UNSAFE_TARGET,
            )
        label, _, value = self.opt_in.partition("=")
        try:
            body = self.cluster.get("namespaces", namespace)
        except NotFound as error:
            raise Refusal(
                f"There is no namespace {namespace}.",
                "Deliver the system first, or correct kube.namespace in the profile.",
                ExitCode.UNSAFE_TARGET,
            ) from error
        if "deletionTimestamp" in body["metadata"]:
            raise Refusal(
                f"The namespace {namespace} is being removed.", "Deliver the system first.", ExitCode.UNSAFE_TARGET
            )
        if not label or body["metadata"].get("labels", {}).get(label) != value:
            raise Refusal(
                f"The namespace {namespace} has not agreed to faults.",
                f"If it is meant for tests: kubectl label namespace {namespace} {self.opt_in}",
                ExitCode.UNSAFE_TARGET,
            )

    def _rights(self, rights: Sequence[Right]) -> None:
        missing = lacking(self.cluster, rights)
        if missing:
            raise Refusal(
                f"This account may not {', '.join(str(right) for right in missing)}.",
                "Grant it (`uv run holdfast rights` prints what the suite needs), or run nothing that breaks things.",
                ExitCode.MISSING_RIGHT,
            )

    def _bounded(self, reach: Reach) -> None:
        """A fault has an end, and not one that nobody lives to see."""
        if not (math.isfinite(reach.seconds) and 0 <= reach.seconds <= _LONGEST_S):
            raise Refusal(
                f"A fault of {reach.seconds:g} s at {reach.target} is not allowed.",
                f"Let it end after {_LONGEST_S:g} s at most.",
                ExitCode.UNSAFE_TARGET,
            )
        if (reach.machines or len(reach.pods) > 1) and len(set(reach.pods)) != len(reach.pods):
            raise Refusal(
                f"An instance is named twice in {reach.target}.", "Name each of them once.", ExitCode.UNSAFE_TARGET
            )

    def _nothing_open(self, alongside: bool, reach: Reach) -> None:
        found = intents.read_all(self.cluster)
        for intent in found:
            if alongside and intent.run == self.run and not (reach.target and intent.target == reach.target):
                continue
            raise Refusal(
                f"A fault is still open: {intent.kind} at {intent.target}, of run {intent.run}.",
                "Wait until it is over, or end it now: uv run holdfast halt",
                ExitCode.IN_THE_WAY,
            )
        if len(found) >= _MOST_OPEN:
            raise Refusal(f"{len(found)} faults are open already.", "End some of them first.", ExitCode.IN_THE_WAY)

    def _mended_by_somebody(self, alongside: bool) -> None:
        """If this process died now, somebody in the cluster must notice and mend."""
        if not self.watched:
            return
        try:
            self.cluster.get("leases", f"run-{self.run}", NAMESPACE)
            ready = self.cluster.get("deployments", "janitor", NAMESPACE).get("status", {}).get("readyReplicas", 0)
        except NotFound as error:
            raise Refusal(
                f"Nobody would mend what this run breaks ({error}).",
                "Start the run again: it brings the janitor and its own life sign.",
                ExitCode.UNSAFE_TARGET,
            ) from error
        if not ready and not alongside:
            raise Refusal(
                "The janitor, who mends what a dead run has broken, is not ready.",
                f"Look at it first: kubectl -n {NAMESPACE} describe deployment janitor",
                ExitCode.UNSAFE_TARGET,
            )

    def _whole(self, namespace: str) -> None:
        """Nothing of the system may be away already: a second blow would be judged as the first one's effect."""
        pods = self.cluster.list("pods", namespace)
        if not pods:
            raise Refusal(f"There is nothing in {namespace}.", "Deliver the system first.", ExitCode.UNSAFE_TARGET)
        for pod in pods:
            phase = pod.get("status", {}).get("phase")
            if phase == "Succeeded" or is_ready(pod):
                continue
            raise Refusal(
                f"The pod {pod['metadata']['name']} in {namespace} is not ready already.",
                f"Look at it first: kubectl -n {namespace} describe pod {pod['metadata']['name']}",
                ExitCode.UNSAFE_TARGET,
            )
        for kind in _WORKLOADS:
            for workload in self.cluster.list(kind, namespace):
                self._complete(kind, workload, namespace)

    def _complete(self, kind: str, workload: Json, namespace: str) -> None:
        """A pod that is not even there yet is missing as well, and one under replacement is about to be."""
        wanted, status = workload.get("spec", {}).get("replicas", 1), workload.get("status", {})
        behind = status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0)
        if status.get("readyReplicas", 0) < wanted or behind:
            name = workload["metadata"]["name"]
            raise Refusal(
                f"{name} in {namespace} has {status.get('readyReplicas', 0)} of {wanted} instances"
                f"{', and a change is under way' if behind else ''}.",
                f"Look at it first: kubectl -n {namespace} describe {kind} {name}",
                ExitCode.UNSAFE_TARGET,
            )

    def _blast_radius(self, reach: Reach) -> None:
        """Only instances of the system's parts are hit, and all of a part at once only where that is allowed."""
        if reach.machines and not self.destructive:
            raise Refusal(
                f"The profile does not allow to take machines away ({', '.join(reach.machines)}).",
                "Set capabilities.destructive in the profile where the cluster is for tests.",
                ExitCode.UNSAFE_TARGET,
            )
        if reach.target and not (reach.machines or reach.pods or self.destructive):
            raise Refusal(
                f"Whom it hits is not said: {reach.target}; and the profile does not allow to hit everything.",
                "Set capabilities.destructive in the profile where the system is for tests.",
                ExitCode.UNSAFE_TARGET,
            )
        for namespace, name in reach.pods if self.parts else ():
            self._of_a_part(namespace, name)
        if not self.destructive:
            self._somebody_stays(reach)

    def _of_a_part(self, namespace: str, name: str) -> None:
        try:
            labels = self.cluster.get("pods", name, namespace)["metadata"].get("labels", {})
        except NotFound as error:
            raise Refusal(
                f"There is no pod {name} in {namespace}.", "Ask anew who is there.", ExitCode.UNSAFE_TARGET
            ) from error
        if not any(_selected(labels, selector) for selector in self.parts.values()):
            raise Refusal(
                f"The pod {name} in {namespace} belongs to no part of the system.",
                "Name the part in the profile (parts), or leave the pod alone.",
                ExitCode.UNSAFE_TARGET,
            )

    def _somebody_stays(self, reach: Reach) -> None:
        for part, selector in self.parts.items():
            for namespace in {place for place, _ in reach.pods}:
                ready = {pod["metadata"]["name"] for pod in self.cluster.list("pods", namespace, labels=selector)}
                hit = {name for place, name in reach.pods if place == namespace}
                if ready and ready <= hit:
                    raise Refusal(
                        f"Nothing of the part {part} would be left, and the profile does not allow that.",
                        "Set capabilities.destructive in the profile where the system is for tests.",
                        ExitCode.UNSAFE_TARGET,
                    )


def _selected(labels: Mapping[str, str], selector: str) -> bool:
    """Whether labels match a selector of the form "a=b,c=d"."""
    return all(labels.get(key) == value for key, _, value in (term.partition("=") for term in selector.split(",")))


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
