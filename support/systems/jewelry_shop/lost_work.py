"""Work in progress whose worker is lost: the fault, and who finished the work when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from support.faults.base import Fault
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.valuations import (
    Progress,
    Valuation,
    is_done,
    progress,
    stored_lines,
    value_each_kind_once,
    worker_named,
    worth,
)
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_INSPECT = ["python3", "-m", "celery", "--app", "shop.jobs.app", "inspect", "active", "--json", "--timeout", "2"]
_INSPECT_S = 15.0  # seconds; the command starts the application first
_ACKS_LATE = "CELERY_ACKS_LATE"


@dataclass(frozen=True, slots=True)
class Loss:
    """A worker, or its working process, that was lost in the middle of a valuation."""

    what: str
    pod: Pod
    at: float  # on the suite's clock
    before: Progress


def lose(world: World, what: str) -> Loss:
    """The worker that is at the valuation, or only its working process, is killed without warning.

    Raises Unknown when the work was finished before.
    """
    valuation, system = world.things.get(Valuation), world.jewelry
    pod = worker_named(system, progress(valuation))
    fault: Fault = breaking.losing_worker(system, pod)
    if what == "process":
        pid = working_process(_active(system, pod), pod.name, valuation.id)
        fault = breaking.killing_child(system, pod, pid)
    before, at, breaker_ = progress(valuation), SYSTEM_CLOCK.now(), breaker(world)
    breaker_.end(breaker_.inject(fault, [], [pod]))
    if before.status != "RUNNING" or before.worker != pod.name:
        raise Unknown(f"the valuation was not in progress any more when its worker was lost: {before}")
    return Loss(what, pod, at, before)


def _active(system: JewelryShop, pod: Pod) -> Mapping[str, Any]:
    container = system.profile.part("worker").container
    told = system.cluster.exec(system.namespace, pod.name, _INSPECT, container=container, within=_INSPECT_S)
    try:
        found: Mapping[str, Any] = json.loads(told.stdout)
    except ValueError as error:
        raise Unknown(f"the background workers do not tell what they work on: {told.stderr[-300:]}") from error
    return found


def working_process(active: Mapping[str, Any], pod: str, job: str) -> int:
    """The process of a worker that is at this work. Raises Unknown when there is none."""
    for name, tasks in active.items():
        for task in tasks:
            if name.partition("@")[2] == pod and job in task.get("args", []):
                return int(task["worker_pid"])
    raise Unknown(f"no process of {pod} is at work on the valuation")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How far the work is after the loss, and who could have done it."""

    progress: Progress
    workers: Sequence[str]  # instances that are there
    causes: Sequence[str] = ()  # what is wrong with the single steps of work that has another sum

    def __str__(self) -> str:
        return str(self.progress)


def is_finished_by(
    loss: Loss, finisher: str, wanted: Decimal, steps: int, acknowledged_late: bool
) -> ComplaintMatcher[Aftermath]:
    """Matches finished work with the right sum, done by another worker than the lost one, or by any living one."""
    done = is_done(wanted, steps)

    def complaints(seen: Aftermath) -> list[str]:
        unfinished = list(done.complaints(seen.progress))
        if seen.progress.status == "RUNNING" and seen.progress.deliveries <= loss.before.deliveries:
            why = "never delivered again" if acknowledged_late else "acknowledged before the work"
            return [f"job lost with its worker ({why})", *unfinished]
        if unfinished:
            return [*seen.causes, *unfinished]
        if finisher == "another" and seen.progress.worker == loss.pod.name:
            return [f"the shop says that {loss.pod.name}, which is gone, has finished it"]
        found = [] if seen.progress.worker in seen.workers else [f'"{seen.progress.worker}" is no background worker']
        again = seen.progress.deliveries > loss.before.deliveries
        return found + ([] if again else ["nobody has taken the work up again: was its worker lost at all?"])

    return without_complaints(f"the valuation finished by {finisher} background worker", complaints)


def demand_finished(world: World, limit: float, finisher: str) -> None:
    """Raises Broken unless the valuation is finished with the right sum `limit` s after the loss, by the right one."""
    loss, valuation, system = world.things.get(Loss), world.things.get(Valuation), world.jewelry
    late = system.configured(f"{system.profile.settings.app}/{_ACKS_LATE}").lower() == "true"
    matcher = is_finished_by(loss, finisher, worth(valuation.store), len(valuation.store.pieces), late)

    def look(_: Deadline) -> Aftermath:
        seen, workers = progress(valuation), [pod.name for pod in system.parts.pods("worker")]
        wrong = seen.status == "DONE" and seen.total != worth(valuation.store)
        steps = value_each_kind_once().complaints(stored_lines(system, valuation)) if wrong else []
        return Aftermath(seen, workers, steps)

    left = max(0.0, limit - (SYSTEM_CLOCK.now() - loss.at))
    reason = f"Work in progress was not finished within {limit:g} s after the loss of its worker"
    world.eventually(look, matcher, left, reason)
