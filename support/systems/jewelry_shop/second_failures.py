"""A second failure while the first one is not over: the member that took over is lost, too."""

from __future__ import annotations

from dataclasses import dataclass

from support.faults.base import Injection
from support.observers.bars import two_failures
from support.systems.jewelry_shop import breaking, comebacks
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.comebacks import Moment
from support.systems.jewelry_shop.failover import Failover, describe_outcome
from support.systems.jewelry_shop.incidents import await_successor, settle
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.traffic import SALES
from support.waiting import Unknown
from support.world import World


@dataclass(frozen=True, slots=True)
class SecondFailure:
    """The member that had taken over, and its loss."""

    lost: Pod
    injection: Injection
    at: Moment


def lose_successor(world: World, loss: str) -> SecondFailure:
    """Waits until another member has confirmed, and strikes it down at once. Raises Broken when nobody takes over."""
    story, system = world.things.get(Failover), world.jewelry
    name = await_successor(world, story)
    pod = next((one for one in system.parts.pods("database") if one.name == name), None)
    if pod is None:
        raise Unknown(f"{name} has confirmed a write and cannot be found")
    run = story.traffic.run
    fault = breaking.losing(system, "database", pod, loss)
    injection = breaker(world).inject(fault, [run, *story.traffic.others], [pod])
    before = run.marks[injection.before]
    return SecondFailure(pod, injection, Moment(before, run.marks.get(injection.after, before)))


def judge_recovery(world: World, limit: float) -> Judged:
    """Seconds from the second failure until sales are confirmed for good, against the promise; ends the customers."""
    story, second = world.things.get(Failover), world.things.get(SecondFailure)
    settle(world, story, limit)
    journal, settings = story.traffic.stop(), story.settings
    verdict, bounds = comebacks.judge_back(story, journal, second.at, limit)
    leader, timeline = describe_outcome(story)
    figures = [
        ("sales confirmed again after", f"{bounds.lower:.2f} to {bounds.upper:.2f} s"),
        ("promised", f"{limit:g} s after the second failure"),
        ("bar", str(two_failures(settings.lease, settings.loop_wait))),
        ("led", f"{story.leader.name}, then {second.lost.name}, then {leader} on timeline {timeline}"),
        ("seconds between the failures", f"{second.at.after - story.fault:.1f}"),
        ("proof of the second failure", second.injection.proof),
        *settings.lines(),
    ]
    # Each of the two takeovers may take half of the time.
    causes = [*settings.blame(limit / 2), *comebacks.told(journal.attempts(SALES), second.at.after)]
    return Judged(verdict, [] if verdict.kept else causes, figures).attach("Figures of the recovery")
