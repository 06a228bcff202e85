"""Settings of the platform that enter the bars, read from its own parts where they can be seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support.cluster import ApiError, Cluster, Json

_SYSTEM = "kube-system"
# How a control plane is set when nothing else is said, in seconds.
_STOCK_NOT_READY_S = 50.0  # without a sign of life until a machine counts as lost (node-monitor-grace-period)
_STOCK_EVICTION_S = 300.0  # until what ran on it is replaced (default tolerations)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def metrics_resolution(cluster: Cluster, otherwise: float) -> float:
    """Seconds between two figures of the metrics API; `otherwise` where its settings cannot be seen."""
    found = _flag(_commands(cluster, "k8s-app=metrics-server"), "metric-resolution")
    return span(found) if found else otherwise


def autoscaler_period(cluster: Cluster, otherwise: float) -> float:
    """Seconds between two looks of the autoscaler."""
    found = _flag(_commands(cluster, "component=kube-controller-manager"), "horizontal-pod-autoscaler-sync-period")
    return span(found) if found else otherwise


def not_ready_after(cluster: Cluster) -> float:
    """Seconds without a sign of life after which a machine counts as lost."""
    found = _flag(_commands(cluster, "component=kube-controller-manager"), "node-monitor-grace-period")
    return span(found) if found else _STOCK_NOT_READY_S


def evicted_after(cluster: Cluster) -> float:
    """Seconds after which what ran on a lost machine is replaced, as the platform sets it for everybody."""
    found = _flag(_commands(cluster, "component=kube-apiserver"), "default-unreachable-toleration-seconds")
    return float(found) if found else _STOCK_EVICTION_S


def span(text: str) -> float:
    """Seconds of a span as Kubernetes' programs write it: "16s", "1m30s"."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def _commands(cluster: Cluster, labels: str) -> list[str]:
    """Words of the commands of a program of the control plane; none where it is hidden, as on managed platforms."""
    try:
        pods = cluster.list("pods", _SYSTEM, labels)
    except ApiError:
        return []
    return [word for pod in pods for container in pod["spec"]["containers"] for word in _words(container)]


def _words(container: Json) -> Sequence[str]:
    return [*container.get("command", []), *container.get("args", [])]


def _flag(words: Sequence[str], name: str) -> str:
    return next((word.partition("=")[2] for word in words if word.startswith(f"--{name}=")), "")
