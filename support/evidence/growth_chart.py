"""The picture of a rush: demand, the number of instances beside it, and how long customers had to wait for answers.

Times are seconds from the beginning of the rush.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.evidence.charts import (
    _LARGE,
    _NORMAL,
    _SMALL,
    _WIDTH,
    FAIL,
    OK,
    ChartPoint,
    ChartSeries,
    _bare,
    _for_light_and_dark,
    _ink,
    _probe,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 6.4  # inches
_BIN_S = 2.0  # seconds: demand is drawn as the rate in each, answers as the slowest but one in twenty
_PERCENTILE = 0.95


@dataclass(frozen=True)
class SizePoint:
    """The number of instances at one moment; `need` is what use and target give, None when nobody tells."""

    t: float
    desired: int
    ready: int
    need: int | None = None


@dataclass(frozen=True)
class GrowthChart:
    """Everything that the picture shows."""

    title: str
    demand: Sequence[ChartSeries]
    sizes: Sequence[SizePoint]
    smallest: int
    largest: int
    rush_until: float
    limit: float  # seconds that one answer may take
    marks: Mapping[float, str] = field(default_factory=dict)


def growth_chart(chart: GrowthChart) -> str:
    """The picture as SVG."""
    import matplotlib  # half a second: only who draws pays for it
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "holdfast", "font.family": "sans-serif"}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), facecolor=_ink("paper"))
        FigureCanvasSVG(figure)
        grid = figure.add_gridspec(
            3, 1, height_ratios=[1, 1.1, 1], left=0.125, right=0.975, top=0.86, bottom=0.09, hspace=0.32
        )
        demand, sizes, answers = (figure.add_subplot(grid[row]) for row in range(3))
        limits = _window(chart)
        for axes in (demand, sizes, answers):
            _bare(axes, limits)
            axes.axvspan(0, chart.rush_until, color=_ink("shade"), linewidth=0, zorder=0)
            for at in chart.marks:
                axes.axvline(at, color=_ink("soft"), linewidth=1, linestyle=(0, (3, 2)))
        _draw_demand(demand, chart)
        _draw_sizes(sizes, chart)
        _draw_answers(answers, chart)
        figure.text(0.02, 0.955, chart.title, fontsize=_LARGE, fontweight="bold", color=_ink("ink"), va="center")
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", facecolor=_ink("paper"), metadata={"Date": None, "Creator": "holdfast"})
    return _for_light_and_dark(drawn.getvalue())


def _window(chart: GrowthChart) -> tuple[float, float]:
    times = [point.t for point in chart.sizes] + [point.t for series in chart.demand for point in series.points]
    return min([0.0, *times]), max([1.0, chart.rush_until, *times])


def _label(axes: Axes, text: str) -> None:
    axes.set_ylabel(text, fontsize=_SMALL, color=_ink("soft"))


def _bins(points: Sequence[ChartPoint]) -> dict[int, list[ChartPoint]]:
    found: dict[int, list[ChartPoint]] = {}
    for point in points:
        found.setdefault(math.floor(point.t / _BIN_S), []).append(point)
    return dict(sorted(found.items()))


def _draw_demand(axes: Axes, chart: GrowthChart) -> None:
    """Requests per second that were answered, stacked by who made them, and on top in red those that were not."""
    places = sorted({place for series in chart.demand for place in _bins(series.points)})
    times = [(place + 0.5) * _BIN_S for place in places]
    floor = [0.0] * len(places)
    for row, series in enumerate(chart.demand):
        bins = _bins(series.points)
        good = [sum(point.outcome == OK for point in bins.get(place, ())) / _BIN_S for place in places]
        top = [low + high for low, high in zip(floor, good, strict=True)]
        axes.fill_between(times, floor, top, step="mid", color=_probe(row), alpha=0.55, linewidth=0, label=series.name)
        floor = top
    bad = [
        sum(point.outcome != OK for series in chart.demand for point in _bins(series.points).get(place, ())) / _BIN_S
        for place in places
    ]
    if any(bad):
        top = [low + high for low, high in zip(floor, bad, strict=True)]
        axes.fill_between(times, floor, top, step="mid", color=_ink(FAIL), linewidth=0, label="not answered")
    axes.set_ylim(0, None)
    axes.tick_params(labelbottom=False)
    _label(axes, "requests per second")
    _legend(axes)
    for at, text in chart.marks.items():
        axes.annotate(
            text, (at, 1), (3, 4), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=_SMALL,
            color=_ink("soft"), annotation_clip=False,
        )  # fmt: skip


def _draw_sizes(axes: Axes, chart: GrowthChart) -> None:
    times = [point.t for point in chart.sizes]
    for bound in (chart.smallest, chart.largest):
        axes.axhline(bound, color=_ink("limit"), linewidth=1.2, linestyle=(0, (5, 3)))
    needs = [math.nan if point.need is None else point.need for point in chart.sizes]
    axes.step(times, needs, where="post", color=_ink("soft"), linewidth=1.2, linestyle=(0, (2, 2)), label="needed")
    desired = [point.desired for point in chart.sizes]
    axes.step(times, desired, where="post", color=_ink("bar"), linewidth=1.6, label="desired")
    ready = [point.ready for point in chart.sizes]
    axes.step(times, ready, where="post", color=_ink(OK), linewidth=2.4, label="serving")
    axes.set_ylim(0, chart.largest + 1)
    axes.set_yticks(range(chart.largest + 2))
    axes.tick_params(labelbottom=False)
    _label(axes, "instances")
    _legend(axes)


def _draw_answers(axes: Axes, chart: GrowthChart) -> None:
    """The time within which 95 % of the answers came, and the limit."""
    for row, series in enumerate(chart.demand):
        bins = _bins([point for point in series.points if point.outcome == OK])
        lengths = {place: sorted(point.latency for point in points) for place, points in bins.items()}
        values = [found[min(len(found) - 1, int(len(found) * _PERCENTILE))] for found in lengths.values()]
        axes.plot([(place + 0.5) * _BIN_S for place in lengths], values, color=_probe(row), linewidth=1.3)
    axes.axhline(chart.limit, color=_ink("limit"), linewidth=1.2, linestyle=(0, (5, 3)))
    axes.set_yscale("log")
    axes.set_ylim(0.001, chart.limit * 3)
    axes.set_yticks([0.001, 0.01, 0.1, 1.0], ["1 ms", "10 ms", "100 ms", "1 s"])
    axes.minorticks_off()
    axes.grid(axis="y", color=_ink("line"), linewidth=0.6)
    _label(axes, "95 % answered within")
    axes.set_xlabel("seconds from the beginning of the rush", fontsize=_SMALL, color=_ink("soft"), labelpad=4)


def _legend(axes: Axes) -> None:
    """Above the panel, where it hides nothing."""
    shown = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 0.96), ncols=4, fontsize=_NORMAL, frameon=False, borderaxespad=0
    )
    for text in shown.get_texts():
        text.set_color(_ink("ink"))
