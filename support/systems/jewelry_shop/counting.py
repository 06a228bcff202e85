"""The shop's own counters beside the traffic that it has served."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown
from support.world import World

_RESPONSES = "django_http_responses_total_by_status_view_method_total"
_SALES = "shop_sales_confirmed_total"
_LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# Views that answer probes and whoever reads the counters: nobody whose requests the suite has counted.
_PROBES = re.compile(r"health|metrics|prometheus", re.IGNORECASE)
_READ_EVERY = 20  # requests between two readings of every instance
_READINGS = 3  # readings of each instance straight after each other: each may come from another process
_TOTAL = ("_total", "_count", "_bucket", "_sum")  # endings of what may only rise

Reading = Mapping[tuple[str, str], float]  # counter and its labels


def read_text(text: str) -> Reading:
    """The counters of one page; gauges are left out, and so is when a counter was made."""
    types: dict[str, str] = {}
    found: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            types[name] = kind
        elif match := _LINE.match(line):
            name = match["name"]
            base = next((name.removesuffix(end) for end in _TOTAL if name.endswith(end)), name)
            if "gauge" not in (types.get(name), types.get(base)) and name.endswith(_TOTAL):
                found[name, match["labels"] or ""] = float(match["value"])
    return found


def labels_of(text: str) -> Mapping[str, str]:
    """The labels of one counter."""
    return dict(_LABEL.findall(text))


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests and sales of the suite, and what every instance counted meanwhile, reading by reading."""

    asked: int
    sold: int
    readings: Mapping[str, Sequence[Reading]]  # by instance, in order

    def risen(self, name: str, **wanted: str) -> float:
        """By how much a counter has risen over all instances, probes left out."""
        return sum(_sum(all_[-1], name, wanted) - _sum(all_[0], name, wanted) for all_ in self.readings.values())

    def __str__(self) -> str:
        return f"{self.asked} requests asked, {self.risen(_RESPONSES, method='GET', status='200'):g} counted"


def _sum(reading: Reading, name: str, wanted: Mapping[str, str]) -> float:
    total = 0.0
    for (counter, text), value in reading.items():
        labels = labels_of(text) if counter == name else {}
        fits = counter == name and all(labels.get(key) == one for key, one in wanted.items())
        if fits and not _PROBES.search(labels.get("view", "")):
            total += value
    return total


def count(world: World, requests: int, sales: int) -> Counted:
    """The sales person looks at the own profile so many times, and sells; the counters are read all the while.

    Raises Unknown when a request was not served, or when instances came or went: then nothing can be compared.
    """
    system, store = world.jewelry, world.things.get(Store)
    pods = system.parts.ready_pods("django")
    readings: dict[str, list[Reading]] = {pod.name: [] for pod in pods}
    _read_all(system, pods, readings)
    for index in range(requests):
        answer = store.till.profile()
        if answer.status != 200:
            raise Unknown(f"request {index + 1} of {requests} was not served: {answer}")
        if index % _READ_EVERY == _READ_EVERY - 1:
            _read_all(system, pods, readings)
    for index in range(sales):
        answer = store.sell((store.pieces[0], 1))
        if answer.status != 201:
            raise Unknown(f"sale {index + 1} of {sales} was not confirmed: {answer}")
    _read_all(system, pods, readings)
    now = system.parts.ready_pods("django")
    if {(pod.uid, pod.restarts) for pod in now} != {(pod.uid, pod.restarts) for pod in pods}:
        raise Unknown("instances of the application came or went while their counters were compared")
    return Counted(requests, sales, readings)


def _read_all(system: JewelryShop, pods: Sequence[Pod], readings: Mapping[str, list[Reading]]) -> None:
    for pod in pods:
        for _ in range(_READINGS):
            answer = system.instance(pod).send("GET", "/metrics")
            if answer.status != 200:
                raise Unknown(f"the counters of {pod.name} cannot be read: {answer}")
            readings[pod.name].append(read_text(answer.text))


def match_the_traffic() -> ComplaintMatcher[Counted]:
    """Matches counters that have risen by exactly what was served."""

    def complaints(counted: Counted) -> list[str]:
        if not counted.readings:
            raise Unknown("no instance of the application was ready to be read")
        found = []
        pairs = [
            ("answered requests", counted.risen(_RESPONSES, method="GET", status="200"), counted.asked),
            ("answered sales", counted.risen(_RESPONSES, method="POST", status="201"), counted.sold),
            ("confirmed sales", counted.risen(_SALES), counted.sold),
        ]
        for what, risen, served in pairs:
            if risen != served:
                found.append(f"counters differ from the traffic served: {what} rose by {risen:g} instead of {served}")
        return found

    return without_complaints("counters that rose by exactly what was served", complaints)


def never_go_back() -> ComplaintMatcher[Counted]:
    """Matches readings of which none of an instance is lower than an earlier one, and none has lost a counter."""

    def complaints(counted: Counted) -> list[str]:
        found = []
        for pod, all_ in counted.readings.items():
            back = Counter(
                name
                for earlier, later in pairwise(all_)
                for (name, labels), value in earlier.items()
                if later.get((name, labels), -1.0) < value
            )
            if back:
                name, times = back.most_common(1)[0]
                found.append(f"counters of {pod} went back {back.total()} times, {name} {times} times")
        few = [pod for pod, all_ in counted.readings.items() if len(all_) < 2]  # nothing to compare with
        if few or not counted.readings:
            raise Unknown(f"too few readings of {', '.join(few) or 'every instance'}")
        return found

    return without_complaints("no reading lower than an earlier one of the same instance", complaints)
