"""Current use of processor and memory, as the cluster knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from support.cluster import ApiError, Json, NotFound
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.system import JewelryShop

_SERVICE = "v1beta1.metrics.k8s.io"
_SKEW_S = 5.0  # seconds by which the clock of a machine may be ahead of the suite's
# The suffixes of Kubernetes quantities that figures of use come with.
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


@dataclass(frozen=True, slots=True)
class Figure:
    """The use of one instance."""

    pod: str
    age: float  # seconds
    containers: Mapping[str, tuple[Decimal, Decimal]]  # processors, bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """Everything that is known of use, beside what is running."""

    running: Mapping[str, frozenset[str]]  # instances and their containers
    figures: Sequence[Figure]
    announced: str  # why the figures are not announced as available; empty when they are
    error: str = ""  # why there are none
    own: frozenset[str] = frozenset()  # instances of the shop: they all do something, a guest may be idle

    def __str__(self) -> str:
        ages = [figure.age for figure in self.figures]
        return f"{len(self.figures)} of {len(self.running)} known, oldest {max(ages, default=0):.0f} s, {self.error}"


def read(system: JewelryShop) -> Usage:
    """Figures first, then the running instances, so that one that has just begun is missing and not forgotten."""
    announced, figures, error = _announced(system), [], ""
    try:
        now = datetime.now(UTC)
        figures = [figure_of(body, now) for body in system.cluster.list("podmetrics", system.namespace)]
    except ApiError as failed:
        error = f"{failed}"
    pods = system.cluster.list("pods", system.namespace)
    running = {pod["metadata"]["name"]: _containers(pod) for pod in pods if _is_running(pod)}
    own = frozenset(pod.name for word in system.profile.parts for pod in system.parts.pods(word))
    return Usage(running, figures, announced, error, own)


def _announced(system: JewelryShop) -> str:
    try:
        service = system.cluster.get("apiservices", _SERVICE)
    except NotFound:
        return "it is not announced at all"
    for one in service.get("status", {}).get("conditions", []):
        if one["type"] == "Available":
            return "" if one["status"] == "True" else f"{one.get('reason')}: {one.get('message')}"
    return "nobody says whether it is available"


def _is_running(pod: Json) -> bool:
    return pod.get("status", {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]


def _containers(pod: Json) -> frozenset[str]:
    return frozenset(one["name"] for one in pod["spec"]["containers"])


def figure_of(body: Json, now: datetime) -> Figure:
    """The figures of one instance as the cluster tells them."""
    age = (now - datetime.fromisoformat(body["timestamp"])).total_seconds()
    used = {
        one["name"]: (quantity(one["usage"].get("cpu", "0")), quantity(one["usage"].get("memory", "0")))
        for one in body.get("containers", [])
    }
    return Figure(body["metadata"]["name"], age, used)


def quantity(text: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    for suffix, factor in _BINARY.items():
        if text.endswith(suffix):
            return Decimal(text.removesuffix(suffix)) * factor
    if text and text[-1] in _SUFFIXES:
        return Decimal(text[:-1]).scaleb(_SUFFIXES[text[-1]])
    return Decimal(text)


def is_known(seconds: float) -> ComplaintMatcher[Usage]:
    """Matches figures above zero of exactly the running instances, none older than so many seconds."""

    def complaints(usage: Usage) -> list[str]:
        if usage.announced or usage.error:
            return [f"autoscaler has no metrics: metrics API not available ({usage.announced or usage.error})"]
        found = [] if usage.running else ["nothing runs"]
        known = {figure.pod for figure in usage.figures}
        found += [f"nothing is known of {name}" for name in sorted(set(usage.running) - known)]
        found += [f"{name} is told of and does not run" for name in sorted(known - set(usage.running))]
        for figure in usage.figures:
            if figure.age > seconds or figure.age < -_SKEW_S:
                found.append(f"the figures of {figure.pod} are {figure.age:.0f} s old")
            lacking = usage.running.get(figure.pod, frozenset()) ^ set(figure.containers)
            found += [f"{figure.pod}: {name} is missing or strange" for name in sorted(lacking)]
            for name, (processors, memory) in figure.containers.items():
                if memory <= 0 or processors < 0 or (processors == 0 and figure.pod in usage.own):
                    found.append(f"{figure.pod} ({name}) uses {processors} processors and {memory} bytes")
        return found

    return without_complaints(f"the use of exactly the running instances, at most {seconds:g} s old", complaints)
