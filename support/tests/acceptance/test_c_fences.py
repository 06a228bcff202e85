"""Network policies on the embedded platform, judged by connections that pods make or cannot make."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.cluster import ApiError, Cluster, Json
from support.platforms.embedded.platform import EmbeddedPlatform
from support.tests.acceptance.conftest import within
from support.tests.acceptance.fences_table import PODS, SITUATIONS, A, B, Situation, with_addresses
from support.waiting import SYSTEM_CLOCK

pytestmark = [pytest.mark.acceptance, pytest.mark.fences]

EFFECTIVE_S = 2.0  # the promise: so long after a change of policies or labels
ANSWER_S = 1.0  # seconds for one exchange; it takes 0.01
_PROGRAM = Path(__file__).with_name("fences_pod.py")
_DENY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny", "namespace": A},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
_ADMITS_NOBODY: Json = {**_DENY, "metadata": {"name": "nobody", "namespace": A}, "spec": {"podSelector": {}}}
_SERVICE = "server"


@dataclass
class Field:
    """Two namespaces with pods that answer and call."""

    cluster: Cluster
    service: str = ""
    _bodies: dict[str, Json] = field(default_factory=dict)

    def build(self) -> None:
        """Makes namespaces, pods and the Service; the pods are ready when it returns."""
        self.remove()
        for name, team in ((A, "a"), (B, "b")):
            labels = {"team": team}
            self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
            code = {"fences_pod.py": _PROGRAM.read_text()}
            meta = {"name": "code", "namespace": name}
            self.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": code})
        for name, machine in PODS.items():
            self.start(name, machine)
        self.service = self._make_service()
        for name in PODS:
            assert within(60, partial(self.ready, name)), f"{name} did not become ready"

    def _make_service(self) -> str:
        ports = [
            {"name": "web", "port": 80, "targetPort": "http"},
            {"name": "data", "port": 5353, "protocol": "UDP", "targetPort": 5353},
        ]
        spec = {"selector": {"role": "server"}, "ports": ports}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": _SERVICE, "namespace": A}, "spec": spec}
        made = self.cluster.apply(body)
        return str(made["spec"]["clusterIP"])

    def remove(self) -> None:
        """Removes both namespaces and waits until they are gone."""
        for name in (A, B):
            self.cluster.delete("namespaces", name)
        assert within(60, lambda: not {A, B} & {body["metadata"]["name"] for body in self.cluster.list("namespaces")})

    def start(self, name: str, machine: int, calls: str = "") -> None:
        """Makes one pod on a machine; it calls an address from its first moment on when one is given."""
        container = {
            "name": "talker",
            "image": "localhost/holdfast/envoy:1",
            "imagePullPolicy": "Never",
            "command": ["tini", "--", "python3", "-B", "/code/fences_pod.py", "serve"],
            "env": [{"name": "POD", "value": name}, {"name": "CALLS", "value": calls}],
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1},
            "volumeMounts": [{"name": "code", "mountPath": "/code"}],
        }
        app = name.partition("/")[2]
        spec = {
            "nodeName": f"holdfast-{machine}",
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "dnsConfig": {"options": [{"name": "timeout", "value": "1"}, {"name": "attempts", "value": "1"}]},
            "containers": [container],
            "volumes": [{"name": "code", "configMap": {"name": "code"}}],
        }
        metadata = {"name": app, "namespace": _home(name), "labels": {"app": app, "role": app}}
        self.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def pod(self, name: str) -> Json:
        return self.cluster.get("pods", name.partition("/")[2], _home(name))

    def ready(self, name: str) -> bool:
        conditions = self.pod(name).get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def restarts(self, name: str) -> int:
        return sum(int(one["restartCount"]) for one in self.pod(name)["status"].get("containerStatuses", []))

    def address(self, name: str) -> str:
        return str(self.pod(name)["status"]["podIP"])

    def run(self, pod: str, *words: str, longest: float = 20.0) -> str:
        """The program of the pods, run beside the one that serves."""
        command = ["env", f"POD={pod}", "python3", "-B", "/code/fences_pod.py", *words]
        done = self.cluster.exec(_home(pod), pod.partition("/")[2], command, within=longest)
        assert done.code == 0, done.stderr
        return done.stdout

    def target(self, caller: str, text: str) -> str:
        """What the program of the pods calls a cell's target."""
        whom, _, port = text.partition(":")
        if whom == "name":
            return "lookup:kubernetes.default.svc.cluster.local.:53"
        if whom == "machine":
            return f"dial:{self.pod(caller)['status']['hostIP']}:{port}"
        host = self.service if whom == _SERVICE else self.address(whom)
        return f"udp:{host}:{port.removeprefix('udp')}" if port.startswith("udp") else f"tcp:{host}:{port}"

    def try_cells(self, cells: list[str]) -> dict[str, bool]:
        """Whether an answer comes, for each cell; all at once."""
        callers: dict[str, dict[str, str]] = {}
        for cell in cells:
            caller, _, text = cell.partition(" > ")
            callers.setdefault(caller, {})[self.target(caller, text)] = cell
        with ThreadPoolExecutor(len(callers)) as pool:
            told = pool.map(lambda caller: self.run(caller, "try", str(ANSWER_S), *callers[caller]), callers)
        found: dict[str, bool] = {}
        for caller, text in zip(callers, told, strict=True):
            found |= {callers[caller][target]: answer for target, answer in json.loads(text).items()}
        return found

    def impose(self, policies: list[Json]) -> None:
        """These policies and no others."""
        wanted = {policy["metadata"]["name"] for policy in policies}
        for policy in policies:
            self.cluster.apply(policy)
        for body in self.cluster.list("networkpolicies", A):
            if body["metadata"]["name"] not in wanted:
                self.cluster.delete("networkpolicies", body["metadata"]["name"], A)

    def label(self, name: str, app: str) -> None:
        """Changes a pod's label `app`."""
        body = {"metadata": {"labels": {"app": app}}}
        self.cluster.patch("pods", name.partition("/")[2], body, _home(name))

    def follow(self, caller: str, text: str, seconds: float) -> list[tuple[float, bool]]:
        """Attempts from now on, 20 a second: moment and whether it was answered."""
        told = self.run(caller, "follow", str(seconds), self.target(caller, text), longest=seconds + 15)
        return [(float(moment), bool(answered)) for moment, answered in json.loads(told)]


