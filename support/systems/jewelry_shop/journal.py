"""Questions with an id, and the journals of the parts in which that id must, or must not, be found again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from support.clients.http import Answer, request_id
from support.cluster import ApiError
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown, throughout
from support.world import World

_WRITTEN_S = 10.0  # seconds until a line is in the journal that the cluster shows; usually well below one
_UNSEEN_S = 2.0  # seconds for which a question must stay unseen: a line that is to come has come by then
_RECENT_S = 120  # seconds of journal that are read: a scenario's questions are younger
_HEALTH = "/health/"
_MARK = "HTTP_STATUS:"


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions that were asked, by id."""

    answers: Sequence[Answer]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the questions."""
        return frozenset(answer.request_id for answer in self.answers)

    def __str__(self) -> str:
        return f"{len(self.answers)} questions, answered {sorted({answer.status for answer in self.answers})}"


def ask_from_the_front(system: JewelryShop) -> Asked:
    """The health page under its internal name, on each published port, asked by an instance of the front.

    Raises Unknown when no instance of the front is ready.
    """
    pods = system.parts.ready_pods("nginx")
    if not pods:
        raise Unknown("no ready instance of the front can ask")
    service = system.profile.services.django
    return Asked([_curl(system, pods[0].name, f"http://{service.name}:{port}{_HEALTH}") for port in service.ports])


def _curl(system: JewelryShop, pod: str, url: str) -> Answer:
    asked = request_id(system.run)
    command = ["curl", "-s", "-S", "--max-time", "5", "-H", f"X-Request-ID: {asked}"]
    command += ["-w", f"\n{_MARK}%{{http_code}} %{{time_total}}", url]
    told = system.cluster.exec(system.namespace, pod, command, container=system.profile.part("nginx").container)
    text, _, figures = told.stdout.rpartition(f"\n{_MARK}")
    status, seconds = figures.split() if figures else ("0", "0")
    return Answer("GET", url, int(status), text, {"x-request-id": asked}, float(seconds), told.stderr.strip())


def ask_as_customers(system: JewelryShop, number: int) -> Asked:
    """So many customers ask for the shop under its public name, one after the other."""
    batch = f"hf-{system.run}-{secrets.token_hex(3)}"
    return Asked([system.way.send("GET", _HEALTH, headers={"X-Request-ID": f"{batch}-{i:03}"}) for i in range(number)])


def ask_for_unknown_name(system: JewelryShop) -> Asked:
    """A customer asks the same machine for a name that nobody has."""
    return Asked([system.way.send("GET", _HEALTH, headers={"Host": "nobody.invalid"})])


def is_well(seconds: float, version: str = "") -> ComplaintMatcher[Asked]:
    """Matches when every question was answered 200 "ok" by the application, in time, in the configured version."""

    def complaints(asked: Asked) -> list[str]:
        found = [] if asked.answers else ["nobody asked"]
        for answer in asked.answers:
            if answer.status != 200 or answer.told("status") != "ok":
                found.append(str(answer))
            elif answer.seconds > seconds:
                found.append(f"{answer.path} took {answer.seconds:.2f} s")
            elif version and answer.told("version") != version:
                found.append(f"{answer.path} tells version {answer.told('version')}, configured is {version}")
        return found

    return without_complaints(f"every question answered well within {seconds:g} s", complaints)


@dataclass(frozen=True, slots=True)
class Journals:
    """Which of the questions each living instance has in its journal."""

    wanted: frozenset[str]
    by_pod: Mapping[str, Mapping[str, frozenset[str]]]  # part -> pod -> ids

    def known_to(self, part: str) -> frozenset[str]:
        """The ids that any instance of a part knows."""
        return frozenset(one for ids in self.by_pod[part].values() for one in ids)

    def __str__(self) -> str:
        counts = [f"{pod} {len(ids)}" for pods in self.by_pod.values() for pod, ids in pods.items()]
        return f"of {len(self.wanted)} questions known to: {', '.join(counts)}"


def read_journals(system: JewelryShop, asked: Asked, parts: Iterable[str]) -> Journals:
    """Looks for the questions in the recent journals of all ready instances of these parts."""
    found = {}
    for part in parts:
        container = system.profile.part(part).container
        pods = [pod.name for pod in system.parts.ready_pods(part)]
        found[part] = {pod: _ids_in(system, pod, container, asked.ids) for pod in pods}
    return Journals(asked.ids, found)


def _ids_in(system: JewelryShop, pod: str, container: str, wanted: frozenset[str]) -> frozenset[str]:
    try:
        text = system.cluster.logs(system.namespace, pod, container, since_s=_RECENT_S)
    except ApiError as error:
        raise Unknown(f"the journal of {pod} cannot be read: {error}") from error
    return frozenset(_request_ids(text) & wanted)


def _request_ids(text: str) -> set[str]:
    found = set()
    for line in text.splitlines():
        if '"request_id"' in line:
            try:
                found.add(str(json.loads(line).get("request_id")))
            except ValueError:
                continue  # a line that was cut, or is not ours
    return found


def know_every_question() -> ComplaintMatcher[Journals]:
    """Matches when each part knows every question."""

    def complaints(journals: Journals) -> list[str]:
        missing = {part: journals.wanted - journals.known_to(part) for part in journals.by_pod}
        return [
            f"{len(ids)} of {len(journals.wanted)} questions are not in the journal of {part}"
            for part, ids in missing.items()
            if ids
        ]

    return without_complaints("every question in the journals", complaints)


def every_instance_served() -> ComplaintMatcher[Journals]:
    """Matches when every ready instance of each part knows at least one of the questions."""

    def complaints(journals: Journals) -> list[str]:
        found = [f"{part} has no ready instance" for part, pods in journals.by_pod.items() if not pods]
        idle = [pod for pods in journals.by_pod.values() for pod, ids in pods.items() if not ids]
        return found + [f"{pod} has served none of {len(journals.wanted)}" for pod in idle]

    return without_complaints("at least one question served by every ready instance", complaints)


def know_no_question() -> ComplaintMatcher[Journals]:
    """Matches when no instance knows any of the questions."""

    def complaints(journals: Journals) -> list[str]:
        return [f"{part} has seen the question" for part in journals.by_pod if journals.known_to(part)]

    return without_complaints("the question in no journal", complaints)


def demand_known(world: World, parts: Sequence[str]) -> None:
    """Raises Broken unless each part's journals come to know every question that was asked."""
    asked = world.things.get(Asked)
    reason = "A question of a customer is not in the journals"
    world.eventually(lambda _: read_journals(world.jewelry, asked, parts), know_every_question(), _WRITTEN_S, reason)


def demand_spread(world: World, parts: Sequence[str]) -> None:
    """Raises Broken unless every ready instance of these parts has served one of the questions."""
    asked = world.things.get(Asked)
    reason = "An instance stands idle while customers come"
    world.eventually(lambda _: read_journals(world.jewelry, asked, parts), every_instance_served(), _WRITTEN_S, reason)


def demand_unknown(world: World, parts: Sequence[str]) -> None:
    """Raises Broken when a question turns up in the journals of these parts."""
    asked = world.things.get(Asked)
    reason = "A question under an unknown name has reached the shop"
    throughout(lambda _: read_journals(world.jewelry, asked, parts), know_no_question(), _UNSEEN_S, reason, every=1.0)
