"""Who can reach whom: the ways that every part needs, and those that must be closed to everybody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from support.clients.ways import How, Outcome, Tried, Way, knock, try_ways
from support.cluster import ApiError
from support.evidence.attach import attach_text
from support.matchers import ComplaintMatcher, without_complaints
from support.observers import install
from support.observers.strangers import Stranger, Strangers
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_TRIED_S = 5.0  # seconds for one attempt on a way that is needed; the promise is shorter, so that lateness is seen
_AT_ONCE = 6  # callers side by side: each starts a shell in its container
_ALIVE_S = 5.0  # seconds for the observer's own question to what must be out of reach for others
# The parts as the owner calls them.
TITLES = {
    "django": "application",
    "nginx": "front",
    "worker": "background worker",
    "scheduler": "scheduler",
    "database": "database",
    "supervisor": "database supervisor",
    "cache": "cache",
    "watcher": "watcher",
    "names": "name service",
    "platform": "Kubernetes API",
}
# What each part needs to work; everything else about the stores is closed to it.
NEEDS: Mapping[str, frozenset[str]] = {
    "django": frozenset({"database", "cache", "watcher"}),
    "worker": frozenset({"database", "cache", "watcher"}),
    "scheduler": frozenset({"database", "cache", "watcher"}),
    "nginx": frozenset({"django"}),
    "database": frozenset({"database", "supervisor", "platform"}),
    "cache": frozenset({"cache", "watcher"}),
    "watcher": frozenset({"cache", "watcher"}),
}
STORES = ("database", "supervisor", "cache", "watcher")


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that somebody tries to reach."""

    part: str  # a key of TITLES
    way: Way
    pod: str = ""  # the instance behind it, when it is one


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who tries."""

    title: str  # for the reader
    part: str  # a key of TITLES, or empty for a stranger
    namespace: str
    pod: str
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one way that one caller tried."""

    caller: Caller
    target: Target
    tried: Tried

    def __str__(self) -> str:
        return f"{self.caller.pod} -> {self.tried}"


@dataclass(frozen=True, slots=True)
class Attempts:
    """Everything that was tried."""

    all: Sequence[Attempt]

    def __str__(self) -> str:
        counts = {outcome: sum(one.tried.outcome is outcome for one in self.all) for outcome in Outcome}
        return f"{len(self.all)} ways tried: " + ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


@dataclass(frozen=True, slots=True)
class Callers:
    """Who is going to try."""

    all: Sequence[Caller]


def try_every_needed_way(system: JewelryShop) -> Attempts:
    """Every ready instance of every part tries all that its part needs, in the language of whom it calls.

    Raises Unknown when a part has no ready instance, or a container cannot be entered.
    """
    pods = {part: _ready(system, part) for part in NEEDS}
    wanted = [
        (caller, [target for target in _needed(system, part, pods) if target.pod != caller.pod])
        for part in NEEDS
        for caller in _callers(system, part, pods[part])
    ]
    return _all(system, wanted, try_ways, _TRIED_S)


def strangers_outside(system: JewelryShop) -> Callers:
    """Four strangers: nobody's child, two in the colours of the shop, and one in the suite's own house."""
    strangers = Strangers(system.cluster, system.run, system.clean_up)
    outside = strangers.namespace()
    observer = {"holdfast.dev/role": "observer"}
    disguise = {**_labels(system, "database"), **_labels(system, "django")}
    found = [
        strangers.add("a stranger", outside, "plain"),
        strangers.add("a stranger in the application's colours", outside, "dressed", disguise | observer),
        strangers.add("a stranger in the cache's colours", outside, "disguised", _labels(system, "cache")),
        strangers.add("a stranger beside the observer", install.NAMESPACE, "neighbour"),
    ]
    strangers.wait(found)
    return Callers([_as_caller(one) for one in found])


def stranger_inside(system: JewelryShop) -> Callers:
    """One stranger in the shop's own space, free to call anybody: only the stores' own fences stand in the way."""
    strangers = Strangers(system.cluster, system.run, system.clean_up)
    found = strangers.add_free("a stranger inside the shop", system.namespace, "inside")
    strangers.wait([found])
    return Callers([_as_caller(found)])


