"""Unsafe situations, each made of one change to a safe one: all are refused before a single mutating call.

The calls are counted below the real client, by a server in memory that writes down what an audit log would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.cluster.errors import Unreachable, error_for
from support.equipment import guards_of, open_fault_desk
from support.errors import ExitCode, Refusal
from support.faults.base import Fault, FaultRunner
from support.faults.intents import ByItself, Intent
from support.faults.lease import LABEL, RunLease
from support.faults.machines import NodeCutOff, NodeFrozen, NodePowerOff
from support.faults.pods import PodDeleted
from support.faults.processes import Place, ProcessesFrozen, ProcessesKilled
from support.faults.proof import FaultFailed
from support.faults.scripts import DATABASE_MEMBER, Processes
from support.limits import Limits
from support.profiles import Profile, load_profile
from support.tests.api_fake import FakeApi
from support.tests.faults_fakes import Sweep

NS, RUN, OWN = "jewelry-shop", "r1", "holdfast"
DATABASE = {"application": "spilo", "cluster-name": "jewelry-shop-db"}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
AWAY = {"conditions": [{"type": "Ready", "status": "False"}]}
CONTROL = "node-role.kubernetes.io/control-plane"


def safe() -> FakeApi:
    """The shop whole, in a namespace that has agreed, with a janitor and a run that is alive."""
    api = FakeApi()
    api.put("namespaces", "kube-system")
    for name in (NS, "other", "default", "kube-public", OWN):
        api.put("namespaces", name, metadata={"labels": {"holdfast.dev/faults": "allowed"}})
    for number in range(3):
        statuses = [{"name": "postgres", "state": {"running": {}}, "containerID": "one", "restartCount": 0}]
        status = {"phase": "Running", "containerStatuses": statuses, **READY}
        api.put("pods", f"db-{number}", NS, metadata={"labels": dict(DATABASE)}, status=status)
    api.put("pods", "foreign", "other", metadata={"labels": dict(DATABASE)}, status={"phase": "Running", **READY})
    counts = {"readyReplicas": 3, "observedGeneration": 2}
    api.put("statefulsets", "jewelry-shop-db", NS, metadata={"generation": 2}, spec={"replicas": 3}, status=counts)
    counts = {"readyReplicas": 1, "observedGeneration": 1}
    api.put("deployments", "celery-beat", NS, metadata={"generation": 1}, spec={"replicas": 1}, status=counts)
    api.put("deployments", "janitor", OWN, spec={"replicas": 1}, status={"readyReplicas": 1})
    api.put("leases", f"run-{RUN}", OWN, metadata={"labels": {LABEL: "true"}})
    api.put("nodes", "one", metadata={"labels": {CONTROL: ""}}, status=READY)
    api.put("nodes", "two", status=READY)
    api.put("nodes", "three", status=READY)
    return api


class Untouched:
    """Node faults of a platform on which nothing may be called."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def called(*_: object, **__: object) -> object:
            raise AssertionError(f"{name} was called")

        return called


def place(number: int, namespace: str = NS) -> Place:
    return Place(namespace, f"db-{number}", "postgres")


def deleted(pod: str = "db-0", namespace: str = NS) -> Fault:
    return PodDeleted(namespace, pod, 0)


def frozen(*numbers: int, seconds: float = 45) -> Fault:
    return ProcessesFrozen([place(number) for number in numbers], [Processes.SERVER], seconds)


def powerless(machine: str, seconds: float = 45) -> Fault:
    return NodePowerOff(Untouched(), machine, seconds)  # type: ignore[arg-type]


def spoil_pod(**status: Any) -> Callable[[FakeApi], object]:
    return lambda api: api.get("pods", "db-2", NS).update(status=status)


def spoil_set(**status: Any) -> Callable[[FakeApi], object]:
    return lambda api: api.get("statefulsets", "jewelry-shop-db", NS)["status"].update(status)


