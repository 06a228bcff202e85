"""The application while its database is away: what every instance says of itself, and how it resumes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt
from support.observers.downtime import downtime
from support.systems.jewelry_shop import breaking, comebacks
from support.systems.jewelry_shop.comebacks import Moment
from support.systems.jewelry_shop.effective import FailoverSettings
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.incidents import await_end_of_fault, settle, strike
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.traffic import ALIVE, DIRECT, READY, SALES, Traffic, ask_how_it_is, buy_at_instances
from support.waiting import Unknown
from support.world import World

_OK, _UNAVAILABLE = 200, 503
_NAMES_DATABASE = re.compile(r'"database"\s*:\s*\{[^}]*"unavailable"')


def ask_every_instance(world: World) -> None:
    """Beside the customers, every instance of the application is asked how it is, and somebody buys there."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    pods = system.parts.ready_pods("django")
    if not pods:
        raise Unknown("no instance of the application is ready to be asked")
    buy_at_instances(system, traffic, pods)
    ask_how_it_is(system, traffic, pods)


def freeze_all(world: World, seconds: float) -> Failover:
    """Every database member with its supervisor stands still."""
    system = world.jewelry
    members = system.parts.ready_pods("database")
    fault = breaking.freezing(system, "database", members, seconds)
    return strike(world, lambda _: fault, FailoverSettings.takeover, hit=members)


def cut_application_off(world: World, seconds: float) -> Failover:
    """No instance of the application reaches any database member; the members go on among themselves."""
    system = world.jewelry
    instances = system.parts.ready_pods("django")
    fault = breaking.cutting_application_off(system, seconds)
    return strike(world, lambda _: fault, FailoverSettings.takeover, hit=instances)


@dataclass(frozen=True, slots=True)
class Said:
    """What one instance said of itself, and when."""

    instance: str
    page: str
    after: float  # seconds from the moment at which the database was away
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """All answers of all instances while the database was away."""

    instances: Sequence[str]
    said: Sequence[Said]

    def __str__(self) -> str:
        return f"{len(self.said)} answers of {len(self.instances)} instances"


def health(world: World) -> Health:
    """Waits for the end of the freeze and gathers what was said during it. Raises Unknown when it was bad before."""
    story = world.things.get(Failover)
    await_end_of_fault(world, story)
    settle(world, story, world.suite.limits.settle)
    story.traffic.stop_all()
    asked = story.traffic.attempts(READY, ALIVE)
    earlier = [one for one in asked if one.end < story.fault]
    if not earlier or any(one.status != _OK for one in earlier):
        raise Unknown("not every instance called itself ready and alive before the fault")
    thawed = story.fault + story.injection.fault.seconds  # the first of them at the earliest
    during = [one for one in asked if one.start >= story.in_effect and one.end <= thawed]
    return Health(story.traffic.instances, [_said(story, one) for one in during])


def _said(story: Failover, one: Attempt) -> Said:
    names = story.traffic.instances
    return Said(names[one.seq % len(names)], one.probe, one.start - story.in_effect, one.status, one.error)


def tells_that_database_is_away(within: float) -> ComplaintMatcher[Health]:
    """Matches when every instance said 503 and named the database after `within` s, and was alive all the time."""

    def complaints(seen: Health) -> list[str]:
        ready = [one for one in seen.said if one.page == READY and one.after >= within]
        alive = [one for one in seen.said if one.page == ALIVE]
        for name in seen.instances:
            if not any(one.instance == name for one in ready) or not any(one.instance == name for one in alive):
                raise Unknown(f"{name} was not asked how it is while the database was away")
        lied = [one for one in ready if one.status == _OK]
        vague = [one for one in ready if one.status != _OK and not _names_database(one)]
        dead = [one for one in alive if one.status != _OK]
        found = _shown("health page said ok while the database was away", lied)
        found += _shown("an instance that was not ready did not name the database", vague)
        return found + _shown("an instance did not say that it is alive", dead)

    return without_complaints(f"not ready because of the database after {within:g} s, and always alive", complaints)


def _names_database(one: Said) -> bool:
    return one.status == _UNAVAILABLE and _NAMES_DATABASE.search(one.text) is not None


def _shown(what: str, wrong: Sequence[Said]) -> list[str]:
    if not wrong:
        return []
    first = wrong[0]
    answer = f"{first.status or 'no answer'} {first.text}".strip()
    return [f"{what}: {len(wrong)} times, first {first.instance} {first.after:.1f} s after ({answer})"]


def judge_resumption(world: World, limit: float) -> Judged:
    """Seconds from the first direct write that holds, so the leader is back, until sales hold again."""
    story = world.things.get(Failover)
    journal = story.traffic.stop()
    direct = downtime(journal.attempts(DIRECT), story.fault).worst
    if direct is None or not direct.recovered:
        raise Unknown("the leader was not seen to be away and to come back")
    first = next(one for one in journal.attempts(DIRECT) if one.ok and one.end == direct.back)
    verdict, bounds = comebacks.judge_back(story, journal, Moment(first.start, first.end), limit)
    figures = [
        ("sales resumed after", f"{bounds.lower:.2f} to {bounds.upper:.2f} s"),
        ("promised", f"{limit:g} s after the leader is back"),
        ("leader back", f"{direct.back - story.fault:.1f} s after the freeze of {story.injection.fault.seconds:g} s"),
        ("proof of the fault", story.injection.proof),
    ]
    causes = [] if verdict.kept else comebacks.told(journal.attempts(SALES), first.end)
    return Judged(verdict, causes, figures).attach("Figures of the resumption")


def judge_way_back(world: World, limit: float) -> Judged:
    """Seconds from the moment at which the way to the database was open again until sales hold again."""
    story = world.things.get(Failover)
    journal = story.traffic.stop()
    cut = story.injection.fault.seconds
    seen_open = story.traffic.run.marks.get(story.injection.ended)
    if seen_open is None:
        raise Unknown("nobody saw the way to the database open again")
    verdict, bounds = comebacks.judge_back(story, journal, Moment(story.in_effect + cut, seen_open), limit)
    figures = [
        ("sales resumed after", f"{bounds.lower:.2f} to {bounds.upper:.2f} s"),
        ("promised", f"{limit:g} s after the way is open again"),
        ("way open again", f"{cut:g} to {seen_open - story.in_effect:.1f} s after it was closed"),
        ("proof of the fault", story.injection.proof),
    ]
    causes = [] if verdict.kept else comebacks.told(journal.attempts(SALES), seen_open)
    return Judged(verdict, causes, figures).attach("Figures of the resumption")


@dataclass(frozen=True, slots=True)
class Lives:
    """Instances of the application of before: which of them are not the same any more."""

    number: int
    changed: Sequence[str]


def lives(world: World) -> Lives:
    """The instances of before and the ones of now."""
    story, system = world.things.get(Failover), world.jewelry
    before = [story.instances[name] for name in story.traffic.instances]
    now = {pod.uid: pod.restarts for pod in system.parts.pods("django")}
    return Lives(len(before), [pod.name for pod in before if now.get(pod.uid) != pod.restarts])


def are_the_same() -> ComplaintMatcher[Lives]:
    """Matches when every instance of before is there in the same life."""

    def complaints(seen: Lives) -> list[str]:
        if not seen.number:
            raise Unknown("no instance of the application was there before the fault")
        return [f"{name} was restarted or replaced while the database was away" for name in seen.changed]

    return without_complaints("every instance in the same life as before", complaints)