def _home(pod: str) -> str:
    return A if pod.startswith("a/") else B


@pytest.fixture(scope="module")
def ground() -> Iterator[Field]:
    built = Field(Cluster.connect(EmbeddedPlatform().kubeconfig, None))
    built.build()
    yield built
    built.remove()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_connections_exist_as_the_policies_say(ground: Field, situation: Situation) -> None:
    policies = with_addresses(situation.policies, ground.address)
    for name, app in situation.labels.items():
        ground.label(name, app)
    ground.impose(policies)
    try:
        SYSTEM_CLOCK.sleep(EFFECTIVE_S)
        found = ground.try_cells(list(situation.cells))
        assert found == dict(situation.cells)
        # The kubelet's probes come from the machine and are never fenced.
        assert all(ground.ready(name) for name in PODS)
    finally:
        for name in situation.labels:
            ground.label(name, name.partition("/")[2])


def test_a_change_takes_effect_in_time(ground: Field) -> None:
    ground.impose([])
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    with ThreadPoolExecutor() as pool:
        followed = pool.submit(ground.follow, "b/friend", "a/server:8080", 9.0)
        SYSTEM_CLOCK.sleep(2.5)  # seconds until attempts are certainly being made
        ground.impose([_DENY])
        closed_from = time.time()
        SYSTEM_CLOCK.sleep(EFFECTIVE_S + 0.5)
        ground.impose([])
        open_from = time.time()
        seen = followed.result()
    assert any(answered for moment, answered in seen if moment < closed_from - 1)
    closed = [answered for moment, answered in seen if closed_from + EFFECTIVE_S < moment < open_from - 0.1]
    opened = [answered for moment, answered in seen if moment > open_from + EFFECTIVE_S]
    last = max((moment for moment, answered in seen if answered and moment < open_from - 0.1), default=closed_from)
    first = min((moment for moment, answered in seen if answered and moment > open_from), default=0.0)
    sys.stdout.write(
        f"closed {last - closed_from:+.2f} s after the policy was made, open {first - open_from:+.2f} s after its end\n"
    )
    assert closed
    assert opened
    assert not any(closed)
    assert all(opened)


