"""A rush of customers as a story: the application grows, serves, and gives back what it no longer needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from support.evidence.attach import attach_figures
from support.faults.base import Injection
from support.faults.load import Rush
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.load import LoadPlan, LoadResult, LoadRun, together
from support.platforms import load_generator
from support.progress import Steps
from support.systems.jewelry_shop import growth_picture
from support.systems.jewelry_shop.autoscaler import NO_METRICS, SLACK, must_have, needed, requested_cores
from support.systems.jewelry_shop.breaking import FULL_STRENGTH_S, breaker
from support.systems.jewelry_shop.budget import forbids_pods, read_budget
from support.systems.jewelry_shop.rush_rate import asked_for, first_rate, missing
from support.systems.jewelry_shop.samples import Sample, Sampler, is_calm, longest_pause, rises_after_a_fall, troubles
from support.systems.jewelry_shop.scaling import ScalingSettings, read_settings
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic, goods_request
from support.waiting import SYSTEM_CLOCK, Broken, Deadline, Unknown
from support.world import World

_EVERY_S = 1.0  # seconds between two samples
_LONGEST_PAUSE_S = 15.0  # without a sample: the autoscaler moves every 15 s, so a size in between would be seen
_PLATEAU_S = 40.0  # seconds at the end of the rush in which demand and size have settled: two figures, two looks
_STARTING_S = 60.0  # seconds for a generator to start and to end beside the rush itself
_LIFTED_S = 50.0  # seconds from the last step until one instance more serves: figures 25, autoscaler 15, start 10
_SURELY_S = 6.0  # seconds beyond the age of figures from which on all that are looked at are of the present rate


@dataclass(slots=True)
class RushStory:
    """What is known of one rush. Times are seconds on the suite's clock."""

    system: JewelryShop
    traffic: Traffic
    settings: ScalingSettings
    request: float  # cores that one instance asks for
    sampler: Sampler
    before: frozenset[str]  # instances at the beginning
    loads: list[LoadRun] = field(default_factory=list)  # steps of the rush; all of them end with it
    began: float = 0.0  # when the first load was asked for
    ended: float = 0.0  # when it was seen to have ended
    result: LoadResult | None = None
    injection: Injection | None = None
    reached: float | None = field(default=None)  # when the smallest size was reached again

    @property
    def samples(self) -> list[Sample]:
        """All samples so far."""
        return self.sampler.samples

    @property
    def pause(self) -> float:
        """The longest time in which nobody looked, in seconds; the start of the load is waited for without looking."""
        return longest_pause([one for one in self.samples if one.at >= self.began])

    @property
    def during(self) -> list[Sample]:
        """Those of the rush."""
        return [one for one in self.samples if self.began <= one.at <= self.ended]

    @property
    def peak(self) -> int:
        """The largest size that was desired."""
        return max((one.desired for one in self.samples), default=0)


def prepare(world: World) -> None:
    """Makes the load generator known to the cluster, and sees the application at its smallest size and at rest.

    Raises Broken when it does not come down to it by itself.
    """
    load_generator.provide(world.suite.platform, Steps())
    system, smallest = world.jewelry, world.jewelry.profile.autoscaler.min
    sampler = Sampler(system, requested_cores(system))
    matcher = is_of_size(smallest)
    reason = "The application does not have its smallest size before the rush"
    world.eventually(lambda _: sampler.look(), matcher, FULL_STRENGTH_S, reason)
    # Figures of what was there before, such as of instances that started, must not ask for more in the rush.
    late = read_settings(system).figures_late
    _sample(
        world, sampler, lambda _: is_calm(sampler.samples, late), FULL_STRENGTH_S, "The figures do not come to rest"
    )


def is_of_size(size: int) -> ComplaintMatcher[Sample]:
    """Matches when so many instances are desired, alive and ready."""

    def complaints(seen: Sample) -> list[str]:
        if (seen.desired, len(seen.living), len(seen.ready)) == (size, size, size):
            return []
        if seen.desired < size:
            return [f"only {seen.desired} instances are desired, the agreed smallest size is {size}"]
        counts = f"{seen.desired} are desired, {len(seen.living)} alive, {len(seen.ready)} ready"
        # Whoever has no figures gives nothing back: the cause comes before what it has led to.
        return [*seen.trouble, f"the extra instances were not given back: {counts}, the agreed smallest size is {size}"]

    return without_complaints(f"{size} instances, all ready", complaints)


