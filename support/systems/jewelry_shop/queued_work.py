"""Background work that was accepted while the cache changed its master: each job beside what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.clients.sql import Row
from support.evidence.attach import attach_table
from support.matchers import ComplaintMatcher, without_complaints
from support.observers import bars
from support.observers.attempts import Attempt
from support.systems.jewelry_shop.cache import CacheView
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.incidents import await_end_of_fault
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import JOBS, Traffic
from support.systems.jewelry_shop.visitors import cache_causes
from support.waiting import Broken, Unknown
from support.world import World

_NOW = "SELECT clock_timestamp()::text AS now"
_STORED = """
SELECT j.id::text AS id, j.status AS status, (j.params->>'steps')::int AS steps, count(l.step) AS lines,
       count(DISTINCT l.step) AS different, coalesce(j.total = sum(l.amount), false) AS adds_up,
       extract(epoch FROM j.finished_at - greatest(j.created_at, %s::timestamptz))::float AS seconds
FROM jobs j LEFT JOIN job_lines l ON l.job_id = j.id WHERE j.tenant_id = %s GROUP BY j.id
"""
_FINISHED_BEFORE = 5  # jobs that must be finished before the fault: the background works at all
_NEEDED_AFTER = 20  # jobs accepted after the fault without which nothing is said: ten seconds of two a second
_DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it is stored."""

    id: str
    status: str
    steps: int
    lines: int
    different: int  # steps that have a line
    adds_up: bool  # whether its total is the sum of its lines
    seconds: float | None  # from the fault, or from its acceptance if that was later, to its end

    def wrong(self, limit: float) -> str:
        """Why it was not finished exactly once in time; empty when it was."""
        if self.status != _DONE:
            return f"is {self.status}"
        if (self.lines, self.different) != (self.steps, self.steps) or not self.adds_up:
            return f"has {self.lines} lines for {self.steps} steps"
        return f"took {self.seconds:.0f} s" if self.seconds is None or self.seconds > limit else ""


@dataclass(frozen=True, slots=True)
class Work:
    """What the shop has answered, beside what is stored."""

    asked: Sequence[Attempt]
    stored: Sequence[Job]
    fault: float  # on the asker's clock
    causes: Sequence[str] = ()

    @property
    def accepted(self) -> dict[str, Attempt]:
        """The attempts that were answered with a job, by its id."""
        return {one.facts["id"]: one for one in self.asked if one.ok}

    def __str__(self) -> str:
        done = sum(job.status == _DONE for job in self.stored)
        return f"{len(self.accepted)} accepted of {len(self.asked)}, {len(self.stored)} stored, {done} done"


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment before the fault on the database's clock."""

    text: str


