"""The autoscaler of the application: what it sees, what it holds, and what use and target give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from support.cluster import ApiError, Json, NotFound
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Autoscaler
from support.systems.jewelry_shop.system import JewelryShop
from support.world import World

CPU, MEMORY = "cpu", "memory"
NAMES = {CPU: "processor", MEMORY: "memory"}
NO_METRICS = "autoscaler has no metrics: metrics API not available"
SLACK = 0.9  # the autoscaler leaves differences of a tenth alone
_CONDITIONS = ("AbleToScale", "ScalingActive")
_FACTORS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
}


def quantity(text: str) -> float:
    """The number behind a quantity such as "150m" or "280Mi"."""
    digits = text.rstrip("numkMGKi")
    return float(digits) * _FACTORS[text[len(digits) :]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the metrics API tells of the application's instances; `error` when it does not answer."""

    use: Mapping[str, float] = field(default_factory=dict)  # cores and bytes of all instances together
    ages: Mapping[str, float] = field(default_factory=dict)  # seconds, by instance
    error: str = ""


@dataclass(frozen=True, slots=True)
class AutoscalerView:
    """The autoscaler at one moment."""

    exists: bool
    steers: str = ""  # kind and name
    minimum: int = 0
    maximum: int = 0
    targets: Mapping[str, str] = field(default_factory=dict)  # by resource, as set: "300 %", "280Mi"
    further: Sequence[str] = ()  # targets beside one of each resource
    sees: Mapping[str, str] = field(default_factory=dict)  # by resource, its own present value
    conditions: Mapping[str, str] = field(default_factory=dict)  # those that are not well, and why
    desired: int = 0
    figures: Figures = field(default_factory=Figures)
    instances: Sequence[str] = ()  # ready ones

    def __str__(self) -> str:
        seen = ", ".join(f"{NAMES.get(name, name)} {value}" for name, value in self.sees.items()) or "nothing"
        return f"sees {seen}; holds {self.minimum} to {self.maximum}; wants {self.desired}"


def read_figures(system: JewelryShop) -> Figures:
    """Use of the application's instances, each with the age of its figure."""
    try:
        found = system.cluster.list("podmetrics", system.namespace, system.profile.part("django").selector)
    except ApiError as error:
        return Figures(error=str(error))
    now = datetime.now(UTC)
    use = {CPU: 0.0, MEMORY: 0.0}
    for body in found:
        for container in body.get("containers", []):
            for name in use:
                use[name] += quantity(container.get("usage", {}).get(name, "0"))
    ages = {
        body["metadata"]["name"]: (now - datetime.fromisoformat(body["timestamp"])).total_seconds() for body in found
    }
    return Figures(use if found else {}, ages)


def read_autoscaler(system: JewelryShop) -> AutoscalerView:
    """The autoscaler with the figures that it decides by."""
    try:
        body = system.cluster.get("horizontalpodautoscalers", system.profile.autoscaler.name, system.namespace)
    except NotFound:
        return AutoscalerView(exists=False)
    names = [pod.name for pod in system.parts.ready_pods("django")]
    return view_of(body, read_figures(system), names)


def view_of(body: Json, figures: Figures, instances: Sequence[str]) -> AutoscalerView:
    """The view from the object that Kubernetes shows."""
    spec, status = body["spec"], body.get("status", {})
    conditions = {entry["type"]: entry for entry in status.get("conditions", [])}
    return AutoscalerView(
        exists=True,
        steers=f"{spec['scaleTargetRef']['kind']} {spec['scaleTargetRef']['name']}",
        minimum=int(spec.get("minReplicas", 1)),  # as Kubernetes has it when nothing is set
        maximum=int(spec["maxReplicas"]),
        targets=dict(_values(spec.get("metrics", []), "target")),
        further=_further(spec.get("metrics", [])),
        sees=dict(_values(status.get("currentMetrics") or [], "current")),
        conditions={name: _why(conditions.get(name, {})) for name in _CONDITIONS if _why(conditions.get(name, {}))},
        desired=int(status.get("desiredReplicas", 0)),
        figures=figures,
        instances=instances,
    )


def _values(metrics: Sequence[Json], side: str) -> list[tuple[str, str]]:
    """By resource: the share of what is requested where that is told, else the average."""
    found = []
    for metric in metrics:
        resource = metric.get("resource") or {}
        told = resource.get(side, {})
        if told.get("averageUtilization") is not None:
            found.append((str(resource["name"]), f"{told['averageUtilization']} %"))
        elif told.get("averageValue") is not None:
            found.append((str(resource["name"]), str(told["averageValue"])))
    return found


