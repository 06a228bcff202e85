"""Journals that can be followed by request, have the agreed fields, and keep every secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from support.clients.http import Answer, request_id
from support.cluster import ApiError, Json
from support.evidence.redaction import REDACTOR, spellings
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.valuations import Valuation, demand_done
from support.waiting import SYSTEM_CLOCK, Unknown
from support.world import World

_WRITTEN_S = 10.0  # seconds until a line is in the journal that the cluster shows
_WORK_S = 15.0  # seconds until a valuation is finished (JS-401)
_SHORTEST = 8  # characters: shorter values stand in ordinary text by accident
_SHORTEST_PART = 20  # characters of a part of a token; a shorter part says nothing
_WRONG = "wrong-9f27c1d4-password"  # what somebody types by mistake is a secret, too
_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_TOKEN = re.compile(r"eyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]{5,}")  # whoever's token it is
_COOKIE = "tenant_sessionid"
# The shop's own services by the profile's word; the migration has no word and is found by its label.
_OWN = ("django", "nginx", "worker", "scheduler")
_MIGRATION = "component=django-migrate"
_FIELDS = ("ts", "level", "service", "pod", "version", "event", "msg")
_LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
# The front's program writes its own troubles in its own form, on another stream that the cluster mixes in.
_FRONT_ERROR = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(?:warn|error|crit|alert|notice)\] ")
_REQUEST = ("request_id", "method", "path", "status")
_MORE = {"django": (*_REQUEST, "route", "duration_ms"), "nginx": _REQUEST}
_JOB = ("job_id", "delivery", "request_id")
_NAMES = {"django": "Django"}


@dataclass(frozen=True, slots=True)
class Traces:
    """What a scenario has done, by the ids under which the journals must know it, and the secrets that it used."""

    requests: Mapping[str, str]  # what was done, and the id of the request
    valuation: Valuation
    trace: str
    secrets: Mapping[str, str] = field(repr=False)  # value, and what it is


def live_a_day(world: World) -> Traces:
    """People sign in, rightly and wrongly, at the till and in the browser, sell, and hand work to the background."""
    system, store = world.jewelry, world.things.get(Store)
    secrets = {_WRONG: "password"}
    done = {
        "a sign-in": _send(system, "POST", "/api/auth/login/", _right(store)),
        "a wrong sign-in": _send(system, "POST", "/api/auth/login/", {**_right(store), "password": _WRONG}),
    }
    expect(done["a sign-in"], answered(200), "The owner cannot sign in")
    expect(done["a wrong sign-in"], answered(401), "A wrong password was not refused")
    tokens = done["a sign-in"].body
    done["a renewed sign-in"] = _send(system, "POST", "/api/auth/refresh/", {"refresh": tokens["refresh"]})
    expect(done["a renewed sign-in"], answered(200), "A sign-in cannot be renewed")
    # Before the sale: its sum is that of the goods that came into stock.
    valuation = Valuation(store, store.owner.value_stock(), SYSTEM_CLOCK.now())
    world.things.put(valuation)
    demand_done(world, _WORK_S)
    done["a sale"] = store.sell((store.pieces[0], 1))
    expect(done["a sale"], answered(201), "A sale was not completed")
    for told in (tokens, done["a renewed sign-in"].body):
        secrets |= {told["access"]: "token", told["refresh"]: "token"}
    done |= _browse(system, secrets)
    for person in (store.shop.owner, store.shop.employee):
        secrets[person.password] = "password"
    for session in (store.owner, store.till):
        secrets[str(session.authorization["Authorization"]).removeprefix("Bearer ")] = "token"
    ids = {what: answer.request_id for what, answer in done.items()}
    ids["an order for a valuation"] = valuation.answer.request_id
    return Traces(ids, valuation, _TRACE, secrets)


def _right(store: Store) -> Mapping[str, str]:
    return {"username": store.shop.owner.username, "password": store.shop.owner.password}


def _send(system: JewelryShop, method: str, path: str, body: Any) -> Answer:
    traced = {"traceparent": f"00-{_TRACE}-00f067aa0ba902b7-01"}
    return system.way.send(method, path, body, headers=traced)


def _browse(system: JewelryShop, secrets: dict[str, str]) -> Mapping[str, Answer]:
    """A page opened with a stored sign-in's cookie; the cookie is a secret even when nobody knows it."""
    cookie = f"hf{request_id(system.run)}"
    secrets[cookie] = "cookie"
    answer = system.way.send("GET", "/dashboard/", headers={"Cookie": f"{_COOKIE}={cookie}"})
    return {"a page of somebody who is not signed in": answer}


