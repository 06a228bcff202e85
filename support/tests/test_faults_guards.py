"""Every guard refuses with one sentence and a remedy, before anything has been changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.errors import ExitCode, Refusal
from support.faults.base import FaultRunner
from support.faults.guards import Guards
from support.faults.intents import ByItself, Intent
from support.faults.machines import MachineFault, NodePowerOff
from support.faults.pods import PodDeleted
from support.platforms.base import NodeFaults
from support.tests.faults_fakes import FakeCluster, machine, ready_pod, shop


def intent(run: str = "other") -> Intent:
    return Intent(f"intent-{run}-1", run, "pod-deleted", "shop/db-1", "there", 10, [ByItself("made anew")])


def no_label(cluster: FakeCluster) -> None:
    cluster.objects["namespaces", None, "shop"]["metadata"]["labels"] = {}


def no_namespace(cluster: FakeCluster) -> None:
    del cluster.objects["namespaces", None, "shop"]


def pod_away(cluster: FakeCluster) -> None:
    cluster.put("pods", ready_pod("db-2", ready=False), "shop")


def target_away(cluster: FakeCluster) -> None:
    cluster.objects["pods", "shop", "db-0"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


def open_fault(cluster: FakeCluster) -> None:
    cluster.put("configmaps", intent().body(), "holdfast")


def no_right(cluster: FakeCluster) -> None:
    cluster.forbidden.add(("delete", "pods"))


def no_bookkeeping(cluster: FakeCluster) -> None:
    cluster.forbidden.add(("create", "configmaps"))


@dataclass(frozen=True)
class Case:
    name: str
    spoil: Callable[[FakeCluster], object]
    word: str
    code: ExitCode
    namespace: str = "shop"
    context: str = ""
    fingerprint: str = ""


CASES = [
    Case("not agreed", no_label, "has not agreed to faults", ExitCode.UNSAFE_TARGET),
    Case("no namespace", no_namespace, "There is no namespace shop", ExitCode.UNSAFE_TARGET),
    Case("default", lambda _: None, "Nothing is ever broken", ExitCode.UNSAFE_TARGET, namespace="default"),
    Case("kube-system", lambda _: None, "Nothing is ever broken", ExitCode.UNSAFE_TARGET, namespace="kube-system"),
    Case("the suite's own", lambda _: None, "Nothing is ever broken", ExitCode.UNSAFE_TARGET, namespace="holdfast"),
    Case("context", lambda _: None, "under the context kind only", ExitCode.WRONG_CONTEXT, context="kind"),
    Case("fingerprint", lambda _: None, "another cluster", ExitCode.UNSAFE_TARGET, fingerprint="abc"),
    Case("right", no_right, "may not delete pods in shop", ExitCode.MISSING_RIGHT),
    Case("bookkeeping", no_bookkeeping, "may not create configmaps", ExitCode.MISSING_RIGHT),
    Case("open fault", open_fault, "still open", ExitCode.IN_THE_WAY),
    Case("degraded", pod_away, "db-2 in shop is not ready", ExitCode.UNSAFE_TARGET),
    Case("target leaving", target_away, "db-0", ExitCode.UNSAFE_TARGET),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_guard_refuses_before_anything_is_changed(case: Case) -> None:
    cluster = shop()
    case.spoil(cluster)
    guards = Guards(cluster.as_cluster(), "run", case.context, case.fingerprint)
    runner = FaultRunner(cluster.as_cluster(), guards, "run")
    with pytest.raises(Refusal) as refused:
        runner.inject(PodDeleted(case.namespace, "db-0", 0))
    assert case.word in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert refused.value.remedy
    assert refused.value.exit_code == case.code
    assert cluster.mutations == []


def test_the_guards_let_a_healthy_system_through() -> None:
    cluster = shop()
    Guards(cluster.as_cluster(), "run", "test", "uid-1").check("shop", PodDeleted("shop", "db-0").rights())
    assert cluster.mutations == []


def test_a_second_fault_of_the_same_run_is_let_through_only_when_it_is_meant() -> None:
    cluster = shop()
    cluster.put("configmaps", intent("run").body(), "holdfast")
    guards = Guards(cluster.as_cluster(), "run")
    with pytest.raises(Refusal):
        guards.check("shop", [])
    guards.check("shop", [], alongside=True)


def test_a_finished_job_is_no_degraded_part() -> None:
    cluster = shop()
    done = ready_pod("migrate", ready=False)
    done["status"]["phase"] = "Succeeded"
    cluster.put("pods", done, "shop")
    Guards(cluster.as_cluster(), "run").check("shop", [])


class UntouchedNodes:
    """Node faults of a platform on which nothing may be called."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was called")


def power_off(name: str) -> MachineFault:
    nodes: NodeFaults = UntouchedNodes()  # type: ignore[assignment]
    return NodePowerOff(nodes, name, 30)


@pytest.mark.parametrize(("name", "word"), [("one", "carries the control plane"), ("four", "There is no machine four")])
def test_a_machine_that_must_not_go_is_refused(name: str, word: str) -> None:
    cluster = shop()
    runner = FaultRunner(cluster.as_cluster(), Guards(cluster.as_cluster(), "run"), "run")
    with pytest.raises(Refusal, match=word):
        runner.inject(power_off(name))
    assert cluster.mutations == []


def test_no_machine_is_taken_while_another_is_away() -> None:
    cluster = shop()
    cluster.put("nodes", machine("three", ready=False))
    runner = FaultRunner(cluster.as_cluster(), Guards(cluster.as_cluster(), "run"), "run")
    with pytest.raises(Refusal, match="three is not ready"):
        runner.inject(power_off("two"))
    assert cluster.mutations == []
