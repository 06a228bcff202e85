"""Where Contour is, and how Envoy finds it: beside the control plane on the embedded platform, as shipped elsewhere."""

from __future__ import annotations

import copy
from typing import Any

from support.platforms.embedded import entrance

CONTOUR: dict[str, Any] = {
    "kind": "Deployment",
    "spec": {
        "replicas": 2,
        "strategy": {"type": "RollingUpdate"},
        "template": {
            "spec": {"containers": [{"image": "x/projectcontour/contour:1", "readinessProbe": {"periodSeconds": 10}}]}
        },
    },
}
ENVOY: dict[str, Any] = {
    "kind": "DaemonSet",
    "spec": {
        "template": {
            "spec": {
                "initContainers": [
                    {"image": "x/contour:1", "args": ["bootstrap", "--xds-address=contour", "--xds-port=1"]}
                ],
                "containers": [{"image": "x/envoyproxy/envoy:1"}],
            }
        }
    },
}


def made(stock: dict[str, Any]) -> dict[str, Any]:
    return entrance.adapted(copy.deepcopy(stock))


def test_contour_is_beside_the_control_plane_and_envoy_finds_it_by_the_machines_address() -> None:
    contour = entrance.beside("10.0.0.1", made(CONTOUR))["spec"]
    assert contour["replicas"] == 1
    assert contour["strategy"] == {"type": "Recreate"}, "a second one on the machine would find its ports taken"
    assert contour["template"]["spec"]["hostNetwork"]
    envoy = entrance.beside("10.0.0.1", made(ENVOY))["spec"]["template"]["spec"]
    assert envoy["initContainers"][0]["args"] == ["bootstrap", "--xds-address=10.0.0.1", "--xds-port=1"]
    assert "hostNetwork" not in envoy


def test_elsewhere_both_stay_where_they_are_shipped_to() -> None:
    contour, envoy = made(CONTOUR)["spec"], made(ENVOY)["spec"]["template"]["spec"]
    assert contour["replicas"] == 2
    assert "hostNetwork" not in contour["template"]["spec"]
    assert envoy["initContainers"][0]["args"][1] == "--xds-address=contour"
    images = [one["image"] for one in (*envoy["initContainers"], *envoy["containers"])]
    assert images == ["localhost/holdfast/contour:1", "localhost/holdfast/envoy:1"]


def test_objects_without_pods_stay_as_they_are() -> None:
    assert entrance.beside("10.0.0.1", {"kind": "ConfigMap"}) == {"kind": "ConfigMap"}
