"""The chart says in words and lengths what it shows, follows the page's colours and stays small."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from support.evidence.charts import (
    _INKS,
    _PROBES,
    FAIL,
    INFO,
    OK,
    ChartPoint,
    ChartSeries,
    FailoverChart,
    Span,
    _brackets,
    _runs,
    failover_chart,
)


def points(rate: int, failing: tuple[float, float]) -> list[ChartPoint]:
    """A minute of attempts around a fault at 0."""
    times = [-15 + number / rate for number in range(60 * rate)]
    return [ChartPoint(t, FAIL if failing[0] < t < failing[1] else OK, 0.01) for t in times]


CHART = FailoverChart(
    title="Sales stood still for 21.4 to 22.1 s; promised are at most 30 s",
    series=[ChartSeries("sales <at> the entrance", points(20, (0.3, 21.7))), ChartSeries("reads", points(20, (0, 0)))],
    fault="holdfast-2 loses power",
    fault_until=40.0,
    lower=Span(0.3, 21.7),
    upper=Span(-0.2, 21.9),
    limit=30,
    bar=29,
    leader_before="db-0",
    leader_after="db-2",
    marks=[(20.4, "db-2 takes over")],
)


@pytest.fixture(scope="module")
def svg() -> str:
    return failover_chart(CHART)


def texts(svg: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_it_says_what_happened_and_who_led(svg: str) -> None:
    shown = texts(svg)
    assert CHART.title in shown
    assert "db-0 led before, db-2 leads now" in shown
    assert {"holdfast-2 loses power", "db-2 takes over", "seconds from the fault"} <= set(shown)
    assert "sales <at> the entrance" in shown, "names are escaped"


def test_bounds_limit_and_bar_are_labelled_lengths(svg: str) -> None:
    shown = texts(svg)
    for name, length in (
        ("down for at least", "21.4 s"),
        ("down for at most", "22.1 s"),
        ("its settings allow", "29 s"),
        ("promised at most", "30 s"),
    ):
        assert name in shown
        assert length in shown


def test_limit_and_bar_are_measured_from_the_last_success_like_the_upper_bound() -> None:
    spans = {name: span for name, _, span, _ in _brackets(CHART)}
    assert spans["promised at most"] == Span(-0.2, 29.8)
    assert spans["its settings allow"] == Span(-0.2, 28.8)


def test_it_counts_the_attempts_of_each_probe(svg: str) -> None:
    assert "772 ok, 428 failed, 0 unknown" in texts(svg)
    assert "1200 ok, 0 failed, 0 unknown" in texts(svg)


def test_every_ink_follows_the_page(svg: str) -> None:
    assert "prefers-color-scheme:dark" in svg
    drawing = re.sub(r"<style>svg.*?</style>", "", svg)
    for light, _ in (*_INKS.values(), *_PROBES):
        assert light not in drawing


def test_thousands_of_attempts_stay_small_and_come_out_the_same(svg: str) -> None:
    assert len(svg) < 60_000  # measured 33 kB; a mark for each attempt would take 300 kB
    assert failover_chart(CHART) == svg


def test_equal_outcomes_are_joined_and_a_hole_is_not() -> None:
    made = [ChartPoint(t, OK, 0.01) for t in (0.0, 0.1, 0.2, 0.3, 5.0, 5.1)] + [ChartPoint(5.2, INFO, 0.01)]
    assert [(round(start, 1), round(end, 1), outcome) for start, end, outcome in _runs(made)] == [
        (0.0, 0.4, OK),
        (5.0, 5.2, OK),
        (5.2, 5.3, INFO),
    ]


@pytest.mark.parametrize(
    "chart",
    [
        FailoverChart(title="Nothing was seen", series=[ChartSeries("sales", [])], fault="cut off"),
        FailoverChart(title="One attempt", series=[ChartSeries("sales", [ChartPoint(1, FAIL, 0)])], fault="cut off"),
        FailoverChart(title="No probes", series=[], fault="cut off", limit=30, upper=Span(0, 3)),
        FailoverChart(title="No outage", series=[ChartSeries("sales", points(5, (0, 0)))], fault="deleted", limit=30),
    ],
    ids=lambda chart: chart.title,
)
def test_a_chart_of_little_can_be_drawn(chart: FailoverChart) -> None:
    assert chart.title in texts(failover_chart(chart))


def test_who_does_not_draw_does_not_load_the_drawing_library() -> None:
    code = "import sys, support.evidence.charts, support.evidence.formatter; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
