"""Deliveries and sabotages: what is asked of kubectl, in which order, and when a system is delivered anew."""

from __future__ import annotations

import json
import time
from typing import Any
from unittest.mock import MagicMock

import pytest

from support.errors import Refusal
from support.platforms import delivery, freshness, kubectl, sabotage
from support.platforms.base import ImageArchive, NodeState
from support.platforms.commands import CommandFailed
from support.platforms.embedded.platform import EmbeddedPlatform
from support.progress import Steps

WHOLE = {"metadata": {"name": "django", "generation": 2}, "kind": "Deployment", "spec": {"replicas": 3}}
STATUS = {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "observedGeneration": 2}


def _workload(**status: int) -> dict[str, Any]:
    return {**WHOLE, "status": {**STATUS, **status}}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        (_workload(), ""),
        (_workload(readyReplicas=2), "has 2 of 3 instances ready"),
        (_workload(updatedReplicas=1), "has 3 of 3 instances ready"),
        (_workload(replicas=4), "has 3 of 3 instances ready"),
        (_workload(observedGeneration=1), "has not been looked at yet"),
        ({"kind": "Job", "metadata": {}, "status": {}}, "has not finished"),
        ({"kind": "Job", "metadata": {}, "status": {"succeeded": 1}}, ""),
    ],
    ids=["whole", "one lacks", "old revision", "one too many", "not looked at", "job runs", "job done"],
)
def test_what_a_workload_lacks_is_said(item: dict[str, Any], complaint: str) -> None:
    assert delivery._complaint(item) == complaint


def test_secrets_are_long_and_never_the_same() -> None:
    values = {delivery.generated("random") for _ in range(20)}
    assert len(values) == 20
    assert all(len(value) >= 43 for value in values)  # characters: 32 bytes in base64
    assert len(delivery.generated("signing_key")) == delivery.SIGNING_KEY_LENGTH


def test_an_instance_of_before_a_power_cut_is_not_taken_for_a_running_one(monkeypatch: pytest.MonkeyPatch) -> None:
    started = "2026-01-02T10:00:00Z"
    pod = {
        "kind": "Pod",
        "metadata": {"name": "django-1"},
        "spec": {"nodeName": "holdfast-2"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"state": {"running": {"startedAt": started}}}],
        },
    }
    others = [{**pod, "metadata": {"name": "stranger-1"}}, {**pod, "spec": {"nodeName": "holdfast-1"}}]
    listed = json.dumps({"items": [_workload(), pod, *others]})
    monkeypatch.setattr(kubectl, "run", lambda *_, **__: listed)
    platform = MagicMock()
    start = freshness.seconds(started)

    def lacking(since: float) -> list[str]:
        platform.status.return_value.nodes = [NodeState("holdfast-2", powered=True, detail="", since=since)]
        system = delivery.System("jewelry-shop")
        monkeypatch.setitem(system.delivery, "wait_for", ["Deployment/django"])
        return delivery._Delivery(system, platform).not_ready()

    assert lacking(since=start - 5) == []  # seconds
    assert lacking(since=start + 5) == ["django-1 is not back since its machine got its power"]
    assert lacking(since=0.0) == []


