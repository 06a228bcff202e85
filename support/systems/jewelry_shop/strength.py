"""Full strength: what the shop must have again after every fault, by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.cache import CacheView, agrees_on_one_master
from support.systems.jewelry_shop.database import ClusterView, agrees_on_one_leader
from support.systems.jewelry_shop.parts import PartState, are_complete
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Deadline

_ASKED_FRONT = 6  # questions through the entrance: with two fronts each is asked, all but once in thirty times
_ASKED_EACH = 4  # an instance has several processes, each with connections of its own


@dataclass(frozen=True, slots=True)
class Strength:
    """Parts, database and cache at one moment."""

    states: Sequence[PartState]
    database: ClusterView
    cache: CacheView
    held: float = 0.0  # seconds for which all looks have been good
    mute: Sequence[str] = ()  # instances of the application that do not answer a member of a shop

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.states))}; {self.database}; {self.cache}"


def read_strength(system: JewelryShop, deadline: Deadline) -> Strength:
    """Everything anew."""
    return Strength(system.parts.states(), system.database.view(deadline), system.cache.view(), mute=mute(system))


def mute(system: JewelryShop) -> list[str]:
    """Readiness is what an instance says of itself; an answer out of the database is what its customers get.

    Asked by the owner of the scenario's last shop, or by the platform administrator when there is none.
    """
    try:
        open_stores = [store for store in system.stores if store.shop in system.shops.opened]
        path = "/api/branches/" if open_stores else "/api/platform/shops/?prefix=e2e-none"
        session = open_stores[-1].owner if open_stores else system.shops.administrator()
    except AssertionError as refused:
        return [str(refused).replace("\n", " ")]
    answers = [session.send("GET", path) for _ in range(_ASKED_FRONT)]
    found = [f"the entrance does not serve: {cause_of(answer)}" for answer in answers if answer.status != 200]
    for pod in system.parts.ready_pods("django") * _ASKED_EACH:
        answer = system.at_instance(session, pod).send("GET", path)
        found += [] if answer.status == 200 else [f"{pod.name} does not serve: {cause_of(answer)}"]
    return found


def sizes(system: JewelryShop) -> dict[str, int]:
    """How many instances each part is set to."""
    return {state.word: state.desired for state in system.parts.states()}


def is_full(
    system: JewelryShop, calm: float = 0.0, before: Mapping[str, int] | None = None
) -> ComplaintMatcher[Strength]:
    """Matches when every part is complete and both stores have one head and all their followers, for `calm` seconds.

    No instance is leaving, and no part is larger than it was `before`.
    """
    database, cache = _others(system, "database"), _others(system, "cache")
    watchers = _others(system, "watcher") + 1
    parts, leader, master = are_complete(), agrees_on_one_leader(database), agrees_on_one_master(cache, watchers)

    def complaints(strength: Strength) -> list[str]:
        found = [
            *parts.complaints(strength.states),
            *_not_at_rest(strength.states, before or {}),
            *leader.complaints(strength.database),
            *master.complaints(strength.cache),
            *strength.mute,
        ]
        brief = [f"whole for only {strength.held:.1f} s"] if strength.held < calm else []
        return found or brief

    promise = "every part, one database leader and one cache master with all their followers"
    return without_complaints(promise, complaints)


def _not_at_rest(states: Sequence[PartState], before: Mapping[str, int]) -> list[str]:
    leaving = [pod.name for state in states for pod in state.pods if pod.leaving]
    grown = [state for state in states if state.desired > before.get(state.word, state.desired)]
    return [f"{name} is leaving still" for name in leaving] + [
        f"{state.name} is set to {state.desired} instances, {before[state.word]} before the fault" for state in grown
    ]


def _others(system: JewelryShop, part: str) -> int:
    number = system.profile.part(part).number
    return int(number) - 1 if isinstance(number, int) else 0


@dataclass(slots=True)
class Restarts:
    """How often each instance had restarted before the first fault, and which of them a fault may have restarted."""

    before: Mapping[str, tuple[str, int]]  # uid -> name and count
    explained: set[str] = field(default_factory=set)  # names of instances that a fault has hit

    def unexpected(self, system: JewelryShop) -> list[str]:
        """Instances that have restarted although no fault hit them."""
        found = []
        for word in system.profile.parts:
            for pod in system.parts.pods(word):
                name, count = self.before.get(pod.uid, (pod.name, 0))
                if pod.restarts > count and name not in self.explained:
                    ended = f" ({pod.last_end})" if pod.last_end else ""
                    found.append(f"{name} has restarted {pod.restarts - count} times{ended}")
        return found


def count_restarts(system: JewelryShop) -> Restarts:
    """The counts of all instances now."""
    pods = [pod for word in system.profile.parts for pod in system.parts.pods(word)]
    return Restarts({pod.uid: (pod.name, pod.restarts) for pod in pods})


def none_unexpected() -> ComplaintMatcher[Sequence[str]]:
    """Matches an empty list of unexpected restarts."""
    return without_complaints("no restart that no fault explains", lambda found: found)
