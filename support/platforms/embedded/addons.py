"""What a bare cluster needs besides Kubernetes: name service, storage, metrics, and an entrance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from support.platforms.embedded import programs
from support.platforms.embedded.cache import build_once, digest
from support.platforms.embedded.layout import HERE, Folders

OWN = ("coredns.yaml", "local-path.yaml", "metrics-server.yaml", "network-policies.yaml")
NAMESPACES = ("kube-system", "local-path-storage", "projectcontour")
WORKLOADS = 6  # coredns, local-path, metrics-server, network-policies, contour, envoy
FENCES = HERE / "fences"  # the agent of the network policies; its code travels in a ConfigMap
CONTOUR_MODULE = "github.com/projectcontour/contour"


def manifests(folders: Folders, own: Sequence[str] = OWN) -> str:
    """All objects of the add-ons as one YAML text: our own ones, by file, and the entrance."""
    text = "\n---\n".join((HERE / "manifests" / name).read_text() for name in own)
    code = [fences_code()] if "network-policies.yaml" in own else []
    text = text.replace("@FENCES_DIGEST@", digest([FENCES]))  # other code makes new pods
    # The code comes first: a pod that is made anew must find the new one.
    return "\n---\n".join([yaml.safe_dump_all(code), text, yaml.safe_dump_all(_contour(folders))])


def fences_code() -> dict[str, Any]:
    """The ConfigMap with the code of the agent that enforces network policies."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "network-policies", "namespace": "kube-system"},
        "data": {file.name: file.read_text(encoding="utf-8") for file in sorted(FENCES.glob("*.py"))},
    }


def _contour(folders: Folders) -> Iterator[dict[str, Any]]:
    """Contour's stock manifests, changed only in what a machine without a registry and a load balancer needs."""
    for path in sorted(_stock(folders).glob("0*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document:
                yield _adapted(document)


def _stock(folders: Folders) -> Path:
    """The manifests out of Contour's module, kept beside the built program."""
    source = HERE / "programs" / "contour" / "go.mod"

    def copy(unfinished: Path) -> None:
        shutil.copytree(
            programs.module_folder(programs.CONTOUR, CONTOUR_MODULE, folders) / "examples" / "contour", unfinished
        )

    return build_once(folders.cache / "programs" / f"contour-manifests-{digest([source])}", copy)


def _adapted(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] == "Service":
        # No load balancer here; Envoy listens on ports 80 and 443 of every machine.
        document["spec"].pop("externalTrafficPolicy", None)
        document["spec"]["type"] = "ClusterIP"
    template = document.get("spec", {}).get("template")
    if template and "spec" in template:
        pod = template["spec"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            name = "envoy" if "envoyproxy" in container["image"] else "contour"
            container |= {"image": f"localhost/holdfast/{name}:1", "imagePullPolicy": "Never"}
            container["resources"] = {"requests": {"cpu": "10m", "memory": "30Mi"}}
        if document["kind"] == "DaemonSet":
            # The stock figure of 300 s keeps an old Envoy on its port that long at every change.
            pod["terminationGracePeriodSeconds"] = 5
    return document
