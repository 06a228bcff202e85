"""A small system of its own on the real cluster, and ways to make it unsafe to break: each really done, then undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from hamcrest import equal_to

from support.cluster import Cluster, NotFound
from support.faults import intents
from support.faults.intents import ByPlatform, Intent
from support.faults.lease import LABEL
from support.observers.install import NAMESPACE
from support.observers.observer import DEFAULT_IMAGE
from support.tests.acceptance.accounts import without
from support.waiting import eventually

Json = dict[str, Any]
LAB, OTHER, EMPTY, GOING = (f"holdfast-lab{word}" for word in ("", "-other", "-empty", "-going"))
RUN = "guards"
OPT_IN = {"holdfast.dev/faults": "allowed"}
PART = {"app": "lab"}
_SOON_S = 60.0  # seconds until a small pod runs, or is gone
_HELD = ["holdfast.dev/held"]  # a finalizer that nobody removes but this test

Situation = Callable[[Cluster, Cluster], AbstractContextManager[object]]  # administrator, account of the suite


def build(cluster: Cluster, grant: Callable[[], object]) -> None:
    """The safe situation: three instances of a part, a deployment, somebody who would mend, and a run that lives.

    `grant` gives the suite its rights in the namespaces LAB and EMPTY, which exist then.
    """
    for name in (LAB, OTHER, EMPTY):
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": OPT_IN}})
    grant()
    cluster.delete("deployments", "janitor", NAMESPACE)  # the real one would mend what is open here
    for number in range(3):
        cluster.create("pods", pod(f"db-{number}"), LAB)
    cluster.create("pods", pod("foreign"), OTHER)
    cluster.create("deployments", deployment("app", LAB), LAB)
    show_life(cluster)
    bring_janitor(cluster)
    eventually(lambda _: _unready(cluster), equal_to([]), _SOON_S, "The lab must run")


def clear(cluster: Cluster) -> None:
    """Nothing of it stays; the next run brings its own janitor again."""
    for name in (LAB, OTHER, EMPTY):
        cluster.delete("namespaces", name)
    cluster.delete("deployments", "janitor", NAMESPACE)
    cluster.delete("leases", f"run-{RUN}", NAMESPACE)
    for intent in intents.read_all(cluster):
        if intent.run in (RUN, "other"):
            intents.remove(cluster, intent.name)


def pod(name: str, labels: Mapping[str, str] = PART, **spec: Any) -> Json:
    """An instance that does nothing."""
    container = {"name": "postgres", "image": DEFAULT_IMAGE, "command": ["sleep", "infinity"]}
    container |= spec.pop("container", {})
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": dict(labels)}, "spec": spec}


def deployment(name: str, namespace: str, **spec: Any) -> Json:
    """One instance of something that does nothing."""
    labels = {"holdfast.dev/lab": name}
    template = {"metadata": {"labels": labels}, "spec": pod(name)["spec"]}
    body = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **spec}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body}


def show_life(cluster: Cluster) -> None:
    """The Lease of a run, as the suite writes it."""
    metadata = {"name": f"run-{RUN}", "labels": {LABEL: "true"}}
    cluster.create("leases", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}, NAMESPACE)


def bring_janitor(cluster: Cluster) -> None:
    """One that is ready and does nothing: what is open here must stay open."""
    cluster.create("deployments", deployment("janitor", NAMESPACE), NAMESPACE)


def safe(_: Cluster, __: Cluster) -> AbstractContextManager[object]:
    """The situation is unsafe by what is asked for."""
    return nullcontext()


def labelled(labels: Json) -> Situation:
    """The lab's namespace carries other labels; None takes one away."""

    @contextmanager
    def made(cluster: Cluster, _: Cluster) -> Iterator[None]:
        cluster.patch("namespaces", LAB, {"metadata": {"labels": labels}})
        yield
        gone = {key: None for key in labels if key not in OPT_IN}
        cluster.patch("namespaces", LAB, {"metadata": {"labels": gone | OPT_IN}})

    return made