def open_fault(run: str, target: str = "shop/db-1", count: int = 1) -> Callable[[FakeApi], object]:
    def spoil(api: FakeApi) -> None:
        for number in range(count):
            body = Intent(f"intent-{number}", run, "pod-deleted", target, "there", 10, [ByItself("anew")]).body()
            api.put("configmaps", f"intent-{number}", OWN, data=body["data"], metadata=body["metadata"])

    return spoil


def label(value: str, key: str = "holdfast.dev/faults") -> Callable[[FakeApi], object]:
    return lambda api: api.get("namespaces", NS)["metadata"].update(labels={key: value})


def leaving(kind: str, name: str, namespace: str | None = None) -> Callable[[FakeApi], object]:
    return lambda api: api.get(kind, name, namespace)["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z")


def forbid(verb: str, kind: str) -> Callable[[FakeApi], object]:
    return lambda api: api.forbidden.add((verb, kind))


def fails(part: str, status: int) -> Callable[[FakeApi], object]:
    error = error_for(status, "refused", "no") if status else Unreachable(0, "no answer", "timeout")
    return lambda api: api.failing.update({part: error})


def nothing(_: FakeApi) -> None:
    """The situation is unsafe by what is asked for."""


def no_pods(api: FakeApi) -> None:
    for number in range(3):
        api.drop("pods", f"db-{number}", NS)


@dataclass(frozen=True)
class Case:
    """One unsafe situation: what differs from the safe one, and the words of the refusal."""

    name: str
    words: str
    spoil: Callable[[FakeApi], object] = nothing
    fault: Fault = field(default_factory=deleted)
    alongside: bool = False
    context: str = "test"
    kube: dict[str, Any] = field(default_factory=dict)
    destructive: bool = True


