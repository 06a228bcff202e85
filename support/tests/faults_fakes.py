"""A cluster in memory for the tests of faults: objects, commands that are written down, rights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, Conflict, NotFound
from support.cluster.execution import ExecResult
from support.cluster.rights import Right
from support.faults.base import LeavesNothing

Json = dict[str, Any]


@dataclass
class Sweep(LeavesNothing):
    """A fault that names nobody: it may hit everything in a namespace, and takes the instance db-0 away."""

    namespace: str
    kind: str = "sweep"
    target: str = "every instance"
    seconds: float = 0.0

    def rights(self) -> Sequence[Right]:
        return []

    def precheck(self, cluster: Cluster) -> str:
        return "there"

    def inject(self, cluster: Cluster) -> None:
        cluster.delete("pods", "db-0", self.namespace)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        return "gone"


class FakeCluster:
    """Answers like the client; `mutations` counts what would have changed something."""

    def __init__(self) -> None:
        self.context = "test"
        self.mutations: list[str] = []
        self.commands: list[tuple[str, Sequence[str]]] = []
        self.objects: dict[tuple[str, str | None, str], Json] = {}
        self.forbidden: set[tuple[str, str]] = set()
        self.kept: dict[str, int] = {}  # pods that are not given to maintenance, and with which status
        self.answer: Callable[[str, Sequence[str]], ExecResult] = lambda pod, command: ExecResult("", "", 0)
        self._version = 0

    def as_cluster(self) -> Cluster:
        return cast(Cluster, self)

    def put(self, kind: str, body: Json, namespace: str | None = None) -> None:
        self._version += 1
        body["metadata"] = {"uid": f"uid-{self._version}", "labels": {}} | body["metadata"]
        body["metadata"]["resourceVersion"] = str(self._version)
        body["metadata"].setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        self.objects[kind, namespace, body["metadata"]["name"]] = body

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        if (kind, namespace, name) not in self.objects:
            raise NotFound(404, "NotFound", name)
        return copy.deepcopy(self.objects[kind, namespace, name])

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Json]:
        key, _, value = labels.partition("=")
        return [
            copy.deepcopy(body)
            for (of, where, _), body in self.objects.items()
            if of == kind and where == namespace and (not labels or body["metadata"]["labels"].get(key) == value)
        ]

    def create(self, kind: str, body: Json, namespace: str | None = None) -> Json:
        self.mutations.append(f"create {kind}")
        if (kind, namespace, body["metadata"]["name"]) in self.objects:
            raise Conflict(409, "AlreadyExists", body["metadata"]["name"])
        self.put(kind, copy.deepcopy(body), namespace)
        return body

    def patch(self, kind: str, name: str, body: Any, namespace: str | None = None, **_: Any) -> Json:
        self.mutations.append(f"patch {kind}")
        found = self.get(kind, name, namespace)
        if isinstance(body, list):  # a JSON patch that replaces one part of the description
            body = {"spec": {body[0]["path"].rpartition("/")[2]: body[0]["value"]}}
        self.put(kind, found | {"spec": found.get("spec", {}) | body.get("spec", {})}, namespace)
        return found

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        self.mutations.append(f"delete {kind} {name}")
        self.objects.pop((kind, namespace, name), None)

    def evict(self, pod: str, namespace: str) -> None:
        self.mutations.append(f"evict {pod}")
        if pod in self.kept:
            raise ApiError(self.kept[pod], "TooManyRequests", "the budget needs it")
        self.objects.pop(("pods", namespace, pod), None)

    def exec(self, namespace: str, pod: str, command: Sequence[str], **_: Any) -> ExecResult:
        self.mutations.append(f"exec {pod}")
        self.commands.append((pod, command))
        return self.answer(pod, command)

    def allowed(
        self, verb: str, kind: str, namespace: str | None = None, subresource: str = "", name: str = ""
    ) -> bool:
        return (verb, kind) not in self.forbidden


def ready_pod(name: str, *, ready: bool = True, container: str = "postgres") -> Json:
    """A pod with one running container."""
    return {
        "metadata": {"name": name},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [
                {"name": container, "state": {"running": {}}, "containerID": "one", "restartCount": 0}
            ],
        },
    }


def machine(name: str, *, control_plane: bool = False, ready: bool = True) -> Json:
    """A machine of the cluster."""
    labels = {"node-role.kubernetes.io/control-plane": ""} if control_plane else {}
    status = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return {"metadata": {"name": name, "labels": labels}, "status": status}


def shop() -> FakeCluster:
    """A healthy system in a namespace that has agreed to faults, on three machines."""
    cluster = FakeCluster()
    cluster.put("namespaces", {"metadata": {"name": "kube-system"}})
    cluster.put("namespaces", {"metadata": {"name": "shop", "labels": {"holdfast.dev/faults": "allowed"}}})
    for number in range(3):
        cluster.put("pods", ready_pod(f"db-{number}"), "shop")
    cluster.put("nodes", machine("one", control_plane=True))
    cluster.put("nodes", machine("two"))
    cluster.put("nodes", machine("three"))
    return cluster
