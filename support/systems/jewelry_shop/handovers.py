"""The leader role handed over as planned: was it, and did exactly one change of leadership come of it?"""

from __future__ import annotations

from dataclasses import dataclass

from support.faults.roles import HandoverAsked
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.effective import FailoverSettings
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.incidents import strike
from support.systems.jewelry_shop.parts import Pod
from support.waiting import Deadline
from support.world import World


def hand_over(world: World) -> Failover:
    """The leader is asked, while customers buy, to hand over to the synchronous follower, or to whom it chooses."""
    system = world.jewelry
    synchronous = system.database.sync_follower()
    known = {pod.name for pod in system.parts.ready_pods("database")}
    candidate = synchronous if synchronous in known else ""

    def asking(leader: Pod) -> HandoverAsked:
        return breaking.asking_for_handover(system, leader, candidate)

    return strike(world, asking, FailoverSettings.planned_handover)


@dataclass(frozen=True, slots=True)
class Handover:
    """Who led before and who leads now, on which timelines."""

    before: str
    timeline_before: int
    after: str
    timeline_after: int
    proof: str  # what the supervisor said

    def __str__(self) -> str:
        return f"{self.before} on timeline {self.timeline_before}, then {self.after} on {self.timeline_after}"


def result(story: Failover, deadline: Deadline) -> Handover:
    """Read from the members themselves."""
    view = story.system.database.view(deadline)
    leads = view.leader.name if view.leader else "nobody"
    return Handover(story.leader.name, story.before.timeline, leads, view.timeline, story.injection.proof)


def is_one_change() -> ComplaintMatcher[Handover]:
    """Matches when another member leads, on the very next timeline."""

    def complaints(seen: Handover) -> list[str]:
        if seen.after == "nobody":
            return [f"nobody leads; {seen.proof}"]
        if seen.after == seen.before:
            return [f"{seen.before} still leads; {seen.proof}"]
        step = seen.timeline_after - seen.timeline_before
        return [] if step == 1 else [f"leadership changed {step} times instead of once: {seen}"]

    return without_complaints("another leader, one timeline later", complaints)
