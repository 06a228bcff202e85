"""What the shop needs at its largest size with one replacement of every part in progress, line by line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from support.cluster import Json
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.budget import Amounts, Budget, amounts, read_budget
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_PERCENT = 100
# The usual share of further instances while a part is replaced, when a manifest does not say.
_USUAL_SURGE = "25%"
_COMPUTED = ("pods", "count/pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "cpu", "memory")


@dataclass(frozen=True, slots=True)
class Demand:
    """One part: how many instances at most, and what each takes."""

    name: str
    instances: int
    each: Amounts


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the budget beside the need."""

    name: str
    need: Decimal
    hard: Decimal

    @property
    def left(self) -> Decimal:
        """What is left, in percent of the budget; below zero when it does not fit."""
        return (self.hard - self.need) * _PERCENT / self.hard if self.hard else Decimal(-_PERCENT)

    def __str__(self) -> str:
        return f"{self.name}: {self.need.normalize():f} of {self.hard.normalize():f} needed, {self.left:.1f} % left"


@dataclass(frozen=True, slots=True)
class Need:
    """Every line."""

    lines: Sequence[Line]

    def __str__(self) -> str:
        return "; ".join(map(str, self.lines))


def add_up(system: JewelryShop) -> Need:
    """The need of every workload from its live manifest. Raises Unknown when a part of the profile is missing."""
    budget, scalers = read_budget(system), _largest(system)
    demands = [
        *(_deployment(body, scalers, budget) for body in system.cluster.list("deployments", system.namespace)),
        *(_plain(body, budget) for body in system.cluster.list("statefulsets", system.namespace)),
        *(_job(body, budget) for body in system.cluster.list("jobs", system.namespace)),
        *(_stranger(body, budget) for body in system.cluster.list("pods", system.namespace) if _is_stranger(body)),
    ]
    missing = {part.name for part in system.profile.parts.values()} - {demand.name for demand in demands}
    if missing:
        raise Unknown(f"the need of {', '.join(sorted(missing))} is not known: there is no such part")
    return Need(lines_of(demands, budget))


def lines_of(demands: Sequence[Demand], budget: Budget) -> list[Line]:
    """Every line of the budget; what is not computed from sizes is what is used now."""
    need: Counter[str] = Counter()
    for demand in demands:
        need["pods"] += demand.instances
        for name, figure in demand.each.items():
            need[name] += figure * demand.instances  # type: ignore[assignment]  # a Counter counts Decimals as well
    used = budget.used
    return [
        Line(name, Decimal(need[_plain_name(name)]) if name in _COMPUTED else used.get(name, Decimal(0)), hard)
        for name, hard in budget.hard.items()
    ]


def _plain_name(line: str) -> str:
    return {"count/pods": "pods", "cpu": "requests.cpu", "memory": "requests.memory"}.get(line, line)


def _largest(system: JewelryShop) -> Mapping[str, int]:
    """The largest size of each workload that an autoscaler steers: what it may make of it, or what was agreed."""
    found = system.cluster.list("horizontalpodautoscalers", system.namespace)
    sizes = {body["spec"]["scaleTargetRef"]["name"]: int(body["spec"]["maxReplicas"]) for body in found}
    agreed = system.profile.autoscaler
    for body in found:
        if body["metadata"]["name"] == agreed.name:
            name = body["spec"]["scaleTargetRef"]["name"]
            sizes[name] = max(sizes[name], agreed.max)
    return sizes


def _deployment(body: Json, scalers: Mapping[str, int], budget: Budget) -> Demand:
    name, spec = body["metadata"]["name"], body["spec"]
    size = scalers.get(name, int(spec.get("replicas", 1)))
    return Demand(name, size + surge(spec.get("strategy", {}), size), each_of(spec["template"]["spec"], budget))


def surge(strategy: Json, size: int) -> int:
    """Further instances while a part of this size is replaced."""
    if strategy.get("type") == "Recreate":
        return 0
    told = str(strategy.get("rollingUpdate", {}).get("maxSurge", _USUAL_SURGE))
    return math.ceil(size * int(told.removesuffix("%")) / _PERCENT) if told.endswith("%") else int(told)


def _plain(body: Json, budget: Budget) -> Demand:
    spec = body["spec"]
    return Demand(body["metadata"]["name"], int(spec.get("replicas", 1)), each_of(spec["template"]["spec"], budget))


def _job(body: Json, budget: Budget) -> Demand:
    spec = body["spec"]
    return Demand(body["metadata"]["name"], int(spec.get("parallelism", 1)), each_of(spec["template"]["spec"], budget))


def _is_stranger(body: Json) -> bool:
    finished = body.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not finished and not body["metadata"].get("ownerReferences")


def _stranger(body: Json, budget: Budget) -> Demand:
    return Demand(body["metadata"]["name"], 1, each_of(body["spec"], budget))


def each_of(spec: Json, budget: Budget) -> Amounts:
    """What one instance takes: the sum of its containers or its largest first step, with the usual sizes filled in."""
    found: dict[str, Decimal] = {}
    usual = {"requests": budget.sizes("defaultRequest"), "limits": budget.sizes("default")}
    for kind in ("requests", "limits"):
        running = [_sizes(container, kind, usual) for container in spec.get("containers", [])]
        first = [_sizes(container, kind, usual) for container in spec.get("initContainers", [])]
        for measure in ("cpu", "memory"):
            together = sum((sizes.get(measure, Decimal(0)) for sizes in running), Decimal(0))
            found[f"{kind}.{measure}"] = max([together, *(sizes.get(measure, Decimal(0)) for sizes in first)])
    return found


def _sizes(container: Json, kind: str, usual: Mapping[str, Amounts]) -> Amounts:
    given = container.get("resources", {})
    own = amounts(given.get(kind))
    # What asks for nothing but has a limit is given its limit.
    implied = amounts(given.get("limits")) if kind == "requests" else {}
    return {**usual[kind], **implied, **own}


def leaves(percent: Decimal) -> ComplaintMatcher[Need]:
    """Matches when so much of every line of the budget is left."""

    def complaints(need: Need) -> list[str]:
        if not need.lines:
            return ["there is no budget at all"]
        found = [str(line) for line in need.lines if line.left < percent]
        pods = [line for line in need.lines if line.name in ("pods", "count/pods") and line.left < 0]
        return [f"quota forbids further pods: {line}" for line in pods] + found

    return without_complaints(f"at least {percent:g} % of every line left", complaints)