def rush(world: World, seconds: float) -> RushStory:
    """So many seconds of load, with the size looked at all the while; returns when the load has ended."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    request = requested_cores(system)
    sampler = Sampler(system, request)
    story = RushStory(system, traffic, read_settings(system), request, sampler, frozenset(sampler.look().living))
    world.clean_ups.add("draw the rush", lambda: growth_picture.attach(story))
    story.began = SYSTEM_CLOCK.now()
    _make_larger(world, story, first_rate(system.profile.autoscaler), seconds)
    _rise(world, story, seconds)
    left = story.began + seconds + _STARTING_S - SYSTEM_CLOCK.now()
    _sample(world, sampler, lambda _: all(one.over() for one in story.loads), left, "The load does not end")
    story.ended = SYSTEM_CLOCK.now()
    story.result = together([one.read() for one in story.loads])
    breaker(world).end_all()
    return story


def _rise(world: World, story: RushStory, seconds: float) -> None:
    """One step after the other, each when the figures of the one before are there, until one instance more is due."""
    latest = story.began + seconds - _PLATEAU_S - _LIFTED_S
    wait = _SURELY_S + story.settings.figures_late
    agreed = story.system.profile.autoscaler
    while not asked_for(story.samples, agreed) and (told := SYSTEM_CLOCK.now() + wait) <= latest:
        _sample(world, story.sampler, partial(_is_told, story, told), wait + _LONGEST_PAUSE_S, "The use was not told")
        rate = sum(load.plan.rate for load in story.loads)
        if more := missing(story.samples, story.traffic, rate, story.request, agreed):
            _make_larger(world, story, more, story.began + seconds - SYSTEM_CLOCK.now())


def _is_told(story: RushStory, since: float, last: Sample) -> bool:
    """Whether figures of the present rate are there, or no longer needed."""
    return last.at >= since or last.desired > story.system.profile.autoscaler.min


def _make_larger(world: World, story: RushStory, rate: int, seconds: float) -> None:
    """Another load, which ends with those before it."""
    url, headers = goods_request(story.system, story.traffic)
    load = LoadRun(
        story.system.cluster,
        LoadPlan(url, rate, round(seconds), headers),
        load_generator.IMAGE,
        story.system.run,
    )
    injection = breaker(world).inject(Rush(story.system.namespace, load), [story.traffic.run], [])
    story.loads.append(load)
    story.injection = story.injection or injection


def _sample(world: World, sampler: Sampler, enough: Callable[[Sample], bool], within: float, reason: str) -> Sample:
    """Samples every second until it is enough. Raises Unknown when that does not come."""
    over: ComplaintMatcher[Sample] = without_complaints("the end", lambda one: [] if enough(one) else [str(one)])
    try:
        return _looking(world, sampler, over, within, reason, must_take_it=True)
    except AssertionError as late:
        raise Unknown(str(late)) from late


def _looking(
    world: World,
    sampler: Sampler,
    matcher: ComplaintMatcher[Sample],
    within: float,
    reason: str,
    *,
    must_take_it: bool = False,
) -> Sample:
    def pause(deadline: Deadline) -> None:
        SYSTEM_CLOCK.sleep(deadline.left(at_most=_EVERY_S))

    return world.eventually(lambda _: sampler.look(), matcher, within, reason, pause=pause, must_take_it=must_take_it)


@dataclass(frozen=True, slots=True)
class Growth:
    """What the rush made of the application."""

    story: RushStory
    due: int  # instances that use and target gave at the end of the rush at least; 0 when nobody told the use
    grown_after: float | None  # seconds from the demand for them until so many were ready; None when they never were
    idle: list[str]  # new instances that were ready and served nobody
    forbidden: list[str] = field(default_factory=list)  # why the largest size, which was not asked for, could not be

    def __str__(self) -> str:
        when = "never" if self.grown_after is None else f"after {self.grown_after:.0f} s"
        return f"{self.story.peak} desired at most, {self.due} due, ready {when}"


def growth(world: World) -> Growth:
    """Reads the rush, and attaches its figures."""
    story = world.things.get(RushStory)
    due = _due(story)
    size = max(due, story.peak)
    full = next((one for one in story.during if due and len(one.ready) >= size), None)
    after = _waited(story, size, full.at) if full else None
    room = forbids_pods(read_budget(story.system), story.system.profile.autoscaler.max - len(story.samples[-1].living))
    seen = Growth(story, due, after, _idle(story), room)
    _attach_growth(seen)
    return seen


def _waited(story: RushStory, size: int, until: float) -> float:
    """Seconds for which so many were asked for without a break, at the longest, until they were ready.

    What the autoscaler is told comes later than the demand, so that is added. A single figure that asks for more, such
    as of an instance that starts, may be over before the autoscaler looks: it does not begin the time.
    """
    agreed, since, longest = story.system.profile.autoscaler, until, 0.0
    for one in story.during:
        asked = must_have(one.use, story.request, agreed, one.desired) if one.use else one.desired
        since = min(since, one.at) if asked >= size else until
        longest = max(longest, min(one.at, until) - since)
    return min(until - story.began, longest + story.settings.figures_late)


def _due(story: RushStory) -> int:
    """What use and target give at the end of the rush, or gave before it when that was answered by growing."""
    plateau = [one.use for one in story.during if one.use and one.at > story.ended - _PLATEAU_S]
    if not plateau:
        return 0
    agreed = story.system.profile.autoscaler
    use = {name: median(one[name] for one in plateau) for name in plateau[0]}
    least = needed(use, story.request, agreed, SLACK)
    # The use of one size more is a little less than what asked for it, when processors have become quicker.
    asked = max((must_have(one.use, story.request, agreed, agreed.min) for one in story.during if one.use), default=0)
    return max(least, min(asked, story.peak))


def _idle(story: RushStory) -> list[str]:
    ready = {name for one in story.during for name in one.ready} - story.before
    if not story.system.profile.capabilities.served_by_header:
        return sorted(ready - story.sampler.answered)
    attempts = story.result.attempts if story.result else ()
    served = {one.instance for one in (*attempts, *story.traffic.run.attempts()) if one.ok}
    return sorted(ready - served)


def has_grown_within(limit: float) -> ComplaintMatcher[Growth]:
    """Matches when the size rose to what use and target give, in time, served, and never above the agreed maximum.

    Raises Unknown when the load was not the one that was planned, or asked for no growth.
    """

    def complaints(seen: Growth) -> list[str]:
        story, agreed = seen.story, seen.story.system.profile.autoscaler
        verdict = _demand_evidence(story)
        found = [verdict] if verdict else []
        if story.peak > agreed.max or any(len(one.living) > agreed.max for one in story.samples):
            largest = max([story.peak, *(len(one.living) for one in story.samples)])
            found.append(f"there were {largest} instances, the agreed maximum is {agreed.max}")
        if not seen.due:
            found.append(f"the size has not changed with demand: nobody told the use ({NO_METRICS})")
        elif seen.due <= agreed.min:
            raise Unknown(f"the rush asked for no more than {agreed.min} instances: {_use(story)}")
        elif story.peak < seen.due:
            found.append(f"{story.peak} instances were desired, use and target give {seen.due}: {_use(story)}")
        elif seen.grown_after is None:
            most = max(len(one.ready) for one in story.during)
            found.append(f"only {most} of {max(seen.due, story.peak)} instances became ready during the rush")
        elif seen.grown_after > limit:
            found.append(f"{seen.grown_after:.0f} s passed until {seen.due} instances were ready")
        found += [f"the new instance {name} was ready and served nobody" for name in seen.idle]
        found += seen.forbidden
        missing = [] if story.settings.exists else ["there is no autoscaler"]
        return [*missing, *troubles(story.during), *found] if found else []

    return without_complaints(f"as many instances as the demand asks for, serving within {limit:g} s", complaints)


def _demand_evidence(story: RushStory) -> str:
    """What is wrong with the answers to the load. Raises Unknown when load or samples say nothing."""
    demand_samples(story)
    if story.result is None:
        raise Unknown("nothing is known of the load")
    verdict = story.result.judge()
    if verdict.kind not in ("kept", "broken"):
        raise Unknown(f"the load: {verdict}; {'; '.join(troubles(story.during))}".rstrip("; "))
    errors = sorted({one.error for one in story.result.attempts if not one.ok})
    return "" if verdict.kept else f"{verdict.reason}: {'; '.join(errors[:3])}"  # three show the pattern


def demand_samples(story: RushStory) -> None:
    """Raises Unknown when there was a time in which the size could have been anything."""
    if story.pause > _LONGEST_PAUSE_S:
        raise Unknown(f"nobody could look at the size for {story.pause:.0f} s")


def _use(story: RushStory) -> str:
    most = max((one.use.get("cpu", 0.0) for one in story.during), default=0.0)
    return f"{most * 1000:.0f}m processor used at most"  # millicores


def _attach_growth(seen: Growth) -> None:
    story, bar = seen.story, seen.story.settings.growth()
    when = "never" if seen.grown_after is None else f"{seen.grown_after:.0f} s"
    result = story.result
    rows = [
        ("grown after", when, str(bar)),
        ("size", f"{len(story.before)} to {story.peak}", f"use and target give {seen.due}; {_use(story)}"),
        (
            "load",
            str(result.judge()) if result else "unknown",
            f"{', then '.join(f'{load.plan.rate}' for load in story.loads)} more requests a second",
        ),
    ]
    if seen.grown_after is not None and seen.grown_after > bar.seconds:
        rows.append(("remark", "slower than its settings allow", str(bar)))
    attach_figures(rows)


@dataclass(frozen=True, slots=True)
class Shrinking:
    """How the application came back to its smallest size."""

    story: RushStory

    def __str__(self) -> str:
        return " ".join(str(one.desired) for one in self.story.samples if one.at >= self.story.ended)


def demand_shrinking(world: World, limit: float) -> None:
    """Raises Broken unless the smallest size is reached in time after the rush; attaches the figures."""
    story, smallest = world.things.get(RushStory), world.jewelry.profile.autoscaler.min
    if story.peak <= smallest:
        raise Broken("The size has not changed: nothing was given back, because the application had not grown")
    at_rest = is_of_size(smallest)
    matcher: ComplaintMatcher[Sample] = without_complaints(
        f"{smallest} instances again", lambda one: [*at_rest.complaints(one), *_blame(story, one, smallest)]
    )
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - story.ended))
    reason = f"The extra instances were not given back within {limit:g} s"
    _looking(world, story.sampler, matcher, left, reason)
    story.reached = SYSTEM_CLOCK.now()
    bar = story.settings.shrinking(story.peak, smallest)
    rows = [("given back after", f"{story.reached - story.ended:.0f} s", str(bar))]
    if story.reached - story.ended > bar.seconds:
        rows.append(("remark", "slower than its settings allow", str(bar)))
    attach_figures(rows)


def _blame(story: RushStory, seen: Sample, smallest: int) -> list[str]:
    return story.settings.blame() if seen.desired > smallest else []


def hold(world: World, seconds: float) -> Shrinking:
    """Looks for so many seconds more."""
    story = world.things.get(RushStory)
    until = SYSTEM_CLOCK.now() + seconds
    _sample(world, story.sampler, lambda one: one.at >= until, seconds + _LONGEST_PAUSE_S, "The time does not pass")
    return Shrinking(story)


def stays_small() -> ComplaintMatcher[Shrinking]:
    """Matches when the size was never below the agreed smallest and did not rise again once it had fallen."""

    def complaints(seen: Shrinking) -> list[str]:
        story, smallest = seen.story, seen.story.system.profile.autoscaler.min
        if story.reached is None:
            raise Unknown("the smallest size was not reached")
        demand_samples(story)
        least = min(min(one.desired, len(one.living)) for one in story.samples)
        found = [f"there were only {least} instances, the agreed minimum is {smallest}"] if least < smallest else []
        late = [one for one in story.samples if one.at > story.reached and one.desired != smallest]
        found += [f"the smallest size did not hold: {late[0].desired} instances"] if late else []
        return found + rises_after_a_fall(story.samples)

    return without_complaints("the smallest size, with one change of direction in the whole story", complaints)
