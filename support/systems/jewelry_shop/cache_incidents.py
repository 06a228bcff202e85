"""Incidents of the cache: its master lost or silent, or all of it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.cluster import Json
from support.faults.base import Fault, Injection
from support.matchers import ComplaintMatcher, without_complaints
from support.observers import bars
from support.observers.attempts import Attempt
from support.observers.bars import Bar
from support.observers.ledger import LedgerVerdict, StoredRow, compare, row_of_cache
from support.observers.verdicts import measure
from support.systems.jewelry_shop import breaking, pictures
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.cache import CacheView, Watcher, Watchers, blind_watchers
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import CACHE, Traffic
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_BACK_S = 60.0  # seconds until the former master follows: what the business was promised for two online followers
_KEYS_AT_ONCE = 500  # keys read with one command
_SWITCHED = "+switch-master"
_JOURNAL_S = 300  # seconds of the watchers' journals that are read


@dataclass(slots=True)
class CacheStory:
    """What is known of one incident of the cache."""

    system: JewelryShop
    traffic: Traffic
    before: CacheView
    leader: Pod  # the master of before
    name: str  # the host name by which the watchers named it
    injection: Injection
    bar: Bar
    at: float  # when the fault was injected, on the suite's clock
    in_service: Mapping[str, str]  # instances of the application and since when they receive requests, before

    @property
    def fault(self) -> float:
        """The moment before the fault, on the probes' clock."""
        return self.traffic.run.marks[self.injection.before]

    @property
    def in_effect(self) -> float:
        """The moment after the fault had been injected."""
        return self.traffic.run.marks.get(self.injection.after, self.fault)

    def confirmed_after(self) -> list[Attempt]:
        """Confirmed attempts that began after the fault was in effect."""
        return [
            one for one in self.traffic.run.attempts(self.traffic.leading) if one.ok and one.start >= self.in_effect
        ]


def lose_master(world: World, loss: str) -> CacheStory:
    """The master crashes and returns in place, or its instance is deleted by force."""
    view, master = look_before(world)
    return strike(world, view, master, breaking.losing(world.jewelry, "cache", master, loss))


def pause_master(world: World, seconds: float) -> CacheStory:
    """The master stands still."""
    view, master = look_before(world)
    return strike(world, view, master, breaking.freezing(world.jewelry, "cache", [master], seconds))


def pause_all(world: World, seconds: float) -> CacheStory:
    """Every server of the cache stands still."""
    view, master = look_before(world)
    servers = [server.pod for server in view.servers]
    return strike(world, view, master, breaking.freezing(world.jewelry, "cache", servers, seconds))


def look_before(world: World) -> tuple[CacheView, Pod]:
    """The cache and its master when enough was confirmed before the fault. Raises Unknown when there is no master."""
    world.things.get(Traffic).warm_up(world.suite.limits.warm_up)
    view = world.jewelry.cache.view()
    if view.master is None:
        raise Unknown(f"the cache has no master before the fault: {view}")
    return view, view.master.pod


