"""The picture of a rush for the report, from samples and attempts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from support.evidence.attach import attach_svg
from support.evidence.charts import FAIL, OK, ChartPoint, ChartSeries
from support.evidence.growth_chart import GrowthChart, SizePoint, growth_chart
from support.observers.attempts import Attempt
from support.systems.jewelry_shop.traffic import LOOKS
from support.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from support.systems.jewelry_shop.rush import RushStory

_LIMIT_S = 2.0  # that one answer may take (JS-854)


def attach(story: RushStory) -> None:
    """Draws demand, sizes and answers over one time line, and attaches the picture to what runs."""
    attach_svg("Demand, instances and answers", growth_chart(chart_of(story)))


def chart_of(story: RushStory) -> GrowthChart:
    """What the picture shows."""
    run, zero = story.traffic.run, story.began
    customers = [_point(one, run.to_suite_time(0.0) - zero) for one in story.traffic.attempts(LOOKS)]
    # The load tells times of the wall clock; both clocks go equally fast.
    wall = SYSTEM_CLOCK.now() - time.time()
    load = [_point(one, wall - zero) for one in (story.result.attempts if story.result else ())]
    agreed = story.system.profile.autoscaler
    sizes = [SizePoint(one.at - zero, one.desired, len(one.ready), one.need or None) for one in story.samples]
    marks = {story.reached - zero: "smallest size again"} if story.reached else {}
    return GrowthChart(
        title=f"A rush of customers: {len(story.before)} instances, then {story.peak}",
        demand=[ChartSeries("customers at their pace", customers), ChartSeries("the rush", load)],
        sizes=sizes,
        smallest=agreed.min,
        largest=agreed.max,
        rush_until=max(story.ended - zero, 0.0),
        limit=_LIMIT_S,
        marks=marks,
    )


def _point(attempt: Attempt, shift: float) -> ChartPoint:
    return ChartPoint(attempt.planned + shift, OK if attempt.ok else FAIL, attempt.end - attempt.planned)
