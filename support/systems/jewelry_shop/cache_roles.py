"""The roles of all cache servers, looked at five times a second while one of them is restarted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from support.cluster import ApiError
from support.evidence.attach import attach_table
from support.faults.processes import Place
from support.faults.roles import CacheMasterMove
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import ObserverError, RedisAnswerError
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.cache import CacheView, facts_of
from support.systems.jewelry_shop.cache_incidents import demand_followers
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_RATE = 5.0  # looks per second, as promised
_ASK_S = 1.0  # seconds for one answer: a server that is well answers in milliseconds
_THREADS = 15  # three servers, each asked five times a second, for one second each at most
_BACK_S = 60.0  # seconds until the restarted server works again
_AFTER_S = 12.0  # seconds of looks after that: watchers put a wrong role right only after eight
_MISSED_S = 3.0  # seconds that a server may have run when it is first seen: its address is told a moment later
_SEEN_SHARE = 0.8  # of the planned looks must have been made, or they were not five a second


@dataclass(frozen=True, slots=True)
class Answered:
    """What one server said of itself."""

    role: str  # empty: it did not answer
    process: str = ""  # identity of the server process
    age: float = 0.0  # seconds that this process has run


@dataclass(frozen=True, slots=True)
class Sample:
    """All servers at one moment."""

    at: float  # on the suite's clock
    servers: Mapping[str, Answered]

    @property
    def masters(self) -> list[str]:
        """Servers that take themselves for the master."""
        return sorted(name for name, answered in self.servers.items() if answered.role == "master")


@dataclass(slots=True)
class RoleWatch:
    """Looks at planned times until it is stopped, whatever the servers do."""

    system: JewelryShop
    samples: list[Sample] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=_THREADS + 1))
    _running: Future[None] | None = None
    error: str = ""

    def start(self) -> None:
        """Begins to look."""
        self._running = self._pool.submit(self._look_on, self.system.observer.nodes()[0])

    def stop(self) -> None:
        """Ends looking; a second call does nothing more."""
        self._stop.set()
        if self._running is not None:
            self._running.result()
        self._pool.shutdown()

    def _look_on(self, node: str) -> None:
        begin, number = SYSTEM_CLOCK.now(), 0
        pending: list[tuple[float, dict[str, Future[Answered]]]] = []
        while not self._stop.is_set():
            SYSTEM_CLOCK.sleep(max(0.0, begin + number / _RATE - SYSTEM_CLOCK.now()))
            number += 1
            try:
                pods = [pod for pod in self.system.parts.pods("cache") if pod.ip]
            except ApiError as error:
                self.error = f"the servers could not be listed: {error}"
                continue
            asked = {pod.name: self._pool.submit(self._ask, pod, node) for pod in pods}
            pending.append((SYSTEM_CLOCK.now(), asked))
        self.samples = [Sample(at, {name: one.result() for name, one in asked.items()}) for at, asked in pending]

    def _ask(self, pod: Pod, node: str) -> Answered:
        try:
            role, info = self.system.cache.ask_server(pod, ["ROLE"], ["INFO", "server"], within=_ASK_S, node=node)
        except (ObserverError, RedisAnswerError):
            return Answered("")
        facts = facts_of(info)
        return Answered(str(role[0]), facts.get("run_id", ""), float(facts.get("uptime_in_seconds", 0)))


@dataclass(frozen=True, slots=True)
class Restarted:
    """A server that was restarted while another one was master."""

    server: str
    process: str  # identity of its process before
    master: str  # who was master
    begin: float
    end: float
    samples: Sequence[Sample]

    @property
    def life(self) -> list[Sample]:
        """Looks in which the new process answered."""
        seen = [(one, one.servers.get(self.server)) for one in self.samples]
        return [one for one, told in seen if told and told.process and told.process != self.process]

    def figures(self) -> list[tuple[str, str]]:
        """What was seen, for the report."""
        age = f"{self.life[0].servers[self.server].age:.0f} s" if self.life else "never"
        return [
            ("looks", f"{len(self.samples)} in {self.end - self.begin:.1f} s"),
            ("with two masters", str(sum(len(one.masters) > 1 for one in self.samples))),
            ("answered by the new process", str(len(self.life))),
            ("its age when first seen", age),
        ]

    def __str__(self) -> str:
        return f"{self.server} restarted beside {self.master}: {len(self.samples)} looks, {len(self.life)} at it"


def move_away_from_first(world: World) -> str:
    """Gives the master's role to another server if the first one has it; the first server's name."""
    system = world.jewelry
    view = system.cache.view()
    if view.master is None:
        raise Unknown(f"the cache has no master: {view}")
    first = min(server.pod.name for server in view.servers)
    if view.master.pod.name == first:
        part, breaker_ = system.cache.watcher_part, breaker(world)
        place = Place(system.namespace, view.watchers[0].pod.name, part.container)
        breaker_.end(breaker_.inject(CacheMasterMove(place, part.master), [], []))
        demand_followers(world, world.suite.limits.rejoin)
    return first


def restart_first(world: World) -> Restarted:
    """Deletes the first server by force and looks at all roles until it works again, and a while longer."""
    system, view = world.jewelry, world.jewelry.cache.view()
    first = min(view.servers, key=lambda server: server.pod.name)
    if view.master is None or view.master.pod.name == first.pod.name:
        raise Unknown(f"the first server is to be restarted beside another master: {view}")
    process = system.cache.process_at(first.pod.ip)
    watch = RoleWatch(system)
    world.clean_ups.add("stop looking at the roles", watch.stop)
    begin = SYSTEM_CLOCK.now()
    watch.start()
    breaker_ = breaker(world)
    breaker_.end(breaker_.inject(breaking.losing(system, "cache", first.pod, "deleted"), [], [first.pod]))
    _look_until_calm(world, first.pod)
    watch.stop()
    if watch.error:
        raise Unknown(watch.error)
    seen = Restarted(first.pod.name, process, view.master.pod.name, begin, SYSTEM_CLOCK.now(), watch.samples)
    attach_table("Looks at the roles", ["figure", "value"], seen.figures())
    return seen


def _look_until_calm(world: World, before: Pod) -> None:
    """Until the successor has been ready for some seconds, or the time is over; judges nothing."""
    ready_since: list[float] = []

    def look(_: Deadline) -> float:
        ready = [pod for pod in world.jewelry.parts.ready_pods("cache") if pod.name == before.name]
        if not any(pod.uid != before.uid for pod in ready):
            return 0.0
        ready_since.append(SYSTEM_CLOCK.now())
        return SYSTEM_CLOCK.now() - ready_since[0]

    calm: ComplaintMatcher[float] = without_complaints(
        f"ready for {_AFTER_S:g} s", lambda held: [] if held >= _AFTER_S else [f"ready for {held:.0f} s"]
    )
    reason = f"{before.name} does not come back"
    world.eventually(look, calm, _BACK_S + _AFTER_S, reason)


def never_two_masters() -> ComplaintMatcher[Restarted]:
    """Matches when no look showed two masters. Raises Unknown when there were too few looks to say so."""

    def complaints(seen: Restarted) -> list[str]:
        double = [one for one in seen.samples if len(one.masters) > 1]
        if double:
            first = double[0]
            cause = ["restarted first server came up as second master"] if seen.server in first.masters else []
            when = first.at - seen.begin
            names = " and ".join(first.masters)
            return [
                *cause,
                f"{names} were master at once in {len(double)} of {len(seen.samples)} looks, from {when:.1f} s on",
            ]
        return _doubts(seen)

    return without_complaints("one master at most in every look", complaints)


def _doubts(seen: Restarted) -> list[str]:
    planned = (seen.end - seen.begin) * _RATE
    if len(seen.samples) < planned * _SEEN_SHARE:
        raise Unknown(f"only {len(seen.samples)} of {planned:.0f} looks were made")
    if not seen.life:
        raise Unknown(f"the new process of {seen.server} was never seen")
    age = seen.life[0].servers[seen.server].age
    if age > _MISSED_S:
        raise Unknown(f"{seen.server} was first seen {age:.0f} s after its start")
    wanted = (seen.end - seen.life[0].at) * _RATE * _SEEN_SHARE
    if len(seen.life) < wanted:
        raise Unknown(f"{seen.server} answered only {len(seen.life)} looks")
    return []


def takes_its_place(seen: Restarted) -> ComplaintMatcher[CacheView]:
    """Matches when the restarted server follows and the watchers still name the master of before."""

    def complaints(view: CacheView) -> list[str]:
        if view.master is None:
            return [f"there is no master that the watchers name: {view}"]
        first = next((server for server in view.servers if server.pod.name == seen.server), None)
        role = first.role if first else ""
        found = [] if view.master.pod.name == seen.master else [f"the watchers name {view.master.pod.name}"]
        if role != "slave":
            return [*found, f"{seen.server} is {role or 'silent'}"]
        # Whoever has the role without the link gets nothing of what its master is told.
        return found if first and first.link == "up" else [*found, f"{seen.server} has no link to its master"]

    return without_complaints(f"{seen.server} follows {seen.master}", complaints)


def demand_its_place(world: World) -> None:
    """Raises Broken unless the restarted server ends up with the role that the watchers give it."""
    reason = "A restarted cache server did not take the role that the watchers give it"
    matcher, within = takes_its_place(world.things.get(Restarted)), world.suite.limits.at_rest
    world.eventually(lambda _: world.jewelry.cache.view(), matcher, within, reason)
