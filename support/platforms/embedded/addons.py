"""What a bare cluster needs besides Kubernetes: name service, storage, metrics, and an entrance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from support.platforms.embedded import entrance
from support.platforms.embedded.cache import digest
from support.platforms.embedded.layout import HERE, Folders

OWN = ("coredns.yaml", "local-path.yaml", "metrics-server.yaml", "network-policies.yaml")
NAMESPACES = ("kube-system", "local-path-storage", "projectcontour")
WORKLOADS = 6  # coredns, local-path, metrics-server, network-policies, contour, envoy
FENCES = HERE / "fences"  # the agent of the network policies; its code travels in a ConfigMap


def manifests(folders: Folders, own: Sequence[str] = OWN, control_plane: str = "") -> str:
    """All objects of the add-ons as one YAML text: our own ones, by file, and the entrance (see there)."""
    text = "\n---\n".join((HERE / "manifests" / name).read_text() for name in own)
    code = [fences_code()] if "network-policies.yaml" in own else []
    text = text.replace("@FENCES_DIGEST@", digest([FENCES]))  # other code makes new pods
    entrance_text = yaml.safe_dump_all(entrance.manifests(folders, control_plane))
    # The code comes first: a pod that is made anew must find the new one.
    return "\n---\n".join([yaml.safe_dump_all(code), text, entrance_text])


def fences_code() -> dict[str, Any]:
    """The ConfigMap with the code of the agent that enforces network policies."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "network-policies", "namespace": "kube-system"},
        "data": {file.name: file.read_text(encoding="utf-8") for file in sorted(FENCES.glob("*.py"))},
    }
