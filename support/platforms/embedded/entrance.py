"""The entrance: Contour's stock manifests, changed only where this platform needs it otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from support.platforms.embedded import programs
from support.platforms.embedded.cache import build_once, digest
from support.platforms.embedded.layout import HERE, Folders, Node

CONTOUR_MODULE = "github.com/projectcontour/contour"

# Beside the control plane, which no fault of a single machine hits. Spread over machines as the stock manifest wishes,
# both would sooner or later be on one (nobody moves them back), and with it Envoy would lose who tells it that the
# instances on that machine are gone: sales were away for 63 s instead of 24.
_BESIDE_CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": ""}
# Envoy finds it there by the machine's own address: a name or a Service is found only some time after a power cut, and
# whoever has asked in vain asks ever more rarely. The entrance was back after 58 s instead of 25.
_CONTOUR = f"--xds-address={Node(1).address}"
# Seconds between two looks whether Contour and Envoy are ready (stock: 10 and 4, the first after 15): after a power cut
# everybody waits for them.
_LOOKED_AT = {"initialDelaySeconds": 0, "periodSeconds": 1}


def manifests(folders: Folders) -> Iterator[dict[str, Any]]:
    """All objects of the entrance."""
    for path in sorted(_stock(folders).glob("0*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document:
                yield adapted(document)


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
    template = document.get("spec", {}).get("template")
    if template and "spec" in template:
        pod = template["spec"]
        if document["kind"] == "DaemonSet":
            # The stock figure of 300 s keeps an old Envoy on its port that long at every change.
            pod["terminationGracePeriodSeconds"] = 5
        if document["kind"] == "Deployment":
            document["spec"] |= {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
            }  # a second one would find its ports taken
            pod |= {"nodeSelector": _BESIDE_CONTROL_PLANE, "hostNetwork": True}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            name = "envoy" if "envoy" in container["image"] else "contour"
            container |= {"image": f"localhost/holdfast/{name}:1", "imagePullPolicy": "Never"}
            if "readinessProbe" in container:
                container["readinessProbe"] |= _LOOKED_AT
            container["args"] = [
                _CONTOUR if word == "--xds-address=contour" else word for word in container.get("args", [])
            ]
            container["resources"] = {"requests": {"cpu": "10m", "memory": "30Mi"}}
    return document
