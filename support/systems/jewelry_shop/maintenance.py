"""Maintenance that asks for two instances of a part at once: the first is given, the second refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.cluster import Json
from support.evidence.attach import attach_table
from support.faults.pods import PodsEvicted
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.cache_incidents import demand_followers
from support.systems.jewelry_shop.healing import Taken, await_full_number
from support.systems.jewelry_shop.incidents import await_rejoin
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic
from support.waiting import Unknown
from support.world import World

# Every part that has more than one instance.
PARTS = ("django", "nginx", "worker", "cache", "watcher", "database")
_WHOLE_S = 90.0  # seconds until a store has all its followers again


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said to the two requests for instances of one part."""

    part: str
    first: str
    second: str
    first_refused: str  # why, empty: granted
    second_refused: str
    budgets: int  # disruption budgets that cover the part

    def wrong(self) -> list[str]:
        """What was not as promised."""
        found = [f"{self.part}: the first instance was refused: {self.first_refused}"] if self.first_refused else []
        if not self.second_refused:
            cause = "two instances were evicted at once"
            cause = cause if self.budgets else f"no disruption budget: {cause}"
            found.append(f"{cause} ({self.part}: {self.first} and {self.second})")
        return found


@dataclass(frozen=True, slots=True)
class Maintenance:
    """All parts in their order; it ends with the first that did not do as promised."""

    asked: Sequence[Asked]


def ask_for_two_of_each(world: World) -> Maintenance:
    """Asks every part for two instances, one straight after the other; the next part when all is whole again."""
    traffic = world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    world.things.put(Taken(traffic.run.mark("maintenance")))
    asked: list[Asked] = []
    for part in PARTS:
        asked.append(_ask(world, traffic, part))
        if asked[-1].wrong():
            break  # broken already; further parts would only be harmed
        _await_whole(world, part)
    rows = [
        (one.part, f"{one.first} {one.first_refused or 'given'}", f"{one.second} {one.second_refused or 'given'}")
        for one in asked
    ]
    attach_table("What maintenance was told", ["part", "first", "second"], rows)
    return Maintenance(asked)


def _ask(world: World, traffic: Traffic, part: str) -> Asked:
    system, pods = world.jewelry, _candidates(world.jewelry, part)
    if len(pods) < 2:  # a second one is to be asked for
        raise Unknown(f"{part} has not two instances that maintenance could ask for")
    first, second = pods[0], pods[1]
    fault, breaker_ = PodsEvicted(system.namespace, [first.name, second.name]), breaker(world)
    breaker_.end(breaker_.inject(fault, [traffic.run], [first, second], alongside=part != PARTS[0]))
    refused = fault.refused
    return Asked(
        part,
        first.name,
        second.name,
        refused.get(first.name, ""),
        refused.get(second.name, ""),
        _budgets(system, first),
    )


def _candidates(system: JewelryShop, part: str) -> list[Pod]:
    """Instances to ask for. Of the database only followers, the one that nobody waits for first.

    Moving the leader costs seconds without sales, which is another promise (JS-507), not this one.
    """
    pods = system.parts.ready_pods(part)
    if part != "database":
        return pods
    leader, waited_for = system.database.leading_pod(), system.database.sync_follower()
    followers = [pod for pod in pods if pod.uid != leader.uid]
    return sorted(followers, key=lambda pod: pod.name in waited_for)


def _budgets(system: JewelryShop, pod: Pod) -> int:
    bodies = system.cluster.list("poddisruptionbudgets", system.namespace)
    return sum(_covers(body, pod) for body in bodies)


def _covers(body: Json, pod: Pod) -> bool:
    wanted = body["spec"].get("selector", {}).get("matchLabels", {})
    return all(pod.labels.get(name) == value for name, value in wanted.items())


def _await_whole(world: World, part: str) -> None:
    await_full_number(world, part)
    if part == "database":
        await_rejoin(world, _WHOLE_S)
    if part in ("cache", "watcher"):
        demand_followers(world, _WHOLE_S)


def one_at_a_time() -> ComplaintMatcher[Maintenance]:
    """Matches when every part gave its first instance and refused its second. Raises Unknown when one was not asked."""

    def complaints(seen: Maintenance) -> list[str]:
        found = [text for one in seen.asked for text in one.wrong()]
        missing = set(PARTS) - {one.part for one in seen.asked}
        if not found and missing:
            raise Unknown(f"{', '.join(sorted(missing))} were not asked")
        return found

    return without_complaints("one instance of each part at a time", complaints)
