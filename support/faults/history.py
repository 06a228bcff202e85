"""Faults of late: when the suite broke something, so that what ended then is not blamed on the system later.

Intents go away with their faults; these notes stay for a day, in the suite's own namespace. Each names its run until
that run has ended well, so that a later run knows whose belongings nobody else will remove.
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


def remember(
    cluster: Cluster, target: str, seconds: float, run: str = "", clock: Callable[[], float] = time.time
) -> None:
    """Notes that a run is about to break something for so long; forgets what is older than a day."""
    now = clock()
    old = _read(cluster)
    notes: dict[str, str | None] = {key: None for key in old or {} if now - float(key) > _KEPT_S}
    notes[f"{now:.3f}"] = json.dumps({"target": target, "seconds": seconds, "run": run})
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


def ended_well(cluster: Cluster, run: str) -> None:
    """Notes that a run has cleaned up after itself."""
    told = {key: json.loads(text) for key, text in (_read(cluster) or {}).items()}
    notes = {key: json.dumps({**note, "run": ""}) for key, note in told.items() if note.get("run") == run}
    if notes:
        cluster.patch("configmaps", _NAME, {"data": notes}, NAMESPACE)


def unfinished_runs(cluster: Cluster) -> set[str]:
    """Runs of the last day that have broken something and have not ended well: dead ones, and one that lives."""
    return {str(json.loads(text).get("run", "")) for text in (_read(cluster) or {}).values()} - {""}


def _read(cluster: Cluster) -> dict[str, str] | None:
    try:
        data: dict[str, str] = cluster.get("configmaps", _NAME, NAMESPACE).get("data") or {}
    except NotFound:
        return None
    return data