@pytest.mark.parametrize(
    ("complaints", "powered_s_ago", "by_itself"),
    [
        (["django-1 is not back since its machine got its power"], 5.0, True),
        (["django has 1 of 3 instances ready"], 5.0, True),
        (["django has 1 of 3 instances ready"], 3600.0, False),  # nothing has happened for an hour: mend it
        (["django is missing"], 5.0, False),  # nobody brings back what was removed
        (["django-1 is not back since its machine got its power", "nginx is missing"], 5.0, False),
        ([], 5.0, False),
    ],
)
def test_what_comes_back_by_itself_is_waited_for_and_not_delivered_anew(
    complaints: list[str], powered_s_ago: float, by_itself: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = MagicMock()
    since = time.time() - powered_s_ago
    platform.status.return_value.nodes = [NodeState("holdfast-2", powered=True, detail="", since=since)]
    monkeypatch.setattr(delivery._Delivery, "not_ready", lambda _: complaints)
    assert delivery._Delivery(delivery.System("jewelry-shop"), platform).comes_back_by_itself() is by_itself


def test_where_nobody_knows_when_the_machines_got_their_power_nothing_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = MagicMock()
    platform.status.return_value.nodes = [NodeState("moon", powered=True, detail="")]
    monkeypatch.setattr(delivery._Delivery, "not_ready", lambda _: ["django has 1 of 3 instances ready"])
    assert not delivery._Delivery(delivery.System("jewelry-shop"), platform).comes_back_by_itself()


class FakeKubectl:
    """Remembers what it was asked; the namespace carries the annotations given."""

    def __init__(self, **annotations: str) -> None:
        self.asked: list[str] = []
        self.annotations = annotations
        self.failing = ""

    def __call__(self, _: object, arguments: list[str], **__: object) -> str:
        words = " ".join(arguments)
        self.asked.append(words)
        if self.failing and self.failing in words:
            raise CommandFailed(["kubectl"], 1, "it does not want to")
        if "get namespaces" in words:
            return json.dumps({"items": [{"metadata": {"name": "jewelry-shop", "annotations": self.annotations}}]})
        return "bootstrap: {dcs: {ttl: 20}}" if "configmap postgres-config" in words else '{"items": []}'


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    fake = FakeKubectl()
    monkeypatch.setattr(kubectl, "run", fake)
    monkeypatch.setattr(delivery, "archives", lambda *_: [ImageArchive(jewelry_shop_folder() / "x.tar", "build-2")])
    return fake


def jewelry_shop_folder() -> Any:
    return delivery.System("jewelry-shop").folder


def _delivery() -> delivery._Delivery:
    return delivery._Delivery(delivery.System("jewelry-shop"), EmbeddedPlatform())


def test_an_interrupted_proof_is_a_reason_to_start_anew(asked: FakeKubectl) -> None:
    asked.annotations = {delivery.MARK: "JS-S-28"}
    assert "JS-S-28" in _delivery()._reason_to_start_anew()


def test_images_of_another_build_are_a_reason_to_start_anew(asked: FakeKubectl) -> None:
    asked.annotations = {delivery.STAMP: "1", delivery.IMAGES: "build-1"}
    assert _delivery()._reason_to_start_anew() == "runs images of another build"


def test_a_system_of_this_build_is_mended_in_place(asked: FakeKubectl) -> None:
    asked.annotations = {delivery.STAMP: "1", delivery.IMAGES: "build-2"}
    assert _delivery()._reason_to_start_anew() == ""


def test_a_failing_kubectl_is_a_refusal_with_its_words(asked: FakeKubectl) -> None:
    asked.failing = "delete namespace"
    with pytest.raises(Refusal, match="it does not want to"):
        _delivery().remove()


def _broken(kind: str, *steps: dict[str, Any]) -> sabotage.Sabotage:
    return sabotage.Sabotage("JS-S-99", "something", kind, ["JS-101"], "the cause", steps=steps)


@pytest.fixture
def saboteur(asked: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> sabotage.Saboteur:
    monkeypatch.setattr(delivery, "deliver", lambda *_, **__: asked.asked.append("(delivered)"))
    return sabotage.Saboteur(delivery.System("jewelry-shop"), EmbeddedPlatform(), Steps())


def test_the_mark_is_set_before_anything_is_broken(asked: FakeKubectl, saboteur: sabotage.Saboteur) -> None:
    saboteur.apply(_broken("switch", {"switch": "keep_stock"}))
    assert "annotate" in asked.asked[0]
    assert "JS-S-99" in asked.asked[0]
    assert any("keep_stock" in words for words in asked.asked)
    assert [words for words in asked.asked if "rollout restart" in words]


def test_a_switch_is_turned_off_again(asked: FakeKubectl, saboteur: sabotage.Saboteur) -> None:
    saboteur.remove(_broken("switch", {"switch": "keep_stock"}))
    assert any('"SHOP_SWITCH": ""' in words for words in asked.asked)
    assert not any("delete namespace" in words for words in asked.asked)


def test_a_database_setting_gets_the_value_that_was_delivered(asked: FakeKubectl, saboteur: sabotage.Saboteur) -> None:
    assert saboteur._first_values({"database_config": {"ttl": 80, "pause": True}}) == {"ttl": 20, "pause": None}
    deep = {"postgresql": {"parameters": {"synchronous_commit": "local"}}}
    assert saboteur._first_values({"database_config": deep}) == {
        "postgresql": {"parameters": {"synchronous_commit": None}}
    }


def test_what_was_patched_is_delivered_anew(asked: FakeKubectl, saboteur: sabotage.Saboteur) -> None:
    saboteur.remove(_broken("live", {"patch": {"kind": "service", "name": "redis", "body": {}}}))
    assert any("delete namespace" in words for words in asked.asked)
    assert asked.asked[-1] == "(delivered)"


def test_every_sabotage_of_the_catalogue_has_steps_or_an_overlay() -> None:
    for entry in sabotage.catalogue(delivery.System("jewelry-shop")).values():
        assert bool(entry.steps) != bool(entry.overlay), entry.id
        assert entry.must_fail
        assert entry.named_cause


def test_a_size_outside_of_the_system_is_written_down_before_it_is_changed(
    asked: FakeKubectl, saboteur: sabotage.Saboteur
) -> None:
    broken = _broken("live", {"scale": {"namespace": "kube-system", "name": "metrics-server", "size": 0}})
    saboteur.apply(broken)
    written = next(place for place, words in enumerate(asked.asked) if delivery.SIZE_BEFORE in words)
    changed = next(place for place, words in enumerate(asked.asked) if "--replicas=0" in words)
    assert written < changed
    assert "--namespace kube-system" in asked.asked[changed]
    saboteur.remove(broken)
    assert not any("delete namespace" in words for words in asked.asked)


def test_sizes_that_a_sabotage_has_changed_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    item = {"metadata": {"name": "m", "namespace": "kube-system", "annotations": {delivery.SIZE_BEFORE: "2"}}}
    other = {"metadata": {"name": "n", "namespace": "kube-system"}}

    def answer(_: object, arguments: list[str], **__: object) -> str:
        asked.append(" ".join(arguments))
        return json.dumps({"items": [item, other]}) if arguments[0] == "get" else ""

    monkeypatch.setattr(kubectl, "run", answer)
    delivery.restore_sizes(EmbeddedPlatform())
    assert asked[1] == "--namespace kube-system scale deployment/m --replicas=2"
    assert not any("deployment/n" in words for words in asked)
