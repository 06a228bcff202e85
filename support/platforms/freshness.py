"""Tells what the API server knows now from what it remembers of the time before a machine lost its power.

A status in the API is what a kubelet last said. After a power cut everything reads as it did before, until the kubelets
have come back and looked: a pod counts as ready although none of its processes lives.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

Object = dict[str, Any]


def seconds(stamp: str) -> float:
    """A time of the API in seconds of the wall clock."""
    return datetime.fromisoformat(stamp).timestamp()


def condition(item: Object, kind: str) -> Object:
    """The condition of that type of a node or pod; empty when it has none."""
    found: Object = next((c for c in item["status"].get("conditions", []) if c["type"] == kind), {})
    return found


def pod_ready(pod: Object, since: float) -> bool:
    """Whether a pod is ready and all its containers have started after `since` (seconds), or its work is done."""
    if pod["status"].get("phase") == "Succeeded":
        return True
    running = [status.get("state", {}).get("running") for status in pod["status"].get("containerStatuses", [])]
    # Times of the API are whole seconds.
    fresh = all(state and seconds(state["startedAt"]) + 1 >= since for state in running)
    return condition(pod, "Ready").get("status") == "True" and fresh
