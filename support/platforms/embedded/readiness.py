"""Whether machines and add-ons are ready now, told apart from what the API remembers of the time before a power cut."""

from __future__ import annotations

from collections.abc import Sequence

from support.platforms.embedded import addons
from support.platforms.freshness import Object, condition, pod_ready, seconds


def missing(items: Sequence[Object], machines: Sequence[str], since: float) -> list[str]:
    """Names of machines and add-ons that are not ready, or were last ready before `since` (seconds, wall clock)."""
    own = [item for item in items if item["metadata"].get("namespace") in addons.NAMESPACES]
    ready = {item["metadata"]["name"] for item in items if item["kind"] == "Node" and _node_ready(item, since)}
    lacking = [f"machine {name}" for name in machines if name not in ready]
    workloads = [item for item in own if item["kind"] in ("Deployment", "DaemonSet")]
    if len(workloads) < addons.WORKLOADS:
        lacking.append("add-ons")
    lacking += [item["metadata"]["name"] for item in workloads if not _complete(item)]
    lacking += [item["metadata"]["name"] for item in own if item["kind"] == "Pod" and not pod_ready(item, since)]
    return lacking


def _node_ready(node: Object, since: float) -> bool:
    ready = condition(node, "Ready")
    # Times of the API are whole seconds.
    return ready.get("status") == "True" and seconds(ready["lastHeartbeatTime"]) + 1 >= since


def _complete(workload: Object) -> bool:
    status = workload.get("status", {})
    if workload["kind"] == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
        return bool(wanted > 0 and ready >= wanted)
    return bool(status.get("readyReplicas", 0) >= workload["spec"].get("replicas", 1))