def try_every_inner_way(system: JewelryShop, callers: Callers, within: float) -> Attempts:
    """Each caller tries every instance of stores and application, by address and by name.

    Raises Unknown when a target does not even answer the observer: who is dead proves no fence.
    """
    targets = [*_store_targets(system), *_application_targets(system)]
    return _knock(system, [(caller, targets) for caller in callers.all], within)


def try_every_store(system: JewelryShop, callers: Callers, within: float) -> Attempts:
    """Each caller tries every instance of every store, by address and by name."""
    targets = _store_targets(system)
    return _knock(system, [(caller, targets) for caller in callers.all], within)


def try_what_is_not_needed(system: JewelryShop, within: float) -> Attempts:
    """Every ready instance of the front, and one of every other part, tries the stores that it has no need of."""
    targets = _store_targets(system)
    wanted = []
    for part, needs in NEEDS.items():
        pods = _ready(system, part)
        for caller in _callers(system, part, pods if part == "nginx" else pods[:1]):
            wanted.append((caller, [target for target in targets if target.part not in needs]))
    return _knock(system, wanted, within)


def _knock(system: JewelryShop, wanted: Sequence[tuple[Caller, Sequence[Target]]], within: float) -> Attempts:
    _demand_alive(system, {target.way: target for _, targets in wanted for target in targets if target.pod})
    return _all(system, wanted, knock, within)


def _demand_alive(system: JewelryShop, targets: Mapping[Way, Target]) -> None:
    def ask(target: Target) -> str:
        if target.part == "supervisor":
            url = f"http://{target.way.host}:{target.way.port}/liveness"
            status = system.observer.ask_http(url, within=_ALIVE_S).status
            trouble = "" if status == 200 else f"answers {status or 'nothing'}"
        else:
            trouble = system.exchanges[target.part](target.way.host, _ALIVE_S)
        return f"{target.way.name} {trouble}" if trouble else ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        dead = [trouble for trouble in pool.map(ask, targets.values()) if trouble]
    if dead:
        raise Unknown(f"what is dead proves no fence; the observer, who may ask, found: {'; '.join(dead)}")


Trying = Callable[..., list[Tried]]


def _all(
    system: JewelryShop, wanted: Sequence[tuple[Caller, Sequence[Target]]], trying: Trying, within: float
) -> Attempts:
    def attempt(one: tuple[Caller, Sequence[Target]]) -> list[Attempt]:
        caller, targets = one
        ways = [target.way for target in targets]
        try:
            tried = trying(system.cluster, caller.namespace, caller.pod, caller.container, ways, within)
        except ApiError as error:
            raise Unknown(f"nothing could be tried from {caller.pod}: {error}") from error
        return [Attempt(caller, target, came) for target, came in zip(targets, tried, strict=True)]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [one for several in pool.map(attempt, wanted) for one in several]
    attach_text("Every way that was tried", "\n".join(map(str, found)))
    return Attempts(found)


def _ready(system: JewelryShop, part: str) -> list[Pod]:
    pods = system.parts.ready_pods(part)
    if not pods:
        raise Unknown(f"no instance of the {TITLES[part]} is ready")
    return pods


def _labels(system: JewelryShop, part: str) -> dict[str, str]:
    """The labels by which a part is known."""
    return dict(word.split("=", 1) for word in system.profile.part(part).selector.split(","))


def _callers(system: JewelryShop, part: str, pods: Sequence[Pod]) -> list[Caller]:
    container = system.profile.part(part).container
    return [Caller(f"the {TITLES[part]}", part, system.namespace, pod.name, container) for pod in pods]


def _as_caller(stranger: Stranger) -> Caller:
    return Caller(stranger.title, "", stranger.namespace, stranger.name)


def _needed(system: JewelryShop, part: str, pods: Mapping[str, Sequence[Pod]]) -> list[Target]:
    names, needs = system.profile.services, NEEDS[part]
    found = [Target("names", Way("name service", f"{names.leader}.{system.namespace}", 53, "name"))]
    if "django" in needs:
        found += [_named("django", names.django.name, port, "http", "/health/") for port in names.django.ports]
    if "platform" in needs:
        # Every cluster has this name; whoever runs in it may ask for the version.
        found.append(Target("platform", Way("Kubernetes API", "kubernetes.default", 443, "https", "/version")))
    if "supervisor" in needs:
        found += [_at(pod, "supervisor", _port(system, "supervisor"), "http", "/liveness") for pod in pods["database"]]
    if "database" in needs and part != "database":
        port = _port(system, "database")
        found += [_named("database", name, port, "sql") for name in (names.leader, names.followers)]
    elif "database" in needs:
        found += [_at(pod, "database", _port(system, "database"), "sql") for pod in pods["database"]]
    for store in ("cache", "watcher"):
        if store in needs:
            found += [_at(pod, store, _port(system, store), "redis") for pod in pods[store]]
    return found