@contextmanager
def going(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """A namespace that is being removed and cannot go."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GOING, "labels": OPT_IN}})
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": _HELD}}
    cluster.create("configmaps", held, GOING)
    cluster.delete("namespaces", GOING)
    yield
    cluster.patch("configmaps", "held", {"metadata": {"finalizers": None}}, GOING)


def joined_by(name: str, state: str, **spec: Any) -> Situation:
    """A fourth instance in some state, such as Pending."""

    @contextmanager
    def made(cluster: Cluster, _: Cluster) -> Iterator[None]:
        cluster.create("pods", pod(name, **spec), LAB)
        _reaches(cluster, name, state)
        yield
        _remove(cluster, name)

    return made


@contextmanager
def leaving(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """The instance db-1 is on its way out and cannot go."""
    cluster.patch("pods", "db-1", {"metadata": {"finalizers": _HELD}}, LAB)
    cluster.delete("pods", "db-1", LAB, grace=0)
    yield
    cluster.patch("pods", "db-1", {"metadata": {"finalizers": None}}, LAB)
    _gone(cluster, "db-1")
    cluster.create("pods", pod("db-1"), LAB)
    _reaches(cluster, "db-1", "Running")
    eventually(lambda _: _unready(cluster), equal_to([]), _SOON_S, "The lab must run again")


@contextmanager
def short(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """A second instance is wanted, and nobody may make one: no pod is there that could be seen to be late."""
    hard = {"pods": str(len(cluster.list("pods", LAB)))}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": {"hard": hard}}
    cluster.create("resourcequotas", quota, LAB)
    eventually(lambda _: _counted(cluster), equal_to(True), _SOON_S, "The quota must count")
    cluster.patch("deployments", "app", {"spec": {"replicas": 2}}, LAB)
    eventually(lambda _: _has_seen(cluster), equal_to(True), _SOON_S, "The controller must have tried")
    yield
    cluster.patch("deployments", "app", {"spec": {"replicas": 1}}, LAB)
    eventually(lambda _: _has_seen(cluster), equal_to(True), _SOON_S, "The controller must have heard")
    cluster.delete("resourcequotas", "full", LAB)


def _counted(cluster: Cluster) -> bool:
    return bool(cluster.get("resourcequotas", "full", LAB).get("status", {}).get("used"))


def _has_seen(cluster: Cluster) -> bool:
    body = cluster.get("deployments", "app", LAB)
    return bool(body["status"]["observedGeneration"] == body["metadata"]["generation"])


def opened(run: str, target: str = "elsewhere", count: int = 1) -> Situation:
    """So many faults of a run are open, of a machine that does not exist."""

    @contextmanager
    def made(cluster: Cluster, _: Cluster) -> Iterator[None]:
        names = [f"intent-{run}-{number}" for number in range(count)]
        for name in names:
            end = ByPlatform("power_on", "nowhere")
            intents.write(cluster, Intent(name, run, "machine-power-off", target, "on", 600, [end]))
        yield
        for name in names:
            intents.remove(cluster, name)

    return made


@contextmanager
def lifeless(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """The run shows no sign of life."""
    cluster.delete("leases", f"run-{RUN}", NAMESPACE)
    yield
    show_life(cluster)


@contextmanager
def unwatched(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """There is no janitor."""
    cluster.delete("deployments", "janitor", NAMESPACE)
    yield
    bring_janitor(cluster)
    eventually(lambda _: _unready(cluster), equal_to([]), _SOON_S, "The janitor must run again")


@contextmanager
def janitor_away(cluster: Cluster, _: Cluster) -> Iterator[None]:
    """There is one, and it does not run."""
    cluster.patch("deployments", "janitor", {"spec": {"replicas": 0}}, NAMESPACE)

    def ready(_: object) -> int:
        return int(cluster.get("deployments", "janitor", NAMESPACE)["status"].get("readyReplicas", 0))

    eventually(ready, equal_to(0), _SOON_S, "The janitor must be away")
    yield
    cluster.patch("deployments", "janitor", {"spec": {"replicas": 1}}, NAMESPACE)
    eventually(ready, equal_to(1), _SOON_S, "The janitor must run again")


def forbidden(verb: str, kind: str, place: str | None, subresource: str = "") -> Situation:
    """The account of the suite has lost a right."""
    return lambda _, account: without(account, verb, kind, place, subresource)


def _unready(cluster: Cluster) -> list[str]:
    """Who is not there yet; as many deployments as there are, each with all that it wants."""
    pods = [one for place in (LAB, OTHER) for one in cluster.list("pods", place)]
    away = [str(one["metadata"]["name"]) for one in pods if not _is_ready(one)]
    wanted = [("app", LAB), ("janitor", NAMESPACE)]
    found = [cluster.get("deployments", name, place) for name, place in wanted]
    return away + [str(one["metadata"]["name"]) for one in found if one.get("status", {}).get("readyReplicas", 0) != 1]


def _is_ready(body: Json) -> bool:
    conditions = body.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _reaches(cluster: Cluster, name: str, state: str) -> None:
    def phase(_: object) -> str:
        return str(cluster.get("pods", name, LAB)["status"]["phase"])

    eventually(phase, equal_to(state), _SOON_S, f"The instance {name} must be {state}")


def _remove(cluster: Cluster, name: str) -> None:
    cluster.delete("pods", name, LAB, grace=0)
    _gone(cluster, name)


def _gone(cluster: Cluster, name: str) -> None:
    def there(_: object) -> bool:
        try:
            cluster.get("pods", name, LAB)
        except NotFound:
            return False
        return True

    eventually(there, equal_to(False), _SOON_S, f"The instance {name} must be gone")
