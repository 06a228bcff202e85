"""The size of the application, looked at every second: what is desired, what serves, what use and target would give."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from support.cluster import Json
from support.systems.jewelry_shop.autoscaler import NO_METRICS, needed, read_figures
from support.systems.jewelry_shop.parts import read_pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK

_ANSWER_S = 1.0  # seconds for one answer of an instance that has just come into service
_QUOTA = "exceeded quota"
_REFUSED = f"[Errno {errno.ECONNREFUSED}]"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. Times are seconds on the suite's clock."""

    at: float
    desired: int  # what the workload is set to
    living: Sequence[str]  # instances that are not about to leave
    ready: Sequence[str]  # of these, the ones that receive requests
    use: Mapping[str, float] = field(default_factory=dict)  # cores and bytes; empty when nobody tells
    need: int = 0  # instances that use and target give within the agreed sizes; 0 when nobody tells
    trouble: Sequence[str] = ()  # why there are no more instances
    silent: Sequence[str] = ()  # instances that receive requests and do not answer
    absent: Sequence[str] = ()  # of these, the ones at whose address nobody listens: no matter of being busy

    def __str__(self) -> str:
        return f"{len(self.ready)} ready of {self.desired} desired, use and target give {self.need or 'nothing'}"


class Sampler:
    """Looks, and keeps what it saw."""

    def __init__(self, system: JewelryShop, request: float) -> None:
        self._system, self._request = system, request
        self._answered: set[str] = set()  # instances that have answered once
        self.samples: list[Sample] = []

    def look(self) -> Sample:
        """One more sample. Raises ApiError when the cluster does not answer."""
        system = self._system
        part = system.profile.part("django")
        workload = system.cluster.get("deployments", part.name, system.namespace)
        pods = [read_pod(body) for body in system.cluster.list("pods", system.namespace, part.selector) if _lives(body)]
        figures = read_figures(system)
        silent = {pod.name: trouble for pod in pods if pod.ready and (trouble := self._trouble(pod.name, pod.ip))}
        sample = Sample(
            at=SYSTEM_CLOCK.now(),
            desired=int(workload["spec"]["replicas"]),
            living=[pod.name for pod in pods],
            ready=[pod.name for pod in pods if pod.ready],
            use=figures.use,
            need=needed(figures.use, self._request, system.profile.autoscaler) if figures.use else 0,
            trouble=[*([f"{NO_METRICS} ({figures.error})"] if figures.error else []), *_refusals(workload)],
            silent=list(silent),
            absent=[name for name, trouble in silent.items() if _REFUSED in trouble],
        )
        self.samples.append(sample)
        return sample

    def _trouble(self, name: str, ip: str) -> str:
        """Asked until it has answered once: what a new instance does while it starts is the question here."""
        if name in self._answered:
            return ""
        trouble = self._system.exchanges["django"](ip, _ANSWER_S)
        if not trouble:
            self._answered.add(name)
        return trouble

    @property
    def answered(self) -> frozenset[str]:
        """Instances that have answered a question of the suite."""
        return frozenset(self._answered)


def _lives(body: Json) -> bool:
    phase = body.get("status", {}).get("phase")
    return "deletionTimestamp" not in body["metadata"] and phase not in ("Succeeded", "Failed")


def _refusals(workload: Json) -> list[str]:
    """What the workload says about instances that it may not make."""
    conditions = workload.get("status", {}).get("conditions", [])
    told = [
        str(one.get("message", "")) for one in conditions if (one["type"], one["status"]) == ("ReplicaFailure", "True")
    ]
    return [f"quota forbids further pods: {text}" if _QUOTA in text else f"no further pods: {text}" for text in told]


def is_calm(samples: Sequence[Sample], seconds: float) -> bool:
    """Whether for so long the same instances have served, and no figure has asked for more than they are."""
    last = samples[-1]
    restless = [
        one.at
        for one in samples
        if (set(one.living), set(one.ready)) != (set(last.living), set(last.living)) or one.need > one.desired
    ]
    return last.at - max(restless, default=samples[0].at) >= seconds


def longest_pause(samples: Sequence[Sample]) -> float:
    """Seconds of the longest time in which nobody looked; infinite without two looks."""
    return max((later.at - earlier.at for earlier, later in pairwise(samples)), default=float("inf"))


def troubles(samples: Sequence[Sample]) -> list[str]:
    """What stood in the way, each thing once; instances that were sent requests and did not answer, by name."""
    found = list(dict.fromkeys(text for sample in samples for text in sample.trouble))
    silent = list(dict.fromkeys(name for sample in samples for name in sample.silent))
    if silent:
        found.append(f"instances receive requests although they do not answer: {', '.join(silent)}")
    return found


def rises_after_a_fall(samples: Sequence[Sample]) -> list[str]:
    """Each time the desired size rose again after it had fallen."""
    found, fallen = [], False
    for earlier, later in pairwise(samples):
        if later.desired > earlier.desired and fallen:
            found.append(f"the size rose again from {earlier.desired} to {later.desired} after it had fallen")
        fallen = fallen or later.desired < earlier.desired
    return found