def _store_targets(system: JewelryShop) -> list[Target]:
    names, home = system.profile.services, system.namespace
    found = []
    for store in STORES:
        pods = _ready(system, "database" if store == "supervisor" else store)
        found += [_at(pod, store, _port(system, store)) for pod in pods]
    port = _port(system, "database")
    found += [_named("database", f"{name}.{home}", port) for name in (names.leader, names.followers)]
    found.append(_named("cache", f"{names.cache}.{home}", _port(system, "cache")))
    return found + [_named("watcher", f"{name}.{home}", _port(system, "watcher")) for name in names.watchers]


def _application_targets(system: JewelryShop) -> list[Target]:
    service = system.profile.services.django
    found = [_at(pod, "django", _port(system, "django")) for pod in _ready(system, "django")]
    return found + [_named("django", f"{service.name}.{system.namespace}", port) for port in service.ports]


def _port(system: JewelryShop, part: str) -> int:
    return system.profile.part("database").api_port if part == "supervisor" else system.profile.part(part).port


def _at(pod: Pod, part: str, port: int, how: How = "http", path: str = "/") -> Target:
    return Target(part, Way(f"{pod.name}:{port}", pod.ip, port, how, path), pod.name)


def _named(part: str, name: str, port: int, how: How = "http", path: str = "/") -> Target:
    return Target(part, Way(f"{name}:{port}", name, port, how, path))


def answer_in_time(limit: float) -> ComplaintMatcher[Attempts]:
    """Matches when every way was answered in its own language, in time. Raises Unknown when one could not be tried."""

    def complaints(attempts: Attempts) -> list[str]:
        if not attempts.all:
            return ["no way was tried"]
        found = [text for one in attempts.all if (text := _unreached(one, limit))]
        return found or _all_were_tried(attempts)

    return without_complaints(f"every way answered within {limit:g} s", complaints)


def _all_were_tried(attempts: Attempts) -> list[str]:
    invalid = [str(one) for one in attempts.all if one.tried.outcome is Outcome.INVALID]
    if invalid:
        raise Unknown(f"some ways could not be tried, so nothing is known of them: {'; '.join(invalid)}")
    return []


def _unreached(one: Attempt, limit: float) -> str:
    if one.tried.outcome is Outcome.INVALID:
        return ""
    if one.tried.outcome is Outcome.ANSWERED and _speaks(one.target.way.how, one.tried.said):
        return f"{one} is late" if one.tried.seconds > limit else ""
    if one.caller.part == one.target.part:
        return f"{TITLES[one.target.part]}s cannot reach each other: {one}"
    return f"{one.caller.title} cannot reach the {TITLES[one.target.part]}: {one}"


def _speaks(how: How, said: str) -> bool:
    """Whether an answer is one of the protocol that was asked in."""
    match how:
        case "sql":
            return said in ("S", "N")  # encryption is offered, or not
        case "redis":
            return said.startswith(("+PONG", "-NOAUTH"))
        case "http":
            return said == "200"
        case "https":
            return said in ("200", "401", "403")  # who refuses to tell was reached
    return bool(said)


def are_closed() -> ComplaintMatcher[Attempts]:
    """Matches when not a single way was open. Raises Unknown when one could not be tried."""

    def complaints(attempts: Attempts) -> list[str]:
        if not attempts.all:
            return ["no way was tried"]
        opened = [_opened(one) for one in attempts.all if one.tried.outcome is Outcome.ANSWERED]
        return opened or _all_were_tried(attempts)

    return without_complaints("not one way open", complaints)


def _opened(one: Attempt) -> str:
    where = " from outside the shop" if not one.caller.part and "inside" not in one.caller.title else ""
    return f"the {TITLES[one.target.part]} can be reached{where} by {one.caller.title}: {one}"
