"""Losses of workers: the order of the acts, the proofs, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from support.cluster import NotFound
from support.cluster.execution import ExecResult
from support.errors import Refusal
from support.faults.processes import Place
from support.faults.proof import FaultFailed
from support.faults.workers import ChildKilled, WorkerLost
from support.tests.faults_fakes import FakeCluster, ready_pod, shop

PLACE = Place("shop", "db-0", "postgres")


def test_a_lost_worker_stands_still_before_it_is_deleted() -> None:
    cluster = shop()
    fault = WorkerLost(PLACE)
    fault.precheck(cluster.as_cluster())
    fault.inject(cluster.as_cluster())
    assert cluster.mutations == ["exec db-0", "delete pods db-0"]
    assert "application" in cluster.commands[0][1][-1]
    assert "is gone" in fault.verify_injected(cluster.as_cluster(), 1)


def test_a_worker_that_cannot_be_stopped_is_not_deleted() -> None:
    cluster = shop()
    cluster.answer = lambda pod, command: ExecResult("", "no such process: application", 65)
    fault = WorkerLost(PLACE)
    fault.precheck(cluster.as_cluster())
    with pytest.raises(FaultFailed, match="no such process"):
        fault.inject(cluster.as_cluster())
    assert cluster.get("pods", "db-0", "shop")


def test_a_killed_child_leaves_its_container() -> None:
    cluster = shop()
    cluster.answer = lambda pod, command: ExecResult("17 gone" if "states" in command else "", "", 0)
    fault = ChildKilled(PLACE, 17)
    fault.precheck(cluster.as_cluster())
    fault.inject(cluster.as_cluster())
    assert "kill -KILL 17" in cluster.commands[0][1][-1]
    assert "the container goes on" in fault.verify_injected(cluster.as_cluster(), 1)


def test_a_container_that_ended_with_the_child_is_no_proof() -> None:
    cluster = shop()

    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        body = ready_pod("db-0")
        body["status"]["containerStatuses"][0]["restartCount"] = 1
        cluster.put("pods", body, "shop")
        return ExecResult("17 gone", "", 0)

    fault = ChildKilled(PLACE, 17)
    fault.precheck(cluster.as_cluster())
    cluster.answer = answer
    with pytest.raises(FaultFailed, match="has ended with its child"):
        fault.verify_injected(cluster.as_cluster(), 1)


@pytest.mark.parametrize("fault", [WorkerLost(PLACE), ChildKilled(PLACE, 17)])
def test_what_is_not_ready_is_not_hit(fault: WorkerLost | ChildKilled) -> None:
    cluster = shop()
    cluster.put("pods", ready_pod("db-0", ready=False), "shop")
    with pytest.raises(Refusal):
        fault.precheck(cluster.as_cluster())
    with pytest.raises(NotFound):
        fault.precheck(FakeCluster().as_cluster())
