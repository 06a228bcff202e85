"""Intents: what is about to be broken and how to mend it, written into the cluster before anything is touched.

A person reads them with: kubectl -n holdfast get configmaps -l holdfast.dev/intent=true -o yaml
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from support.cluster.client import Cluster
from support.cluster.kinds import kind_of
from support.observers.install import NAMESPACE

Json = dict[str, Any]

INTENT = "holdfast.dev/intent"
RUN = "holdfast.dev/run"
LABELS = f"{INTENT}=true"


@dataclass(frozen=True, slots=True)
class InContainer:
    """Mended by a command in a container, as long as the pod is still the same.

    Without a uid whichever pod has the name then is meant: what is to be mended outlives the pod, as a volume does.
    """

    namespace: str
    pod: str
    uid: str
    container: str
    command: Sequence[str]

    def data(self) -> Json:
        """As the janitor reads it."""
        return {
            "by": "command",
            "namespace": self.namespace,
            "pod": self.pod,
            "uid": self.uid,
            "container": self.container,
            "command": list(self.command),
        }


@dataclass(frozen=True, slots=True)
class ByPlatform:
    """Mended by the platform that carries the machines; it has armed the end itself before the fault."""

    end: str  # a method of the platform's node faults: power_on, reconnect, unfreeze
    machine: str

    def data(self) -> Json:
        """As the janitor reads it: nothing that it could do."""
        return {"by": "platform", "end": self.end, "machine": self.machine}


@dataclass(frozen=True, slots=True)
class ByItself:
    """Nothing to mend: the system replaces what was lost."""

    why: str

    def data(self) -> Json:
        """As the janitor reads it."""
        return {"by": "itself", "why": self.why}


@dataclass(frozen=True, slots=True)
class ByPatch:
    """Mended by putting a part of an object back as it was, as long as it is still the same object."""

    namespace: str
    kind: str  # as the cluster client calls it, such as deployments
    name: str
    uid: str
    patch: Sequence[Json]  # a JSON patch

    def data(self) -> Json:
        """As the janitor reads it."""
        return {
            "by": "patch",
            "namespace": self.namespace,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "path": kind_of(self.kind).path(self.namespace, self.name),
            "patch": list(self.patch),
        }


Remedy = InContainer | ByPlatform | ByPatch | ByItself


@dataclass(frozen=True, slots=True)
class Intent:
    """One fault as it stands in the cluster."""

    name: str
    run: str
    kind: str
    target: str
    original: str  # what it was like before, in words
    seconds: float  # after its creation, by the API server's clock, it is to be mended by whoever sees it
    remedies: Sequence[Remedy]

    def body(self) -> Json:
        """The ConfigMap."""
        ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": NAMESPACE, "labels": {INTENT: "true", RUN: self.run}},
            "data": {
                "kind": self.kind,
                "target": self.target,
                "original": self.original,
                "deadline": ends.isoformat(timespec="seconds"),  # for people
                "seconds": f"{self.seconds:g}",  # for the janitor, who counts from the creation time
                "revert": json.dumps([remedy.data() for remedy in self.remedies], indent=1),
            },
        }


def write(cluster: Cluster, intent: Intent) -> None:
    """Writes the intent down; nothing may be injected when this raises."""
    cluster.create("configmaps", intent.body(), NAMESPACE)


def remove(cluster: Cluster, name: str) -> None:
    """The fault is over and was seen to be."""
    cluster.delete("configmaps", name, NAMESPACE)


def read_all(cluster: Cluster) -> list[Intent]:
    """Every fault that is written down, of any run."""
    return [_from(body) for body in cluster.list("configmaps", NAMESPACE, labels=LABELS)]


def _from(body: Json) -> Intent:
    data, metadata = body.get("data", {}), body["metadata"]
    return Intent(
        name=metadata["name"],
        run=metadata.get("labels", {}).get(RUN, ""),
        kind=data.get("kind", ""),
        target=data.get("target", ""),
        original=data.get("original", ""),
        seconds=float(data.get("seconds", 0)),
        remedies=[_remedy(told) for told in json.loads(data.get("revert", "[]"))],
    )


def _remedy(told: Json) -> Remedy:
    if told["by"] == "command":
        return InContainer(told["namespace"], told["pod"], told["uid"], told["container"], told["command"])
    if told["by"] == "platform":
        return ByPlatform(told["end"], told["machine"])
    if told["by"] == "patch":
        return ByPatch(told["namespace"], told["kind"], told["name"], told["uid"], told["patch"])
    return ByItself(told.get("why", ""))
