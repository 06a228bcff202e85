"""Pods of the suite that try to get where they must not, in namespaces of the suite or of the system under test."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster import Cluster, Json
from support.observers.observer import DEFAULT_IMAGE
from support.waiting import Broken, Deadline, Unknown, eventually

_READY_S = 60.0  # seconds until a small pod runs whose image is there; usually two
_MARK = "holdfast.dev/stranger"
ECHO_PORT = 8088
_USER = 10001  # the image's own
CleanUp = Callable[[str, Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Stranger:
    """One pod of the suite."""

    title: str  # who it is, for the reader
    namespace: str
    name: str


@dataclass(slots=True)
class Strangers:
    """Makes such pods; everything is removed again through `clean_up`."""

    cluster: Cluster
    run: str
    clean_up: CleanUp
    image: str = DEFAULT_IMAGE
    _mark: str = field(default_factory=lambda: secrets.token_hex(3))  # bytes; tells scenarios of one run apart

    def namespace(self) -> str:
        """A namespace of the suite's own."""
        name = f"holdfast-strangers-{self._mark}"
        self.clean_up("remove the strangers' namespace", lambda: self.cluster.delete("namespaces", name))
        labels = {"app.kubernetes.io/managed-by": "holdfast", "holdfast.dev/run": self.run}
        self.cluster.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": _meta(name, labels)})
        return name

    def add(self, title: str, namespace: str, word: str, labels: Mapping[str, str] | None = None) -> Stranger:
        """One pod that is not ready yet; it answers on ECHO_PORT. Without `labels` it carries none."""
        name = f"stranger-{word}-{self._mark}"
        self.clean_up(f"remove {name}", lambda: self.cluster.delete("pods", name, namespace, grace=0))
        self.cluster.create("pods", _pod(name, self.image, labels or {}), namespace)
        return Stranger(title, namespace, name)

    def add_free(self, title: str, namespace: str, word: str) -> Stranger:
        """As `add`, with a policy that permits it to send anywhere; its only label is the one that policy needs."""
        name = f"stranger-{word}-{self._mark}"
        self.clean_up(f"remove the policy of {name}", lambda: self.cluster.delete("networkpolicies", name, namespace))
        spec = {"podSelector": {"matchLabels": {_MARK: name}}, "policyTypes": ["Egress"], "egress": [{}]}
        self.cluster.create("networkpolicies", _policy(name, spec), namespace)
        return self.add(title, namespace, word, {_MARK: name})

    def add_fenced(self, title: str, namespace: str, word: str) -> Stranger:
        """As `add`, with a policy that lets nobody in."""
        name = f"stranger-{word}-{self._mark}"
        spec = {"podSelector": {"matchLabels": {_MARK: name}}, "policyTypes": ["Ingress"]}
        self.clean_up(f"remove the policy of {name}", lambda: self.cluster.delete("networkpolicies", name, namespace))
        self.cluster.create("networkpolicies", _policy(name, spec), namespace)
        return self.add(title, namespace, word, {_MARK: name})

    def wait(self, strangers: Sequence[Stranger]) -> dict[str, str]:
        """Waits until all are ready; their addresses by name. Raises Unknown when they do not come."""

        def observe(_: Deadline) -> list[str]:
            return [one.name for one in strangers if not _is_ready(self._body(one))]

        try:
            eventually(observe, equal_to([]), _READY_S, "The suite's own pods must run")
        except Broken as error:  # our own means are not there: that is no broken promise
            raise Unknown(str(error)) from error
        return {one.name: str(self._body(one)["status"]["podIP"]) for one in strangers}

    def _body(self, one: Stranger) -> Json:
        return self.cluster.get("pods", one.name, one.namespace)


def _meta(name: str, labels: Mapping[str, str]) -> Json:
    return {"name": name, "labels": dict(labels)}


def _policy(name: str, spec: Json) -> Json:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": _meta(name, {}), "spec": spec}


def _pod(name: str, image: str, labels: Mapping[str, str]) -> Json:
    container = {
        "name": "stranger",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-B", "-m", "http.server", "--directory", "/opt", str(ECHO_PORT)],
        "readinessProbe": {"tcpSocket": {"port": ECHO_PORT}, "periodSeconds": 1, "timeoutSeconds": 2},
        # Small, and counted: a namespace with a quota takes nothing else.
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "96Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "activeDeadlineSeconds": 600,  # it ends by itself when the suite was killed
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}, {"name": "timeout", "value": "1"}]},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _meta(name, labels), "spec": spec}


def _is_ready(body: Json) -> bool:
    conditions = body.get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
