"""One run at a time, whatever the clocks say."""

from __future__ import annotations

import pytest

from support.errors import Refusal
from support.faults.lease import RunLease
from support.tests.faults_fakes import FakeCluster


def lease(cluster: FakeCluster, name: str, created: str = "2026-01-01T00:00:00Z") -> None:
    body = {
        "metadata": {"name": f"run-{name}", "labels": {"holdfast.dev/run-lease": "true"}, "creationTimestamp": created}
    }
    cluster.put("leases", body, "holdfast")


def test_a_run_takes_and_gives_back_the_cluster() -> None:
    cluster = FakeCluster()
    run = RunLease(cluster.as_cluster(), "a")
    run.acquire()
    assert cluster.get("leases", "run-a", "holdfast")["spec"]["leaseDurationSeconds"] == 15
    run.release()
    assert cluster.list("leases", "holdfast") == []


def test_a_run_refuses_while_another_one_renews() -> None:
    cluster = FakeCluster()
    lease(cluster, "b")
    run = RunLease(cluster.as_cluster(), "a", sleep=lambda _: lease(cluster, "b"))
    with pytest.raises(Refusal, match=r"Another run \(b\)"):
        run.acquire()
    assert cluster.mutations == []


def test_the_lease_of_a_dead_run_is_no_obstacle() -> None:
    cluster = FakeCluster()
    lease(cluster, "b")
    run = RunLease(cluster.as_cluster(), "a", sleep=lambda _: None)
    run.acquire()
    run.release()


def test_of_two_runs_that_start_at_once_the_older_stays() -> None:
    cluster = FakeCluster()

    class Racing(FakeCluster):
        def create(self, kind: str, body: dict[str, object], namespace: str | None = None) -> dict[str, object]:
            lease(self, "b", "2025-12-31T23:59:59Z")
            return super().create(kind, body, namespace)

    cluster = Racing()
    with pytest.raises(Refusal, match=r"Another run \(b\)"):
        RunLease(cluster.as_cluster(), "a").acquire()
    assert [one["metadata"]["name"] for one in cluster.list("leases", "holdfast")] == ["run-b"]


def test_the_same_run_may_start_again() -> None:
    cluster = FakeCluster()
    lease(cluster, "a")
    run = RunLease(cluster.as_cluster(), "a")
    run.acquire()
    run.release()
