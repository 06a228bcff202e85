"""The diagnosis names what a person would otherwise search for, near the top, and nothing when all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from support.cluster.errors import NotFound, error_for
from support.evidence.outcome import BROKEN, FAILED, PASSED, Outcome, explained
from support.profiles import load_profile
from support.systems.jewelry_shop import diagnosis
from support.systems.jewelry_shop.diagnosis import Finding
from support.systems.jewelry_shop.parts import Parts
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown, mismatch

NS = "jewelry-shop"
WELL = {"type": "ScalingActive", "status": "True"}
NO_FIGURES = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no answer"}
YOUNG = {**NO_FIGURES, "message": "did not receive metrics for targeted pods (pods might be unready)"}
FENCE = {"metadata": {"name": "default-deny"}, "spec": {"podSelector": {}}}
ONE_FENCE = {"metadata": {"name": "front"}, "spec": {"podSelector": {"matchLabels": {"component": "nginx"}}}}


class Answers:
    """A cluster that answers from a dictionary; lists of anything else are empty."""

    def __init__(self, objects: dict[tuple[str, str], Any], lists: dict[str, list[Any]]) -> None:
        self.objects, self.lists = objects, lists

    def get(self, kind: str, name: str, namespace: str | None = None) -> Any:
        found = self.objects.get((kind, name))
        if found is None:
            raise NotFound(404, "NotFound", name)
        return found

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Any]:
        return self.lists.get(kind, []) if kind != "pods" or "nginx" in labels else []


def shop(
    *,
    conditions: Any = (WELL,),
    available: str = "True",
    settings: Any = None,
    policies: Any = (FENCE,),
) -> JewelryShop:
    profile = load_profile("jewelry-shop")
    hpa = {"status": {"conditions": list(conditions), "currentReplicas": 3, "desiredReplicas": 3}}
    service = {"status": {"conditions": [{"type": "Available", "status": available, "reason": "MissingEndpoints"}]}}
    objects = {
        ("horizontalpodautoscalers", profile.autoscaler.name): hpa,
        ("apiservices", "v1beta1.metrics.k8s.io"): service,
        ("configmaps", profile.settings.app): {"data": {}},
    }
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running", "podIP": "10.0.0.1"}
    pod = {
        "metadata": {"name": "nginx-1", "uid": "1", "labels": {"component": "nginx"}},
        "spec": {"nodeName": "one", "containers": []},
        "status": ready,
    }
    cluster = Answers(objects, {"networkpolicies": list(policies), "pods": [pod]})
    live = {"ttl": 20, "loop_wait": 2} if settings is None else settings
    database = SimpleNamespace(settings=lambda: live, history=lambda: [[1, 2, "no recovery target", "now", "db-0"]])
    parts = Parts(cast(Any, cluster), profile)
    return cast(
        JewelryShop, SimpleNamespace(cluster=cluster, profile=profile, namespace=NS, database=database, parts=parts)
    )


@pytest.mark.parametrize("area", ["growth", "failover", "fences"])
def test_a_platform_that_is_well_has_no_cause(area: str) -> None:
    finding = diagnosis.diagnose(shop(), area)
    assert diagnosis.names_no_cause().matches(finding)
    assert diagnosis.tells_how_it_is().matches(finding)


def test_instances_that_have_just_begun_are_no_cause() -> None:
    assert diagnosis.known_causes(shop(conditions=[YOUNG])) == diagnosis.known_causes(shop())


@pytest.mark.parametrize(("age_s", "named"), [(5, False), (90, True)])
def test_figures_that_are_missing_are_a_cause_once_they_are_overdue(age_s: float, named: bool) -> None:
    since = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    condition = {**NO_FIGURES, "message": "no metrics returned from resource metrics API", "lastTransitionTime": since}
    found = diagnosis.diagnose(shop(conditions=[condition]), "growth").causes
    assert bool(found) is named


@pytest.mark.parametrize(
    ("area", "changes", "cause"),
    [
        ("growth", {"available": "False"}, "autoscaler has no metrics: metrics API not available (MissingEndpoints)"),
        ("growth", {"conditions": [NO_FIGURES]}, "autoscaler ScalingActive: FailedGetResourceMetric (no answer)"),
        ("failover", {"settings": {"ttl": 80, "loop_wait": 2}}, "lease of 80 s makes takeover slower than 30 s"),
        ("failover", {"settings": {"ttl": 20, "loop_wait": 2, "pause": True}}, "the failover is paused"),
        ("fences", {"policies": []}, "open fence: nginx-1 stands behind none"),
    ],
)
def test_the_cause_is_named_first(area: str, changes: dict[str, Any], cause: str) -> None:
    finding = diagnosis.diagnose(shop(**changes), area)
    assert cause in mismatch(diagnosis.names_no_cause(), finding)
    assert cause in finding.lines()[0]
    assert cause in "\n".join(diagnosis.known_causes(shop(**changes)))


def test_a_missing_metrics_api_is_named_too() -> None:
    system = shop()
    del cast(Any, system.cluster).objects["apiservices", "v1beta1.metrics.k8s.io"]
    assert "metrics API not available" in diagnosis.diagnose(system, "growth").causes[0]


def test_a_fence_for_one_part_only_leaves_the_others_open() -> None:
    system = shop(policies=[ONE_FENCE])
    assert diagnosis.diagnose(system, "fences").causes == []
    other = {"metadata": {"name": "x"}, "spec": {"podSelector": {"matchLabels": {"component": "django"}}}}
    assert diagnosis.diagnose(shop(policies=[other]), "fences").causes
    terms = [{"key": "component", "operator": "In", "values": ["nginx"]}]
    by_expression = {"metadata": {"name": "x"}, "spec": {"podSelector": {"matchExpressions": terms}}}
    assert diagnosis.diagnose(shop(policies=[by_expression]), "fences").causes == []


def test_settings_that_cannot_be_read_are_unknown_and_never_fine() -> None:
    with pytest.raises(Unknown, match="cannot be read"):
        diagnosis.diagnose(shop(settings={}), "failover")


def test_a_diagnosis_that_says_nothing_or_too_late_does_not_match() -> None:
    assert "says nothing" in mismatch(diagnosis.tells_how_it_is(), Finding("parts", [" "]))
    late = Finding("parts", ["x"], [f"cause {number}" for number in range(12)])
    assert "not within the first 10 lines: cause 11" in mismatch(diagnosis.tells_how_it_is(), late)


def test_what_cannot_be_looked_at_leaves_the_other_causes() -> None:
    system = shop(settings={"ttl": 80, "loop_wait": 2})
    cast(Any, system.cluster).get = lambda *_: (_ for _ in ()).throw(error_for(500, "x", "y"))
    assert diagnosis.known_causes(system) == diagnosis.known_causes(system)


def test_causes_stand_right_below_the_owners_line_of_every_red_result() -> None:
    red = Outcome(FAILED, "A sale is missing.\nLast seen: x\nTimeline: y")
    lines = explained(red, ["scheduler celery-beat has 0 of 1 instances"] * 2).message.splitlines()
    assert lines[:3] == ["A sale is missing.", "Cause:     scheduler celery-beat has 0 of 1 instances", "Last seen: x"]
    assert explained(Outcome(BROKEN, ""), ["a"]).message.splitlines()[1].endswith("a")
    assert explained(Outcome(PASSED), ["a"]) == Outcome(PASSED)
    many = explained(red, [str(number) for number in range(20)]).message.splitlines()
    assert many.index("Last seen: x") < 10
