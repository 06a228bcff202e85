"""The picture of a failover: what every probe got, moment by moment, and the downtime that follows from it.

Times are seconds on the observer's clock, counted from the fault: the fault is 0, what was before is negative.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OK, FAIL, INFO = "ok", "fail", "info"

# Inks of the light page and their counterparts on a dark one: the finished drawing asks the browser which it is.
_INKS = {
    "paper": ("#fdfdfe", "#1b1e24"),
    "ink": ("#22262d", "#e7e9ec"),
    "soft": ("#6f7782", "#9aa2ad"),
    "line": ("#d9dde2", "#3a404a"),
    "shade": ("#fdf1f0", "#32252a"),
    OK: ("#35a06a", "#3fb67c"),
    FAIL: ("#d9453d", "#f0625a"),
    INFO: ("#e5a32b", "#eeb54b"),
    "limit": ("#6b4fc8", "#a893f0"),
    "bar": ("#1d7fb0", "#57b4e0"),
}
# One colour for each probe's line of answers; none of them means an outcome.
_PROBES = (
    ("#3b6fd4", "#7aa5f5"),
    ("#8a4fbf", "#bd8cec"),
    ("#00838a", "#42bcc3"),
    ("#75706a", "#aca69f"),
    ("#b3487f", "#e688b5"),
)

_WIDTH = 11.0  # inches: fills the width of the report's page without scrolling
_BEFORE = 8.0  # seconds shown before the fault: enough to see that all was well
_AFTER = 6.0  # seconds shown after the last thing of interest
_GAP = 2.5  # usual distances between attempts after which a run of equal outcomes is drawn as ended
_BIN = 0.5  # seconds: the line of answers shows the slowest of each
_THIN = 1 / 400  # of the width: the narrowest mark that can still be seen
_LETTER = 1 / 140  # of the width: what one letter of a small label takes, rather more than less
_SMALL, _NORMAL, _LARGE = 8.5, 9.5, 13.0  # points


@dataclass(frozen=True)
class ChartPoint:
    """One attempt of a probe: when it was to start, how it ended (OK, FAIL or INFO), and after how many seconds."""

    t: float
    outcome: str
    latency: float


@dataclass(frozen=True)
class ChartSeries:
    """The attempts of one probe, under the name that the owner knows it by."""

    name: str
    points: Sequence[ChartPoint]


@dataclass(frozen=True)
class Span:
    """From one moment to another."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds between the two."""
        return self.end - self.start


@dataclass(frozen=True)
class FailoverChart:
    """Everything that the picture shows; what is None is left out.

    `lower` runs from the first to the last failed attempt, `upper` from the last success before to the first that
    holds; `limit` (promised) and `bar` (what the live settings allow) are lengths in seconds.
    """

    title: str
    series: Sequence[ChartSeries]
    fault: str
    fault_until: float | None = None
    lower: Span | None = None
    upper: Span | None = None
    limit: float | None = None
    bar: float | None = None
    leader_before: str = ""
    leader_after: str = ""
    marks: Sequence[tuple[float, str]] = field(default_factory=tuple)


def failover_chart(chart: FailoverChart) -> str:
    """The picture as SVG, small enough to be kept with every scenario, with its texts as text."""
    import matplotlib  # half a second: only who draws pays for it
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rows = len(chart.series)
    brackets = _brackets(chart)
    heights = [0.42 * rows + 0.25, 1.15, 0.36 * len(brackets) + 0.2]  # inches: strips, answers, lengths
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "holdfast", "font.family": "sans-serif"}):
        figure = Figure(figsize=(_WIDTH, sum(heights) + 1.85), facecolor=_ink("paper"))
        FigureCanvasSVG(figure)
        top = 1 - 1.15 / figure.get_figheight()  # below title, subtitle and two lines of labels
        grid = figure.add_gridspec(
            3,
            1,
            height_ratios=heights,
            left=0.185,
            right=0.975,
            top=top,
            bottom=0.48 / figure.get_figheight(),
            hspace=0.16,
        )
        strips, answers, lengths = (figure.add_subplot(grid[row]) for row in range(3))
        limits = _window(chart)
        for axes in (strips, answers, lengths):
            _bare(axes, limits)
        _draw_strips(strips, chart, limits)
        _draw_answers(answers, chart)
        _draw_lengths(lengths, brackets)
        _draw_fault((strips, answers, lengths), chart)
        _draw_titles(figure, chart)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", facecolor=_ink("paper"), metadata={"Date": None, "Creator": "holdfast"})
    return _for_light_and_dark(drawn.getvalue())


def _ink(name: str) -> str:
    return _INKS[name][0]


