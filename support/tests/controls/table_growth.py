"""Controls of the autoscaler, of sizes, and of a rush from its first request to the smallest size again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from support.faults.base import Injection
from support.profiles import load_profile
from support.systems.jewelry_shop.rush import RushStory
from support.systems.jewelry_shop.samples import Sample
from support.systems.jewelry_shop.sizes import SizeByHand
from support.systems.jewelry_shop.traffic import LOOKS
from support.tests.controls.control import Control, looked_at, thing
from support.tests.test_capacity import (
    FRESH,
    GROWN,
    HPA,
    PLAN,
    POD,
    SAMPLE,
    SETTINGS,
    STORY,
    STRICTER,
    VIEW,
    aiming_also_at,
    attempt,
)

_NEVER: Any = None  # what no step of these sentences looks at
_INJECTION = Injection(_NEVER, "", "", "", "before", "after", "ended")
_LOAD: Any = SimpleNamespace(plan=PLAN)


def _system(pods: str = "30") -> Any:
    """With a budget of so many pods, 19 of which are there."""
    figures = {"spec": {"hard": {"pods": pods}}, "status": {"used": {"pods": "19"}}}
    cluster = SimpleNamespace(list=lambda kind, _: [figures] if kind == "resourcequotas" else [])
    return SimpleNamespace(profile=load_profile("jewelry-shop"), cluster=cluster, namespace="shop")


_SYSTEM = _system()
_BUSY = replace(SAMPLE, use=GROWN.use, need=5)  # as much to do as for five
_CROWDED = replace(GROWN, living=list("abcdef"))
_ROOMY = replace(GROWN, desired=6, living=list("abcdef"), ready=list("abcdef"))


def sampler(samples: Sequence[Sample], now: Sample = SAMPLE) -> Any:
    """Has seen these samples, and sees `now` whenever it looks, however late it is."""
    later = replace(now, at=float("inf"))
    return SimpleNamespace(samples=samples, look=lambda: later, answered=frozenset())


def every_second(since: int, until: int, one: Sample) -> list[Sample]:
    """The same at every second."""
    return [replace(one, at=float(at)) for at in range(since, until)]


def customers(*, good: int = 1200, late: float = 0.0) -> list[Any]:
    """What 1200 customers got at their pace, ten a second; `good` of them were answered."""
    return [attempt(at / 10, good=at < good, by="de"[at % 2], late=late) for at in range(1200)]


def story(
    samples: Sequence[Sample], now: Sample = SAMPLE, looks: Sequence[Any] = (), reached: float | None = None
) -> RushStory:
    """A rush from 10 s to 80 s in which so much was seen."""
    found = list(looks) or customers()
    journal = SimpleNamespace(
        marks={"before": 0.0},
        rates={LOOKS: 10.0},
        attempts=lambda _: found,
        lateness_p99=lambda _: 0.0,
        interrupted=False,
        end_reason="over",
    )
    run = SimpleNamespace(attempts=lambda: found, to_suite_time=lambda moment: moment)
    traffic: Any = SimpleNamespace(run=run, stop=lambda: journal)
    before, loads = frozenset("abc"), [_LOAD]
    rush = RushStory(_SYSTEM, traffic, SETTINGS, 0.05, sampler(samples, now), before, loads, 10.0, 80.0)
    rush.result, rush.injection, rush.reached = STORY.result, _INJECTION, reached
    return rush


def _in(system: Any, rush: RushStory) -> RushStory:
    return replace(rush, system=system)


def grown(largest: Sample = GROWN, since: int = 40) -> list[Sample]:
    """Three instances with as much to do as for five, then so many until the end of the rush."""
    return [*every_second(5, since, _BUSY), *every_second(since, 80, largest)]


def shrunk(*between: Sample, last: Sample = SAMPLE) -> list[Sample]:
    """Grown, then so from the end of the rush on, and three instances from 100 s on."""
    falling = [*every_second(80, 95, replace(GROWN, desired=4)), *between]
    return [*grown(), *falling, *every_second(100, 140, SAMPLE), replace(last, at=140.0)]


_REST = story(shrunk(), reached=100.0)
_UP_AGAIN = story(shrunk(replace(GROWN, at=95.0)), reached=100.0)
_TOO_SMALL = story(shrunk(last=replace(SAMPLE, living=["a", "b"], ready=["a", "b"])), reached=100.0)
_OLD = replace(FRESH, ages={"a": 8.0, "b": 61.0})

CONTROLS: dict[str, Control] = {
    "sight of the autoscaler": looked_at(
        "autoscaler.read_figures",
        FRESH,
        _OLD,
        **{"jewelry.cluster.get": HPA, "jewelry.parts.ready_pods": [POD, replace(POD, name="b")]},
    ),
    "agreement of the autoscaler": thing(VIEW, replace(VIEW, maximum=6)),
    "further targets": thing(VIEW, aiming_also_at(STRICTER)),
    "size set by hand": thing(SizeByHand(6, 0.0, sampler([])), SizeByHand(6, 0.0, sampler([], _ROOMY))),
    "growth": thing(story(grown()), story(grown(_BUSY))),
    "speed of growth": thing(story(grown()), story(grown(since=71))),
    "largest size": thing(story(grown()), story(grown(_CROWDED))),
    "room for the largest size": thing(story(grown()), _in(_system("19"), story(grown(replace(GROWN, living=["a"]))))),
    "new instances": thing(story(grown()), story(grown(), looks=[replace(one, instance="d") for one in customers()])),
    "extra instances": thing(story(shrunk()), story(shrunk(), now=GROWN)),
    "smallest size": thing(_REST, _TOO_SMALL),
    "direction of the size": thing(_REST, _UP_AGAIN),
    "requests during growth": thing(_REST, story(shrunk(), looks=customers(good=1198))),
    "answers during growth": thing(_REST, story(shrunk(), looks=customers(late=2.0))),
}