UNSAFE = ExitCode.UNSAFE_TARGET
CASES = [
    # The place
    Case("no opt-in", "has not agreed", lambda api: api.get("namespaces", NS)["metadata"].update(labels={})),
    Case("opt-in withdrawn", "has not agreed", label("forbidden")),
    Case("opt-in of another project", "has not agreed", label("allowed", "chaos.example/faults")),
    Case("empty opt-in in the profile", "has not agreed", kube={"fault_opt_in_label": ""}),
    Case("no such namespace", "There is no namespace", lambda api: api.drop("namespaces", NS)),
    Case("namespace is going", "is being removed", leaving("namespaces", NS)),
    Case("namespace default", "Nothing is ever broken", fault=deleted("db-0", "default")),
    Case("namespace kube-system", "Nothing is ever broken", fault=deleted("db-0", "kube-system")),
    Case("namespace kube-public", "Nothing is ever broken", fault=deleted("db-0", "kube-public")),
    Case("the suite's own namespace", "Nothing is ever broken", fault=deleted("janitor", OWN)),
    Case("another system's namespace", "lives in jewelry-shop, not in other", fault=deleted("foreign", "other")),
    Case(
        "one of two places elsewhere",
        "not in other",
        fault=ProcessesFrozen([place(0), place(1, "other")], [Processes.SERVER], 9),
    ),
    # The cluster
    Case("another context", "under the context test only", context="production"),
    Case("another cluster", "another cluster", kube={"fingerprint": "uid-of-the-right-one"}),
    Case("cluster cannot be told", "Nobody could", fails("namespaces/kube-system", 403), kube={"fingerprint": "x"}),
    Case("namespace cannot be read", "Nobody could", fails(f"namespaces/{NS}", 403)),
    Case("server in trouble", "Nobody could", fails("/pods", 500)),
    Case("server silent", "Nobody could", fails("/configmaps", 0)),
    # Rights, asked beforehand
    Case("may not delete", "may not delete pods", forbid("delete", "pods")),
    Case("may not run commands", "may not create pods/exec", forbid("create", "pods/exec"), frozen(0)),
    Case("may not kill", "pods/exec", forbid("create", "pods/exec"), ProcessesKilled(place(0), DATABASE_MEMBER)),
    Case("may not write intents", "may not create configmaps", forbid("create", "configmaps")),
    Case("may not strike out intents", "may not delete configmaps", forbid("delete", "configmaps")),
    Case("may not show life", "may not create leases", forbid("create", "leases")),
    Case("may not see machines", "may not list nodes", forbid("list", "nodes"), powerless("two")),
    Case("rights cannot be asked", "Nobody could", fails("selfsubjectaccessreviews", 403)),
    # Other faults and runs
    Case("fault of another run", "still open", open_fault("other")),
    Case("fault of another run, ours beside it", "still open", open_fault("other"), alongside=True),
    Case("own fault not meant", "still open", open_fault(RUN)),
    Case("same target hit twice", "still open", open_fault(RUN, f"{NS}/db-0 (grace 0 s)"), alongside=True),
    Case("too many at once", "4 faults are open", open_fault(RUN, count=4), alongside=True),
    Case("intents cannot be read", "Nobody could", fails("/configmaps", 403)),
    # Nobody would mend
    Case("no life sign", "Nobody would mend", lambda api: api.drop("leases", f"run-{RUN}", OWN)),
    Case("no janitor", "Nobody would mend", lambda api: api.drop("deployments", "janitor", OWN)),
    Case("janitor away", "The janitor", lambda api: api.get("deployments", "janitor", OWN).update(status={})),
    # The system is not whole
    Case("instance not ready", "db-2 in jewelry-shop is not ready", spoil_pod(phase="Running", **AWAY)),
    Case("instance pending", "db-2 in jewelry-shop is not ready", spoil_pod(phase="Pending")),
    Case("instance failed", "db-2 in jewelry-shop is not ready", spoil_pod(phase="Failed", **AWAY)),
    Case("instance unknown", "db-2 in jewelry-shop is not ready", spoil_pod()),
    Case("instance leaving", "db-2 in jewelry-shop is not ready", leaving("pods", "db-2", NS)),
    Case("target leaving", "db-0 in jewelry-shop is not ready", leaving("pods", "db-0", NS)),
    Case("target leaving, beside another", "db-0 is not ready", leaving("pods", "db-0", NS), alongside=True),
    Case("instance not made yet", "2 of 3 instances", spoil_set(readyReplicas=2)),
    Case("change under way", "a change is under way", spoil_set(observedGeneration=1)),
    Case("controller silent", "0 of 3", lambda api: api.get("statefulsets", "jewelry-shop-db", NS).update(status={})),
    Case("nothing is there", "There is nothing in", no_pods),
    Case("instances cannot be read", "Nobody could", fails("/pods", 403)),
    # Reach
    Case("no such instance", "There is no pod db-9", fault=deleted("db-9")),
    Case(
        "an instance of no part",
        "belongs to no part",
        lambda api: api.get("pods", "db-0", NS)["metadata"].update(labels={}),
    ),
    Case("all of a part", "Nothing of the part database", fault=frozen(0, 1, 2), destructive=False),
    Case("everything", "Whom it hits is not said", fault=Sweep(NS), destructive=False),
    Case("an instance named twice", "named twice", fault=frozen(0, 0)),
    Case("too long", "is not allowed", fault=frozen(0, seconds=601)),
    Case("for ever", "is not allowed", fault=frozen(0, seconds=float("inf"))),
    Case("ending before it begins", "is not allowed", fault=frozen(0, seconds=-1)),
    Case("machine too long away", "is not allowed", fault=powerless("two", 3600)),
    # Machines
    Case("machine not allowed", "does not allow to take machines", fault=powerless("two"), destructive=False),
    Case("control plane without power", "carries the control plane", fault=powerless("one")),
    Case("control plane cut off", "control plane", fault=NodeCutOff(Untouched(), "one", 9)),  # type: ignore[arg-type]
    Case("control plane frozen", "control plane", fault=NodeFrozen(Untouched(), "one", 9)),  # type: ignore[arg-type]
    Case("no such machine", "There is no machine four", fault=powerless("four")),
    Case(
        "another machine away",
        "three is not ready",
        lambda api: api.get("nodes", "three").update(status=AWAY),
        powerless("two"),
    ),
    Case(
        "machine away already",
        "two is not ready",
        lambda api: api.get("nodes", "two").update(status=AWAY),
        powerless("two"),
    ),
    Case("machine while a fault is open", "still open", open_fault("other"), powerless("two")),
]


