"""The shop's resource budget: its figures, whether they are enforced, and whether growth fits into them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity

from support.cluster import ApiError, Json
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Profile, Sizes
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown
from support.world import World

_MEASURES = ("cpu", "memory")
_PODS = ("pods", "count/pods")  # the lines of a budget that count instances
_TOO_MUCH = Decimal("1.1")  # of the largest size: clearly above it
_RUN, _NEWCOMER = "holdfast.dev/run", "holdfast.dev/newcomer"
# No machine carries this label: what is let in is seen by the admission, but never started.
_NOWHERE = {"holdfast.dev/nowhere": "true"}

Amounts = Mapping[str, Decimal]


def amount(text: object) -> Decimal:
    """A figure of Kubernetes, such as 200m or 1Gi, as a number."""
    parse: Callable[[object], Decimal] = parse_quantity  # untyped in its package
    return parse(text)


def amounts(figures: Mapping[str, object] | None) -> dict[str, Decimal]:
    """Figures by name as numbers."""
    return {name: amount(text) for name, text in (figures or {}).items()}


@dataclass(frozen=True, slots=True)
class Budget:
    """What the cluster enforces, beside what was agreed."""

    quotas: Sequence[Json]
    ranges: Sequence[Json]
    profile: Profile

    @property
    def hard(self) -> dict[str, Decimal]:
        """Each line of the budget; where several quotas name it, the tightest counts."""
        found: dict[str, Decimal] = {}
        for quota in self.quotas:
            for line, figure in amounts(quota["spec"].get("hard")).items():
                found[line] = min(figure, found.get(line, figure))
        return found

    @property
    def used(self) -> dict[str, Decimal]:
        """What is used of each line now, as the cluster counts it."""
        return {line: figure for quota in self.quotas for line, figure in _status(quota, "used").items()}

    def sizes(self, name: str) -> dict[str, Decimal]:
        """One row of the sizes of a single container: max, default or defaultRequest."""
        return {measure: figure for row in self._rows() for measure, figure in amounts(row.get(name)).items()}

    def _rows(self) -> list[Json]:
        return [row for body in self.ranges for row in body["spec"]["limits"] if row["type"] == "Container"]

    def contradictions(self) -> list[str]:
        """Sizes of a single instance that two rules give differently: the cluster enforces both."""
        found = []
        for name in ("max", "default", "defaultRequest"):
            told = [pair for row in self._rows() for pair in amounts(row.get(name)).items()]
            for measure in sorted({measure for measure, _ in told}):
                figures = sorted({figure for other, figure in told if other == measure})
                if len(figures) > 1:
                    both = " and ".join(map(_shown, figures))
                    found.append(f"the {name} of a single instance has {measure} {both} in different rules")
        return found

    def further_rules(self) -> list[str]:
        """Rules about sizes that nobody has agreed on."""
        rows = [row for body in self.ranges for row in body["spec"]["limits"]]
        agreed = {"type", "max", "default", "defaultRequest"}
        kinds = [f"a rule for every {row['type']}" for row in rows if row["type"] != "Container"]
        return kinds + [f"a rule about {name}" for row in rows for name in sorted(set(row) - agreed) if row[name]]

    def complaints(self) -> list[str]:
        """Where the figures are not exactly the agreed ones, both ways, or not in force."""
        if not self.quotas:
            return ["there is no budget at all"]
        found = _differences("the budget", self.hard, amounts(self.profile.quota))
        agreed = agreed_sizes(self.profile)
        rows = {"max": agreed.max, "default": agreed.default, "defaultRequest": agreed.default_request}
        for name, figures in rows.items():
            found += _differences(f"the {name} of a single instance", self.sizes(name), amounts(figures))
        found += self.contradictions()
        found += [f"{rule} was not agreed" for rule in self.further_rules()]
        for quota in self.quotas:
            if _status(quota, "hard") != amounts(quota["spec"].get("hard")):
                found.append(f"{quota['metadata']['name']} is not in force: the cluster has not taken it up")
        return found

    def __str__(self) -> str:
        return ", ".join(f"{line} {figure:f}" for line, figure in self.hard.items())


def _status(quota: Json, name: str) -> dict[str, Decimal]:
    return amounts(quota.get("status", {}).get(name))


def _differences(title: str, seen: Amounts, agreed: Amounts) -> list[str]:
    return [
        f"{title} has {line} {_shown(seen.get(line))} instead of {_shown(agreed.get(line))}"
        for line in sorted({*seen, *agreed})
        if seen.get(line) != agreed.get(line)
    ]


def _shown(figure: Decimal | None) -> str:
    return "nothing" if figure is None else f"{figure.normalize():f}"


def agreed_sizes(profile: Profile) -> Sizes:
    """The sizes of a single instance. Raises Unknown when the profile agrees on none."""
    if profile.sizes is None:
        raise Unknown("the profile agrees on no sizes of a single instance (key `sizes`)")
    return profile.sizes


def forbids_pods(budget: Budget, more: int) -> list[str]:
    """Why so many further pods would not be let in beside those of now; their sizes are not looked at."""
    lines = [(budget.hard[line], budget.used.get(line, Decimal(0))) for line in _PODS if line in budget.hard]
    short = [(hard, used) for hard, used in lines if hard - used < more]
    return [
        f"quota forbids further pods: {used:f} of {hard:f} are there, {more} more would be the largest size"
        for hard, used in short
    ]


def read_budget(system: JewelryShop) -> Budget:
    """The budget as it stands."""
    quotas = system.cluster.list("resourcequotas", system.namespace)
    return Budget(quotas, system.cluster.list("limitranges", system.namespace), system.profile)


def has_the_agreed_figures() -> ComplaintMatcher[Budget]:
    """Matches when every figure is the agreed one, none is missing, and none was added."""
    return without_complaints("exactly the agreed figures", Budget.complaints)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Something that somebody wanted to start: what became of it, and what is left of it."""

    demand: str
    created: Json | None  # as the cluster has taken it, None when it was refused
    refusal: str
    left_behind: Sequence[str]


