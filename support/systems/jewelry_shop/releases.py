"""Releases: a new version that is rolled out under customers' eyes, and one that cannot work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support.cluster import Json
from support.evidence.attach import attach_table
from support.faults.base import Injection
from support.faults.releases import Released, rolled_out
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.hanging_instances import in_service
from support.systems.jewelry_shop.healing import Taken
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic
from support.waiting import SYSTEM_CLOCK, Broken, Deadline
from support.world import World

_TAKEN_BACK_S = 400.0  # seconds after which the janitor takes a release back, also when the suite has died
_ANSWER_S = 3.0  # seconds for one answer of an instance
_LOOK_EVERY_S = 0.5  # seconds between two looks at who serves
_STUCK = "ProgressDeadlineExceeded"
_COMPLETE = "NewReplicaSetAvailable"
_VERSION_LABEL = "app.kubernetes.io/version"
# What makes a release one that cannot work, by the words of the feature.
_DEFECTS: Mapping[str, Json] = {
    "missing image": {"image": "holdfast/shop:missing"},
    "wrong database": {"env": [{"name": "POSTGRES_HOST", "value": "nowhere.invalid"}]},
}


@dataclass(slots=True)
class Release:
    """A release under way."""

    system: JewelryShop
    injection: Injection
    at: float  # on the suite's clock, before it began
    old: Sequence[Pod]  # instances of before
    desired: int
    version: str  # that instances are to report; empty for a release that cannot work
    left: list[str] = field(default_factory=list)  # what was seen to go wrong meanwhile


@dataclass(frozen=True, slots=True)
class Rollout:
    """The Deployment and its instances at one moment."""

    body: Json
    pods: Sequence[Pod]
    serving: frozenset[str]  # addresses in service

    @property
    def reason(self) -> str:
        """What the cluster reports of the release."""
        conditions = self.body.get("status", {}).get("conditions", [])
        return next((str(one.get("reason", "")) for one in conditions if one["type"] == "Progressing"), "")

    def __str__(self) -> str:
        return f"{self.reason}; {', '.join(map(str, self.pods))}"


def release(world: World, version: str) -> Release:
    """Rolls out the same application under another version."""
    env = [{"name": "APP_VERSION", "value": version}]
    labels = {_VERSION_LABEL: version}
    return _roll_out(world, f"version {version}", {"env": env}, labels, version)


def release_defect(world: World, defect: str) -> Release:
    """Rolls out a release that cannot work."""
    return _roll_out(world, defect, _DEFECTS[defect], {}, "")


def _roll_out(world: World, what: str, container: Json, labels: Json, version: str) -> Release:
    system, traffic, part = world.jewelry, world.things.get(Traffic), world.jewelry.profile.part("django")
    traffic.warm_up(world.suite.limits.warm_up)
    world.things.put(Taken(traffic.run.mark("release")))
    old, state = system.parts.ready_pods("django"), system.parts.state("django")
    change = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": part.container, **container}]}}
    breaker_, at = breaker(world), SYSTEM_CLOCK.now()
    fault = Released(system.namespace, part.name, change, what, _TAKEN_BACK_S)
    injection = breaker_.inject(fault, [traffic.run], [])
    return Release(system, injection, at, old, state.wanted, version)


def look_at(system: JewelryShop) -> Rollout:
    """The release as it stands."""
    body = system.cluster.get("deployments", system.profile.part("django").name, system.namespace)
    return Rollout(body, system.parts.pods("django"), frozenset(in_service(system)))


def _pause(deadline: Deadline) -> None:
    SYSTEM_CLOCK.sleep(deadline.left(at_most=_LOOK_EVERY_S))


def demand_complete(world: World, limit: float) -> None:
    """Raises Broken unless the release is reported complete in time and every instance reports its version."""
    story, system = world.things.get(Release), world.jewelry
    reason = f"A release was not complete within {limit:g} s"

    def look(_: Deadline) -> Rollout:
        seen = look_at(system)
        if seen.reason == _STUCK:  # it will not become complete any more
            raise Broken(f"{reason}.\nSeen:      {'; '.join([*_troubles(story, seen), f'it is reported {_STUCK}'])}")
        return seen

    def complaints(seen: Rollout) -> list[str]:
        ready = seen.reason == _COMPLETE and rolled_out(seen.body)
        return [] if ready else [*_troubles(story, seen), f"it is reported {seen.reason or 'nothing'}"]

    matcher: ComplaintMatcher[Rollout] = without_complaints("the release reported complete", complaints)
    world.eventually(look, matcher, max(0.0, limit - (SYSTEM_CLOCK.now() - story.at)), reason)
    _attach("The release was complete", limit, story)


def _troubles(story: Release, seen: Rollout) -> list[str]:
    known = {pod.uid for pod in story.old}
    return [f"replacement pod {pod.trouble}" for pod in seen.pods if pod.uid not in known and pod.trouble]


@dataclass(frozen=True, slots=True)
class Versions:
    """What each instance says its version is."""

    told: Mapping[str, str]
    desired: int
    old: Sequence[str]  # instances of before that are still in service


def versions(world: World) -> Versions:
    """Asks every instance that is in service."""
    story, system = world.things.get(Release), world.jewelry
    pods = system.parts.ready_pods("django")
    answers = {pod.name: system.instance(pod).send("GET", "/health/", within=_ANSWER_S) for pod in pods}
    told = {name: str(one.told("version") or cause_of(one)) for name, one in answers.items()}
    serving, before = in_service(system), {pod.uid for pod in story.old}
    desired = system.parts.state("django").wanted
    return Versions(told, desired, [pod.name for pod in pods if pod.uid in before and pod.ip in serving])


def all_report(version: str) -> ComplaintMatcher[Versions]:
    """Matches when the desired number of instances reports this version and none of before is left."""

    def complaints(seen: Versions) -> list[str]:
        found = [f"{name} reports {told}" for name, told in seen.told.items() if told != version]
        found += [f"{len(seen.told)} of {seen.desired} instances"] if len(seen.told) < seen.desired else []
        return found + [f"{name} of the former version still serves" for name in seen.old]

    return without_complaints(f"every instance in version {version}", complaints)


def demand_stuck(world: World, limit: float) -> None:
    """Raises Broken unless the release is reported as stuck in time, every old instance serving at every look."""
    story, system = world.things.get(Release), world.jewelry

    def look(_: Deadline) -> Rollout:
        seen = look_at(system)
        missing = _not_serving(story, seen)
        if missing:
            causes = _blind_service(system, story, seen)
            raise Broken("\n".join(["A release that cannot work has taken over.", *causes, *missing]))
        return seen

    matcher: ComplaintMatcher[Rollout] = without_complaints(
        "the release reported as stuck",
        lambda seen: [] if seen.reason == _STUCK else [f"it is reported {seen.reason or 'nothing'}"],
    )
    reason = f"A release that cannot work was not reported as stuck within {limit:g} s"
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - story.at))
    world.eventually(look, matcher, left, reason, pause=_pause)
    _attach("The release was reported as stuck", limit, story)


def _attach(what: str, limit: float, story: Release) -> None:
    rows = [("promised", f"{limit:g} s"), ("after", f"{SYSTEM_CLOCK.now() - story.at:.1f} s")]
    attach_table(what, ["figure", "value"], [*rows, ("release", story.injection.proof)])


def _not_serving(story: Release, seen: Rollout) -> list[str]:
    """Old instances that are missing, restarted or out of service, if fewer than desired are left."""
    now = {pod.uid: pod for pod in seen.pods if pod.ready and not pod.leaving and pod.ip in seen.serving}
    well = [pod for pod in story.old if pod.uid in now and now[pod.uid].restarts == pod.restarts]
    wanted = min(story.desired, int(seen.body["spec"].get("replicas", 1)))  # the autoscaler may have taken one back
    if len(well) >= wanted:
        return []
    gone = ", ".join(pod.name for pod in story.old if pod not in well)
    return [f"{len(well)} of {wanted} old instances serve ({gone} do not)"]


def _blind_service(system: JewelryShop, story: Release, seen: Rollout) -> list[str]:
    """New instances that are sent requests although they cannot work."""
    known = {pod.uid for pod in story.old}
    new = [pod for pod in seen.pods if pod.uid not in known and pod.ip in seen.serving]
    answers = {pod.name: system.instance(pod).send("GET", "/health/ready/", within=_ANSWER_S) for pod in new}
    bad = [f"{name} ({cause_of(one)})" for name, one in answers.items() if one.status != 200]
    return [f"instances receive requests although they do not answer: {', '.join(bad)}"] if bad else []


def take_back(world: World) -> None:
    """Puts the former version back, as its owner would."""
    breaker(world).end(world.things.get(Release).injection)


def demand_no_remains(world: World) -> None:
    """Raises Broken unless only the instances of before are there, unharmed, as if nothing had been released."""
    story, system = world.things.get(Release), world.jewelry

    def complaints(seen: Rollout) -> list[str]:
        known = {pod.uid for pod in story.old}
        new = [pod.name for pod in seen.pods if pod.uid not in known]
        found = [f"{', '.join(new)} of the release are still there"] if new else []
        found += _not_serving(story, seen)
        whole = rolled_out(seen.body) and seen.reason == _COMPLETE
        return found if whole else [*found, f"the former version is reported {seen.reason or 'nothing'}"]

    matcher: ComplaintMatcher[Rollout] = without_complaints("only the instances of before, unharmed", complaints)
    within = world.suite.limits.settle
    world.eventually(lambda _: look_at(system), matcher, within, "Something of a release that was taken back remains")
