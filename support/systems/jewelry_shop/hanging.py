"""A background worker that hangs: is it restarted, and does the work go on meanwhile?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from support.faults.processes import ContainerState, Place, container_state
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.plan import HttpProbe, ProbePlan
from support.systems.jewelry_shop import breaking, outages
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import WORK, Traffic, valuations_probe
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_HANGS_S = 150.0  # seconds after which the worker goes on by itself: the promise and a minute
_LONGEST_S = 300.0  # the orders for valuations end by themselves then
_WORKING_S = 30.0  # seconds until every worker has been seen to work
_FINISHED_S = 50.0  # seconds until also the work that the hanging worker had taken is finished (bar B9)
_ANSWER_S = 3.0  # seconds for the page that shows who answers a ping
_SHARE = 0.5  # of the orders that were planned: fewer accepted ones say nothing of the others' work
_NOW = "SELECT now()::text AS now"
_JOBS = """
SELECT j.id, j.status, coalesce(j.worker, '') AS worker, j.created_at::text AS created, j.finished_at::text AS finished,
       (SELECT count(*) FROM job_lines l WHERE l.job_id = j.id) AS lines
FROM jobs j WHERE j.tenant_id = %s
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A valuation as it is stored."""

    status: str
    worker: str
    created: datetime
    finished: datetime | None
    lines: int


@dataclass(slots=True)
class Hang:
    """A worker that hangs."""

    pod: Pod
    before: ContainerState
    events_before: frozenset[tuple[str, int]]
    at: float  # on the suite's clock
    since: datetime  # on the database's clock
    until: datetime | None = None  # when it was seen to be back


def order_valuations(world: World, rate: float) -> Traffic:
    """Somebody has the stock valued again and again; every worker is seen to have done some of it."""
    system, store = world.jewelry, world.things.get(Store)
    probe: HttpProbe = valuations_probe(system, store, rate)
    traffic = outages.start(world, Traffic(system.observer.start(ProbePlan([probe], _LONGEST_S)), "", WORK, store))
    wanted = {pod.name for pod in system.parts.ready_pods("worker")}
    all_work: ComplaintMatcher[set[str]] = without_complaints(
        "finished work of every background worker",
        lambda seen: [f"{name} has finished nothing" for name in sorted(wanted - seen)],
    )

    def look(_: Deadline) -> set[str]:
        return {job.worker for job in _jobs(system, store) if job.status == "DONE"}

    world.eventually(look, all_work, _WORKING_S, "Not every background worker works")
    return traffic


def hang(world: World) -> Hang:
    """The main process of one background worker stands still. Raises Unknown when there are not two."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    pods = system.parts.ready_pods("worker")
    if len(pods) < 2:  # one hangs, another one must be there to go on
        raise Unknown(f"{len(pods)} background workers are ready, two are needed")
    pod, breaker_ = pods[0], breaker(world)
    before, events, since = _state(system, pod), frozenset(_liveness_events(system, pod)), _now(system)
    at = SYSTEM_CLOCK.now()
    breaker_.inject(breaking.hanging(system, pod, _HANGS_S), [traffic.run], [pod])
    return Hang(pod, before, events, at, since)


@dataclass(frozen=True, slots=True)
class Revival:
    """How often the container has started since, why, and whether the worker answers again."""

    restarts: int
    because_of_liveness: bool
    answers: bool
    check: str  # the command that is to notice a hanging worker

    def __str__(self) -> str:
        return f"{self.restarts} restarts, {'answers' if self.answers else 'silent'}"


def is_revived() -> ComplaintMatcher[Revival]:
    """Matches a container that was restarted once because its check failed, with a worker that answers again."""

    def complaints(seen: Revival) -> list[str]:
        if seen.restarts == 0:
            weak = " (check only imports)" if "import " in seen.check else ""
            return [f"hung worker was never restarted{weak}; it is checked by: {seen.check or 'nothing'}"]
        found = [] if seen.restarts == 1 else [f"it was restarted {seen.restarts} times"]
        found += [] if seen.because_of_liveness else ["nobody tells that it was restarted because it did not live"]
        return found + ([] if seen.answers else ["it does not answer a ping"])

    return without_complaints("one restart because of its failing check, and an answer to a ping", complaints)


