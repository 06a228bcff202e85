"""Instances that are taken away, and what takes their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import unwatched
from support.observers.verdicts import Service, service
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.parts import PartState, Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_PERIODS = "SELECT coalesce(max(period_start)::text, '') AS latest FROM gold_prices"
_REPLACED_S = 90.0  # seconds until one deleted instance is replaced, before the next one is taken
_ANSWER_S = 3.0  # seconds for one answer of an instance


@dataclass(frozen=True, slots=True)
class Deletion:
    """An instance that was deleted."""

    part: str
    pod: Pod
    others: frozenset[str]  # identities of the instances of the part before
    at: float  # on the suite's clock
    latest_period: str  # of the scheduler's work, when the instance was seen to be gone


@dataclass(frozen=True, slots=True)
class Taken:
    """Instances that were taken away while customers were looking."""

    since: float  # on the customers' clock


def delete_instance(world: World, part: str) -> Deletion:
    """Deletes one ready instance in good order and waits until it is gone. Raises Unknown when there is none."""
    system = world.jewelry
    pods = system.parts.ready_pods(part)
    if not pods:
        raise Unknown(f"no instance of {part} is ready that could be deleted")
    breaker_, at = breaker(world), SYSTEM_CLOCK.now()
    breaker_.end(breaker_.inject(breaking.losing(system, part, pods[0], "deleted gently"), [], [pods[0]]))
    return Deletion(part, pods[0], frozenset(pod.uid for pod in pods), at, _latest_period(system))


@dataclass(frozen=True, slots=True)
class Replacement:
    """The instances of a part that were not there before the deletion, and what is wrong with them."""

    new: Sequence[Pod]
    wrong: Sequence[str]

    def __str__(self) -> str:
        return (
            f"{', '.join(map(str, self.new)) or 'no new instance'}{': ' if self.wrong else ''}{'; '.join(self.wrong)}"
        )


def demand_replacement(world: World, part: str, limit: float) -> None:
    """Raises Broken unless a new instance is ready and does its own work `limit` s after the deletion."""
    deletion, system = world.things.get(Deletion), world.jewelry

    def look(_: Deadline) -> Replacement:
        new = [pod for pod in system.parts.pods(part) if pod.uid not in deletion.others and not pod.leaving]
        wrong = [f"replacement pod {pod.trouble}" for pod in new if pod.trouble]
        working = [pod for pod in new if pod.ready and not _silent(system, part, pod, deletion)]
        return Replacement(new, [] if working else wrong or ["no new instance does its work yet"])

    matcher: ComplaintMatcher[Replacement] = without_complaints(
        "a new instance that is ready and works", lambda seen: list(seen.wrong)
    )
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - deletion.at))
    world.eventually(look, matcher, left, f"A deleted instance of {part} was not replaced within {limit:g} s")


def demand_full_number(world: World, part: str) -> None:
    """Raises Broken unless the part has its desired number and the deleted instance does not exist any more."""
    deletion, system = world.things.get(Deletion), world.jewelry

    def complaints(state: PartState) -> list[str]:
        gone = all(pod.uid != deletion.pod.uid for pod in state.pods)
        return [*state.complaints(), *([] if gone else [f"the deleted {deletion.pod.name} still exists"])]

    matcher: ComplaintMatcher[PartState] = without_complaints("the desired number, without the deleted one", complaints)
    within = world.suite.limits.at_rest
    world.eventually(lambda _: system.parts.state(part), matcher, within, f"{part} does not have its full number")


def delete_instances(world: World, parts: Sequence[str], loss: str) -> Taken:
    """One instance of each part, the next one when the one before is replaced, with customers looking."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    since = traffic.run.mark("taken")
    for part in parts:
        pod = next(iter(system.parts.ready_pods(part)), None)
        if pod is None:
            raise Unknown(f"no instance of {part} is ready that could be deleted")
        breaker_ = breaker(world)
        breaker_.end(breaker_.inject(breaking.losing(system, part, pod, loss), [traffic.run], [pod], alongside=True))
        await_full_number(world, part)
    return Taken(since)


def await_full_number(world: World, part: str) -> None:
    """Raises Broken unless the part has its full number again within the time that one replacement takes."""
    matcher: ComplaintMatcher[PartState] = without_complaints("the full number", lambda state: state.complaints())
    reason = f"{part} does not have its full number again"
    world.eventually(lambda _: world.jewelry.parts.state(part), matcher, _REPLACED_S, reason)


@dataclass(frozen=True, slots=True)
class Looks:
    """What customers who looked at goods, or bought some, got while instances were taken away."""

    service: Service
    pause: float = 0.0  # seconds for which the observer itself did not ask, at worst

    def __str__(self) -> str:
        return f"{self.service.failed} of {self.service.attempts} failed, longest gap {self.service.longest_gap:.2f} s"


def served(world: World, number: int) -> Looks:
    """Waits until so many requests were made since the first instance was taken, then ends the customers."""
    taken, traffic = world.things.get(Taken), world.things.get(Traffic)

    def count(_: Deadline) -> int:
        return sum(one.start >= taken.since for one in traffic.run.attempts())

    enough: ComplaintMatcher[int] = without_complaints(
        f"{number} requests", lambda seen: [] if seen >= number else [f"{seen} requests so far"]
    )
    within = number / sum(traffic.run.journal.rates.values()) + world.suite.limits.settle
    world.eventually(count, enough, within, "The customers did not make enough requests")
    journal = traffic.stop()
    attempts = journal.attempts()
    seen = {name: unwatched(journal.attempts(name), 1 / rate) for name, rate in journal.rates.items()}
    late = [f"{name}: {one}" for name, one in seen.items() if one.too_much]
    if journal.interrupted or late:
        raise Unknown(f"the observer itself was late or interrupted ({', '.join(late) or journal.end_reason})")
    pause = max(one.longest for one in seen.values())
    return Looks(service(attempts, taken.since, max(one.start for one in attempts)), pause)


def failed_at_most(number: int, percent: float, gap: float | None = None) -> ComplaintMatcher[Looks]:
    """Matches so many requests at least, of which at most so many percent failed, without a longer gap."""

    def complaints(looks: Looks) -> list[str]:
        seen = looks.service
        if seen.attempts < number:
            raise Unknown(f"only {seen.attempts} of {number} requests were made")
        found = []
        if seen.failed_share * 100 > percent:
            errors = "; ".join(f"{count} x {text}" for text, count in seen.errors.items())
            found.append(f"{seen.failed} of {seen.attempts} requests failed: {errors}")
        if gap is not None and seen.longest_gap > gap:
            if seen.longest_gap - looks.pause <= gap:
                raise Unknown(f"nobody was answered for {seen.longest_gap:.2f} s, nobody asked for {looks.pause:.2f} s")
            found.append(f"nobody was answered for {seen.longest_gap:.2f} s")
        return found

    return without_complaints(f"at most {percent:g} % of {number} requests failed", complaints)


def _silent(system: JewelryShop, part: str, pod: Pod, deletion: Deletion) -> bool:
    """Whether a new instance does not do the work of its part yet."""
    if part == "worker":
        checks = system.way.send("GET", "/health/detailed/", within=_ANSWER_S).told("checks") or {}
        return pod.name not in checks.get("celery", {}).get("workers", [])
    if part == "scheduler":
        return _latest_period(system) <= deletion.latest_period
    return bool(system.exchanges[part](pod.ip, _ANSWER_S))


def _latest_period(system: JewelryShop) -> str:
    return str(system.truth.ask(_PERIODS)[0]["latest"])
