"""What is read from the cluster and the stores for budget, settings, volumes and lives, with a cluster in memory."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from support.cleaning import CleanUps
from support.cluster import ApiError, Json, NotFound
from support.cluster.execution import ExecResult
from support.profiles import load_profile
from support.systems.jewelry_shop import budget, configuration, in_use, quiet, volumes
from support.systems.jewelry_shop.parts import Parts
from support.waiting import Unknown, mismatch

PROFILE = load_profile("jewelry-shop")
ENVIRONMENT = "REDIS_PASSWORD=hidden-value-1\0LOG_LEVEL=INFO\0EMPTY=\0"
VARIABLE = {"name": "REDIS_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis-secrets", "key": "password"}}}


class Memory:
    """Objects by kind; pods are found by the part they are labelled with."""

    def __init__(self) -> None:
        self.objects: dict[str, list[Json]] = {}
        self.told = ExecResult(ENVIRONMENT, "", 0)
        self.refusal: ApiError | None = None
        self.may = True
        self.deleted: list[str] = []

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Json]:
        wanted = dict(pair.split("=", 1) for pair in labels.split(",") if pair)
        found = self.objects.get(kind, [])
        return [one for one in found if wanted.items() <= one["metadata"].get("labels", {}).items()]

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        for one in self.objects.get(kind, []):
            if one["metadata"]["name"] == name:
                return one
        raise NotFound(404, "NotFound", name)

    def create(self, kind: str, body: Json, namespace: str | None = None) -> Json:
        if self.refusal:
            raise self.refusal
        self.objects.setdefault(kind, []).append(body)
        return body

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        self.deleted.append(name)

    def exec(self, namespace: str, pod: str, command: Sequence[str], **_: Any) -> ExecResult:
        return ExecResult("/var/lib/redis\n", "", 0) if command[0] == "findmnt" else self.told

    def allowed(self, *_: Any) -> bool:
        return self.may


def pod(part: str, number: int, **spec: Any) -> Json:
    described = PROFILE.part(part)
    labels = dict(pair.split("=", 1) for pair in described.selector.split(","))
    name = f"{described.name}-{number}"
    container = {"name": described.container, "image": "shop:1", "env": [VARIABLE], "volumeMounts": []}
    lives = [{"name": described.container, "restartCount": number, "state": {"running": {}}}]
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels},
        "spec": {"containers": [container], **spec},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": lives},
    }


def workload(part: str) -> Json:
    name = PROFILE.part(part).name
    metadata = {"name": name, "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": {"replicas": 1, "template": {"spec": pod(part, 0)["spec"]}}, "status": {}}


@pytest.fixture
def memory() -> Memory:
    found = Memory()
    found.objects["pods"] = [pod(word, 0) for word in PROFILE.parts]
    for word, part in PROFILE.parts.items():
        found.objects.setdefault(f"{part.kind.lower()}s", []).append(workload(word))
    found.objects["secrets"] = [{"metadata": {"name": "redis-secrets"}, "data": {"password": "aGlkZGVuLXZhbHVlLTE="}}]
    found.objects["configmaps"] = [{"metadata": {"name": "app-config"}, "data": {"APP_VERSION": "1.0.0"}}]
    return found


def system_of(memory: Memory) -> Any:
    cluster: Any = memory
    return SimpleNamespace(
        cluster=cluster,
        profile=PROFILE,
        namespace="shop",
        parts=Parts(cluster, PROFILE),
        configured=lambda _: "1.0.0",
        instance=lambda _: SimpleNamespace(send=lambda *_: SimpleNamespace(status=200, told=lambda _: "1.0.0")),
        sql=SimpleNamespace(value=lambda *_: "/var/lib/postgresql/data/pgroot"),
        cache=SimpleNamespace(
            ask_server=lambda *_: [["dir", "/var/lib/redis"]],
            ask_watcher=lambda *_: ["# Server\r\nconfig_file:/var/lib/redis/sentinel.conf\r\n"],
        ),
    )


def test_what_an_instance_works_with_is_asked_of_the_instance(memory: Memory) -> None:
    seen = in_use.ask_instances(system_of(memory))
    assert len(seen.instances) == len(PROFILE.parts)
    assert seen.instances[0].environment == {"REDIS_PASSWORD": "hidden-value-1", "LOG_LEVEL": "INFO", "EMPTY": ""}
    assert seen.versions == {"django-0": "1.0.0"}
    assert "hidden-value-1" not in repr(seen)


def test_an_instance_that_cannot_be_asked_is_unknown(memory: Memory) -> None:
    memory.told = ExecResult("", "no such file", 1)
    with pytest.raises(Unknown, match="does not tell"):
        in_use.ask_instances(system_of(memory))
    memory.objects["pods"] = []
    with pytest.raises(Unknown, match="no instance"):
        in_use.ask_instances(system_of(memory))


def test_secrets_are_read_but_never_printed(memory: Memory) -> None:
    seen = configuration.read_configuration(system_of(memory))
    assert seen.secrets["redis-secrets"] == {"password": "hidden-value-1"}
    assert seen.secrets["app-secrets"] == {}
    assert ("redis-secrets", "password") in seen.required
    assert "hidden-value-1" not in repr(seen)


def world_of(memory: Memory) -> Any:
    suite = SimpleNamespace(run="run")
    return SimpleNamespace(jewelry=system_of(memory), suite=suite, clean_ups=CleanUps())


def test_a_newcomer_is_never_run_and_always_removed(memory: Memory) -> None:
    world = world_of(memory)
    seen = budget.start_newcomer(world, "no sizes of its own")
    assert seen.created
    assert seen.created["spec"]["nodeSelector"]
    assert seen.left_behind == [seen.created["metadata"]["name"]]
    world.clean_ups.run()
    assert memory.deleted == list(seen.left_behind)


@pytest.mark.parametrize(
    ("demand", "containers"),
    [
        ("more memory than one instance may have", [{"memory": "1181116007"}]),
        ("more processor time than one instance may have", [{"cpu": "2200m"}]),
        ("more than the whole budget", [{"cpu": "2", "memory": "1Gi"}] * 7),
    ],
)
def test_a_newcomer_asks_for_too_much(memory: Memory, demand: str, containers: list[Json]) -> None:
    seen = budget.start_newcomer(world_of(memory), demand)
    assert seen.created
    assert [one["resources"]["limits"] for one in seen.created["spec"]["containers"]] == containers


def test_a_refused_newcomer_leaves_nothing(memory: Memory) -> None:
    memory.refusal = ApiError(403, "Forbidden", "maximum memory usage per Container is 1Gi")
    seen = budget.start_newcomer(world_of(memory), "more memory than one instance may have")
    assert budget.is_refused_by_its_rule().matches(seen), mismatch(budget.is_refused_by_its_rule(), seen)


def test_without_the_right_to_start_anything_a_refusal_proves_nothing(memory: Memory) -> None:
    memory.may = False
    with pytest.raises(Unknown):
        budget.start_newcomer(world_of(memory), "no sizes of its own")


def test_a_claim_is_seen_with_its_users_and_their_folders(memory: Memory) -> None:
    holder = pod("cache", 0, volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data-redis-0"}}])
    holder["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/var/lib/redis"}]
    memory.objects["pods"] = [holder]
    body = {
        "metadata": {"name": "data-redis-0"},
        "spec": {"volumeName": "pv", "resources": {"requests": {"storage": "256Mi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "256Mi"}},
    }
    memory.objects["persistentvolumeclaims"] = [body, {**body, "metadata": {"name": "old"}}]
    seen = volumes.read_claims(system_of(memory))
    claims = {claim.name: claim for claim in seen.claims}
    assert claims["data-redis-0"].complaints() == []
    assert claims["data-redis-1"].complaints() == [
        "cache data is not on a persistent volume: claim data-redis-1 is missing"
    ]
    assert seen.unused == ["old"]


@pytest.mark.parametrize(
    ("part", "folders"),
    [
        ("database", ["/var/lib/postgresql/data/pgroot", "/var/lib/postgresql/data/pgroot/pg_wal"]),
        ("cache", ["/var/lib/redis"]),
        ("watcher", ["/var/lib/redis"]),
    ],
)
def test_every_store_tells_where_it_keeps_its_data(memory: Memory, part: str, folders: list[str]) -> None:
    system = system_of(memory)
    found = volumes._folders(system, part, PROFILE.part(part), system.parts.pods(part)[0])
    assert [one.folder for one in found] == folders
    assert {one.mount for one in found} == {"/var/lib/redis"}


def test_the_lives_of_all_parts_are_read(memory: Memory) -> None:
    lives = quiet.read_lives(system_of(memory))
    assert len(lives.lives) == len(PROFILE.parts)
    assert lives.desired["redis"] == 1
    assert quiet.go_on_undisturbed(lives).matches(lives)
    memory.objects["pods"] = [one for one in memory.objects["pods"] if one["metadata"]["name"] != "nginx-0"]
    with pytest.raises(Unknown, match="nginx has no instance"):
        quiet.read_lives(system_of(memory))