def demand_revival(world: World, limit: float) -> None:
    """Raises Broken unless the hanging worker is restarted and answers `limit` s after it began to hang."""
    hang_, system = world.things.get(Hang), world.jewelry

    def look(_: Deadline) -> Revival:
        now = _state(system, hang_.pod)
        if now.uid != hang_.before.uid:
            raise Unknown(f"{hang_.pod.name} was replaced, so nobody can tell whether it would have been restarted")
        new = set(_liveness_events(system, hang_.pod)) - hang_.events_before
        restarts = now.restarts - hang_.before.restarts
        return Revival(restarts, bool(new), bool(restarts) and _answers(system, hang_.pod), _check(system))

    left = max(0.0, limit - (SYSTEM_CLOCK.now() - hang_.at))
    world.eventually(look, is_revived(), left, f"A hanging background worker was not back within {limit:g} s")
    hang_.until = _now(system)


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What became of the valuations that were ordered while a worker was hanging."""

    hanging: str
    since: datetime
    until: datetime
    accepted: int  # orders that the shop has accepted in all
    jobs: Sequence[Job]
    kinds: int

    @property
    def longest_gap(self) -> float:
        """Seconds without a valuation finished by another worker."""
        others = [job.finished for job in self.jobs if job.finished and job.worker != self.hanging]
        inside = sorted(moment for moment in others if self.since < moment < self.until)
        edges = [self.since, *inside, self.until]
        return max((later - earlier) / timedelta(seconds=1) for earlier, later in pairwise(edges))

    def __str__(self) -> str:
        done = sum(job.status == "DONE" for job in self.jobs)
        return f"{done} of {len(self.jobs)} valuations done, longest gap {self.longest_gap:.1f} s"


def go_on(gap: float) -> ComplaintMatcher[Meanwhile]:
    """Matches others that never paused for longer than `gap` s, with every ordered valuation done once in the end."""

    def complaints(seen: Meanwhile) -> list[str]:
        found = []
        if seen.longest_gap > gap:
            found.append(f"the others finished nothing for {seen.longest_gap:.1f} s")
        open_ = sum(job.status != "DONE" for job in seen.jobs)
        found += [f"{open_} of {len(seen.jobs)} valuations are not done"] if open_ else []
        wrong = sum(job.status == "DONE" and job.lines != seen.kinds for job in seen.jobs)
        found += [f"{wrong} valuations have too few or too many lines"] if wrong else []
        lost = seen.accepted - len(seen.jobs)
        return found + ([f"{lost} accepted valuations are not stored"] if lost > 0 else [])

    return without_complaints(f"others that finish work at least every {gap:g} s", complaints)


def demand_others_went_on(world: World, gap: float) -> None:
    """Raises Broken unless the other workers went on; ends the orders and waits for all that was ordered."""
    hang_, system, traffic = world.things.get(Hang), world.jewelry, world.things.get(Traffic)
    store, until = world.things.get(Store), hang_.until
    if until is None:
        raise Unknown("the hanging worker has not been seen to be back")
    attempts = traffic.stop().attempts(WORK)
    accepted = sum(one.ok for one in attempts)
    if accepted < _SHARE * len(attempts) or not attempts:
        raise Unknown(f"only {accepted} of {len(attempts)} valuations were accepted")

    def look(_: Deadline) -> Meanwhile:
        jobs = _jobs(system, store)
        return Meanwhile(hang_.pod.name, hang_.since, until, accepted, jobs, len(store.pieces))

    reason = "Background work did not go on while one worker was hanging"
    seen = world.eventually(look, go_on(gap), _FINISHED_S, reason)
    world.remarks.append(f"while {hang_.pod.name} was hanging: {seen}")


def _jobs(system: JewelryShop, store: Store) -> list[Job]:
    rows = system.truth.ask(_JOBS, [store.shop.tenant_id])
    return [
        Job(
            str(row["status"]),
            str(row["worker"]),
            datetime.fromisoformat(str(row["created"])),
            datetime.fromisoformat(str(row["finished"])) if row["finished"] else None,
            int(row["lines"]),
        )
        for row in rows
    ]


def _state(system: JewelryShop, pod: Pod) -> ContainerState:
    return container_state(system.cluster, Place(system.namespace, pod.name, system.profile.part("worker").container))


def _liveness_events(system: JewelryShop, pod: Pod) -> list[tuple[str, int]]:
    """Events that tell of a failed liveness check of an instance, each with how often it was told."""
    found = system.cluster.list("events", system.namespace, fields=f"involvedObject.uid={pod.uid}")
    told = [one for one in found if "liveness" in str(one.get("message", "")).lower()]
    return [(str(one["metadata"]["uid"]), int(one.get("count") or 1)) for one in told]


def _check(system: JewelryShop) -> str:
    """The liveness check of the workers, as one line."""
    part = system.profile.part("worker")
    body = system.cluster.get(f"{part.kind.lower()}s", part.name, system.namespace)
    containers = body["spec"]["template"]["spec"]["containers"]
    probe: dict[str, Any] = next(
        (one.get("livenessProbe", {}) for one in containers if one["name"] == part.container), {}
    )
    return " ".join(map(str, probe.get("exec", {}).get("command", [])))


def _answers(system: JewelryShop, pod: Pod) -> bool:
    checks = system.way.send("GET", "/health/detailed/", within=_ANSWER_S).told("checks") or {}
    return pod.name in checks.get("celery", {}).get("workers", [])


def _now(system: JewelryShop) -> datetime:
    return datetime.fromisoformat(str(system.truth.ask(_NOW)[0]["now"]))