def test_a_restarted_agent_lets_nobody_in_and_nobody_out(ground: Field) -> None:
    only_friend = next(one for one in SITUATIONS if one.name.startswith("pods of the same namespace"))
    policies = with_addresses(only_friend.policies, ground.address)
    ground.impose(policies)
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    with ThreadPoolExecutor() as pool:
        denied = pool.submit(ground.follow, "b/stranger", "a/server:8080", 12.0)
        admitted = pool.submit(ground.follow, "a/friend", "a/server:8080", 12.0)
        SYSTEM_CLOCK.sleep(2.5)
        old = _agent(ground, 2)
        ground.cluster.delete("pods", old["metadata"]["name"], "kube-system", grace=0)
        assert within(10, lambda: _agent_is_new(ground, 2, old["metadata"]["uid"]))
        for number in range(20):  # every change of policies puts the table in place anew
            ground.impose([*policies, _ADMITS_NOBODY] if number % 2 else policies)
        assert not any(answered for _, answered in denied.result())
        assert all(answered for _, answered in admitted.result())
    assert within(30, lambda: _agent_is_ready(ground, 2))
    ground.impose([])
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    assert ground.try_cells(["b/stranger > a/server:8080"]) == {"b/stranger > a/server:8080": True}


def _agent(ground: Field, machine: int) -> Json:
    on_machine = f"spec.nodeName=holdfast-{machine}"
    found = ground.cluster.list("pods", "kube-system", "app=network-policies", on_machine)
    living = [body for body in found if "deletionTimestamp" not in body["metadata"]]
    return living[0] if living else {"metadata": {"uid": ""}}


def _agent_is_new(ground: Field, machine: int, uid: str) -> bool:
    return _agent(ground, machine)["metadata"]["uid"] not in ("", uid)


def _agent_is_ready(ground: Field, machine: int) -> bool:
    conditions: list[Any] = _agent(ground, machine).get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


@dataclass
class Meetings:
    """How often a pod answered on any address of its machine, and how often it was heard calling."""

    answers: int
    calls: int
    rounds: int


def _meetings(ground: Field, name: str, machine: int, seconds: float) -> Meetings:
    """Everything that b/stranger sees of a pod, whatever address it has."""
    told = ground.run(
        "b/stranger", "watch", str(seconds), name, f"198.19.{machine}", "8080", longest=seconds + 20
    ).splitlines()
    heard = ground.cluster.exec(B, "stranger", ["sh", "-c", "cat /tmp/heard; : > /tmp/heard"]).stdout.splitlines()
    return Meetings(len(told) - 1, heard.count(name), int(told[-1].split()[1]))


@pytest.mark.parametrize("fenced", [False, True], ids=["free", "fenced"])
def test_a_new_pod_is_fenced_from_its_first_moment(ground: Field, fenced: bool) -> None:
    ground.impose([_DENY] if fenced else [])
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    ground.cluster.exec(B, "stranger", ["sh", "-c", ": > /tmp/heard"])
    with ThreadPoolExecutor() as pool:
        watched = pool.submit(_meetings, ground, "a/late", 3, 8.0)
        ground.start("a/late", 3, calls=ground.address("b/stranger"))
        seen = watched.result()
    try:
        assert ground.ready("a/late")
        assert seen.rounds > 10  # of about 25
        sys.stdout.write(f"{seen}\n")
        assert bool(seen.answers) is not fenced
        assert bool(seen.calls) is not fenced
    finally:
        ground.cluster.delete("pods", "late", A, grace=0)
        assert within(20, lambda: not _exists(ground, "late"))


def _exists(ground: Field, name: str) -> bool:
    try:
        ground.cluster.get("pods", name, A)
    except ApiError as error:
        return error.status != 404
    return True


def test_a_restarted_machine_keeps_its_pods_fenced(ground: Field) -> None:
    """Before the agent runs again, too: a machine starts with every way of its pods closed."""
    faults, machine = EmbeddedPlatform().node_faults, 3
    ground.impose([])
    ground.start("a/late", machine, calls=ground.address("b/stranger"))
    assert within(30, lambda: ground.ready("a/late"))
    ground.impose([_DENY])
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    ground.cluster.exec(B, "stranger", ["sh", "-c", ": > /tmp/heard"])
    with ThreadPoolExecutor() as pool:
        watched = pool.submit(_meetings, ground, "a/late", machine, 35.0)
        faults.power_off(f"holdfast-{machine}", back_after=30.0)
        faults.power_on(f"holdfast-{machine}")
        assert within(60, lambda: ground.restarts("a/late") > 0 and ground.ready("a/late"))
        seen = watched.result()
    sys.stdout.write(f"{seen}\n")
    assert seen.rounds > 50  # of about 110
    assert (seen.answers, seen.calls) == (0, 0)
    assert within(30, lambda: _agent_is_ready(ground, machine))
    ground.impose([])
    SYSTEM_CLOCK.sleep(EFFECTIVE_S)
    assert ground.try_cells(["b/stranger > a/late:8080"]) == {"b/stranger > a/late:8080": True}
    assert within(60, lambda: all(ground.ready(name) for name in PODS))
