"""Growth and shrinking: the load's lines, the autoscaler's view, samples, and every matcher with its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from support.evidence.charts import FAIL, OK, ChartPoint, ChartSeries
from support.evidence.growth_chart import GrowthChart, SizePoint, growth_chart
from support.matchers import ComplaintMatcher
from support.observers.attempts import Attempt
from support.observers.load import LoadPlan, LoadResult, read_lines
from support.observers.verdicts import Verdict
from support.profiles import load_profile
from support.systems.jewelry_shop import autoscaler, machine_loss, platform_settings, quickness, rush, samples, sizes
from support.systems.jewelry_shop.autoscaler import Figures
from support.systems.jewelry_shop.parts import PartState, Pod
from support.systems.jewelry_shop.samples import Sample
from support.systems.jewelry_shop.scaling import ScalingSettings
from support.waiting import Unknown, mismatch

PLAN = LoadPlan("http://x/", 2, 2, {"Authorization": "Bearer x"})
AGREED = load_profile("jewelry-shop").autoscaler
DOWN = {"type": "Pods", "value": 1, "periodSeconds": 15}
SETTINGS = ScalingSettings(10, 15, 20, 0, 30, [DOWN], disabled=False)


def line(seq: int, status: int = 200, late: int = 0) -> str:
    planned = 1_000_000 + seq * 500
    told = {"event": "request", "seq": seq, "planned": planned, "start": planned + late, "end": planned + late + 20}
    return json.dumps({**told, "status": status, "error": "" if status else "timed out", "by": "django-a"})


def lines(*more: str, dropped: int = 0) -> str:
    return "\n".join(["noise", *more, json.dumps({"event": "end", "dropped": dropped})])


def test_requests_of_the_load_are_attempts_like_those_of_a_probe() -> None:
    result = read_lines(lines(*(line(seq) for seq in range(4))), PLAN)
    assert [round(one.planned - 1000, 1) for one in result.attempts] == [0, 0.5, 1.0, 1.5]
    assert [one.instance for one in result.attempts] == ["django-a"] * 4
    assert str(result.judge()) == "kept: 100.00% of 4 requests were answered"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        (
            lines(*(line(seq) for seq in range(4)), dropped=3),
            "invalid",
            "3 of 4 planned requests could not even be begun",
        ),
        ("\n".join(line(seq) for seq in range(4)), "invalid", "did not come to its end"),
        (lines(line(0), line(1)), "invalid", "only 2 of 4 planned requests are accounted for"),
        (lines(*(line(seq, late=400) for seq in range(4))), "invalid", "the load itself was 400 ms late"),
        (lines(line(0), line(1), line(2), line(3, 503)), "broken", "only 75.00% of 4 requests were answered"),
        ("", "invalid", "did not come to its end"),
    ],
)
def test_a_load_that_was_not_planned_so_or_not_answered_is_no_evidence(text: str, kind: str, reason: str) -> None:
    verdict = read_lines(text, PLAN).judge()
    assert verdict.kind == kind
    assert reason in verdict.reason


def test_the_plan_does_not_show_its_headers() -> None:
    assert "Bearer" not in repr(PLAN)


@pytest.mark.parametrize(("text", "number"), [("150m", 0.15), ("280Mi", 280 * 2**20), ("2", 2), ("12n", 1.2e-8)])
def test_quantities(text: str, number: float) -> None:
    assert autoscaler.quantity(text) == pytest.approx(number)


@pytest.mark.parametrize(
    ("cores", "mebibytes", "slack", "instances"),
    [(0.05, 500, 1, 3), (0.7, 500, 1, 5), (0.6, 500, 1, 4), (0.61, 500, 0.9, 4), (3, 500, 1, 5), (0.1, 1200, 1, 5)],
)
def test_target_and_use_give_a_number_within_the_agreed_sizes(
    cores: float, mebibytes: float, slack: float, instances: int
) -> None:
    use = {"cpu": cores, "memory": mebibytes * 2**20}
    assert autoscaler.needed(use, 0.05, AGREED, slack) == instances


@pytest.mark.parametrize(
    ("cores", "size", "after"),
    [(0.4, 3, 3), (0.49, 3, 3), (0.51, 3, 4), (0.61, 3, 5), (0.64, 4, 4), (0.67, 4, 5), (0.9, 5, 5), (0.1, 5, 5)],
)
def test_the_autoscaler_must_grow_when_the_use_is_more_than_a_tenth_above_its_target(
    cores: float, size: int, after: int
) -> None:
    use = {"cpu": cores, "memory": 2.0**28}
    assert autoscaler.must_have(use, 0.05, AGREED, size) == after


HPA: dict[str, Any] = {
    "spec": {
        "scaleTargetRef": {"kind": "Deployment", "name": "django"},
        "minReplicas": 3,
        "maxReplicas": 5,
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 300}}},
            {"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "280Mi"}}},
        ],
    },
    "status": {
        "desiredReplicas": 3,
        "currentMetrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "current": {"averageUtilization": 20, "averageValue": "9m"}},
            },
            {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "150Mi"}}},
        ],
        "conditions": [{"type": "AbleToScale", "status": "True"}, {"type": "ScalingActive", "status": "True"}],
    },
}
FRESH = Figures({"cpu": 0.1}, {"a": 8.0, "b": 9.0})
VIEW = autoscaler.view_of(HPA, FRESH, ["a", "b"])
STRICTER = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 30}}}
EXTERNAL = {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"averageValue": "1"}}}


def aiming_also_at(target: dict[str, Any]) -> autoscaler.AutoscalerView:
    return autoscaler.view_of(
        {**HPA, "spec": {**HPA["spec"], "metrics": [target, *HPA["spec"]["metrics"]]}}, FRESH, ["a"]
    )


SAMPLE = Sample(10.0, 3, ["a", "b", "c"], ["a", "b", "c"], {"cpu": 0.1, "memory": 2.0**28}, 3)
GROWN = Sample(40.0, 5, list("abcde"), list("abcde"), {"cpu": 0.8, "memory": 2.0**29}, 5)
STORY: Any = SimpleNamespace(
    system=SimpleNamespace(profile=load_profile("jewelry-shop")),
    settings=SETTINGS,
    request=0.05,
    samples=[SAMPLE, *(replace(GROWN, at=40.0 + at) for at in range(60))],
    during=[SAMPLE, *(replace(GROWN, at=40.0 + at) for at in range(60))],
    pause=1.0,
    peak=5,
    before=frozenset("abc"),
    result=LoadResult(tuple(read_lines(lines(*map(line, range(4))), PLAN).attempts), 4, 0, 0.0),
    reached=200.0,
)


def story(**changes: Any) -> Any:
    return SimpleNamespace(**{**vars(STORY), **changes})


REST = [replace(SAMPLE, at=200.0 + at) for at in range(30)]
FALLING = story(samples=[GROWN, replace(GROWN, desired=4), *REST])
AGAIN = story(samples=[GROWN, replace(GROWN, desired=4), GROWN, *REST])
BELOW = story(samples=[GROWN, *REST, replace(SAMPLE, at=231.0, desired=2, living=["a", "b"])])
BUSIER = replace(SAMPLE, use={"cpu": 0.52, "memory": 2.0**28}, need=4)  # as much to do as for four
GROWTH = rush.Growth(STORY, 5, 35.0, [])
QUOTA = replace(GROWN, ready=list("abcd"), trouble=["quota forbids further pods: exceeded quota"])
BLIND = replace(SAMPLE, use={}, need=0, trouble=[f"{autoscaler.NO_METRICS} (503)"])
SILENT = replace(GROWN, silent=["e"])
QUICK = quickness.Quickness(4000, [], 0.2, [])
FAILURE = quickness.Failure(31.0, "answered 503", "silent: e")
POD = Pod("a", "u", "ip", "holdfast-1", True, "r", {}, 0, False, "")
PART = PartState("django", "django", True, 2, 2, True, "r", [POD, replace(POD, name="b")], None)
MOVED = machine_loss.Moved([PART], "holdfast-3", [], ["redis-2"])
AWAY = replace(PART, pods=[POD, replace(POD, name="b", node="holdfast-3")])


class Case:
    """A matcher, something it accepts, and things it refuses, each with words of the mismatch."""

    def __init__(self, matcher: ComplaintMatcher[Any], good: Any, *bad: tuple[Any, str]) -> None:
        self.matcher, self.good, self.bad = matcher, good, bad


CASES: dict[str, Callable[[], Case]] = {
    "sees fresh figures": lambda: Case(
        autoscaler.sees_fresh_figures(60),
        VIEW,
        (autoscaler.AutoscalerView(exists=False), "there is no autoscaler"),
        (replace(VIEW, figures=Figures(error="503")), "autoscaler has no metrics: metrics API not available (503)"),
        (replace(VIEW, sees={"cpu": "20 %"}), "sees no memory use"),
        (replace(VIEW, conditions={"ScalingActive": "FailedGet: x"}), "not ScalingActive: FailedGet: x"),
        (replace(VIEW, figures=Figures({}, {"a": 8.0, "b": 75.0})), "the figure of b is 75 s old"),
        (replace(VIEW, instances=["a", "b", "c"]), "there is no figure of c"),
        (replace(VIEW, instances=[]), "no instance is ready"),
    ),
    "holds what was agreed": lambda: Case(
        autoscaler.holds_what_was_agreed(AGREED, "Deployment django"),
        VIEW,
        (replace(VIEW, minimum=2), "smallest size is 2 instead of 3"),
        (replace(VIEW, maximum=50), "largest size is 50 instead of 5"),
        (replace(VIEW, steers="Deployment nginx"), "steers is Deployment nginx"),
        (replace(VIEW, targets={"cpu": "30 %", "memory": "280Mi"}), "target of processor is 30 % instead of 300 %"),
        (replace(VIEW, targets={"cpu": "300 %"}), "target of memory is not set instead of 280Mi"),
        (aiming_also_at(STRICTER), "a further target of processor was not agreed"),
        (aiming_also_at(EXTERNAL), "a further target of External was not agreed"),
        (autoscaler.AutoscalerView(exists=False), "there is no autoscaler"),
    ),
    "size corrected": lambda: Case(
        sizes.is_within(AGREED),
        SAMPLE,
        (replace(SAMPLE, desired=2), "2 instances are desired, 3 to 5 are agreed"),
        (replace(SAMPLE, desired=6), "6 instances are desired"),
        (replace(SAMPLE, ready=["a"]), "1 of 3 instances are ready"),
        (replace(SAMPLE, living=[*"abcdef"]), "3 of 6 instances are ready, 3 are desired"),
    ),
    "smallest size": lambda: Case(
        rush.is_of_size(3),
        SAMPLE,
        (GROWN, "the extra instances were not given back: 5 are desired"),
        (replace(GROWN, trouble=[autoscaler.NO_METRICS]), autoscaler.NO_METRICS),
        (replace(SAMPLE, living=["a", "b"], ready=["a", "b"]), "2 alive"),
        (replace(SAMPLE, desired=2), "only 2 instances are desired, the agreed smallest size is 3"),
    ),
    "has grown": lambda: Case(
        rush.has_grown_within(120),
        GROWTH,
        (replace(GROWTH, story=story(peak=4)), "4 instances were desired, use and target give 5: 800m"),
        (replace(GROWTH, grown_after=None, story=story(during=[SAMPLE, QUOTA])), "quota forbids further pods"),
        (replace(GROWTH, grown_after=None, story=story(during=[SAMPLE, QUOTA])), "only 4 of 5 instances became ready"),
        (replace(GROWTH, story=story(peak=3, settings=replace(SETTINGS, exists=False))), "there is no autoscaler"),
        (replace(GROWTH, due=0, story=story(during=[BLIND], peak=3)), "metrics API not available"),
        (replace(GROWTH, grown_after=130.0), "130 s passed"),
        (replace(GROWTH, idle=["e"]), "the new instance e was ready and served nobody"),
        (replace(GROWTH, story=story(peak=7)), "there were 7 instances, the agreed maximum is 5"),
        (
            replace(
                GROWTH,
                story=story(result=read_lines(lines(*(line(seq, 503) for seq in range(4))), PLAN), during=[SILENT]),
            ),
            "instances receive requests although they do not answer: e",
        ),
    ),
    "stays small": lambda: Case(
        rush.stays_small(),
        rush.Shrinking(FALLING),
        (rush.Shrinking(AGAIN), "the size rose again from 4 to 5 after it had fallen"),
        (rush.Shrinking(BELOW), "there were only 2 instances, the agreed minimum is 3"),
        (rush.Shrinking(BELOW), "the smallest size did not hold: 2 instances"),
    ),
    "is quick": lambda: Case(
        quickness.is_quick(0.1, 95, 2),
        QUICK,
        (replace(QUICK, failures=[FAILURE] * 5), "5 of 4000 requests failed: at 31.0 s answered 503 (silent: e)"),
        (replace(QUICK, failures=[FAILURE] * 5, troubles=["instances receive"]), "instances receive"),
        (replace(QUICK, p95=2.5), "95 % of the requests took up to 2.50 s"),
        (replace(QUICK, absent=["e"]), "e was in service before anybody listened there"),
    ),
    "parts elsewhere": lambda: Case(
        machine_loss.are_elsewhere(),
        MOVED,
        (replace(MOVED, states=[AWAY]), "django django has 1 of 2 instances on other machines"),
        (replace(MOVED, states=[AWAY], staying=["b tolerates"]), "stay assigned to the lost machine: b tolerates"),
        (replace(MOVED, states=[]), "no part was found"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_matcher_accepts_what_is_promised(name: str) -> None:
    case = CASES[name]()
    assert case.matcher.matches(case.good), mismatch(case.matcher, case.good)


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in CASES for number in range(len(CASES[name]().bad))]
)
def test_a_matcher_refuses_what_is_broken_and_says_why(name: str, number: int) -> None:
    case = CASES[name]()
    bad, text = case.bad[number]
    assert not case.matcher.matches(bad)
    assert text in mismatch(case.matcher, bad)


def loaded(dropped: int | None) -> rush.Growth:
    return replace(GROWTH, story=story(result=replace(STORY.result, dropped=dropped)))


UNKNOWN: dict[str, tuple[Callable[[], ComplaintMatcher[Any]], Any]] = {
    "a load without end": (lambda: rush.has_grown_within(120), loaded(dropped=None)),
    "dropped requests": (lambda: rush.has_grown_within(120), loaded(dropped=1)),
    "no load": (lambda: rush.has_grown_within(120), replace(GROWTH, story=story(result=None))),
    "too little load": (lambda: rush.has_grown_within(120), replace(GROWTH, due=3)),
    "nobody looked": (lambda: rush.has_grown_within(120), replace(GROWTH, story=story(pause=16.0))),
    "nobody looked while it shrank": (rush.stays_small, rush.Shrinking(story(samples=FALLING.samples, pause=16.0))),
    "never small again": (rush.stays_small, rush.Shrinking(story(reached=None))),
    "too few requests": (lambda: quickness.is_quick(0.1, 95, 2), replace(QUICK, requests=10)),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_without_evidence_nothing_is_said(name: str) -> None:
    matcher, value = UNKNOWN[name]
    with pytest.raises(Unknown):
        matcher().matches(value)


def test_what_stood_in_the_way_is_told_once() -> None:
    assert samples.troubles([QUOTA, QUOTA, SILENT]) == [
        "quota forbids further pods: exceeded quota",
        "instances receive requests although they do not answer: e",
    ]
    assert samples.longest_pause([SAMPLE]) == float("inf")
    assert samples.longest_pause([SAMPLE, GROWN]) == 30.0


def test_bars_follow_the_live_settings() -> None:
    assert SETTINGS.growth().seconds == 60
    assert SETTINGS.shrinking(5, 3).seconds == 30 + 15 + 10 + 15 + 30
    half = replace(SETTINGS, down=[{"type": "Percent", "value": 50, "periodSeconds": 60}])
    assert half.steps(10, 3) == 2  # 10, 5, 3: whole instances only
    assert replace(SETTINGS, disabled=True).blame()


@pytest.mark.parametrize(("text", "seconds"), [("16s", 16), ("1m30s", 90), ("500ms", 0.5)])
def test_spans_of_the_control_plane(text: str, seconds: float) -> None:
    assert platform_settings.span(text) == seconds


def test_settings_of_the_control_plane_are_read_and_otherwise_as_in_stock() -> None:
    words = ["kube-controller-manager", "--node-monitor-grace-period=16s"]
    pods = [{"spec": {"containers": [{"command": words}]}}]

    class Seen:
        def list(self, kind: str, namespace: str, labels: str) -> Sequence[Any]:
            return pods if "controller" in labels else []

    cluster = cast(Any, Seen())
    assert platform_settings.not_ready_after(cluster) == 16
    assert platform_settings.evicted_after(cluster) == 300
    assert platform_settings.metrics_resolution(cluster, 15) == 15


def attempt(at: float, *, good: bool = True, by: str = "", late: float = 0.0) -> Attempt:
    begun, error = at + late, "" if good else "503"
    return Attempt("looks", int(at * 10), at, begun, begun + 0.1, "ok" if good else "fail", error, instance=by)


def test_answers_are_timed_from_their_planned_start_and_failures_name_instances() -> None:
    seen = quickness.read_quickness(
        [
            attempt(9, late=3.0),
            attempt(20, good=False),
            attempt(39, good=False, by="django-z"),
            attempt(41, good=False),
        ],
        [SAMPLE, replace(GROWN, at=40), replace(SILENT, at=42, absent=["e"])],
        5.0,
        lambda moment: moment,
    )
    assert seen.p95 == pytest.approx(3.1)
    assert [one.suspects for one in seen.failures] == ["coming or going: d, e", "django-z", "silent: e"]
    assert seen.failures[0].at == 15.0
    assert seen.absent == ["e"]


def test_the_worst_entrance_decides() -> None:
    kept, broken = Verdict("kept", "fine"), Verdict("broken", "away")
    assert str(machine_loss.worst_of({"a": kept, "b": broken})) == "broken: b: away"
    assert machine_loss.worst_of({"a": kept}).kept


def test_the_chart_shows_demand_sizes_and_answers() -> None:
    points = [ChartPoint(at / 2, OK if at % 9 else FAIL, 0.02) for at in range(-10, 100)]
    chart = GrowthChart(
        "A rush <of> customers", [ChartSeries("customers", points), ChartSeries("the rush", points[20:80])],
        [SizePoint(0, 3, 3), SizePoint(20, 5, 4, 5), SizePoint(40, 3, 3, 3)], 3, 5, 30, 2, {40: "smallest size again"},
    )  # fmt: skip
    svg = growth_chart(chart)
    for text in ("A rush &lt;of&gt; customers", "desired", "serving", "not answered", "smallest size again"):
        assert text in svg
    assert "#3b6fd4" not in svg.partition("</style>")[2]  # every ink has its dark counterpart
    assert len(svg) < 200_000  # bytes: kept with every scenario
