"""The health pages: what each instance of the application says of itself and of what it works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Deadline, Unknown
from support.world import World

# A look that is older than 3 s counts as failed, and the page itself may take 3 s: from then on it must tell the truth.
_TRUTH_S = 6.0
ANSWER_S = 3.0  # seconds for one page, as promised
_ASKED_S = 5.0  # seconds until a question is given up: a page that is late shall be seen to be late
_PAGES = ("/health/", "/health/live/", "/health/startup/", "/health/ready/", "/health/detailed/")
# The application's own words for what it works with, by the profile's words.
_CHECKS = {"database": "database", "cache": "cache", "worker": "celery"}
_NAMES = {"database": "database", "cache": "cache", "worker": "workers"}
# The queue lives in the cache: without it nobody can know whether the workers answer.
_WITH = {"cache": {"cache", "worker"}}


@dataclass(frozen=True, slots=True)
class Pages:
    """All health pages of one instance, asked at one moment."""

    pod: str
    answers: Mapping[str, Answer]

    def __str__(self) -> str:
        return f"{self.pod} {'/'.join(str(answer.status) for answer in self.answers.values())}"


@dataclass(frozen=True, slots=True)
class Health:
    """What all ready instances say, and what is true beside it."""

    pages: Sequence[Pages]
    version: str
    workers: Sequence[str]  # instances that are ready

    def __str__(self) -> str:
        return ", ".join(map(str, self.pages)) or "nobody"


@dataclass(frozen=True, slots=True)
class Silence:
    """A part of the shop that does not answer."""

    part: str


def ask_all(system: JewelryShop, instances: Sequence[Pod] = ()) -> Health:
    """Every ready instance (or each of those given) is asked for each of its pages."""
    pods = instances or system.parts.ready_pods("django")
    with ThreadPoolExecutor(max_workers=max(1, len(pods))) as pool:  # a page with a missing part takes its time
        pages = list(pool.map(lambda pod: _pages_of(system, pod), pods))
    workers = [pod.name for pod in system.parts.ready_pods("worker")]
    return Health(pages, system.configured(system.profile.application.version), workers)


def _pages_of(system: JewelryShop, pod: Pod) -> Pages:
    way = system.instance(pod)
    return Pages(pod.name, {path: way.send("GET", path, within=_ASKED_S) for path in _PAGES})


def tells_the_truth(seconds: float, missing: str = "") -> ComplaintMatcher[Health]:
    """Matches pages with the agreed status and fields that call nothing missing but `missing`, each in time."""

    def complaints(health: Health) -> list[str]:
        found = [] if health.pages else ["no instance of the application is ready to be asked"]
        for pages in health.pages:
            found += [f"{pages.pod}: {text}" for text in _of_instance(pages, health, seconds, missing)]
        return found

    promise = f"the {_NAMES[missing]} called missing, and nothing else" if missing else "everything called well"
    return without_complaints(f"every health page with {promise}, within {seconds:g} s", complaints)


def _of_instance(pages: Pages, health: Health, seconds: float, missing: str) -> list[str]:
    slow = [f"{path} took {answer.seconds:.1f} s" for path, answer in pages.answers.items() if answer.seconds > seconds]
    own, live, startup, ready, detailed = (pages.answers[path] for path in _PAGES)
    wanted = {"status": "ok", "version": health.version, "pod": pages.pod}
    found = _page(own, 200, wanted, ["environment"])
    found += _page(live, 200, {"status": "alive"}) + _page(startup, 200, {"status": "started"})
    return [*slow, *found, *_ready_page(ready, missing), *_detailed_page(detailed, missing, health.workers)]


def _page(answer: Answer, status: int, wanted: Mapping[str, Any], others: Sequence[str] = ()) -> list[str]:
    """What differs from a status and exactly these fields, beside those whose value is not agreed."""
    if answer.error or answer.status != status:
        return [f"{answer.path} was answered {answer.status or answer.error} instead of {status}{_named(answer)}"]
    body = answer.body if isinstance(answer.body, dict) else {}
    found = [
        f"{answer.path}: {name} is {body.get(name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if body.get(name) != value
    ]
    names = {*wanted, *others}
    return found + ([] if set(body) == names else [f"{answer.path} has the fields {sorted(body)}"])


def _named(answer: Answer) -> str:
    """What a page calls missing, and why."""
    told = answer.told("checks") or answer.body
    parts = told.items() if isinstance(told, dict) else []
    bad = [
        f"{name} {part.get('status')} ({part.get('message') or part.get('reason')})"
        for name, part in parts
        if isinstance(part, dict) and part.get("status") != "ok"
    ]
    return f": {', '.join(bad)}" if bad else ""


def _ready_page(answer: Answer, missing: str) -> list[str]:
    """Only the database decides whether an instance is ready; the cache is told of."""
    away = missing == "database"
    if away and answer.status == 200:
        return ["health page said ok while the database was away (readiness)"]
    status, word = (503, "not_ready") if away else (200, "ready")
    found = _page(answer, status, {"status": word}, ["database", "cache"])
    if found:
        return found
    database, cache = answer.told("database"), answer.told("cache")
    if away:
        return _unavailable(database, "database", "reason") + _well(cache, "cache")
    found = _well(database, "database")
    if database.get("writable") is not True or not isinstance(database.get("age_ms"), (int, float)):
        found.append(f"{answer.path} says of the database {database}")
    return found + (_unavailable(cache, "cache", "reason") if missing == "cache" else _well(cache, "cache"))


def _detailed_page(answer: Answer, missing: str, workers: Sequence[str]) -> list[str]:
    if missing and answer.status == 200:
        return [f"health page said ok while the {_NAMES[missing]} {_be(missing, 'was', 'were')} away"]
    status, word = (503, "unhealthy") if missing else (200, "healthy")
    found = _page(answer, status, {"status": word}, ["checks"])
    checks = answer.told("checks")
    if found or not isinstance(checks, dict) or set(checks) != set(_CHECKS.values()):
        return found or [f"{answer.path} tells of {checks} only"]
    for part, name in _CHECKS.items():
        if part == missing:
            found += _unavailable(checks[name], _NAMES[part], "message")
        elif part not in _WITH.get(missing, ()):
            found += _well(checks[name], _NAMES[part])
    named = checks["celery"].get("workers")
    if not missing and sorted(named or []) != sorted(workers):
        found.append(f"{answer.path} names the workers {named}, ready are {sorted(workers)}")
    return found


def _be(part: str, one: str, many: str) -> str:
    return many if part == "worker" else one


def _well(told: Any, name: str) -> list[str]:
    status = told.get("status") if isinstance(told, dict) else None
    return [] if status == "ok" else [f"the {name} is called {told!r}"]


def _unavailable(told: Any, name: str, why: str) -> list[str]:
    if not isinstance(told, dict) or told.get("status") != "unavailable":
        return [f"the {name} is away and is called {told!r}"]
    return [] if told.get(why) else [f"it is not said why the {name} is away"]


def silence(world: World, part: str, seconds: float) -> Silence:
    """All instances of a part stop answering without ending, and go on by themselves after so many seconds."""
    system = world.jewelry
    pods = system.parts.ready_pods(part)
    if not pods:
        raise Unknown(f"no instance of {part} is ready that could stop answering")
    breaker(world).inject(breaking.freezing(system, part, pods, seconds), [], pods)
    return Silence(part)


def demand_truth(world: World, seconds: float) -> None:
    """Raises Broken unless every instance names exactly the part that is away, soon, while it is away.

    All instances are asked, also those that are not ready. Raises Unknown when the part came back meanwhile.
    """
    system, breaker_ = world.jewelry, breaker(world)
    part, pods = world.things.get(Silence).part, [pod for pod in system.parts.pods("django") if not pod.leaving]
    matcher = tells_the_truth(seconds, part)

    def look(_: Deadline) -> Health:
        return ask_all(system, pods)

    reason = f"The health pages do not tell that the {_NAMES[part]} {_be(part, 'is', 'are')} away"
    world.eventually(look, matcher, _TRUTH_S, reason)
    for injection in breaker_.open:
        injection.fault.verify_injected(system.cluster, _ASKED_S)  # still away: the truth was told of the fault


def demand_well(world: World, seconds: float, within: float) -> None:
    """Ends the silence; raises Broken unless every page says that all is well `within` s after that."""
    breaker(world).end_all()
    reason = "The health pages do not tell that everything is back"
    world.eventually(lambda _: ask_all(world.jewelry), tells_the_truth(seconds), within, reason)