def _window(chart: FailoverChart) -> tuple[float, float]:
    times = [point.t for series in chart.series for point in series.points] or [0.0]
    # A fault that may last longer than anybody looked must not squeeze what was seen into a corner.
    ends = [0.0, min(chart.fault_until or 0.0, max(times)), *(at for at, _ in chart.marks)]
    ends += [span.end for span in (chart.lower, chart.upper) if span is not None]
    ends += [span.end for _, _, span, _ in _brackets(chart)]
    starts = [0.0, *(span.start for span in (chart.lower, chart.upper) if span is not None)]
    begin = max(min(times), min(starts) - _BEFORE)
    return begin, max(min(max(times), max(ends) + _AFTER), max(ends) + 1, begin + 1)


def _bare(axes: Axes, limits: tuple[float, float]) -> None:
    axes.set_xlim(*limits)
    axes.set_facecolor("none")
    axes.tick_params(colors=_ink("soft"), labelsize=_SMALL, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.grid(axis="x", color=_ink("line"), linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_strips(axes: Axes, chart: FailoverChart, limits: tuple[float, float]) -> None:
    """A row for each probe: green where it got what it asked for, red where not, amber where nobody can tell."""
    thin = (limits[1] - limits[0]) * _THIN
    for row, series in enumerate(chart.series):
        for outcome in (OK, INFO, FAIL):  # what went wrong is drawn last, so that nothing hides it
            runs = [run for run in _runs(series.points) if run[2] == outcome]
            spans = [(start, max(end - start, thin)) for start, end, _ in runs]
            axes.broken_barh(spans, (row - 0.3, 0.6), color=_ink(outcome), linewidth=0)
        counts = {outcome: sum(point.outcome == outcome for point in series.points) for outcome in (OK, FAIL, INFO)}
        axes.text(
            -0.012, row - 0.13, series.name, transform=axes.get_yaxis_transform(), ha="right", va="center",
            fontsize=_NORMAL, color=_probe(row), fontweight="bold",
        )  # fmt: skip
        axes.text(
            -0.012, row + 0.24, f"{counts[OK]} ok, {counts[FAIL]} failed, {counts[INFO]} unknown", ha="right",
            transform=axes.get_yaxis_transform(), va="center", fontsize=7, color=_ink("soft"),
        )  # fmt: skip
    axes.set_ylim(len(chart.series) - 0.4, -0.6)
    axes.set_yticks([])
    axes.tick_params(labelbottom=False)


def _runs(points: Sequence[ChartPoint]) -> list[tuple[float, float, str]]:
    """Neighbouring attempts with one outcome, joined: a chart of thousands of attempts stays small."""
    ordered = sorted(points, key=lambda point: point.t)
    if not ordered:
        return []
    distances = sorted(later.t - earlier.t for earlier, later in pairwise(ordered))
    usual = distances[len(distances) // 2] if distances else 0.0
    runs: list[tuple[float, float, str]] = []
    for point in ordered:
        if runs and runs[-1][2] == point.outcome and point.t - runs[-1][1] <= usual * _GAP:
            runs[-1] = (runs[-1][0], point.t + usual, point.outcome)
        else:
            runs.append((point.t, point.t + usual, point.outcome))
    return runs


def _draw_answers(axes: Axes, chart: FailoverChart) -> None:
    """How long the slowest good answer of each half second took."""
    slowest = 0.1
    for row, series in enumerate(chart.series):
        bins: dict[int, float] = {}
        for point in (point for point in series.points if point.outcome == OK):
            place = math.floor(point.t / _BIN)
            bins[place] = max(bins.get(place, 0.0), point.latency)
            slowest = max(slowest, point.latency)
        places = sorted(bins)
        # A half second without a good answer breaks the line.
        times = [
            value
            for place in places
            for value in ((place + 0.5) * _BIN, *((math.nan,) if place + 1 not in bins else ()))
        ]
        values = [value for place in places for value in (bins[place], *((math.nan,) if place + 1 not in bins else ()))]
        axes.plot(times, values, color=_probe(row), linewidth=1.3, solid_joinstyle="round")
    axes.set_yscale("log")
    axes.set_ylim(0.001, max(slowest * 1.5, 1.0))
    ticks = [tick for tick in (0.001, 0.01, 0.1, 1.0, 10.0) if tick <= max(slowest * 1.5, 1.0)]
    axes.set_yticks(ticks, ["1 ms", "10 ms", "100 ms", "1 s", "10 s"][: len(ticks)])
    axes.minorticks_off()
    axes.grid(axis="y", color=_ink("line"), linewidth=0.6)
    axes.tick_params(labelbottom=False)
    axes.text(
        -0.07, 0.5, "slowest\ngood answer", transform=axes.transAxes, ha="right", va="center", fontsize=_SMALL,
        color=_ink("soft"),
    )  # fmt: skip


Bracket = tuple[str, str, Span, str]  # name, ink, from where to where, what is written behind it


def _brackets(chart: FailoverChart) -> list[Bracket]:
    """Measured and allowed lengths under each other, all on the time axis, so that the eye compares them."""
    found: list[Bracket] = []
    if chart.lower is not None:
        found.append(("down for at least", FAIL, chart.lower, f"{chart.lower.length:.1f} s"))
    if chart.upper is not None:
        found.append(("down for at most", INFO, chart.upper, f"{chart.upper.length:.1f} s"))
    start = chart.upper.start if chart.upper is not None else chart.lower.start if chart.lower is not None else 0.0
    if chart.bar is not None:
        found.append(("its settings allow", "bar", Span(start, start + chart.bar), f"{chart.bar:g} s"))
    if chart.limit is not None:
        found.append(("promised at most", "limit", Span(start, start + chart.limit), f"{chart.limit:g} s"))
    return found


def _draw_lengths(axes: Axes, brackets: Sequence[Bracket]) -> None:
    for row, (name, ink, span, text) in enumerate(brackets):
        axes.plot([span.start, span.end], [row, row], color=_ink(ink), linewidth=2.2, solid_capstyle="butt")
        for end in (span.start, span.end):
            axes.plot([end, end], [row - 0.24, row + 0.24], color=_ink(ink), linewidth=2.2, solid_capstyle="butt")
        axes.annotate(
            text, (span.end, row), (6, 0), textcoords="offset points", va="center", fontsize=_NORMAL, color=_ink(ink),
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        axes.text(
            -0.012, row, name, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=_NORMAL,
            color=_ink(ink),
        )  # fmt: skip
    axes.set_ylim(len(brackets) - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xlabel("seconds from the fault", fontsize=_SMALL, color=_ink("soft"), labelpad=4)


def _draw_fault(panels: Sequence[Axes], chart: FailoverChart) -> None:
    for axes in panels:
        axes.axvline(0, color=_ink(FAIL), linewidth=1.4)
        if chart.fault_until is not None:
            axes.axvspan(0, chart.fault_until, color=_ink("shade"), linewidth=0, zorder=0)
        for at, _ in chart.marks:
            axes.axvline(at, color=_ink("soft"), linewidth=1, linestyle=(0, (3, 2)))
    left, right = panels[0].get_xlim()
    free = [-math.inf, -math.inf]  # where each of the two lines of labels is free from
    for at, text in sorted(((0.0, chart.fault), *chart.marks)):
        line = 0 if at >= free[0] else 1
        free[line] = at + len(text) * _LETTER * (right - left)
        panels[0].annotate(
            text, (at, 1), (3 if at else 0, 4 + 11 * line), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=_SMALL, color=_ink("soft" if at else FAIL), ha="left", va="bottom",
            annotation_clip=False,
        )  # fmt: skip


def _draw_titles(figure: Any, chart: FailoverChart) -> None:
    height = figure.get_figheight()
    led = [
        f"{who} {when}" for who, when in ((chart.leader_before, "led before"), (chart.leader_after, "leads now")) if who
    ]
    figure.text(0.02, 1 - 0.3 / height, chart.title, fontsize=_LARGE, fontweight="bold", color=_ink("ink"), va="center")
    figure.text(0.02, 1 - 0.58 / height, ", ".join(led), fontsize=_NORMAL, color=_ink("soft"), va="center")
    at = 0.975
    for outcome, word in ((INFO, "unknown"), (FAIL, "failed"), (OK, "ok")):
        figure.text(at, 1 - 0.58 / height, f"■ {word}", fontsize=_SMALL, color=_ink(outcome), va="center", ha="right")
        at -= 0.075 if word == "unknown" else 0.062


def _probe(row: int) -> str:
    return _PROBES[row % len(_PROBES)][0]


def _for_light_and_dark(svg: str) -> str:
    """Lets the drawing follow the page: its light inks become names, which mean other inks on a dark page."""
    inks = [*_INKS.values(), *_PROBES]
    for number, (light, _) in enumerate(inks):
        svg = svg.replace(light, f"var(--i{number})")
    light_page = ";".join(f"--i{number}:{light}" for number, (light, _) in enumerate(inks))
    dark_page = ";".join(f"--i{number}:{dark}" for number, (_, dark) in enumerate(inks))
    style = f"<style>svg{{{light_page}}}@media(prefers-color-scheme:dark){{svg{{{dark_page}}}}}</style>"
    head, mark, rest = svg.partition("<defs>")
    return f"{head}{style}{mark}{rest}"