@dataclass(frozen=True, slots=True)
class Journal:
    """What one container has written."""

    word: str  # the profile's word, or the workload's label
    pod: str
    own: bool  # of the shop's own services
    text: str = field(repr=False)

    def lines(self) -> Iterator[str]:
        """Its lines, without empty ones."""
        return (line for line in self.text.splitlines() if line.strip())


def read_journals(system: JewelryShop) -> list[Journal]:
    """The whole journals of every pod of the namespace, of the present containers and of those before."""
    words = {pod.name: word for word in system.profile.parts for pod in system.parts.pods(word)}
    migrations = {pod["metadata"]["name"] for pod in system.cluster.list("pods", system.namespace, _MIGRATION)}
    found = []
    for body in system.cluster.list("pods", system.namespace):
        name = body["metadata"]["name"]
        word = "migration" if name in migrations else words.get(name, name)
        own = word in (*_OWN, "migration")
        found += [Journal(word, name, own, text) for text in _texts(system, body)]
    return found


def _texts(system: JewelryShop, body: Json) -> Iterator[str]:
    name = body["metadata"]["name"]
    for status in body.get("status", {}).get("containerStatuses", []):
        try:
            yield system.cluster.logs(system.namespace, name, status["name"])
            if status.get("restartCount"):
                yield system.cluster.logs(system.namespace, name, status["name"], previous=True)
        except ApiError as error:
            if error.status not in (400, 404):  # not begun yet, or its journal of before is gone
                raise Unknown(f"the journal of {name} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Found:
    """Where the journals know each request, and what the worker tells of the work."""

    known: Mapping[str, Mapping[str, set[str]]]  # what was done -> kind of service -> events under its id
    traced: bool

    def __str__(self) -> str:
        return "; ".join(f"{what}: {', '.join(sorted(services)) or 'nowhere'}" for what, services in self.known.items())


def follow(system: JewelryShop, traces: Traces) -> Found:
    """Looks for each request in the journals of the shop's own services."""
    known: dict[str, dict[str, set[str]]] = {what: {} for what in traces.requests}
    by_id = {asked: what for what, asked in traces.requests.items()}
    traced = False
    for journal in (one for one in read_journals(system) if one.own):
        for line in journal.lines():
            told = _parsed(line)
            traced = traced or told.get("trace_id") == traces.trace
            what = by_id.get(str(told.get("request_id")))
            if what:
                known[what].setdefault(journal.word, set()).add(str(told.get("event")))
    return Found(known, traced)


def can_be_followed() -> ComplaintMatcher[Found]:
    """Matches when front and application know every request, and the worker the one that ordered its work."""

    def complaints(found: Found) -> list[str]:
        wanted = {what: {"django", "nginx"} for what in found.known}
        wanted["an order for a valuation"] = {"django", "nginx", "worker"}
        missing = [
            f"{what} cannot be found in the journal of {_NAMES.get(part, part)} under its number"
            for what, parts in wanted.items()
            for part in sorted(parts - set(found.known.get(what, {})))
        ]
        events = found.known.get("an order for a valuation", {}).get("worker", set())
        lacking = {"job_started", "job_finished"} - events if events else set()
        missing += [f"the worker's {', '.join(sorted(lacking))} lack the number of the order"] if lacking else []
        return missing + ([] if found.traced else ["the trace that a customer sends is not in the journals"])

    return without_complaints("each request found by its number from the front to the worker", complaints)


def demand_followed(world: World) -> None:
    """Raises Broken unless every request of the day can be followed by its number."""
    traces = world.things.get(Traces)
    reason = "A request cannot be followed through the journals"
    world.eventually(lambda _: follow(world.jewelry, traces), can_be_followed(), _WRITTEN_S, reason)


def have_the_agreed_fields(version: str, services: Mapping[str, str]) -> ComplaintMatcher[Sequence[Journal]]:
    """Matches journals of the shop's own services of which every line parses and has the agreed fields.

    `services`: kind of service -> what its lines call it.
    """

    def complaints(journals: Sequence[Journal]) -> list[str]:
        own = [journal for journal in journals if journal.own]
        silent = sorted(set(services) - {journal.word for journal in own if journal.text.strip()})
        if silent:
            raise Unknown(f"no line of {', '.join(silent)} could be read")
        found: dict[str, int] = {}
        for journal in own:
            for line in journal.lines():
                for text in _wrong_fields(journal, line, version, services.get(journal.word, "")):
                    found[text] = found.get(text, 0) + 1
        return [f"{text} ({times} lines)" for text, times in found.items()]

    return without_complaints("every line with the agreed fields", complaints)


def _wrong_fields(journal: Journal, line: str, version: str, service: str) -> list[str]:
    name = _NAMES.get(journal.word, journal.word)
    if journal.word == "nginx" and _FRONT_ERROR.match(line):
        return []
    told = _parsed(line)
    if not told:
        return [f"a line of {name} is no JSON object"]
    wanted = list(_FIELDS) + list(_more(journal.word, told))
    found = [f"{name}: a line {told.get('event')} lacks {key}" for key in wanted if key not in told]
    truths = {"pod": journal.pod, "service": service, "version": version}
    found += [f"{name}: {key} is not {value}" for key, value in truths.items() if value and told.get(key) != value]
    found += [] if told.get("level") in _LEVELS else [f"{name}: {told.get('level')} is no level"]
    return found + ([] if _is_moment(told.get("ts")) else [f"{name}: a line without a moment"])


def _more(word: str, told: Mapping[str, Any]) -> Sequence[str]:
    event = str(told.get("event"))
    if event == "request":
        return _MORE.get(word, ())
    return _JOB if event.startswith("job_") else ()


def _is_moment(text: Any) -> bool:
    try:
        return datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        return False


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def all_secrets(system: JewelryShop, traces: Traces) -> Mapping[str, str]:
    """Every secret of the run and of the shop: value, and what it is. None of them is ever shown."""
    found = dict(traces.secrets)
    for body in system.cluster.list("secrets", system.namespace):
        for key, coded in body.get("data", {}).items():
            value = base64.b64decode(coded).decode(errors="replace")
            found[value] = "key" if key.endswith("KEY") else "password"
    for value in found:
        REDACTOR.register(value)
    return {value: what for value, what in found.items() if len(value) >= _SHORTEST}


def keep_secrets(secrets: Mapping[str, str]) -> ComplaintMatcher[Sequence[Journal]]:
    """Matches journals that hold none of these values in any spelling, and nobody's token."""
    kinds = {form: what for value, what in secrets.items() for form in _forms(value, what)}

    def complaints(journals: Sequence[Journal]) -> list[str]:
        if not any(journal.text for journal in journals) or not secrets:
            raise Unknown("no journal could be read, or no secret is known: nothing can be said")
        found: dict[str, int] = {}
        for journal in journals:
            for what, line in _hits(journal, kinds):
                name = _NAMES.get(journal.word, journal.word)
                text = f"{what} found in the log of a {name} pod ({journal.pod}, {_event(line)})"
                found[text] = found.get(text, 0) + 1
        return [f"{text}, {times} times" for text, times in found.items()]

    return without_complaints("no password, token, cookie or key in any line of any instance", complaints)


def _hits(journal: Journal, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each line with a secret, and what it is; the text is searched as a whole first, because it is long."""
    present = {form: what for form, what in kinds.items() if form in journal.text}
    if not present and not _TOKEN.search(journal.text):
        return
    for line in journal.lines():
        what = next((what for form, what in present.items() if form in line), "")
        if what or _TOKEN.search(line):
            yield what or "token", line


def _forms(value: str, what: str) -> set[str]:
    parts = value.split(".")[1:] if what == "token" else []  # the first part is the same in every token
    long = [part for part in parts if len(part) >= _SHORTEST_PART]
    return {form for text in [value, *long] for form in spellings(text) if len(form) >= _SHORTEST}


def _event(line: str) -> str:
    """Which line it is, in words that hold nothing secret."""
    event = str(_parsed(line).get("event", ""))
    return f"event {event}" if re.fullmatch(r"[a-z_.]{1,40}", event) else "a line of its own form"


def services(system: JewelryShop) -> Mapping[str, str]:
    """What the lines of each kind of own service call it: the label that its pods carry."""
    return {word: _component(system, word) for word in _OWN}


def _component(system: JewelryShop, word: str) -> str:
    pods = system.parts.ready_pods(word)
    return pods[0].labels.get("component", "") if pods else ""
