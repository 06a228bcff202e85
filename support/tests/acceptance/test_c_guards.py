"""Unsafe situations on the real cluster: each is refused, and the server's audit log has no change by the suite.

The suite acts under an account with exactly the rights that `holdfast rights` prints, so that what it asks for is told
from what this test does to make a situation unsafe. What a server in memory can play beyond these (a server in trouble,
answers that nobody may read) stands in test_unsafe_situations.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.cluster import Cluster
from support.equipment import guards_of, open_fault_desk
from support.errors import Refusal
from support.faults.base import Fault, FaultRunner
from support.faults.machines import NodeCutOff, NodeFrozen, NodePowerOff
from support.faults.pods import AllPodsDeleted, PodDeleted, PodsEvicted
from support.faults.processes import Place, ProcessesFrozen
from support.faults.releases import Released
from support.faults.scripts import Processes
from support.faults.sizes import SizeSet
from support.limits import Limits
from support.observers.install import NAMESPACE
from support.platforms.embedded.platform import EmbeddedPlatform
from support.profiles import Profile, load_profile
from support.running import rights
from support.tests.acceptance import accounts
from support.tests.acceptance.accounts import Audit, administrator
from support.tests.acceptance.guards_lab import (
    EMPTY,
    GOING,
    LAB,
    OTHER,
    RUN,
    Situation,
    build,
    clear,
    forbidden,
    going,
    janitor_away,
    joined_by,
    labelled,
    leaving,
    lifeless,
    opened,
    safe,
    short,
    unwatched,
)
from support.tests.faults_fakes import Sweep

pytestmark = pytest.mark.acceptance

ACCOUNT = f"{NAMESPACE}:suite"
_USES = ["look", "faults", "machines"]  # not those of the fences, which reach into every namespace
NOWHERE = {"holdfast.dev/nowhere": "true"}  # a machine that no cluster has


def deleted(pod: str = "db-0", namespace: str = LAB) -> Fault:
    return PodDeleted(namespace, pod, 0)


def frozen(*numbers: int, seconds: float = 45) -> Fault:
    return ProcessesFrozen([Place(LAB, f"db-{one}", "postgres") for one in numbers], [Processes.SERVER], seconds)


def powerless(machine: str, seconds: float = 45) -> Fault:
    return NodePowerOff(EmbeddedPlatform().node_faults, machine, seconds)


def kept_from(way: Callable[..., Fault]) -> Callable[[], Fault]:
    """The machine of the control plane, hit in one of the other ways."""
    return lambda: way(EmbeddedPlatform().node_faults, "holdfast-1", 9)


@dataclass(frozen=True)
class Case:
    """One unsafe situation, and words of the refusal."""

    name: str
    words: str
    situation: Situation = safe
    fault: Callable[[], Fault] = deleted
    alongside: bool = False
    kube: dict[str, Any] = field(default_factory=dict)
    destructive: bool = True


CASES = [
    # The place
    Case("no opt-in", "has not agreed", labelled({"holdfast.dev/faults": None})),
    Case("opt-in withdrawn", "has not agreed", labelled({"holdfast.dev/faults": "forbidden"})),
    Case(
        "opt-in of another project",
        "has not agreed",
        labelled({"holdfast.dev/faults": None, "chaos.example/faults": "allowed"}),
    ),
    Case("empty opt-in in the profile", "has not agreed", kube={"fault_opt_in_label": ""}),
    Case("no such namespace", "no namespace moon", fault=lambda: deleted("x", "moon"), kube={"namespace": "moon"}),
    Case("namespace is going", "being removed", going, lambda: deleted("x", GOING), kube={"namespace": GOING}),
    Case("namespace default", "Nothing is ever broken", fault=lambda: deleted("x", "default")),
    Case("namespace kube-system", "Nothing is ever broken", fault=lambda: deleted("etcd", "kube-system")),
    Case("namespace kube-public", "Nothing is ever broken", fault=lambda: deleted("x", "kube-public")),
    Case("the suite's own namespace", "Nothing is ever broken", fault=lambda: deleted("janitor", NAMESPACE)),
    Case("another system's namespace", f"not in {OTHER}", fault=lambda: deleted("foreign", OTHER)),
    Case(
        "one of two places elsewhere",
        f"not in {OTHER}",
        fault=lambda: ProcessesFrozen(
            [Place(LAB, "db-0", "postgres"), Place(OTHER, "foreign", "postgres")], [Processes.SERVER], 9
        ),
    ),
    # The cluster
    Case("another context", "under the context production only", kube={"context": "production"}),
    Case("another cluster", "another cluster", kube={"fingerprint": "uid-of-the-right-one"}),
    # Rights, asked beforehand
    Case("may not delete", "may not delete pods", forbidden("delete", "pods", LAB)),
    Case("may not run commands", "create pods/exec", forbidden("create", "pods", LAB, "exec"), lambda: frozen(0)),
    Case(
        "may not ask to leave",
        "create pods/eviction",
        forbidden("create", "pods", LAB, "eviction"),
        lambda: PodsEvicted(LAB, ["db-0"]),
    ),
    Case(
        "may not set sizes",
        "patch deployments/scale",
        forbidden("patch", "deployments", LAB, "scale"),
        lambda: SizeSet(LAB, "app", 2),
    ),
    Case(
        "may not release",
        "may not patch deployments",
        forbidden("patch", "deployments", LAB),
        lambda: Released(LAB, "app", {}, "version 2", 9),
    ),
    Case("may not write intents", "create configmaps", forbidden("create", "configmaps", NAMESPACE)),
    Case("may not strike out intents", "delete configmaps", forbidden("delete", "configmaps", NAMESPACE)),
    Case("may not show life", "create leases", forbidden("create", "leases", NAMESPACE)),
    Case("may not see machines", "list nodes", forbidden("list", "nodes", None), lambda: powerless("holdfast-2")),
    Case("may not see instances", "Nobody could", forbidden("list", "pods", LAB)),
    Case("may not see intents", "Nobody could", forbidden("list", "configmaps", NAMESPACE)),
    Case("may not see namespaces", "Nobody could", forbidden("get", "namespaces", None)),
    # Other faults and runs
    Case("fault of another run", "still open", opened("other")),
    Case("fault of another run, ours beside it", "still open", opened("other"), alongside=True),
    Case("own fault not meant", "still open", opened(RUN)),
    Case("same target hit twice", "still open", opened(RUN, f"{LAB}/db-0 (grace 0 s)"), alongside=True),
    Case("too many at once", "4 faults are open", opened(RUN, count=4), alongside=True),
    Case("machine while a fault is open", "still open", opened("other"), lambda: powerless("holdfast-2")),
    # Nobody would mend
    Case("no life sign", "Nobody would mend", lifeless),
    Case("no janitor", "Nobody would mend", unwatched),
    Case("janitor away", "The janitor", janitor_away),
    # The system is not whole
    Case("instance without a machine", "late in", joined_by("late", "Pending", nodeSelector=NOWHERE)),
    Case(
        "instance failed",
        "broken in",
        joined_by("broken", "Failed", container={"command": ["false"]}, restartPolicy="Never"),
    ),
    Case(
        "instance that does not answer",
        "deaf in",
        joined_by("deaf", "Running", container={"readinessProbe": {"exec": {"command": ["false"]}}}),
    ),
    Case("instance leaving", "db-1 in", leaving),
    Case("target leaving, beside another", "db-1 is not ready", leaving, lambda: deleted("db-1"), alongside=True),
    Case("instance not made yet", "app in holdfast-lab has 1 of 2 instances", short),
    Case("nothing is there", "nothing in", fault=lambda: AllPodsDeleted(EMPTY), kube={"namespace": EMPTY}),
    # Reach
    Case("no such instance", "no pod db-9", fault=lambda: deleted("db-9")),
    Case("an instance of no part", "no part", joined_by("alien", "Running", labels={}), lambda: deleted("alien")),
    Case("all of a part", "Nothing of the part database", fault=lambda: frozen(0, 1, 2), destructive=False),
    Case("everything", "Whom it hits is not said", fault=lambda: Sweep(LAB), destructive=False),
    Case("an instance named twice", "named twice", fault=lambda: frozen(0, 0)),
    Case("too long", "is not allowed", fault=lambda: frozen(0, seconds=601)),
    Case("for ever", "is not allowed", fault=lambda: frozen(0, seconds=float("inf"))),
    Case("ending before it begins", "is not allowed", fault=lambda: frozen(0, seconds=-1)),
    Case("machine too long away", "is not allowed", fault=lambda: powerless("holdfast-2", 3600)),
    # Machines
    Case("machine not allowed", "take machines", fault=lambda: powerless("holdfast-2"), destructive=False),
    Case("control plane without power", "carries the control plane", fault=lambda: powerless("holdfast-1")),
    Case("control plane cut off", "carries the control plane", fault=kept_from(NodeCutOff)),
    Case("control plane frozen", "carries the control plane", fault=kept_from(NodeFrozen)),
    Case("no such machine", "no machine holdfast-9", fault=lambda: powerless("holdfast-9")),
]


def profile(case: Case) -> Profile:
    shipped = load_profile("jewelry-shop")
    capabilities = shipped.capabilities.model_copy(update={"destructive": case.destructive})
    kube = shipped.kube.model_copy(update={"namespace": LAB, **case.kube})
    parts = {"database": shipped.part("database").model_copy(update={"selector": "app=lab"})}
    return shipped.model_copy(update={"kube": kube, "capabilities": capabilities, "parts": parts})


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """The lab, and the suite's account, with no right in other namespaces than those of the lab."""
    cluster = administrator()
    places = [Case("", "", kube={"namespace": name}) for name in (LAB, EMPTY)]
    roles = [rights.manifest(profile(one), _USES) for one in places]
    try:
        build(cluster, lambda: list(map(accounts.grant, roles)))
        config = accounts.kubeconfig_of(ACCOUNT, tmp_path_factory.mktemp("account"))
        yield Audit(Cluster.connect(config, None), f"system:serviceaccount:{ACCOUNT}")
    finally:
        clear(cluster)
        for one in roles:
            accounts.withdraw(one)


