"""Unsafe situations on the real cluster: refused, and the API server has counted no change.

Counted by the server's own metric apiserver_request_total, by verb and resource. An audit log would name the caller as
well, but would have to be switched on for the whole cluster. So only calls are counted that a fault consists of and
that nothing else in the cluster makes while this test runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cluster import Cluster
from support.equipment import guards_of, open_fault_desk
from support.errors import Refusal
from support.faults.base import Fault, FaultRunner
from support.faults.intents import ByPlatform, Intent, remove, write
from support.faults.machines import NodePowerOff
from support.faults.pods import PodDeleted
from support.faults.processes import Place, ProcessesFrozen
from support.faults.scripts import Processes
from support.limits import Limits
from support.observers.install import NAMESPACE
from support.paths import state_dir
from support.platforms import kubectl
from support.platforms.embedded.platform import EmbeddedPlatform
from support.profiles import Profile, load_profile

pytestmark = pytest.mark.acceptance

RUN = "guards"
MEMBERS = [f"jewelry-shop-db-{number}" for number in range(3)]
# Verb and resource as the metric names them: writing and mending intents, installing the janitor, life signs, faults.
_OF_FAULTS = re.compile(
    r'resource="(configmaps|deployments|roles|rolebindings|serviceaccounts)".*verb="(POST|PUT|PATCH|APPLY|DELETE)"'
    # Not PATCH: supervisors of the database and the machines tell the state of their own pods and leases by it.
    r'|resource="(leases|pods)".*verb="(POST|DELETE)"'
    r'|resource="pods".*subresource="exec".*verb="CONNECT"'
)


def changes() -> Counter[str]:
    """How often the server has been asked for such a change, by verb and resource."""
    text = kubectl.run(EmbeddedPlatform(), ["get", "--raw", "/metrics"])
    found: Counter[str] = Counter()
    for line in text.splitlines():
        if line.startswith("apiserver_request_total{") and _OF_FAULTS.search(line):
            labels, _, value = line.rpartition(" ")
            found[labels] += int(float(value))
    return found


def connect(token: str = "", tmp_path: Path | None = None) -> Cluster:
    """The cluster as the suite reaches it, or as an account with next to no rights does."""
    config = state_dir() / "kubeconfig"
    if token and tmp_path:
        told = yaml.safe_load(config.read_text())
        told["users"][0]["user"] = {"token": token}
        config = tmp_path / "kubeconfig"
        config.write_text(yaml.safe_dump(told))
    return Cluster.connect(config, None)


def deleted(pod: str = MEMBERS[0], namespace: str = "jewelry-shop") -> Fault:
    return PodDeleted(namespace, pod, 0)


def frozen(count: int, seconds: float) -> Fault:
    places = [Place("jewelry-shop", member, "postgres") for member in MEMBERS[:count]]
    return ProcessesFrozen(places, [Processes.SERVER], seconds)


@dataclass(frozen=True)
class Case:
    """One situation."""

    name: str
    fault: Callable[[], Fault] = deleted
    kube: dict[str, Any] = field(default_factory=dict)
    destructive: bool = True
    watched: bool = False


CASES = [
    Case("wrong context", kube={"context": "production"}),
    Case("wrong cluster", kube={"fingerprint": "another"}),
    Case("not opted in", kube={"fault_opt_in_label": "holdfast.dev/faults=never"}),
    Case("kube-system", lambda: deleted("etcd", "kube-system")),
    Case("default", lambda: deleted("x", "default")),
    Case("another namespace", lambda: deleted("x", "projectcontour")),
    Case("no such namespace", lambda: deleted("x", "moon"), kube={"namespace": "moon"}),
    Case("no such pod", lambda: deleted("jewelry-shop-db-9")),
    Case("all of a part", lambda: frozen(3, 45), destructive=False),
    Case("for too long", lambda: frozen(1, 3600)),
    Case("control plane", lambda: NodePowerOff(EmbeddedPlatform().node_faults, "holdfast-1", 30)),
    Case("no such machine", lambda: NodePowerOff(EmbeddedPlatform().node_faults, "holdfast-9", 30)),
    Case("no life sign", watched=True),
]


def profile(case: Case) -> Profile:
    shipped = load_profile("jewelry-shop")
    capabilities = shipped.capabilities.model_copy(update={"destructive": case.destructive})
    return shipped.model_copy(update={"kube": shipped.kube.model_copy(update=case.kube), "capabilities": capabilities})


def runner(cluster: Cluster, case: Case) -> FaultRunner:
    guards = guards_of(cluster, profile(case), RUN)
    object.__setattr__(guards, "watched", case.watched)  # only what the case is about stands in the way
    return FaultRunner(cluster, guards, RUN)


def unchanged(action: Callable[[], object]) -> None:
    before = changes()
    with pytest.raises(Refusal):
        action()
    assert changes() - before == Counter(), "the server was asked for a change"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_changes_nothing_on_the_server(case: Case) -> None:
    cluster = connect()
    unchanged(lambda: runner(cluster, case).inject(case.fault()))
    assert cluster.mutations == []


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_not_even_the_janitor_comes_to_the_wrong_place(case: Case) -> None:
    cluster = connect()
    unchanged(lambda: open_fault_desk(cluster, profile(case), Limits(), RUN))


def test_without_rights_nothing_is_tried(tmp_path: Path) -> None:
    token = kubectl.run(EmbeddedPlatform(), ["-n", "default", "create", "token", "default"]).strip()
    cluster = connect(token, tmp_path)
    unchanged(lambda: runner(cluster, Case("no rights")).inject(deleted()))


def test_a_fault_of_another_run_stands_in_the_way_and_the_counter_counts() -> None:
    cluster = connect()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})  # nobody may have run yet
    # Of a machine that does not exist: a janitor that is there leaves it alone for long enough.
    intent = Intent("intent-other-1", "other", "machine-power-off", "x", "on", 60, [ByPlatform("power_on", "nowhere")])
    before = changes()
    write(cluster, intent)
    try:
        assert sum((changes() - before).values()) == 1, "the metric sees what the suite does"
        unchanged(lambda: runner(cluster, Case("open")).inject(deleted()))
    finally:
        remove(cluster, intent.name)
