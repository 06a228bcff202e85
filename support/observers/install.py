"""Brings a workload of the suite's own into the cluster: its objects, its code as a ConfigMap, until it is ready."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hamcrest import equal_to

from support.cluster.client import Cluster
from support.cluster.errors import NotFound, Unreachable
from support.waiting import Broken, Deadline, eventually

Json = dict[str, Any]

NAMESPACE = "holdfast"
_DIGEST = "holdfast.dev/digest"
_DIGEST_LENGTH = 16  # hexadecimal digits; enough to tell two versions of a few files apart


class NotInstalled(Exception):
    """A workload of the suite did not become ready; nothing is known of the system under test."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload of the suite: a manifest that holds it last, and the code that is mounted into it."""

    kind: str  # lower-case plural: "daemonsets" or "deployments"
    name: str
    manifest: Path
    code: Path  # a folder of Python files, or one file
    config_map: str

    def ensure(self, cluster: Cluster, image: str, within: float) -> None:
        """Installs or updates it and waits until it is ready; nothing is changed when it is there as it should be."""
        objects = self._objects(image)
        digest = _digest(objects)
        if self._installed(cluster) != digest:
            for body in _marked(objects, digest):
                cluster.apply(body)

        def observe(_: Deadline) -> str:
            return self._readiness(cluster, digest)

        try:
            eventually(observe, equal_to("ready"), within, f"The suite's {self.name} must run", retrying=(Unreachable,))
        except Broken as error:  # our own tool is not there: that is no broken promise
            raise NotInstalled(f"{error}\nLook at: kubectl -n {NAMESPACE} describe pods") from error

    def _objects(self, image: str) -> list[Json]:
        *before, workload = yaml.safe_load_all(self.manifest.read_text(encoding="utf-8"))
        for container in workload["spec"]["template"]["spec"]["containers"]:
            container["image"] = image
        files = sorted(self.code.glob("*.py")) if self.code.is_dir() else [self.code]
        config_map = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.config_map, "namespace": NAMESPACE},
            "data": {file.name: file.read_text(encoding="utf-8") for file in files},
        }
        return [*before, config_map, workload]

    def _installed(self, cluster: Cluster) -> str:
        try:
            found = cluster.get(self.kind, self.name, NAMESPACE)
        except NotFound:
            return ""
        return str(found["metadata"].get("annotations", {}).get(_DIGEST, ""))

    def _readiness(self, cluster: Cluster, digest: str) -> str:
        found = cluster.get(self.kind, self.name, NAMESPACE)
        status, wanted = found.get("status", {}), found["metadata"]["generation"]
        if status.get("observedGeneration") != wanted or self._installed(cluster) != digest:
            return "not taken over yet"
        if self.kind == "daemonsets":
            desired = status.get("desiredNumberScheduled", 0)
            ready = min(status.get("numberReady", 0), status.get("updatedNumberScheduled", 0))
        else:
            desired = found["spec"].get("replicas", 1)
            ready = min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))
        return "ready" if desired and ready >= desired else f"{ready} of {desired} ready"


def _digest(objects: Sequence[Json]) -> str:
    whole = yaml.safe_dump_all(objects, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_LENGTH]


def _marked(objects: Sequence[Json], digest: str) -> Sequence[Json]:
    """The objects with the digest on the workload and its pods, so that other code makes new pods."""
    workload = objects[-1]
    for metadata in (workload["metadata"], workload["spec"]["template"]["metadata"]):
        metadata.setdefault("annotations", {})[_DIGEST] = digest
    return objects