def profile(case: Case) -> Profile:
    shipped = load_profile("jewelry-shop")
    kube = shipped.kube.model_copy(update={"context": "test", **case.kube})
    capabilities = shipped.capabilities.model_copy(update={"destructive": case.destructive})
    return shipped.model_copy(update={"kube": kube, "capabilities": capabilities})


def refused(action: Callable[[], object], api: FakeApi, words: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        action()
    assert words in caught.value.sentence
    assert caught.value.sentence.endswith((".", ")."))
    assert caught.value.exit_code in (UNSAFE, ExitCode.WRONG_CONTEXT, ExitCode.MISSING_RIGHT, ExitCode.IN_THE_WAY)
    assert api.mutating == [], "something was changed before the refusal"
    return caught.value


def test_there_are_at_least_forty() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_unsafe_situation_is_refused_without_one_mutating_call(case: Case) -> None:
    api = safe()
    case.spoil(api)
    cluster = api.cluster(case.context)
    runner = FaultRunner(cluster, guards_of(cluster, profile(case), RUN), RUN)
    refused(lambda: runner.inject(case.fault, alongside=case.alongside), api, case.words)
    assert cluster.mutations == []


@pytest.mark.parametrize("fault", [deleted(), frozen(0, 1), powerless("two")], ids=lambda fault: fault.kind)
def test_the_safe_situation_is_let_through_to_the_first_change(fault: Fault) -> None:
    """So each refusal above comes from its one change, and the counter counts."""
    api = safe()
    cluster = api.cluster()
    runner = FaultRunner(cluster, guards_of(cluster, profile(Case("", "")), RUN), RUN)
    with pytest.raises((AssertionError, TypeError, FaultFailed)) as caught:  # the server in memory carries nothing out
        runner.inject(fault, within=0.1)
    assert not isinstance(caught.value, Refusal), caught.value
    assert api.mutating[0] == f"POST /api/v1/namespaces/{OWN}/configmaps", "the intent comes first"


DESK_CASES = [
    Case("wrong context", "under the context", context="production"),
    Case("wrong cluster", "another cluster", kube={"fingerprint": "x"}),
    Case("no opt-in", "has not agreed", label("no")),
    Case("no namespace", "There is no namespace", lambda api: api.drop("namespaces", NS)),
    Case("system in default", "Nothing is ever broken", kube={"namespace": "default"}),
    Case("no right to keep records", "may not create configmaps", forbid("create", "configmaps")),
    Case("cluster in trouble", "Nobody could", fails(f"namespaces/{NS}", 500)),
]


@pytest.mark.parametrize("case", DESK_CASES, ids=lambda case: case.name)
def test_not_even_the_janitor_comes_to_the_wrong_place(case: Case) -> None:
    api = safe()
    case.spoil(api)
    cluster = api.cluster(case.context)
    refused(lambda: open_fault_desk(cluster, profile(case), Limits(), RUN), api, case.words)


def test_nothing_is_brought_beside_another_run_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    api = safe()
    other = api.put("leases", "run-other", OWN, metadata={"labels": {LABEL: "true"}})

    def meanwhile(_: float) -> None:
        other["metadata"]["resourceVersion"] = "2"

    monkeypatch.setattr(RunLease.__init__, "__defaults__", (meanwhile,))
    told = refused(
        lambda: open_fault_desk(api.cluster(), profile(Case("", "")), Limits(), RUN), api, "Another run (other)"
    )
    assert told.exit_code == ExitCode.IN_THE_WAY
