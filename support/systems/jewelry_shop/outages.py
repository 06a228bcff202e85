"""What customers got during an incident, and what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.verdicts import Service, service
from support.systems.jewelry_shop import ledgers
from support.systems.jewelry_shop.cache_incidents import CacheStory, taken_out
from support.systems.jewelry_shop.failover import Failover, judge_interruption
from support.systems.jewelry_shop.incidents import await_end_of_fault, settle
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.ledgers import ReadBack
from support.systems.jewelry_shop.traffic import MINORITY, SALES, Traffic
from support.waiting import Unknown
from support.world import World

_ENOUGH = 200  # sales during the fault without which nothing is said


def start(world: World, traffic: Traffic) -> Traffic:
    """Registers the end of the customers, who would otherwise go on until their own deadline."""
    world.clean_ups.add("stop the customers", lambda: _stop(traffic))
    return traffic


def _stop(traffic: Traffic) -> None:
    traffic.stop_all()


def interruption(world: World, limit: float) -> Judged:
    """How long sales were away, against the promise."""
    story = world.things.get(Failover)
    settle(world, story, limit)
    return judge_interruption(story, limit)


def read_at_leader(world: World) -> ReadBack:
    """What the leading member has stored of everything that was confirmed."""
    story = world.things.get(Failover)
    settle(world, story, world.suite.limits.settle)
    return ledgers.read_at_leader(world.jewelry, story.traffic, story.fault)


def read_for_shop_and_followers(world: World) -> ReadBack:
    """The shop's own list at the first success, then the leading member and every follower that is there."""
    story = world.things.get(Failover)
    settle(world, story, world.suite.limits.settle)
    listed = ledgers.read_for_the_shop(story.traffic, story.fault)
    return listed.joined(ledgers.read_everywhere(world.jewelry, story.traffic, story.fault))


def demand_minority_writer(story: Failover) -> None:
    """Raises Unknown when nobody tried to write on the former leader's side while it was cut off."""
    tried = [one for one in story.traffic.attempts(MINORITY) if one.start >= story.in_effect]
    if not tried:
        raise Unknown("nobody wrote on the former leader's side of the cut: nothing is known of it")


@dataclass(frozen=True, slots=True)
class Served:
    """What customers got from the fault until the end of the observation, and what else was seen."""

    service: Service
    causes: Sequence[str]

    def __str__(self) -> str:
        figures = self.service
        return f"{figures.failed} of {figures.attempts} failed, 95 % within {figures.p95:.2f} s"


def served(world: World) -> Served:
    """The sales from the fault until some seconds after its end. Raises Unknown when there were too few."""
    story = world.things.get(CacheStory)
    await_end_of_fault(world, story)
    journal = story.traffic.stop()
    attempts = journal.attempts(SALES)
    found = service(attempts, story.fault, max((one.start for one in attempts), default=story.fault))
    if found.attempts < _ENOUGH or journal.interrupted:
        raise Unknown(f"only {found.attempts} sales were tried during the fault; {journal.end_reason}")
    return Served(found, taken_out(story).complaints())


def without_failure(share: float, seconds: float) -> ComplaintMatcher[Served]:
    """Matches when no sale failed and `share` percent of them (95) took at most so many seconds."""
    if share != 95:  # the share that the observer computes
        raise Unknown(f"the observer knows the time of 95 % of the sales, not of {share:g} %")

    def complaints(seen: Served) -> list[str]:
        found = list(seen.causes)
        if seen.service.failed:
            errors = "; ".join(f"{count} x {text}" for text, count in seen.service.errors.items())
            found.append(f"{seen.service.failed} of {seen.service.attempts} sales failed: {errors}")
        if seen.service.p95 > seconds:
            found.append(f"95 % of the sales took up to {seen.service.p95:.2f} s")
        return found

    return without_complaints(f"no failed sale, {share:g} % within {seconds:g} s", complaints)