def _of(system: JewelryShop, measure: str) -> Decimal:
    return amount(agreed_sizes(system.profile).max[measure])


def _bigger(measure: str) -> Callable[[JewelryShop], list[Json]]:
    def sizes(system: JewelryShop) -> list[Json]:
        figure = _of(system, measure) * _TOO_MUCH
        # Processor time in thousandths, memory in whole bytes.
        text = f"{math.ceil(figure * 1000)}m" if measure == "cpu" else str(math.ceil(figure))
        return [{"limits": {measure: text}, "requests": {measure: text}}]

    return sizes


def _everything(system: JewelryShop) -> list[Json]:
    largest = agreed_sizes(system.profile).max
    number = math.floor(amount(system.profile.quota["limits.memory"]) / _of(system, "memory")) + 1
    return [{"limits": largest, "requests": largest}] * number


@dataclass(frozen=True, slots=True)
class _Demand:
    sizes: Callable[[JewelryShop], list[Json]]  # of each container
    rule: str  # what the refusal must name, in the cluster's own words; empty when it must be let in


_DEMANDS: Mapping[str, _Demand] = {
    "more memory than one instance may have": _Demand(_bigger("memory"), "maximum memory usage per Container"),
    "more processor time than one instance may have": _Demand(_bigger("cpu"), "maximum cpu usage per Container"),
    "more than the whole budget": _Demand(_everything, "exceeded quota"),
    "no sizes of its own": _Demand(lambda _: [{}], ""),
}


def demands() -> dict[str, str]:
    """The known demands, for the vocabulary."""
    return {name: name for name in _DEMANDS}


def start_newcomer(world: World, demand: str) -> Newcomer:
    """Tries to start something with these sizes; it is never run, and removed at the scenario's end.

    Raises Unknown when the suite may not start anything: then a refusal says nothing about the budget.
    """
    system = world.jewelry
    if not system.cluster.allowed("create", "pods", system.namespace):
        raise Unknown("the suite may not start anything here, so nobody knows what the budget would refuse")
    name = f"newcomer-{secrets.token_hex(4)}"
    body = _pod(name, world.suite.run, _DEMANDS[demand].sizes(system), _image(system))
    world.clean_ups.add(
        f"remove the newcomer {name}", lambda: system.cluster.delete("pods", name, system.namespace, grace=0)
    )
    created, refusal = None, ""
    try:
        created = system.cluster.create("pods", body, system.namespace)
    except ApiError as error:
        refusal = error.message
    left = system.cluster.list("pods", system.namespace, f"{_NEWCOMER}={name}")
    return Newcomer(demand, created, refusal, [pod["metadata"]["name"] for pod in left])


def _image(system: JewelryShop) -> str:
    pods = system.cluster.list("pods", system.namespace, system.profile.part("nginx").selector)
    return str(pods[0]["spec"]["containers"][0]["image"]) if pods else "none"  # never pulled: it is never run


def _pod(name: str, run: str, sizes: Sequence[Json], image: str) -> Json:
    containers = [
        {"name": f"idle-{number}", "image": image, "resources": dict(one)} for number, one in enumerate(sizes)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {_RUN: run, _NEWCOMER: name, "app": "idle"}},
        "spec": {
            "nodeSelector": _NOWHERE,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": containers,
        },
    }


def is_refused_by_its_rule() -> ComplaintMatcher[Newcomer]:
    """Matches a newcomer that was refused with the rule named, and of which nothing is left."""

    def complaints(seen: Newcomer) -> list[str]:
        rule = _DEMANDS[seen.demand].rule
        found = [f"{seen.demand} was let in"] if seen.created else []
        if not seen.created and rule.lower() not in seen.refusal.lower():
            found.append(f'the refusal does not name the rule "{rule}": {seen.refusal}')
        if seen.left_behind and not seen.created:
            found.append(f"{', '.join(seen.left_behind)} is left behind")
        return found

    return without_complaints("a refusal that names its rule, and nothing left behind", complaints)


def has_the_agreed_sizes(profile: Profile) -> ComplaintMatcher[Newcomer]:
    """Matches a newcomer without sizes that was given the agreed ones."""

    def complaints(seen: Newcomer) -> list[str]:
        if seen.created is None:
            return [f"it was refused: {seen.refusal}"]
        given, agreed = seen.created["spec"]["containers"][0].get("resources", {}), agreed_sizes(profile)
        found = _differences("its largest size", amounts(given.get("limits")), amounts(agreed.default))
        return found + _differences(
            "its reserved size", amounts(given.get("requests")), amounts(agreed.default_request)
        )

    return without_complaints("the agreed sizes of something that brings none", complaints)
