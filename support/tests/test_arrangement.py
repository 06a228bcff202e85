"""What counts as another arrangement of the shop after a fault."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest

from support.systems.jewelry_shop.arrangement import Arrangement, arrangement, is_as_before

SHOP: dict[str, list[dict[str, Any]]] = {
    "deployments": [
        {
            "metadata": {"name": "django", "labels": {"app": "django"}, "annotations": {"revision": "1"}},
            "spec": {"replicas": 3, "template": {"containers": [{"name": "django", "image": "shop:1"}]}},
            "status": {"readyReplicas": 3},
        },
        {"metadata": {"name": "nginx"}, "spec": {"replicas": 2}},
    ],
    "horizontalpodautoscalers": [{"metadata": {"name": "hpa"}, "spec": {"scaleTargetRef": {"name": "django"}}}],
    "configmaps": [{"metadata": {"name": "redis-config"}, "data": {"MODE": "a"}}],
}
Objects = dict[str, list[dict[str, Any]]]


def told(change: Callable[[Objects], object]) -> list[str]:
    """What is said of a shop that was changed so."""
    now = copy.deepcopy(SHOP)
    change(now)
    return list(is_as_before(read(SHOP)).complaints(read(now)))


def read(objects: Objects) -> Arrangement:
    """The arrangement of a shop of these objects."""
    return arrangement(MagicMock(cluster=MagicMock(list=lambda kind, _: objects.get(kind, []))))


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: None,
        lambda shop: shop["deployments"][0]["spec"].update(replicas=5),  # the autoscaler's own affair
        lambda shop: shop["deployments"][0]["status"].update(readyReplicas=1),
        lambda shop: shop["deployments"][0]["metadata"]["annotations"].update(revision="2"),
    ],
    ids=["nothing", "size of what is scaled", "status", "notes of the platform"],
)
def test_what_nobody_sets_is_not_compared(change: Callable[[Objects], object]) -> None:
    assert told(change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda shop: shop["deployments"][1]["spec"].update(replicas=1), "deployments nginx has another spec.replicas"),
        (
            lambda shop: shop["deployments"][0]["spec"]["template"]["containers"][0].update(image="shop:2"),
            "deployments django has another spec.template.containers[0].image",
        ),
        (
            lambda shop: shop["deployments"][0]["metadata"]["labels"].update(app="other"),
            "deployments django has another labels.app",
        ),
        (lambda shop: shop["configmaps"][0]["data"].update(MODE="b"), "configmaps redis-config has another data.MODE"),
        (lambda shop: shop["configmaps"].clear(), "configmaps redis-config is gone"),
        (
            lambda shop: shop.update(networkpolicies=[{"metadata": {"name": "cut"}, "spec": {}}]),
            "networkpolicies cut was not there before",
        ),
    ],
    ids=["size", "image", "label", "configuration", "gone", "new"],
)
def test_what_is_set_differently_is_named_without_its_value(change: Callable[[Objects], object], said: str) -> None:
    assert told(change) == [said]
