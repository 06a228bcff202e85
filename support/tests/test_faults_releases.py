"""Releases that are put back exactly, and pods that maintenance asks for."""

from __future__ import annotations

from typing import Any

import pytest

from support.cluster.errors import ApiError
from support.errors import Refusal
from support.faults.base import FaultRunner
from support.faults.guards import Guards
from support.faults.halt import halt
from support.faults.intents import ByPatch, read_all
from support.faults.pods import PodsEvicted
from support.faults.proof import FaultFailed
from support.faults.releases import Released, rolled_out
from support.tests.faults_fakes import FakeCluster, shop

TEMPLATE = {"spec": {"containers": [{"name": "till", "image": "till:1"}]}}
CHANGE = {"spec": {"containers": [{"name": "till", "image": "till:2"}]}}
WHOLE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2, "observedGeneration": 1}


def deployed(**status: int) -> FakeCluster:
    cluster = shop()
    body = {
        "metadata": {"name": "till", "generation": 1},
        "spec": {"replicas": 2, "template": TEMPLATE},
        "status": {**WHOLE, **status},
    }
    cluster.put("deployments", body, "shop")
    return cluster


def template(cluster: FakeCluster) -> Any:
    return cluster.get("deployments", "till", "shop")["spec"]["template"]


def runner(cluster: FakeCluster) -> FaultRunner:
    return FaultRunner(cluster.as_cluster(), Guards(cluster.as_cluster(), "run"), "run")


def release() -> Released:
    return Released("shop", "till", CHANGE, "version 2", 400)


def test_a_release_is_written_down_with_the_way_back_and_put_back() -> None:
    cluster = deployed()
    faults = runner(cluster)
    injection = faults.inject(release(), within=0.1)
    assert template(cluster) == CHANGE
    assert "version 2 is being rolled out" in injection.proof
    (intent,) = read_all(cluster.as_cluster())
    (remedy,) = intent.remedies
    assert isinstance(remedy, ByPatch)
    assert remedy.patch[0]["value"] == TEMPLATE
    faults.end(injection)
    assert template(cluster) == TEMPLATE
    assert read_all(cluster.as_cluster()) == []


def test_nothing_is_patched_when_the_former_version_is_back_already() -> None:
    cluster = deployed()
    faults = runner(cluster)
    injection = faults.inject(release(), within=0.1)
    cluster.objects["deployments", "shop", "till"]["spec"]["template"] = TEMPLATE
    before = cluster.mutations.count("patch deployments")
    faults.end(injection)
    assert cluster.mutations.count("patch deployments") == before


def test_a_release_on_top_of_another_one_is_refused() -> None:
    with pytest.raises(Refusal, match="under way already"):
        runner(deployed(updatedReplicas=1)).inject(release(), within=0.1)


def test_a_release_that_nobody_takes_over_is_told_and_put_back() -> None:
    cluster = deployed()
    faults = runner(cluster)
    fault = Released("shop", "till", TEMPLATE, "the same again", 400)
    with pytest.raises(FaultFailed, match="must be rolled out"):
        faults.inject(fault, within=0.1)
    assert read_all(cluster.as_cluster()) == []


def test_halt_puts_a_release_back() -> None:
    cluster = deployed()
    runner(cluster).inject(release(), within=0.1)
    (told,) = halt(cluster.as_cluster(), NoMachines())  # type: ignore[arg-type]
    assert "deployments till is as it was" in told
    assert template(cluster) == TEMPLATE


def test_halt_leaves_another_object_of_that_name_alone() -> None:
    cluster = deployed()
    runner(cluster).inject(release(), within=0.1)
    cluster.objects["deployments", "shop", "till"]["metadata"]["uid"] = "another"
    (told,) = halt(cluster.as_cluster(), NoMachines())  # type: ignore[arg-type]
    assert "was replaced meanwhile" in told
    assert template(cluster) == CHANGE


class NoMachines:
    node_faults = None


@pytest.mark.parametrize(
    ("status", "whole"),
    [({}, True), ({"updatedReplicas": 1}, False), ({"replicas": 3}, False), ({"observedGeneration": 0}, False)],
)
def test_when_a_release_is_rolled_out(status: dict[str, int], whole: bool) -> None:
    assert rolled_out(deployed(**status).get("deployments", "till", "shop")) is whole


def test_two_pods_are_asked_for_and_the_refusal_of_the_second_is_kept() -> None:
    cluster = shop()
    cluster.kept = {"db-1": 429}
    fault = PodsEvicted("shop", ["db-0", "db-1"])
    injection = runner(cluster).inject(fault, within=0.1)
    assert fault.refused == {"db-1": "the budget needs it"}
    assert injection.proof == "granted: db-0; refused: db-1"
    assert cluster.mutations[1:3] == ["evict db-0", "evict db-1"]


def test_both_may_be_granted() -> None:
    fault = PodsEvicted("shop", ["db-0", "db-1"])
    assert "refused: none" in runner(shop()).inject(fault, within=0.1).proof


def test_another_refusal_is_an_error_of_its_own() -> None:
    cluster = shop()
    cluster.kept = {"db-0": 500}
    with pytest.raises(ApiError):
        runner(cluster).inject(PodsEvicted("shop", ["db-0", "db-1"]), within=0.1)
    assert read_all(cluster.as_cluster()) == []