def _further(metrics: Sequence[Json]) -> list[str]:
    """Targets of anything else, or a second one of the same."""
    names = [str((metric.get("resource") or {}).get("name") or metric.get("type")) for metric in metrics]
    return [name for place, name in enumerate(names) if name not in NAMES or name in names[:place]]


def _why(condition: Json) -> str:
    if condition.get("status") == "True":
        return ""
    return f"{condition.get('reason', 'not told')}: {condition.get('message', '')}"


def sees_fresh_figures(limit: float) -> ComplaintMatcher[AutoscalerView]:
    """Matches when the autoscaler works, sees processor and memory, and no figure is older than `limit` seconds."""

    def complaints(view: AutoscalerView) -> list[str]:
        if not view.exists:
            return ["there is no autoscaler"]
        found = [f"{NO_METRICS} ({view.figures.error})"] if view.figures.error else []
        found += [f"the autoscaler is not {name}: {why}" for name, why in view.conditions.items()]
        found += [f"the autoscaler sees no {word} use" for name, word in NAMES.items() if name not in view.sees]
        if view.figures.error:
            return found
        if not view.instances:
            return [*found, "no instance is ready that figures could be of"]
        found += [f"there is no figure of {name}" for name in view.instances if name not in view.figures.ages]
        old = {name: age for name, age in view.figures.ages.items() if age > limit}
        return found + [f"the figure of {name} is {age:.0f} s old" for name, age in old.items()]

    return without_complaints(f"processor and memory use, no figure older than {limit:g} s", complaints)


def demand_fresh_figures(world: World, limit: float) -> None:
    """Raises Broken unless the autoscaler sees fresh figures; those of a new instance come after a while."""
    reason = "The autoscaler does not see what is used"
    world.eventually(lambda _: read_autoscaler(world.jewelry), sees_fresh_figures(limit), limit, reason)


def holds_what_was_agreed(agreed: Autoscaler, part: str) -> ComplaintMatcher[AutoscalerView]:
    """Matches when the autoscaler steers `part` and holds the profile's targets and sizes, neither more nor less."""
    wanted = {CPU: f"{agreed.cpu_percent} %", MEMORY: agreed.memory_average}

    def complaints(view: AutoscalerView) -> list[str]:
        if not view.exists:
            return ["there is no autoscaler"]
        pairs = [
            ("steers", view.steers, part),
            ("smallest size", view.minimum, agreed.min),
            ("largest size", view.maximum, agreed.max),
        ]
        found = [f"{name} is {seen} instead of {right}" for name, seen, right in pairs if seen != right]
        for name, word in NAMES.items():
            if not _same(view.targets.get(name, ""), wanted[name]):
                found.append(f"target of {word} is {view.targets.get(name) or 'not set'} instead of {wanted[name]}")
        # Each target can make the application grow, and the one that asks for most decides.
        return found + [f"a further target of {NAMES.get(name, name)} was not agreed" for name in view.further]

    return without_complaints(f"{agreed.min} to {agreed.max} instances, {wanted[CPU]} and {wanted[MEMORY]}", complaints)


def _same(seen: str, wanted: str) -> bool:
    if not seen or seen.endswith("%") or wanted.endswith("%"):
        return seen == wanted
    return quantity(seen) == quantity(wanted)


def needed(use: Mapping[str, float], request: float, agreed: Autoscaler, slack: float = 1.0) -> int:
    """Instances that the agreed targets give for this use, within the agreed sizes.

    `request`: cores that one instance asks for. `slack` below 1 asks for no more than the autoscaler must do: it leaves
    differences of a tenth alone.
    """
    share = {
        CPU: use.get(CPU, 0.0) / (request * agreed.cpu_percent / 100),  # percent
        MEMORY: use.get(MEMORY, 0.0) / quantity(agreed.memory_average),
    }
    return min(max(math.ceil(max(share.values()) * slack), agreed.min), agreed.max)


def must_have(use: Mapping[str, float], request: float, agreed: Autoscaler, size: int) -> int:
    """The size that the autoscaler must bring about at this use when it has set `size`: that one, or a larger one."""
    wanted = needed(use, request, agreed)
    return wanted if needed(use, request, agreed, SLACK) > size else size


def requested_cores(system: JewelryShop) -> float:
    """Cores that one instance of the application asks for, all its containers together."""
    part = system.profile.part("django")
    spec = system.cluster.get("deployments", part.name, system.namespace)["spec"]["template"]["spec"]
    asked = [entry.get("resources", {}).get("requests", {}).get(CPU, "0") for entry in spec["containers"]]
    return sum(quantity(text) for text in asked)
