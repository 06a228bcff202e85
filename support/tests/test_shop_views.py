"""Parts, addresses, database and cache as they are seen: each way of being wrong is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from support.cluster import Json, NotFound
from support.profiles import load_profile
from support.systems.jewelry_shop.addresses import Address, lead_to_living_parts
from support.systems.jewelry_shop.cache import CacheView, Server, Watcher, agrees_on_one_master
from support.systems.jewelry_shop.database import ClusterView, Member, agrees_on_one_leader
from support.systems.jewelry_shop.effective import failover_settings
from support.systems.jewelry_shop.parts import Parts, PartState, Pod, are_complete, explain, read_pod
from support.waiting import mismatch

POD = Pod("db-0", "u0", "10.0.0.1", "n1", True, "r1", {"spilo-role": "master"}, 0, False, "")
STATE = PartState("scheduler", "celery-beat", True, 1, 1, True, "r1", [POD], None)

PART_CASES: list[tuple[dict[str, Any], str]] = [
    ({"exists": False}, "scheduler celery-beat is missing"),
    ({"pods": [], "desired": 0}, "scheduler celery-beat has 0 of 1 instances"),
    ({"pods": [replace(POD, ready=False)]}, "has 0 of 1 instances"),
    ({"pods": [replace(POD, leaving=True)]}, "has 0 of 1 instances"),
    ({"pods": [replace(POD, revision="r0")]}, "db-0 of an older revision"),
    ({"pods": [POD, replace(POD, uid="u1")]}, "has 2 instances instead of 1"),
    ({"exact": False, "desired": 2}, "has 1 of the 2 instances it is set to"),
    ({"pods": [replace(POD, ready=False, trouble="cannot start: x")]}, "db-0 cannot start: x"),
]


def test_a_complete_part_is_accepted() -> None:
    assert are_complete().matches([STATE])


@pytest.mark.parametrize(("change", "words"), PART_CASES)
def test_an_incomplete_part_is_named(change: dict[str, Any], words: str) -> None:
    states = [replace(STATE, **change)]
    assert not are_complete().matches(states)
    assert words in mismatch(are_complete(), states)


def test_no_part_at_all_is_not_complete() -> None:
    assert "no part at all" in mismatch(are_complete(), [])


def test_a_missing_key_is_explained() -> None:
    told = "couldn't find key app-password in Secret jewelry-shop/postgres-secrets"
    wanted = "cannot start: key app-password missing in Secret postgres-secrets"
    assert explain("CreateContainerConfigError", told) == wanted
    assert explain("ImagePullBackOff", "no such image") == "cannot start: ImagePullBackOff no such image"


def body(name: str, **status: Any) -> Json:
    ready = {"type": "Ready", "status": "True"}
    return {
        "metadata": {"name": name, "uid": f"u-{name}", "labels": {"pod-template-hash": "h2"}},
        "spec": {"nodeName": "n1"},
        "status": {"podIP": "10.0.0.9", "conditions": [ready], **status},
    }


def test_a_pod_is_read() -> None:
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "again"}}, "restartCount": 3}
    pod = read_pod(body("a", containerStatuses=[waiting]))
    assert (pod.ready, pod.restarts, pod.revision, pod.trouble) == (
        True,
        3,
        "h2",
        "cannot start: CrashLoopBackOff again",
    )
    assert pod.last_end == ""
    killed = {"terminated": {"reason": "Error", "exitCode": 137, "finishedAt": "2026-01-02T03:04:05Z"}}
    back = {"state": {"running": {}}, "lastState": killed, "restartCount": 1}
    assert read_pod(body("c", containerStatuses=[back])).last_end == "Error, exit code 137, at 2026-01-02T03:04:05Z"
    unplaced = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}
    assert read_pod(body("b", conditions=[unplaced])).trouble == "cannot be placed: 0/3 nodes"


class FakeCluster:
    """Answers from a table of kinds."""

    def __init__(self, objects: Mapping[str, list[Json]]) -> None:
        self.objects = objects

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        for found in self.objects.get(kind, []):
            if found["metadata"]["name"] == name:
                return found
        raise NotFound(404, "NotFound", name)

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Json]:
        return self.objects.get(kind, [])


def parts(objects: Mapping[str, list[Json]]) -> Parts:
    return Parts(FakeCluster(objects), load_profile("jewelry-shop"))  # type: ignore[arg-type]


def deployment(name: str, replicas: int) -> Json:
    metadata = {"name": name, "uid": "d", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": {"replicas": replicas}, "status": {}}


def replica_set(number: int, template: str) -> Json:
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    owner = [{"uid": "d"}]
    return {
        "metadata": {"annotations": annotations, "labels": {"pod-template-hash": template}, "ownerReferences": owner}
    }


def test_a_part_is_compared_with_the_profile_and_not_with_its_own_setting() -> None:
    state = parts({"deployments": [deployment("celery-beat", 0)]}).state("scheduler")
    assert state.complaints() == ["scheduler celery-beat has 0 of 1 instances"]


def test_the_newest_revision_counts_and_finished_pods_do_not() -> None:
    objects = {
        "deployments": [deployment("celery-beat", 1)],
        "replicasets": [replica_set(1, "h1"), replica_set(2, "h2")],
        "pods": [body("a"), body("job", phase="Succeeded")],
    }
    state = parts(objects).state("scheduler")
    assert (state.revision, [pod.name for pod in state.ready], state.complaints()) == ("h2", ["a"], [])


def test_the_autoscaler_decides_within_the_promised_bounds() -> None:
    for desired, wanted in ((1, 3), (4, 4), (9, 5)):
        assert parts({"deployments": [deployment("django", desired)]}).state("django").wanted == wanted


def test_a_part_without_workload_is_missing() -> None:
    assert parts({}).state("scheduler").complaints() == ["scheduler celery-beat is missing"]


ADDRESS = Address("redis", True, frozenset({6379}), frozenset({6379}), frozenset({"a"}), frozenset({"a"}), (("a", ""),))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exists": False}, "does not exist"),
        ({"ports": frozenset()}, "lacks the ports [6379]"),
        ({"leads_to": frozenset()}, "leads nowhere"),
        ({"leads_to": frozenset({"a", "b"})}, "leads to b, where no ready part"),
        ({"should_lead_to": frozenset({"a", "c"})}, "does not lead to the ready c"),
        ({"exchanges": (("a", "does not answer"),)}, "redis: a does not answer"),
    ],
)
def test_a_wrong_address_is_named(change: dict[str, Any], words: str) -> None:
    assert lead_to_living_parts().matches([ADDRESS])
    assert words in mismatch(lead_to_living_parts(), [replace(ADDRESS, **change)])


def member(number: int, role: str, **others: Any) -> Member:
    pod = replace(POD, name=f"db-{number}", uid=f"u{number}", ip=f"10.0.0.{number}")
    roles = {0: "leader", 1: "sync_standby", 2: "replica"}
    told = {f"db-{n}": {"role": roles[n], "timeline": 4} for n in roles}
    given: dict[str, Any] = {"follows": number != 0, "receiver": "streaming" if number else "", "told": told}
    return Member(pod, role, **{**given, **others})


def replication(**others: Any) -> list[dict[str, Any]]:
    first = {"name": "db-1", "state": "streaming", "sync_state": "sync", "lag": 0}
    return [{**first, **others}, {"name": "db-2", "state": "streaming", "sync_state": "async", "lag": 0}]


DATABASE = ClusterView(
    [member(0, "master"), member(1, "replica"), member(2, "replica")],
    "db-0",
    "10.0.0.0",
    "db-1",
    replication(),
    {"synchronous_mode": True},
)


def with_member(number: int, **change: Any) -> ClusterView:
    members = [replace(one, **change) if one.name == f"db-{number}" else one for one in DATABASE.members]
    return replace(DATABASE, members=members)


DATABASE_CASES: list[tuple[Callable[[], ClusterView], str]] = [
    (lambda: replace(DATABASE, record_address=""), "no member has the address"),
    (lambda: replace(DATABASE, record_leader="db-2"), "the leader record names db-2"),
    (lambda: with_member(1, label="master"), "by label db-0, db-1 leads"),
    (lambda: with_member(2, follows=False), "db-0, db-2 accepts writes"),
    (lambda: with_member(2, error="does not answer"), "db-2 does not answer"),
    (lambda: with_member(2, told={"db-2": {"role": "leader"}}), "db-2 takes db-2 for the leader"),
    (lambda: with_member(1, receiver=""), "db-1 does not stream from db-0"),
    (lambda: replace(DATABASE, replication=replication(lag=2_000_000)), "2000000 bytes behind"),
    (lambda: replace(DATABASE, members=DATABASE.members[:2]), "1 followers instead of 2"),
    (
        lambda: replace(DATABASE, replication=replication(sync_state="async"), settings={"synchronous_mode": False}),
        "no synchronous follower (synchronous_mode is False)",
    ),
    (lambda: replace(DATABASE, careless=["a sale is confirmed before"]), "a sale is confirmed before"),
    (lambda: replace(DATABASE, sync_follower="db-2"), "the record names db-2 as synchronous, the leader db-1"),
]


def test_a_database_of_one_mind_is_accepted() -> None:
    assert agrees_on_one_leader(2).matches(DATABASE), mismatch(agrees_on_one_leader(2), DATABASE)
    assert DATABASE.timeline == 4


@pytest.mark.parametrize(("view", "words"), DATABASE_CASES)
def test_a_database_of_two_minds_is_named(view: Callable[[], ClusterView], words: str) -> None:
    assert not agrees_on_one_leader(2).matches(view())
    assert words in mismatch(agrees_on_one_leader(2), view())


def server(number: int, role: str, **others: Any) -> Server:
    pod = replace(POD, name=f"redis-{number}", ip=f"10.0.1.{number}")
    followers = ["ip=a,state=online,lag=0", "ip=b,state=online,lag=1"] if role == "master" else []
    given: dict[str, Any] = {"followers": followers, "link": "" if role == "master" else "up"}
    return Server(pod, role, **{**given, **others})


def watcher(number: int, **others: Any) -> Watcher:
    pod = replace(POD, name=f"redis-sentinel-{number}")
    given: dict[str, Any] = {
        "master": "redis-0.redis-headless.shop.svc.cluster.local",
        "followers": 2,
        "others": 2,
        "quorum": 2,
        "quorum_ok": True,
        "tilted": False,
        "resolves_names": "yes",
    }
    return Watcher(pod, **{**given, **others})


CACHE = CacheView(
    [server(0, "master"), server(1, "slave"), server(2, "slave")], [watcher(0), watcher(1), watcher(2)], 2
)


def watched(**others: Any) -> CacheView:
    return replace(CACHE, watchers=[watcher(number, **others) for number in range(3)])


CACHE_CASES: list[tuple[Callable[[], CacheView], str]] = [
    (
        lambda: watched(followers=0, resolves_names="no"),
        "watchers know 0 followers: announced host names are not resolved",
    ),
    (lambda: watched(followers=0), "watchers know 0 followers"),
    (lambda: watched(followers=1), "knows 1 followers instead of 2"),
    (lambda: watched(others=1), "knows 1 other watchers instead of 2"),
    (lambda: watched(quorum=1), "has no quorum"),
    (lambda: watched(quorum_ok=False), "has no quorum"),
    (lambda: watched(tilted=True), "protective mode"),
    (lambda: watched(master="10.0.1.0"), "names the master by address"),
    (lambda: watched(error="does not answer"), "does not answer"),
    (lambda: replace(CACHE, watchers=CACHE.watchers[:2]), "2 watchers instead of 3"),
    (lambda: replace(CACHE, watchers=[watcher(0), watcher(1), watcher(2, master="redis-1.x")]), "the watchers name"),
    (lambda: replace(CACHE, servers=[server(0, "master"), server(1, "master")]), "2 servers take themselves"),
    (lambda: replace(CACHE, servers=[server(1, "master"), server(0, "slave")]), "the watchers name another"),
    (lambda: replace(CACHE, servers=[server(0, "master", followers=[])]), "has 0 online followers"),
    (lambda: replace(CACHE, servers=[*CACHE.servers[:2], server(2, "slave", link="down")]), "has lost its master"),
    (lambda: replace(CACHE, servers=[*CACHE.servers[:2], server(2, "", error="is silent")]), "redis-2 is silent"),
]


def test_a_cache_of_one_mind_is_accepted() -> None:
    assert agrees_on_one_master(2, 3).matches(CACHE), mismatch(agrees_on_one_master(2, 3), CACHE)
    assert CACHE.master is not None


@pytest.mark.parametrize(("view", "words"), CACHE_CASES)
def test_a_cache_of_two_minds_is_named(view: Callable[[], CacheView], words: str) -> None:
    assert not agrees_on_one_master(2, 3).matches(view())
    assert words in mismatch(agrees_on_one_master(2, 3), view())


def test_a_lease_that_is_too_long_is_named() -> None:
    settings = failover_settings({"ttl": 80, "loop_wait": 2, "synchronous_mode": True}, {})
    assert settings.blame(30) == ["lease of 80 s makes takeover slower than 30 s"]
    assert failover_settings({"ttl": 20, "loop_wait": 2}, {}).blame(30) == []


def test_a_lease_below_the_smallest_works_as_the_smallest() -> None:
    assert failover_settings({"ttl": 15, "loop_wait": 2}, {}).lease == 20


@pytest.mark.parametrize(("value", "mode"), [(True, True), ("on", True), (False, False), ("off", False)])
def test_the_synchronous_mode_is_read_however_it_is_written(value: Any, mode: bool) -> None:
    assert failover_settings({"synchronous_mode": value}, {}).synchronous_mode is mode
