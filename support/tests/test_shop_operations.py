"""Hanging instances, maintenance and releases: each way of breaking the promise is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.clients.http import Answer
from support.observers.verdicts import Service
from support.systems.jewelry_shop import hanging_instances, long_requests, maintenance, releases
from support.systems.jewelry_shop.parts import Pod
from support.waiting import Broken, Unknown, mismatch

POD = Pod("django-1", "u1", "10.0.0.1", "n1", True, "r1", {"component": "django"}, 0, False, "")
OTHER = replace(POD, name="django-2", uid="u2", ip="10.0.0.2")
SERVED = Service(200, 0, 0.1, 0.2, 0.3, 0.5, {})

# ---------------------------------------------------------------- hanging


def hung(last_in: float, first_out: float) -> hanging_instances.Hanging:
    nothing: Any = None
    return hanging_instances.Hanging(nothing, POD, nothing, 100.0, 101.0, last_in, first_out)


def test_an_instance_that_was_out_in_time_is_accepted() -> None:
    hanging_instances._judge_out(hung(106.0, 107.0), 8, "late")


def test_one_that_was_in_service_for_too_long_is_named() -> None:
    with pytest.raises(Broken, match=r"at least 9\.0 s"):
        hanging_instances._judge_out(hung(110.0, 110.2), 8, "late")
    with pytest.raises(Unknown, match="look more often"):
        hanging_instances._judge_out(hung(107.0, 109.0), 8, "late")


def test_every_other_instance_must_have_served() -> None:
    assert hanging_instances.all_served().matches(hanging_instances.Others({"django-2": SERVED}))
    bad = hanging_instances.Others({"django-2": replace(SERVED, failed=2, errors={"time is over": 2})})
    assert mismatch(hanging_instances.all_served(), bad) == "django-2: 2 of 200 looks failed: 2 x time is over"
    for nothing in ({}, {"django-2": replace(SERVED, attempts=10)}):
        with pytest.raises(Unknown):
            hanging_instances.all_served().matches(hanging_instances.Others(nothing))


# ---------------------------------------------------------------- maintenance

ASKED = [maintenance.Asked(part, "a", "b", "", "the budget needs it", 1) for part in maintenance.PARTS]


def test_one_of_each_part_is_accepted() -> None:
    assert maintenance.one_at_a_time().matches(maintenance.Maintenance(ASKED))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"second_refused": "", "budgets": 0}, "no disruption budget: two instances were evicted at once (django: a"),
        ({"second_refused": ""}, "two instances were evicted at once (django: a and b)"),
        ({"first_refused": "needs 2"}, "django: the first instance was refused: needs 2"),
    ],
)
def test_a_part_that_gives_too_much_or_too_little_is_named(change: dict[str, Any], words: str) -> None:
    seen = maintenance.Maintenance([replace(ASKED[0], **change), *ASKED[1:]])
    assert words in mismatch(maintenance.one_at_a_time(), seen)


def test_a_part_that_was_not_asked_is_unknown() -> None:
    with pytest.raises(Unknown, match="database"):
        maintenance.one_at_a_time().matches(maintenance.Maintenance(ASKED[:-1]))


# ---------------------------------------------------------------- releases

NOTHING: Any = None
STORY = releases.Release(NOTHING, NOTHING, 0.0, [POD, OTHER], 2, "2.0.0")
BODY = {"spec": {"replicas": 2}, "status": {"conditions": [{"type": "Progressing", "reason": "ReplicaSetUpdated"}]}}
ROLLOUT = releases.Rollout(BODY, [POD, OTHER], frozenset({POD.ip, OTHER.ip}))


def test_old_instances_in_service_are_enough() -> None:
    assert releases._not_serving(STORY, ROLLOUT) == []
    assert ROLLOUT.reason == "ReplicaSetUpdated"


@pytest.mark.parametrize(
    "seen",
    [
        replace(ROLLOUT, pods=[POD]),
        replace(ROLLOUT, pods=[POD, replace(OTHER, ready=False)]),
        replace(ROLLOUT, pods=[POD, replace(OTHER, leaving=True)]),
        replace(ROLLOUT, pods=[POD, replace(OTHER, restarts=1)]),
        replace(ROLLOUT, pods=[POD, replace(OTHER, uid="new")]),
        replace(ROLLOUT, serving=frozenset({POD.ip})),
    ],
)
def test_an_old_instance_that_does_not_serve_is_named(seen: releases.Rollout) -> None:
    assert releases._not_serving(STORY, seen) == ["1 of 2 old instances serve (django-2 do not)"]


def test_the_cause_of_a_replacement_that_cannot_start_is_told() -> None:
    trouble = "cannot start: key app-password missing in Secret postgres-secrets"
    seen = replace(ROLLOUT, pods=[POD, replace(OTHER, uid="new", trouble=trouble)])
    assert releases._troubles(STORY, seen) == [f"replacement pod {trouble}"]


def test_every_instance_must_report_the_version() -> None:
    matcher, told = releases.all_report("2.0.0"), releases.Versions({"a": "2.0.0", "b": "2.0.0"}, 2, [])
    assert matcher.matches(told)
    assert "b reports 1.0.0" in mismatch(matcher, replace(told, told={"a": "2.0.0", "b": "1.0.0"}))
    assert "1 of 2 instances" in mismatch(matcher, replace(told, told={"a": "2.0.0"}))
    assert "a of the former version still serves" in mismatch(matcher, replace(told, old=["a"]))


LONG = Answer("GET", "/export", 200, "sku\nRING\n# end 20\n", {}, 8.0)


def test_long_requests_that_end_well_are_accepted() -> None:
    assert long_requests.end_well().matches(long_requests.Ended({"a": [LONG, LONG], "b": [LONG]}, 20))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (replace(LONG, status=0, error="no answer: the line was cut"), "after 8.0 s no answer: the line was cut"),
        (replace(LONG, text="sku\nRING\n"), "answered 200, not to its end"),
        (replace(LONG, text="sku\n# end 19\n"), "answered 200, not to its end"),
        (
            replace(LONG, status=503, text='{"error": "database_unavailable", "reason": "gone"}'),
            'answered 503, not to its end (application has no answer from its database (the shop says "gone"))',
        ),
    ],
)
def test_a_long_request_that_was_cut_is_named(answer: Answer, words: str) -> None:
    text = mismatch(long_requests.end_well(), long_requests.Ended({"a": [LONG], "b": [LONG, answer]}, 20))
    assert text.startswith("instances are cut off in the middle of requests: b: ")
    assert words in text


@pytest.mark.parametrize(
    ("answer", "begun"),
    [
        (LONG, True),
        (replace(LONG, status=0, text="", error="no answer: the line was cut"), True),
        (replace(LONG, status=0, text="", error="not connected: refused"), False),
        (replace(LONG, status=503, text='{"error": "busy", "outcome": "not_done"}'), False),
        (replace(LONG, status=503, text='{"error": "cache_unavailable", "outcome": "not_done"}'), True),
    ],
)
def test_a_request_that_nobody_began_to_answer_cannot_be_cut_off(answer: Answer, begun: bool) -> None:
    assert long_requests._has_begun(answer) is begun


@pytest.mark.parametrize("answers", [{}, {"a": [LONG], "b": []}])
def test_an_instance_without_a_long_request_proves_nothing(answers: dict[str, list[Answer]]) -> None:
    with pytest.raises(Unknown):
        long_requests.end_well().matches(long_requests.Ended(answers, 20))


# ---------------------------------------------------------------- what is read from the cluster


class FakeCluster:
    """Lists objects from a table of kinds."""

    def __init__(self, **kinds: list[Any]) -> None:
        self.kinds = kinds

    def list(self, kind: str, namespace: str, labels: str = "") -> list[Any]:
        assert (kind, labels) != ("endpointslices", "")  # of one Service only
        return self.kinds.get(kind, [])


def system_of(**kinds: list[Any]) -> Any:
    service: Any = type("Service", (), {"name": "django-service"})
    services: Any = type("Services", (), {"django": service})
    profile = type("Profile", (), {"services": services})
    return type("System", (), {"cluster": FakeCluster(**kinds), "namespace": "shop", "profile": profile})


def test_only_ready_addresses_are_in_service() -> None:
    slices = [
        {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}]},
        {"endpoints": [{"addresses": ["10.0.0.2"], "conditions": {"ready": False}}, {"addresses": ["10.0.0.3"]}]},
        {"endpoints": None},
    ]
    assert hanging_instances.in_service(system_of(endpointslices=slices)) == {"10.0.0.1"}


def test_budgets_are_counted_by_the_pods_that_they_cover() -> None:
    def budget(**labels: str) -> dict[str, Any]:
        return {"spec": {"selector": {"matchLabels": labels}}}

    system = system_of(poddisruptionbudgets=[budget(component="django"), budget(component="nginx")])
    assert maintenance._budgets(system, POD) == 1
    assert maintenance._budgets(system_of(), POD) == 0


class Leaving:
    """Parts of which one instance leaves after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def pods(self, word: str) -> list[Pod]:
        self.looks -= 1
        return [replace(POD, leaving=self.looks < 0)]


def requests(looks: int, answer: Answer) -> long_requests.LongRequests:
    way: Any = type("Way", (), {"send": lambda *_, **__: answer})()
    system: Any = type("System", (), {"parts": Leaving(looks), "at_instance": lambda *_: way})()
    store: Any = type("Store", (), {"owner": None})()
    return long_requests.LongRequests(system, store, [POD])


def test_long_requests_follow_each_other_until_the_instance_leaves() -> None:
    made = requests(3, LONG)
    made.start()
    made._running[0].result()
    assert made.answers == {"django-1": [LONG] * 3}
    made.stop()
    made.stop()
