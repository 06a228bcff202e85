"""The picture of a failover for the report, from the attempts themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from support.evidence.attach import attach_svg
from support.evidence.charts import FAIL, INFO, OK, ChartPoint, ChartSeries, FailoverChart, Span, failover_chart
from support.faults.base import Injection
from support.observers.attempts import Attempt
from support.observers.bars import Bar
from support.observers.verdicts import Measurement, Verdict
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.traffic import CACHE, DIRECT, INSTANCES, LOOKS, MINORITY, SALES, Traffic

_TITLES: Mapping[str, str] = {
    SALES: "sales at the entrance",
    DIRECT: "writes to the leader",
    INSTANCES: "sales at each instance",
    MINORITY: "writes on its machine",
    LOOKS: "looks at goods",
    CACHE: "copied cache writes",
}
_OUTCOMES = {"ok": OK, "fail": FAIL}  # everything else: nobody can know


class Story(Protocol):
    """What a picture needs of a failover."""

    @property
    def traffic(self) -> Traffic:
        """The probes."""

    @property
    def leader(self) -> Pod:
        """Who led before."""

    @property
    def injection(self) -> Injection:
        """The fault."""

    @property
    def bar(self) -> Bar:
        """What the live settings allow."""

    @property
    def fault(self) -> float:
        """When it began, on the probes' clock."""

    def confirmed_after(self) -> list[Attempt]:
        """Confirmed attempts after it."""


def attach_failover(story: Story, measured: Measurement, limit: float, verdict: Verdict) -> None:
    """Draws the probes around the fault with bounds, promise and bar, and attaches the picture."""
    worst, zero = measured.bounds.worst, story.fault
    fault = story.injection.fault
    after = max(story.confirmed_after(), key=lambda one: one.end, default=None)
    chart = FailoverChart(
        title=f"{_TITLES[measured.probe].capitalize()}: {verdict.reason}",
        series=_series(story.traffic, zero),
        fault=f"{fault.target}: {fault.kind}",
        fault_until=fault.seconds or None,
        lower=Span(worst.first_failed - zero, worst.last_failed - zero) if worst else None,
        upper=Span(worst.last_good - zero, worst.back - zero) if worst and worst.recovered else None,
        limit=limit,
        bar=story.bar.seconds if math.isfinite(story.bar.seconds) else None,  # endless: nothing to draw
        leader_before=story.leader.name,
        leader_after=after.answered_by if after else "",
    )
    attach_svg("What customers got", failover_chart(chart))


def _series(traffic: Traffic, zero: float) -> Sequence[ChartSeries]:
    found = [(title, traffic.attempts(name)) for name, title in _TITLES.items()]
    return [ChartSeries(title, [_point(one, zero) for one in attempts]) for title, attempts in found if attempts]


def _point(attempt: Attempt, zero: float) -> ChartPoint:
    return ChartPoint(attempt.planned - zero, _OUTCOMES.get(attempt.outcome, INFO), attempt.seconds)
