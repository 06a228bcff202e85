"""Pods, namespaces and policies as far as network policies look at them, read from the objects of the API."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
Labels = Mapping[str, str]
_ENDED = ("Succeeded", "Failed")
_STATIC_UID = "kubernetes.io/config.hash"  # the kubelet's own uid of a static pod; the API gives its picture another


@dataclass(frozen=True)
class Port:
    """A port that a pod names, so that policies can call it by the name."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True)
class Pod:
    """A pod with a network of its own that has not ended."""

    namespace: str
    name: str
    uid: str
    node: str
    address: str  # IPv4 as the API tells it; empty while it has none
    labels: Labels
    ports: tuple[Port, ...]


@dataclass
class Cluster:
    """What the API tells: pods by uid, labels of namespaces by name, policies by namespace and name."""

    pods: dict[str, Pod] = field(default_factory=dict)
    namespaces: dict[str, Labels] = field(default_factory=dict)
    policies: dict[tuple[str, str], Json] = field(default_factory=dict)


def read_pod(body: Json) -> Pod | None:
    """The pod, or None when policies do not concern it: it shares its machine's network, or has ended."""
    metadata, spec, status = body["metadata"], body["spec"], body.get("status", {})
    if spec.get("hostNetwork") or status.get("phase") in _ENDED:
        return None
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    ports = [port for container in containers for port in container.get("ports", []) if port.get("name")]
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=uid_of(body),
        node=spec.get("nodeName", ""),
        address=_ipv4(status),
        labels=metadata.get("labels", {}),
        ports=tuple(Port(port["name"], port.get("protocol", "TCP"), int(port["containerPort"])) for port in ports),
    )


def uid_of(body: Json) -> str:
    """The uid by which the machine of a pod knows it."""
    metadata = body["metadata"]
    return str(metadata.get("annotations", {}).get(_STATIC_UID) or metadata["uid"])


def _ipv4(status: Json) -> str:
    told = [entry.get("ip", "") for entry in status.get("podIPs", [])] or [status.get("podIP", "")]
    return next((one for one in told if one and ipaddress.ip_address(one).version == 4), "")


def selects(selector: Json, labels: Labels) -> bool:
    """Whether a label selector matches; an empty one matches everything. ValueError for an operator nobody knows."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions") or [])


def _holds(expression: Json, labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"a label selector has the unknown operator {expression['operator']}")
