"""The suite's side of the janitor: brings it into the cluster and lets it mend in one system's namespace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.cluster.client import Cluster
from support.observers.install import NAMESPACE, Workload
from support.observers.observer import DEFAULT_IMAGE

_HERE = Path(__file__).parent
_NAME = "holdfast-janitor"
WORKLOAD = Workload(
    "deployments", "janitor", _HERE / "manifests/janitor.yaml", _HERE / "janitor_agent.py", "janitor-agent"
)


def ensure(
    cluster: Cluster, system_namespace: str, within: float, image: str = DEFAULT_IMAGE, *, machines: bool = False
) -> None:
    """Installs or updates the janitor, gives it its narrow role in the system's namespace, waits until it is ready.

    `machines`: the platform can make machines fail, so it may also look whether they are back.
    Raises NotInstalled when it does not become ready, ApiError when the cluster refuses.
    """
    WORKLOAD.ensure(cluster, image, within)
    for body in [*_role(system_namespace), *(_looking_at_machines() if machines else [])]:
        if not _there(cluster, body):
            cluster.apply(body)


def _there(cluster: Cluster, body: dict[str, Any]) -> bool:
    kind = f"{body['kind'].lower()}s"
    found = cluster.list(kind, body["metadata"].get("namespace", ""), fields=f"metadata.name={_NAME}")
    return any(one.get("rules") == body.get("rules") and one.get("subjects") == body.get("subjects") for one in found)


def _role(namespace: str) -> list[dict[str, Any]]:
    """Look at pods, run commands in them, take releases and policies back; only where the suite was pointed to."""
    metadata = {"name": _NAME, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": "holdfast"}}
    api = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{api}/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
            # A command over a websocket is a GET for older API servers and needs "create" in newer ones.
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]},
            # A release is taken back by putting the description of the pods back as it was.
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
            # Parts that were cut off from each other by a policy are let in again.
            {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["get", "patch"]},
        ],
    }
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": api, "kind": "Role", "name": _NAME},
        "subjects": [{"kind": "ServiceAccount", "name": "janitor", "namespace": NAMESPACE}],
    }
    return [role, binding]


def _looking_at_machines() -> list[dict[str, Any]]:
    """Read one machine's state: a record of a machine fault is struck out when the machine is back."""
    metadata = {"name": _NAME, "labels": {"app.kubernetes.io/managed-by": "holdfast"}}
    api = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}],
    }
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": _NAME},
        "subjects": [{"kind": "ServiceAccount", "name": "janitor", "namespace": NAMESPACE}],
    }
    return [role, binding]