def refuses(audit: Audit, action: Callable[[], object], words: str) -> None:
    told = []

    def act() -> None:
        with pytest.raises(Refusal) as refused:
            action()
        told.append(str(refused.value))

    assert audit.changes_during(act) == [], "the server was asked for a change"
    assert words in told[0]


def test_there_are_at_least_forty() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_changes_nothing_on_the_server(case: Case, audit: Audit) -> None:
    runner = FaultRunner(audit.account, guards_of(audit.account, profile(case), RUN), RUN)
    with case.situation(administrator(), audit.account):
        refuses(audit, lambda: runner.inject(case.fault(), alongside=case.alongside), case.words)


@pytest.mark.parametrize("case", [CASES[0], CASES[4], *CASES[12:14]], ids=lambda case: case.name)
def test_not_even_the_janitor_comes_to_the_wrong_place(case: Case, audit: Audit) -> None:
    with case.situation(administrator(), audit.account):
        refuses(audit, lambda: open_fault_desk(audit.account, profile(case), Limits(), RUN), case.words)


def test_the_safe_situation_is_let_through_and_the_log_has_it(audit: Audit) -> None:
    """So each refusal above comes from its one change, and the log is read rightly."""
    runner = FaultRunner(audit.account, guards_of(audit.account, profile(Case("", "")), RUN), RUN)
    told = audit.changes_during(lambda: runner.inject(deleted("db-2")))
    assert any(one.startswith(f"delete /api/v1/namespaces/{LAB}/pods/db-2") for one in told), told
    assert told[0].startswith("create"), "the intent comes first"
