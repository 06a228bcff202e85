"""What a person would look up first when the shop is in trouble, read at once, with every cause named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from support.cluster import ApiError, Json
from support.cluster.selectors import selects
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.database import agrees_on_one_leader
from support.systems.jewelry_shop.effective import failover_settings
from support.systems.jewelry_shop.parts import are_complete
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Deadline, Unknown

PROMISED_TAKEOVER_S = 30.0  # the business limit of a failover (JS-503)
_METRICS = "v1beta1.metrics.k8s.io"
_FIGURES_S = 60.0  # seconds until the use of new instances is promised to be known (JS-1003)
_LOOK_S = 10.0  # seconds for one look at all database members
_HISTORY = 3  # changes of leadership that are shown: the present leader's and the two before
_LINES = 10  # a cause that stands further down is one that a person still searches for


@dataclass(frozen=True, slots=True)
class Finding:
    """One area: how it is, in words, and what is wrong with it."""

    area: str
    seen: Sequence[str]
    causes: Sequence[str] = field(default_factory=tuple)

    def lines(self) -> list[str]:
        """The causes first, each on its own line, then what was seen."""
        return [*(f"Cause: {cause}" for cause in self.causes), *self.seen]

    def __str__(self) -> str:
        return "; ".join(self.lines())


def diagnose(system: JewelryShop, area: str) -> Finding:
    """A fresh look at one area. Raises ApiError or Unknown when it cannot be looked at."""
    seen, causes = _LOOKS[area](system)
    return Finding(area, seen, causes)


def observer_of(system: JewelryShop, area: str) -> Callable[[Deadline], Finding]:
    """An observation of one area for `eventually`."""
    return lambda _: diagnose(system, area)


def known_causes(system: JewelryShop) -> list[str]:
    """The causes in all areas that can be looked at without changing anything; what cannot be read is left out."""
    found: list[str] = []
    for area in ("parts", "growth", "failover", "fences"):
        try:
            found += diagnose(system, area).causes
        except (ApiError, Unknown, ValueError, KeyError):
            continue
    return found


def tells_how_it_is() -> ComplaintMatcher[Finding]:
    """Matches a diagnosis that says something, and its causes within the first ten lines."""

    def complaints(finding: Finding) -> list[str]:
        if not [line for line in finding.seen if line.strip()]:
            return [f"the diagnosis of the {finding.area} says nothing"]
        first = "\n".join(finding.lines()[:_LINES])
        return [f"not within the first {_LINES} lines: {cause}" for cause in finding.causes if cause not in first]

    return without_complaints(f"how it is, and every cause within {_LINES} lines", complaints)


def names_no_cause() -> ComplaintMatcher[Finding]:
    """Matches when nothing is wrong; otherwise the causes are what the reader sees."""
    return without_complaints("no cause of trouble", lambda finding: finding.causes)


Look = tuple[Sequence[str], Sequence[str]]


def _parts(system: JewelryShop) -> Look:
    states = system.parts.states()
    return [str(state) for state in states], list(are_complete().complaints(states))


def _database(system: JewelryShop) -> Look:
    """What the members say, and what the application says when it is asked to write."""
    view = system.database.view(Deadline(_LOOK_S))
    followers = int(str(system.profile.part("database").number)) - 1
    answer, _ = system.shops.request("Diagnosis")
    told = [] if answer.status == 201 else [cause_of(answer)]
    wrong = [*told, *agrees_on_one_leader(followers).complaints(view)]
    return [str(view), f"a write through the application: {told[0] if told else 'confirmed'}"], wrong


def _growth(system: JewelryShop) -> Look:
    body = system.cluster.get("horizontalpodautoscalers", system.profile.autoscaler.name, system.namespace)
    bad = [one for one in body.get("status", {}).get("conditions", []) if _refuses(one)]
    metrics = _metrics(system)
    causes = [f"autoscaler has no metrics: {metrics}"] if metrics else []
    causes += [f"autoscaler {one['type']}: {one.get('reason')} ({one.get('message')})" for one in bad]
    status: Mapping[str, object] = body.get("status", {})
    counts = f"{status.get('currentReplicas')} instances, {status.get('desiredReplicas')} desired"
    return [f"{system.profile.autoscaler.name}: {counts}", f"metrics: {metrics or 'available'}"], causes


def _refuses(condition: Json) -> bool:
    wrong = condition["type"] in ("AbleToScale", "ScalingActive") and condition["status"] == "False"
    return wrong and not _is_young(condition)


def _is_young(condition: Json) -> bool:
    """So it speaks for a while after the start of instances, or of the metrics API, which is no cause of anything."""
    message, since = str(condition.get("message")), condition.get("lastTransitionTime")
    if "no metrics returned" in message and since:
        return (datetime.now(UTC) - datetime.fromisoformat(str(since))).total_seconds() < _FIGURES_S
    return "pods might be unready" in message


def _metrics(system: JewelryShop) -> str:
    """Why there are no metrics; empty when there are."""
    try:
        conditions = system.cluster.get("apiservices", _METRICS).get("status", {}).get("conditions", [])
    except ApiError as error:
        return f"metrics API not available ({error})"
    available = [one for one in conditions if one["type"] == "Available"]
    if any(one["status"] == "True" for one in available):
        return ""
    return f"metrics API not available ({', '.join(str(one.get('reason')) for one in available)})"


def _failover(system: JewelryShop) -> Look:
    live = system.database.settings()
    if not live:
        raise Unknown("the live settings of the failover cannot be read")
    app = system.cluster.get("configmaps", system.profile.settings.app, system.namespace).get("data", {})
    settings = failover_settings(live, app)
    history = [" ".join(map(str, entry[:5])) for entry in system.database.history()[-_HISTORY:]]
    seen = [", ".join(f"{name} {value}" for name, value in settings.lines()), str(settings.takeover())]
    paused = ["nobody takes over: the failover is paused"] if live.get("pause") else []
    seen.append(f"history: {'; '.join(history) or 'no change of leadership yet'}")
    return seen, [*settings.blame(PROMISED_TAKEOVER_S), *paused]


def _fences(system: JewelryShop) -> Look:
    """Whether every instance stands behind a fence; whether the fences hold is tried by JS-902."""
    policies = system.cluster.list("networkpolicies", system.namespace)
    pods = [pod for word in system.profile.parts for pod in system.parts.pods(word)]
    open_ones = [
        pod.name
        for pod in pods
        if not any(selects(policy["spec"].get("podSelector", {}), pod.labels) for policy in policies)
    ]
    names = ", ".join(sorted(policy["metadata"]["name"] for policy in policies))
    causes = [f"open fence: {name} stands behind none" for name in open_ones]
    return [
        f"{len(policies)} fences: {names or 'none'}",
        f"{len(pods) - len(open_ones)} of {len(pods)} behind one",
    ], causes


_LOOKS: Mapping[str, Callable[[JewelryShop], Look]] = {
    "parts": _parts,
    "database": _database,
    "growth": _growth,
    "failover": _failover,
    "fences": _fences,
}
