"""Everything stopped at once: the shop starts again by itself, with what it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.cluster import Json
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.observers import bars
from support.observers.run import ProbeRun
from support.systems.jewelry_shop import breaking, failover
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.incidents import strike, wait_until
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.strength import Strength, is_full, read_strength
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic
from support.waiting import SYSTEM_CLOCK, Unknown
from support.world import World

_POWER_BACK_S = 120.0  # seconds until every machine has its power back at the latest, also when the suite has died
_DIRECTORY = "SHOW data_directory"


@dataclass(frozen=True, slots=True)
class ColdStart:
    """When the shop could begin to start again, and what it was like before."""

    since: float  # on the suite's clock
    restarts: Mapping[str, int]  # of each instance before, by its identity
    causes: Sequence[str]  # what was wrong already before


def delete_everything(world: World) -> tuple[Failover, ColdStart]:
    """All pods of the namespace are deleted by force at once."""
    system = world.jewelry
    restarts, causes = _restarts(system), not_persistent(system)
    fault = breaking.deleting_everything(system)
    story = strike(world, lambda _: fault, lambda _: bars.delivered(), hit=_all_pods(system))
    story.causes = causes
    return story, ColdStart(story.traffic.run.to_suite_time(story.fault), restarts, causes)


def cut_all_power(world: World, seconds: float) -> tuple[Failover, ColdStart]:
    """All machines lose their power at once, and have it back after so many seconds.

    The observer is lost with them: what its customers were told is read until the last moment, nothing after it.
    """
    system, traffic = world.jewelry, world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    view, leader, settings = failover.snapshot(system)
    restarts, causes, pods = _restarts(system), not_persistent(system), _all_pods(system)
    fault = breaking.cutting_all_power(world.suite.platform.node_faults, _POWER_BACK_S)
    breaker_ = breaker(world)
    injection = breaker_.inject(fault, [_LastLook(traffic.run)], pods)
    traffic.abandon()
    wait_until(world, SYSTEM_CLOCK.now() + seconds, "The machines do not stay without power")
    since = SYSTEM_CLOCK.now()
    breaker_.end(injection)
    story = Failover(system, traffic, view, leader, settings, injection, bars.delivered(), causes=causes)
    return story, ColdStart(since, restarts, causes)


@dataclass(frozen=True, slots=True)
class _LastLook:
    """Marks a moment and reads what the observer has written until then."""

    run: ProbeRun

    def mark(self, name: str) -> float:
        """See support.faults.base.Marker."""
        at = self.run.mark(name)
        self.run.read()
        return at


def demand_whole(world: World, limit: float) -> None:
    """Raises Broken unless everything is whole and the shop sells, in time, without restarts in vain."""
    start, system, store = world.things.get(ColdStart), world.jewelry, world.things.get(Traffic).store
    whole = is_full(system)

    def complaints(strength: Strength) -> list[str]:
        found = whole.complaints(strength)
        return [*start.causes, *found] if found else []

    matcher: ComplaintMatcher[Strength] = without_complaints("everything whole again", complaints)
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - start.since))
    reason = f"The shop has not started again by itself within {limit:g} s"
    world.eventually(lambda deadline: read_strength(system, deadline), matcher, left, reason)
    if store is None:
        raise Unknown("there is no shop to sell in")
    expect(store.sell((store.pieces[0], 1)), answered(201), "The shop has started again and does not sell")
    expect(restarted(system, start), at_most_once(), "An instance has restarted again and again")


@dataclass(frozen=True, slots=True)
class Restarted:
    """How often each instance has restarted after it was first started again."""

    times: Mapping[str, int]


def restarted(system: JewelryShop, start: ColdStart) -> Restarted:
    """An instance that is still the same was started again once by the loss of power: that is no restart in vain."""
    stopped = {uid: count + 1 for uid, count in start.restarts.items()}
    return Restarted({pod.name: max(0, pod.restarts - stopped.get(pod.uid, 0)) for pod in _all_pods(system)})


def at_most_once() -> ComplaintMatcher[Restarted]:
    """Matches when no instance has restarted more than once; no instance at all proves nothing."""

    def complaints(seen: Restarted) -> list[str]:
        if not seen.times:
            return ["there is no instance"]
        return [f"{name} has restarted {times} times" for name, times in seen.times.items() if times > 1]

    return without_complaints("every instance restarted once at most", complaints)


def not_persistent(system: JewelryShop) -> list[str]:
    """Database members whose data lies on nothing that outlives them, as a cause; empty when all data is kept."""
    directory = str(system.sql.value(system.database.leader_address, _DIRECTORY))
    container = system.database.part.container
    bodies = system.cluster.list("pods", system.namespace, system.database.part.selector)
    lost = [body["metadata"]["name"] for body in bodies if not is_on_claim(body, container, directory)]
    return [f"database data is not on a persistent volume: {', '.join(sorted(lost))}"] if lost else []


def is_on_claim(pod: Json, container: str, directory: str) -> bool:
    """Whether the mount that holds a directory of a container belongs to a claim."""
    mounts = [
        mount
        for one in pod["spec"]["containers"]
        if one["name"] == container
        for mount in one.get("volumeMounts", [])
        if f"{directory}/".startswith(f"{mount['mountPath'].rstrip('/')}/")
    ]
    if not mounts:
        return False
    nearest = max(mounts, key=lambda mount: len(mount["mountPath"]))
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
    return "persistentVolumeClaim" in volumes.get(nearest["name"], {})


def _all_pods(system: JewelryShop) -> list[Pod]:
    return [pod for word in system.profile.parts for pod in system.parts.pods(word)]


def _restarts(system: JewelryShop) -> Mapping[str, int]:
    return {pod.uid: pod.restarts for pod in _all_pods(system)}
