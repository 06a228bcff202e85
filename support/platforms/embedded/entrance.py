"""The entrance: Contour's stock manifests, changed only where this platform needs it otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from support.platforms.embedded import programs
from support.platforms.embedded.cache import build_once, digest
from support.platforms.embedded.layout import HERE, Folders

CONTOUR_MODULE = "github.com/projectcontour/contour"

# Seconds between two looks whether Contour and Envoy are ready (stock: 10 and 4, the first after 15): after a power cut
# everybody waits for them.
# A line for each answer is written by the shop's front already; the entrance tells of what it could not serve (5xx).
_LOGGED = "\naccesslog-level: critical\n"
_LOOKED_AT = {"initialDelaySeconds": 0, "periodSeconds": 1}


def manifests(folders: Folders, control_plane: str = "") -> Iterator[dict[str, Any]]:
    """All objects of the entrance; `control_plane` is the address of its machine where Contour shall be beside it."""
    for path in sorted(_stock(folders).glob("0*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document:
                found = adapted(document)
                yield beside(control_plane, found) if control_plane else found


def _stock(folders: Folders) -> Path:
    """The manifests out of Contour's module, kept beside the built program."""
    source = HERE / "programs" / "contour" / "go.mod"

    def copy(unfinished: Path) -> None:
        shutil.copytree(
            programs.module_folder(programs.CONTOUR, CONTOUR_MODULE, folders) / "examples" / "contour", unfinished
        )

    return build_once(folders.cache / "programs" / f"contour-manifests-{digest([source])}", copy)


def adapted(document: dict[str, Any]) -> dict[str, Any]:
    """One stock object as a machine without a registry and a load balancer needs it."""
    if document["kind"] == "Service":
        # No load balancer here; Envoy listens on ports 80 and 443 of every machine.
        document["spec"].pop("externalTrafficPolicy", None)
        document["spec"]["type"] = "ClusterIP"
    if document["kind"] == "ConfigMap" and "contour.yaml" in document.get("data", {}):
        document["data"]["contour.yaml"] += _LOGGED
    template = document.get("spec", {}).get("template")
    if template and "spec" in template:
        pod = template["spec"]
        if document["kind"] == "DaemonSet":
            # The stock figure of 300 s keeps an old Envoy on its port that long at every change.
            pod["terminationGracePeriodSeconds"] = 5
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            name = "envoy" if "envoy" in container["image"] else "contour"
            container |= {"image": f"localhost/holdfast/{name}:1", "imagePullPolicy": "Never"}
            if "readinessProbe" in container:
                container["readinessProbe"] |= _LOOKED_AT
            container["resources"] = {"requests": {"cpu": "10m", "memory": "30Mi"}}
    return document


def beside(address: str, document: dict[str, Any]) -> dict[str, Any]:
    """Has Contour on the control plane's machine, which no fault of a single machine hits, at that machine's address.

    Spread as the stock manifest wishes, two would sooner or later be on one machine (nobody moves them back), and with
    it Envoy would lose who tells it that the instances there are gone: sales were away for 63 s instead of 24. A name
    or a Service is found only some time after a power cut, and whoever has asked in vain asks ever more rarely: the
    entrance was back after 58 s instead of 25.
    """
    template = document.get("spec", {}).get("template")
    if not template or "spec" not in template:
        return document
    pod = template["spec"]
    if document["kind"] == "Deployment":
        # A second one would find its ports taken.
        document["spec"] |= {"replicas": 1, "strategy": {"type": "Recreate"}}
        pod |= {"nodeSelector": {"node-role.kubernetes.io/control-plane": ""}, "hostNetwork": True}
    for container in pod.get("initContainers", []):
        words = container.get("args", [])
        container["args"] = [word.replace("--xds-address=contour", f"--xds-address={address}") for word in words]
    return document
