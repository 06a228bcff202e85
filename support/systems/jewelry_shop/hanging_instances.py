"""An instance of the application that hangs: taken out of service, restarted, back; the others serve on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support.evidence.attach import attach_table
from support.faults.base import Injection
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.verdicts import Service, service
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import LOOKS, Traffic
from support.waiting import SYSTEM_CLOCK, Broken, Deadline, Unknown
from support.world import World

_HANGS_S = 150.0  # seconds: far longer than a restart may take; the restart ends it
_LOOK_EVERY_S = 0.25  # seconds between two looks at who is in service
_NEEDED = 100  # looks at each other instance without which nothing is said
_ANSWER_S = 3.0  # seconds for one answer of the instance that is back
_SERVICE = "kubernetes.io/service-name"


@dataclass(slots=True)
class Hanging:
    """An instance whose processes were all stopped."""

    system: JewelryShop
    pod: Pod
    injection: Injection
    before: float  # on the suite's clock, before the fault
    in_effect: float
    last_in: float = field(default=0.0)  # the last look that found it in service began then
    first_out: float = field(default=0.0)  # the first look that did not find it ended then


def hang_one(world: World) -> Hanging:
    """Stops all processes of one instance of the application. Raises Unknown when none or only one is ready."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    pods = system.parts.ready_pods("django")
    if len(pods) < 2:  # the others have to serve
        raise Unknown(f"{len(pods)} instances of the application are ready")
    breaker_, before = breaker(world), SYSTEM_CLOCK.now()
    fault = breaking.freezing(system, "django", [pods[0]], _HANGS_S)
    injection = breaker_.inject(fault, [traffic.run], [pods[0]])
    in_effect = traffic.run.to_suite_time(traffic.run.marks[injection.after])
    return Hanging(system, pods[0], injection, before, in_effect)


def in_service(system: JewelryShop) -> set[str]:
    """Addresses to which the application's Service sends requests now."""
    labels = f"{_SERVICE}={system.profile.services.django.name}"
    slices = system.cluster.list("endpointslices", system.namespace, labels=labels)
    ready = [one for body in slices for one in body.get("endpoints") or [] if one.get("conditions", {}).get("ready")]
    return {str(address) for one in ready for address in one["addresses"]}


def demand_out_of_service(world: World, limit: float) -> None:
    """Raises Broken unless the instance receives no more requests, `limit` seconds after it hung at the latest."""
    story = world.things.get(Hanging)

    def look(_: Deadline) -> bool:
        begun = SYSTEM_CLOCK.now()
        inside = story.pod.ip in in_service(story.system)
        story.last_in, story.first_out = (begun, 0.0) if inside else (story.last_in, SYSTEM_CLOCK.now())
        return inside

    outside: ComplaintMatcher[bool] = without_complaints(
        "no more requests for it",
        lambda inside: (
            [f"instances receive requests although they do not answer: {story.pod.name} is still in service"]
            if inside
            else []
        ),
    )
    reason = f"An instance that hangs was not taken out of service within {limit:g} s"
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - story.in_effect))
    world.eventually(look, outside, left, reason, pause=_pause)
    _judge_out(story, limit, reason)
    bounds = f"{max(0.0, story.last_in - story.in_effect):.1f} to {story.first_out - story.before:.1f} s"
    attach_table("Out of service", ["figure", "value"], [("promised", f"{limit:g} s"), ("after", bounds)])


def _pause(deadline: Deadline) -> None:
    SYSTEM_CLOCK.sleep(deadline.left(at_most=_LOOK_EVERY_S))


def _judge_out(story: Hanging, limit: float, reason: str) -> None:
    """Kept by the upper bound only, broken by the lower one only."""
    lower, upper = story.last_in - story.in_effect, story.first_out - story.before
    if lower > limit:
        raise Broken(f"{reason} (at least {lower:.1f} s).")
    if upper > limit:
        raise Unknown(f"{reason}: out of service after {max(0.0, lower):.1f} to {upper:.1f} s, look more often")


def demand_back(world: World, limit: float) -> None:
    """Raises Broken unless the same instance serves again after exactly one restart, in time."""
    story, system = world.things.get(Hanging), world.jewelry

    def look(_: Deadline) -> Pod | None:
        return next((pod for pod in system.parts.pods("django") if pod.uid == story.pod.uid), None)

    def complaints(pod: Pod | None) -> list[str]:
        if pod is None:
            return [f"{story.pod.name} is gone"]
        number = pod.restarts - story.pod.restarts
        if number != 1:
            return [f"{pod.name} was restarted {number} times"]
        served = pod.ready and pod.ip in in_service(system)
        silent = system.exchanges["django"](pod.ip, _ANSWER_S) if served else "is not in service"
        return [f"{pod.name} {silent}"] if silent else []

    matcher: ComplaintMatcher[Pod | None] = without_complaints("the instance back after one restart", complaints)
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - story.before))
    world.eventually(look, matcher, left, f"An instance that hung was not back within {limit:g} s")
    rows = [("promised", f"{limit:g} s"), ("after", f"{SYSTEM_CLOCK.now() - story.before:.1f} s")]
    attach_table("Back in service", ["figure", "value"], rows)
    breaker(world).end(story.injection)


@dataclass(frozen=True, slots=True)
class Others:
    """What customers got at the other instances, from the fault to the end."""

    services: Mapping[str, Service]  # by instance

    def __str__(self) -> str:
        return ", ".join(f"{name} {one.failed} of {one.attempts} failed" for name, one in self.services.items())


def looks_at_others(world: World) -> Others:
    """Ends the customers and reads what they got. Raises Unknown when they were interrupted."""
    story, traffic = world.things.get(Hanging), world.things.get(Traffic)
    since, journal = traffic.run.marks[story.injection.before], traffic.stop()
    if journal.interrupted:
        raise Unknown(f"the customers were interrupted: {journal.end_reason}")
    found = {}
    for number, name in enumerate(traffic.instances):
        attempts = journal.attempts(f"{LOOKS}-{number}")
        if name != story.pod.name:
            found[name] = service(attempts, since, max((one.start for one in attempts), default=since))
    return Others(found)


def all_served() -> ComplaintMatcher[Others]:
    """Matches when no look at any other instance failed. Raises Unknown when there were too few."""

    def complaints(seen: Others) -> list[str]:
        found = [_failed(name, one) for name, one in seen.services.items() if one.failed]
        few = [name for name, one in seen.services.items() if one.attempts < _NEEDED]
        if not found and (few or not seen.services):
            raise Unknown(f"too few looks: {seen}")
        return found

    return without_complaints("every look at the other instances answered", complaints)


def _failed(name: str, seen: Service) -> str:
    errors: Sequence[str] = [f"{count} x {text}" for text, count in seen.errors.items()]
    return f"{name}: {seen.failed} of {seen.attempts} looks failed: {'; '.join(errors)}"
