"""Faults of late: when the suite broke something, so that what ended then is not blamed on the system later.

Intents go away with their faults; these notes stay for a day, in the suite's own namespace.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from support.cluster.client import Cluster
from support.cluster.errors import NotFound
from support.observers.install import NAMESPACE

_NAME = "faults-of-late"
_KEPT_S = 86_400.0  # seconds that a note is kept: a day of runs
_BEFORE_S = 30.0  # seconds by which clocks of machines may differ
_AFTER_S = 180.0  # seconds after a fault's end in which its consequences may end something: full strength and some more


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which the suite was breaking something."""

    begin: float  # seconds since the epoch
    end: float

    def covers(self, moment: datetime) -> bool:
        """Whether something that ended then may have been the fault's doing."""
        return self.begin - _BEFORE_S <= moment.timestamp() <= self.end + _AFTER_S


def remember(cluster: Cluster, target: str, seconds: float, clock: Callable[[], float] = time.time) -> None:
    """Notes that something is about to be broken for so long; forgets what is older than a day."""
    now = clock()
    old = _read(cluster)
    notes: dict[str, str | None] = {key: None for key in old or {} if now - float(key) > _KEPT_S}
    notes[f"{now:.3f}"] = json.dumps({"target": target, "seconds": seconds})
    if old is None:
        metadata = {"name": _NAME, "namespace": NAMESPACE}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": notes}
        cluster.create("configmaps", body, NAMESPACE)
    else:
        cluster.patch("configmaps", _NAME, {"data": notes}, NAMESPACE)


def spans(cluster: Cluster) -> Sequence[Span]:
    """When the suite was breaking something in the last day."""
    notes = _read(cluster) or {}
    return [Span(float(key), float(key) + float(json.loads(text)["seconds"])) for key, text in notes.items()]


def _read(cluster: Cluster) -> dict[str, str] | None:
    try:
        data: dict[str, str] = cluster.get("configmaps", _NAME, NAMESPACE).get("data") or {}
    except NotFound:
        return None
    return data
