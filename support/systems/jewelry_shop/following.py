"""Do the running instances follow a new leader by themselves? Each is asked for a write of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.traffic import INSTANCES, SALES
from support.waiting import Unknown
from support.world import World

_FIRST = "SELECT min(at) AS at FROM probe.ledger WHERE ledger_id = %s AND timeline > %s"
_JOBS = """
SELECT worker, min(extract(epoch FROM finished_at - %s::timestamptz))::float AS seconds FROM jobs
WHERE tenant_id = %s AND finished_at >= %s::timestamptz GROUP BY worker
"""


@dataclass(frozen=True, slots=True)
class Follow:
    """One instance of before: whether it is still the same, and when it first wrote through the new leader."""

    name: str
    same_life: bool
    seconds: float | None  # after the new leader's first confirmed write; None: not at all
    told: str = ""  # what the instance said instead


@dataclass(frozen=True, slots=True)
class Followed:
    """All instances of before."""

    follows: Sequence[Follow]

    def __str__(self) -> str:
        return ", ".join(
            f"{one.name} {'never' if one.seconds is None else f'{one.seconds:.1f} s'}" for one in self.follows
        )


def read(world: World, story: Failover) -> Followed:
    """When each instance of the application sold, and each worker finished a job, through the new leader.

    Raises Unknown when the new leader has confirmed nothing at all: then there is nobody to follow.
    """
    system = world.jewelry
    later = story.taken_over()
    if not later:
        raise Unknown("no member has confirmed a write on a later timeline: there is no new leader to follow")
    now = {pod.name: pod for part in ("django", "worker") for pod in system.parts.pods(part)}
    jobs = _seconds_of_workers(story)
    follows = []
    for name, pod in story.instances.items():
        same = name in now and (now[name].uid, now[name].restarts) == (pod.uid, pod.restarts)
        if name in story.traffic.instances:
            follows.append(_application(story, name, same, later[0].end))
        else:
            follows.append(Follow(name, same, jobs.get(name), "finished no job"))
    return Followed(follows)


def all_follow_within(limit: float) -> ComplaintMatcher[Followed]:
    """Matches when every instance of before wrote in time and is the same as before."""

    def complaints(followed: Followed) -> list[str]:
        if not followed.follows:
            return ["no instance was there before the fault"]
        silent = [one for one in followed.follows if one.seconds is None]
        found = []
        if silent:
            names = ", ".join(f"{one.name} ({one.told})" for one in silent)
            found.append(f"instances keep talking to the former leader: {names}")
        found += [
            f"{one.name} wrote {one.seconds:.1f} s after the new leader"
            for one in followed.follows
            if one.seconds is not None and one.seconds > limit
        ]
        return found + [f"{one.name} was restarted" for one in followed.follows if not one.same_life]

    return without_complaints(f"a write by every instance within {limit:g} s, without a restart", complaints)


def _application(story: Failover, name: str, same: bool, first: float) -> Follow:
    place, number = story.traffic.instances.index(name), len(story.traffic.instances)
    own = [one for one in story.traffic.attempts(INSTANCES) if one.seq % number == place]
    own += [one for one in story.traffic.attempts(SALES) if one.instance == name]
    before = story.before.timeline
    wrote = [one.end for one in own if one.ok and int(one.timeline or "0", 16) > before]
    told = next((one.error for one in reversed(own) if not one.ok and one.end >= first), "no answer")
    return Follow(name, same, max(0.0, min(wrote) - first) if wrote else None, told)


def _seconds_of_workers(story: Failover) -> dict[str, float]:
    system, traffic = story.system, story.traffic
    if traffic.store is None:
        raise Unknown("the workers had no shop to work for")
    rows = system.truth.ask(_FIRST, [traffic.ledger, f"{story.before.timeline:08X}"])
    if not rows or rows[0]["at"] is None:
        raise Unknown("no direct write is stored on a later timeline")
    first = str(rows[0]["at"])
    jobs = system.truth.ask(_JOBS, [first, traffic.store.shop.tenant_id, first])
    return {str(row["worker"]): float(row["seconds"]) for row in jobs}