def demand_working_background(world: World) -> None:
    """Raises Broken unless jobs that are accepted are finished, before anything is broken; notes the moment."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    working: ComplaintMatcher[Work] = without_complaints(
        f"{_FINISHED_BEFORE} finished jobs",
        lambda seen: (
            [*seen.causes, f"no accepted job is finished: {seen}"]
            if sum(job.status == _DONE for job in seen.stored) < _FINISHED_BEFORE
            else []
        ),
    )
    within = world.suite.limits.warm_up
    reason = "Work that was handed to the background is not done"
    now = str(system.truth.ask(_NOW)[0]["now"])
    try:
        world.eventually(lambda _: _read(system, traffic, now), working, within, reason)
    except Broken as broken:
        causes = cache_causes(system)
        raise Broken("\n".join([str(broken).splitlines()[0], *causes, str(broken)]), broken.timeline) from broken
    world.things.put(Moment(str(system.truth.ask(_NOW)[0]["now"])))


def demand_finished(world: World, limit: float) -> None:
    """Raises Broken unless every accepted job ends exactly once in time, and no other is found."""
    story, system, traffic = world.things.get(CacheStory), world.jewelry, world.things.get(Traffic)
    moment = world.things.get(Moment).text
    await_end_of_fault(world, story)
    journal = traffic.stop()
    if journal.interrupted:
        raise Unknown(f"the customer was interrupted: {journal.end_reason}")
    causes: list[str] = []

    def look(_: object) -> Work:
        work = _read(system, traffic, moment)
        causes[:] = [] if all(job.status == _DONE for job in work.stored) else cache_causes(system)
        return Work(work.asked, work.stored, story.fault, list(causes))

    reason = f"Accepted work was not finished exactly once within {limit:g} s"
    work = world.eventually(look, is_finished_once(limit), limit, reason)
    demand_other_master(story, system.cache.view())
    slowest = max((job.seconds or 0.0 for job in work.stored), default=0.0)
    rows = [("bar", str(_bar(system))), ("work", str(work)), ("slowest", f"{slowest:.1f} s")]
    attach_table("Accepted work", ["figure", "value"], rows)


def demand_other_master(story: CacheStory, view: CacheView) -> None:
    """Raises Unknown when the cache did not change its master: then nothing was tried."""
    if view.master is None or view.master.pod.name == story.leader.name:
        raise Unknown(f"the cache did not change its master while work was accepted: {view}")


def _bar(system: JewelryShop) -> bars.Bar:
    """What the live settings allow."""
    settings = system.cluster.get("configmaps", system.profile.settings.app, system.namespace).get("data", {})
    after, every = float(settings.get("JOB_RESEND_AFTER_S", 10)), float(settings.get("JOB_RESEND_EVERY_S", 5))
    return bars.queue_after_cache_failover(system.cache.down_after(), after, every)


def is_finished_once(limit: float) -> ComplaintMatcher[Work]:
    """Matches when every accepted job is done once and in time, and none is stored that was not accepted.

    Raises Unknown when too few were accepted after the fault, or when nobody can know of one whether it was accepted.
    """

    def complaints(work: Work) -> list[str]:
        stored, accepted = {job.id: job for job in work.stored}, work.accepted
        lost = [name for name in accepted if name not in stored]
        wrong = {job.id: job.wrong(limit) for job in work.stored if job.id in accepted and job.wrong(limit)}
        found = [f"{len(lost)} accepted jobs are not stored"] if lost else []
        if wrong:
            found.append(f"{len(wrong)} of {len(accepted)} accepted jobs: one {next(iter(wrong.values()))}")
        found += _strangers(work, [name for name in stored if name not in accepted])
        return [*work.causes, *found] if found else _doubts(work)

    return without_complaints(f"every accepted job finished once within {limit:g} s, and no other", complaints)


def _strangers(work: Work, unasked: Sequence[str]) -> list[str]:
    """Jobs that nobody was told of: an answer that never came may have been about one."""
    open_ended = sum(one.outcome not in ("ok", "fail") for one in work.asked)
    if len(unasked) <= open_ended:
        return []
    return [f"{len(unasked)} jobs are stored that were not accepted, {open_ended} answers stayed out"]


def _doubts(work: Work) -> list[str]:
    after = [one for one in work.accepted.values() if one.start >= work.fault]
    if len(after) < _NEEDED_AFTER:
        raise Unknown(f"only {len(after)} jobs were accepted after the fault: {work}")
    return []


def _read(system: JewelryShop, traffic: Traffic, moment: str) -> Work:
    store: Store | None = traffic.store
    if store is None:
        raise Unknown("the customer has no shop")
    rows = system.truth.ask(_STORED, [moment, store.shop.tenant_id])
    return Work(traffic.run.attempts(JOBS), [_job(row) for row in rows], 0.0)


def _job(row: Row) -> Job:
    seconds = None if row["seconds"] is None else float(row["seconds"])
    counts = (int(row["steps"]), int(row["lines"]), int(row["different"]))
    return Job(str(row["id"]), str(row["status"]), *counts, bool(row["adds_up"]), seconds)
