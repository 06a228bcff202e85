"""What the manifests promise to each other: sizes fit the quota, names lead somewhere, secrets exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parents[1]
WORKLOADS = ("Deployment", "StatefulSet", "Job")
# What a figure's ending multiplies it by; memory in Mi, CPU in thousandths.
MEMORY = {"Mi": 1, "Gi": 1024}
# What may be left of each line of the quota at the largest size, as a share: the suite's own small pods need it.
LEFT_AT_LEAST = 0.1
Object = dict[str, Any]


def _documents() -> list[Object]:
    listed = yaml.safe_load((HOME / "manifests" / "kustomization.yaml").read_text())["resources"]
    return [d for name in listed for d in yaml.safe_load_all((HOME / "manifests" / name).read_text())]


def _of_kind(*kinds: str) -> list[Object]:
    return [document for document in _documents() if document["kind"] in kinds]


def _container(workload: Object) -> Object:
    containers: list[Object] = workload["spec"]["template"]["spec"]["containers"]
    assert len(containers) == 1, "the common patches reach the first container only"
    return containers[0]


def _cpu(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def _memory(text: str) -> int:
    return int(text[:-2]) * MEMORY[text[-2:]]


def _largest(workload: Object) -> int:
    """Pods of a workload at its largest size, with the one that a release adds."""
    if workload["kind"] == "Job":
        return 1
    size: int = workload["spec"]["replicas"]
    for autoscaler in _of_kind("HorizontalPodAutoscaler"):
        if autoscaler["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]:
            size = autoscaler["spec"]["maxReplicas"]
    rolling = workload["kind"] == "Deployment" and workload["spec"]["strategy"]["type"] == "RollingUpdate"
    return size + (1 if rolling else 0)


def _need(which: str, what: str) -> int:
    read = _cpu if what == "cpu" else _memory
    return sum(_largest(w) * read(_container(w)["resources"][which][what]) for w in _of_kind(*WORKLOADS))


def test_the_quota_has_room_for_the_largest_size_and_a_tenth_more():
    hard = _of_kind("ResourceQuota")[0]["spec"]["hard"]
    claims = [w for w in _of_kind("StatefulSet") for _ in range(w["spec"]["replicas"])]
    storage = sum(
        _memory(w["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]) for w in claims
    )
    needs = {
        "pods": (sum(map(_largest, _of_kind(*WORKLOADS))), int(hard["pods"])),
        "requests.cpu": (_need("requests", "cpu"), _cpu(hard["requests.cpu"])),
        "limits.cpu": (_need("limits", "cpu"), _cpu(hard["limits.cpu"])),
        "requests.memory": (_need("requests", "memory"), _memory(hard["requests.memory"])),
        "limits.memory": (_need("limits", "memory"), _memory(hard["limits.memory"])),
        "persistentvolumeclaims": (len(claims), int(hard["persistentvolumeclaims"])),
        "requests.storage": (storage, _memory(hard["requests.storage"])),
        "services": (len(_of_kind("Service")), int(hard["services"])),
    }
    assert {line: need for line, (need, allowed) in needs.items() if need > allowed * (1 - LEFT_AT_LEAST)} == {}


def test_no_part_has_all_its_instances_on_one_machine_while_there_are_others():
    """A wish is not enough: both fronts were on one machine when they had had to move, and that was lost next."""
    for workload in _of_kind("Deployment", "StatefulSet"):
        if workload["spec"]["replicas"] > 1:
            (spread,) = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
            labels = workload["spec"]["template"]["metadata"]["labels"]
            assert spread["labelSelector"]["matchLabels"].items() <= labels.items(), workload["metadata"]["name"]
            told = {name: value for name, value in spread.items() if name != "labelSelector"}
            assert told == {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule",
                "nodeTaintsPolicy": "Honor",  # a lost machine has a taint: its share is made elsewhere
            }, workload["metadata"]["name"]


def test_every_secret_that_a_pod_takes_is_made_at_delivery():
    made = yaml.safe_load((HOME / "secrets.yaml").read_text())
    patches = yaml.safe_load((HOME / "manifests" / "shop-settings.yaml").read_text())
    places = [_container(w).get("env", []) for w in _of_kind(*WORKLOADS)]
    places += [patch["value"] for patch in patches if patch["path"].endswith("/env")]
    taken = {
        (reference["name"], reference["key"])
        for place in places
        for variable in place
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    assert taken == {(name, key) for name, keys in made.items() for key in keys}


def test_delivery_waits_for_every_workload():
    waited = set(yaml.safe_load((HOME / "delivery.yaml").read_text())["wait_for"])
    assert waited == {f"{w['kind']}/{w['metadata']['name']}" for w in _of_kind(*WORKLOADS)}


def test_every_image_is_built():
    built = {name for entry in yaml.safe_load((HOME / "images.yaml").read_text()) for name in entry["names"]}
    assert {f"docker.io/{_container(w)['image']}" for w in _of_kind(*WORKLOADS)} <= built


def test_every_service_policy_and_budget_reaches_a_workload():
    pods = [w["spec"]["template"]["metadata"]["labels"] for w in _of_kind(*WORKLOADS)]
    pods += [labels | {"spilo-role": "replica"} for labels in pods if labels.get("application") == "spilo"]
    selectors = [s["spec"]["selector"] for s in _of_kind("Service") if "selector" in s["spec"]]
    selectors += [b["spec"]["selector"]["matchLabels"] for b in _of_kind("PodDisruptionBudget")]
    selectors += [n["spec"]["podSelector"].get("matchLabels", {}) for n in _of_kind("NetworkPolicy")]
    for selector in selectors:
        assert any(selector.items() <= labels.items() for labels in pods), selector


def test_what_a_sabotage_changes_is_there():
    there = {(d["kind"].lower(), d["metadata"]["name"]) for d in _documents()}
    there |= {("secret", name) for name in yaml.safe_load((HOME / "secrets.yaml").read_text())}
    for entry in yaml.safe_load((HOME / "sabotages" / "catalogue.yaml").read_text()):
        for step in entry.get("steps", []):
            if change := step.get("patch") or step.get("delete"):
                assert (change["kind"], change["name"]) in there, entry["id"]
        restarted = {tuple(workload.lower().split("/")) for workload in entry.get("restart", [])}
        assert restarted <= there, entry["id"]


def test_no_manifest_but_the_kustomization_names_the_namespace():
    for document in _documents():
        assert "namespace" not in document["metadata"], document["metadata"]["name"]