def strike(world: World, view: CacheView, master: Pod, fault: Fault, hit: Sequence[Pod] = ()) -> CacheStory:
    """Injects a fault while the probes go on. `hit`: instances that it strikes, if not the master."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    in_service = since_in_service(system)
    bar = bars.cache_takeover(system.cache.down_after(), system.profile.platform.dns_ttl_s)
    at = SYSTEM_CLOCK.now()
    injection = breaker(world).inject(fault, [traffic.run], hit or [master])
    return CacheStory(system, traffic, view, master, view.watchers[0].master, injection, bar, at, in_service)


def interruption(world: World, limit: float) -> Judged:
    """How long copied writes were away, against the promise; stops the writer and draws the picture."""
    story = world.things.get(CacheStory)
    story.traffic.settle(story.in_effect, limit + world.suite.limits.settle)
    journal = story.traffic.stop()
    measured = measure(journal, CACHE, story.fault, story.in_effect, until=story.traffic.settled_until)
    verdict, view = measured.judge(limit), story.system.cache.view()
    pictures.attach_failover(story, measured, limit, verdict)
    causes = [] if verdict.kept else list(story.system.cache.whole().complaints(view))
    return Judged(verdict, causes, [*_figures(story, view, limit)]).attach("Figures of the failover")


def _figures(story: CacheStory, view: CacheView, limit: float) -> Sequence[tuple[str, str]]:
    after = view.master.pod.name if view.master else "nobody"
    how = "in place" if after == story.leader.name else "promotion"
    uncopied = sum(one.outcome == "uncopied" for one in story.traffic.run.attempts(CACHE))
    return [
        ("promised", f"{limit:g} s"),
        ("bar", str(story.bar)),
        ("outcome", f"{how}: {story.leader.name}, then {after}"),
        ("written without a copy", str(uncopied)),
        ("proof of the fault", story.injection.proof),
    ]


@dataclass(frozen=True, slots=True)
class CopiesRead:
    """The copied writes as they were found: on the master at once, then on every server when all are back."""

    verdicts: Sequence[LedgerVerdict]

    def __str__(self) -> str:
        return "; ".join(map(str, self.verdicts))


def read_back(world: World) -> CopiesRead:
    """Reads the writes from the master, waits until everybody follows it, reads them from every server."""
    story, system = world.things.get(CacheStory), world.jewelry
    view = system.cache.view()
    if view.master is None:
        raise Unknown(f"the cache has no master: {view}")
    found = [read_at(story, view.master.pod, "the master")]
    demand_followers(world, _BACK_S)
    view = system.cache.view()
    return CopiesRead([*found, *(read_at(story, server.pod, server.pod.name) for server in view.servers)])


def keeps_every_copied_write() -> ComplaintMatcher[CopiesRead]:
    """Matches when every write that was confirmed with a copy is there with its value, everywhere."""

    def complaints(read: CopiesRead) -> list[str]:
        broken = [one for one in read.verdicts if one.judge().kind == "broken"]
        empty = [one for one in broken if len(one.lost) >= one.confirmed_before > 0]
        for one in read.verdicts:
            verdict = one.judge()
            if verdict.kind not in ("kept", "broken"):
                raise Unknown(f"{one.place}: {verdict}")
        cause = [f"cache master came back empty: {len(empty[0].lost)} confirmed writes are gone"] if empty else []
        return [*cause, *map(str, broken)]

    return without_complaints("every write with a copy present with its value", complaints)


def read_at(story: CacheStory, pod: Pod, place: str) -> LedgerVerdict:
    """The writes of the story beside what one server has stored."""
    return compare(story.traffic.run.attempts(CACHE), _stored(story, pod), place, story.fault)


def _stored(story: CacheStory, pod: Pod) -> list[StoredRow]:
    cache, ledger = story.system.cache, story.traffic.ledger
    keys = sorted(cache.keys_of(pod, f"hf:{ledger}:*"))
    rows: list[StoredRow | None] = []
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        values = cache.ask_server(pod, ["MGET", *some])[0]
        rows += [row_of_cache(key, value, ledger) for key, value in zip(some, values, strict=True)]
    return [row for row in rows if row]


def demand_promotion(world: World, limit: float) -> None:
    """Raises Broken unless every watcher names the same other server, `limit` seconds after the fault at the latest."""
    story = world.things.get(CacheStory)

    def complaints(seen: Sequence[Watcher]) -> list[str]:
        names = {watcher.master for watcher in seen if not watcher.error}
        if len(names) == 1 and names != {story.name}:
            return []
        return [*blind_watchers(seen), f"the watchers name {' and '.join(sorted(names)) or 'nobody'}"]

    def look(_: Deadline) -> Watchers:
        return Watchers(story.system.cache.watchers())  # not the servers: a silent one would hold up the look

    matcher: ComplaintMatcher[Sequence[Watcher]] = without_complaints(
        "another master named by all watchers", complaints
    )
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - story.at))
    reason = f"No other cache server was promoted within {limit:g} s"
    world.eventually(look, matcher, left, reason)
    seen = [name for name in _watchers_that_switched(story.system) if name]
    if not seen:
        raise Unknown("the switch is in the journal of no watcher, although all of them name another master")


def _watchers_that_switched(system: JewelryShop) -> list[str]:
    container = system.cache.watcher_part.container
    found = []
    for pod in system.parts.ready_pods("watcher"):
        journal = system.cluster.logs(system.namespace, pod.name, container, since_s=_JOURNAL_S)
        found += [pod.name] if _SWITCHED in journal else []
    return found


def demand_former_master_follows(world: World, followers: int, limit: float) -> None:
    """Raises Broken unless the former master is a follower and so many are online, in time after its return."""
    story = world.things.get(CacheStory)

    def complaints(view: CacheView) -> list[str]:
        former = next((server for server in view.servers if server.pod.name == story.leader.name), None)
        role = former.role if former else "gone"
        wrong = [] if role == "slave" else [f"the former master {story.leader.name} is {role or 'silent'}"]
        online = [text for text in (view.master.followers if view.master else ()) if "state=online" in text]
        return wrong if len(online) == followers else [*wrong, f"{len(online)} followers are online"]

    matcher: ComplaintMatcher[CacheView] = without_complaints(
        f"{followers} followers, the former master too", complaints
    )
    back = story.at + story.injection.fault.seconds - SYSTEM_CLOCK.now()
    reason = "The former cache master has not become a follower"
    world.eventually(lambda _: story.system.cache.view(), matcher, max(0.0, back) + limit, reason)


def demand_followers(world: World, within: float) -> None:
    """Raises Broken unless watchers and servers agree on one master with all its followers again, in time."""
    cache = world.jewelry.cache
    world.eventually(lambda _: cache.view(), cache.whole(), within, "The cache is not whole again")


@dataclass(frozen=True, slots=True)
class TakenOut:
    """Instances of the application that did not receive requests all the time."""

    names: Sequence[str]
    of: int

    def complaints(self) -> list[str]:
        """How many, and why that is wrong."""
        if not self.names:
            return []
        if len(self.names) == self.of:
            return ["all instances taken out of service because the cache was away"]
        return [f"{len(self.names)} of {self.of} instances taken out of service while the cache was away"]


def since_in_service(system: JewelryShop) -> Mapping[str, str]:
    """Every instance of the application, and since when it has been ready."""
    bodies = system.cluster.list("pods", system.namespace, system.profile.part("django").selector)
    return {body["metadata"]["uid"]: _ready_since(body) for body in bodies}


def taken_out(story: CacheStory) -> TakenOut:
    """Instances that are gone, not ready, or ready since another moment than before the fault."""
    now = since_in_service(story.system)
    changed = [uid for uid, since in story.in_service.items() if now.get(uid) != since or not since]
    return TakenOut(changed, len(story.in_service))


def never_taken_out() -> ComplaintMatcher[TakenOut]:
    """Matches when every instance was in service all the time; no instance at all proves nothing."""

    def complaints(seen: TakenOut) -> list[str]:
        return seen.complaints() if seen.of else ["there was no instance in service before the fault"]

    return without_complaints("every instance in service all the time", complaints)


def _ready_since(body: Json) -> str:
    for condition in body.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return str(condition["lastTransitionTime"])
    return ""
