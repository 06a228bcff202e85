"""A parked basket while every server of the cache is lost in turn: its content and its lifetime, wherever it lies."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from support.clients.http import Answer
from support.evidence.attach import attach_table
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import ObserverError, RedisAnswerError
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.cache import CacheView
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.rest import Basket, park_basket
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Broken, Unknown
from support.world import World

_PATIENCE_S = 90.0  # seconds that are waited for a lost server: longer than promised, so that lateness has a figure
_DRIFT_S = 3.0  # seconds: the shop tells lifetimes in whole seconds, and machines' clocks differ a little
_SHOP = "the shop"


@dataclass(frozen=True, slots=True)
class Kept:
    """A basket that was parked for so many seconds, at some moment between `before` and `after`."""

    store: Store
    basket: Basket
    seconds: float
    before: float  # on the suite's clock
    after: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found at one place, asked between `before` and `after`."""

    place: str  # the shop, or the name of a server
    content: str | None  # None: the basket is not there
    left: float  # seconds of lifetime that remain; negative: it has none
    before: float
    after: float
    trouble: str = ""  # why nothing could be read

    def wrong(self, kept: Kept) -> list[str]:
        """What differs from the basket as it was parked."""
        if self.trouble:
            return [f"{self.place} {self.trouble}"]
        if self.content is None:
            return [f"{self.place} does not have the basket any more"]
        found = [] if self.content == kept.basket.content else [f"{self.place} has another content: {self.content!r}"]
        if self.left < 0:
            return [*found, f"{self.place} keeps the basket for ever"]
        latest = kept.after + kept.seconds + _DRIFT_S - self.before
        earliest = kept.before + kept.seconds - _DRIFT_S - self.after
        if not earliest <= self.left <= latest:
            found.append(f"{self.place} keeps it for {self.left:.0f} s, not for {earliest:.0f} to {latest:.0f} s")
        return found


@dataclass(frozen=True, slots=True)
class Loss:
    """A server that was lost, and what was found when it was back."""

    server: str
    how: str
    was_master: bool
    back: float | None  # seconds until everybody agreed again, with this server; None: not within the patience
    trouble: str  # what was still wrong then
    readings: Sequence[Reading]

    def __str__(self) -> str:
        role = "master" if self.was_master else "follower"
        return f"{role} {self.server} {self.how}, {f'back after {self.back:.1f} s' if self.back else 'not back'}"

    @property
    def emptied(self) -> bool:
        """Whether no server has the basket any more."""
        servers = [one for one in self.readings if one.place != _SHOP and not one.trouble]
        return bool(servers) and all(one.content is None for one in servers)


@dataclass(frozen=True, slots=True)
class Losses:
    """All losses of one scenario in their order; it ends early when the basket is gone."""

    kept: Kept
    servers: int
    losses: Sequence[Loss]

    def __str__(self) -> str:
        return "; ".join(map(str, self.losses)) or "no server was lost"


def park_everywhere(world: World, seconds: float) -> Kept:
    """Parks a basket through the shop and waits until every server has it. Raises Broken when that does not come."""
    system, store = world.jewelry, world.things.get(Store)
    before = SYSTEM_CLOCK.now()
    basket = park_basket(store, int(seconds))
    kept = Kept(store, basket, seconds, before, SYSTEM_CLOCK.now())
    number = system.cache.server_part.number
    everywhere = lies_on(int(number) if isinstance(number, int) else 1, kept)
    reason = "A parked basket was not copied to every server of the cache"
    world.eventually(lambda _: _on_servers(system, basket), everywhere, world.suite.limits.at_rest, reason)
    return kept


def lies_on(servers: int, kept: Kept) -> ComplaintMatcher[Sequence[Reading]]:
    """Matches when so many servers have the basket as it was parked."""

    def complaints(readings: Sequence[Reading]) -> list[str]:
        few = [f"{len(readings)} servers instead of {servers}"] if len(readings) < servers else []
        return few + [text for one in readings for text in one.wrong(kept)]

    return without_complaints(f"the basket on {servers} servers", complaints)


def lose_every_server(world: World) -> Losses:
    """The master crashes and returns; then each server is deleted by force, the next when the one before is back."""
    kept, view = world.things.get(Kept), world.jewelry.cache.view()
    if view.master is None:
        raise Unknown(f"the cache has no master that could be lost: {view}")
    losses = [_lose(world, kept, view.master.pod.name, "crashed")]
    for name in sorted(server.pod.name for server in view.servers):
        if losses[-1].back is None or losses[-1].emptied:
            break  # the promise is broken already; another loss would hide how
        losses.append(_lose(world, kept, name, "deleted"))
    rows = [(str(loss), "; ".join(f"{one.place} {one.left:.0f} s" for one in loss.readings)) for loss in losses]
    attach_table("Servers lost, and the lifetime of the basket then", ["loss", "lifetime"], rows)
    return Losses(kept, len(view.servers), losses)


def _lose(world: World, kept: Kept, name: str, how: str) -> Loss:
    system, breaker_ = world.jewelry, breaker(world)
    view = system.cache.view()
    pod = next((server.pod for server in view.servers if server.pod.name == name), None)
    if pod is None:
        raise Unknown(f"the cache server {name} is not there to be lost: {view}")
    was_master = view.master is not None and view.master.pod.name == name
    since, again = SYSTEM_CLOCK.now(), how != "crashed"  # the first one is subject to all guards
    breaker_.end(breaker_.inject(breaking.losing(system, "cache", pod, how), [], [pod], alongside=again))
    trouble = _await_back(world, name)
    back = None if trouble else SYSTEM_CLOCK.now() - since
    return Loss(name, how, was_master, back, trouble, _everywhere(world, kept))


def _await_back(world: World, name: str) -> str:
    """Waits until the server is ready and everybody agrees on one master; what is still wrong at the end."""
    system = world.jewelry
    whole = system.cache.whole()

    def complaints(seen: tuple[CacheView, Sequence[Pod]]) -> list[str]:
        view, ready = seen
        away = [] if name in {pod.name for pod in ready} else [f"{name} is not ready"]
        return [*away, *whole.complaints(view)]

    matcher = without_complaints("the server back and one master with all followers", complaints)
    try:
        world.eventually(
            lambda _: (system.cache.view(), system.parts.ready_pods("cache")), matcher, _PATIENCE_S, f"{name} is away"
        )
    except Broken as broken:
        return str(broken).splitlines()[1] if "\n" in str(broken) else str(broken)
    return ""


def _everywhere(world: World, kept: Kept) -> list[Reading]:
    on_servers = _on_servers(world.jewelry, kept.basket)
    return [*on_servers, _through_the_shop(world, kept)]


def _on_servers(system: JewelryShop, basket: Basket) -> list[Reading]:
    return [_on_server(system, pod, basket) for pod in system.parts.pods("cache") if not pod.leaving]


def _on_server(system: JewelryShop, pod: Pod, basket: Basket) -> Reading:
    before = SYSTEM_CLOCK.now()
    try:
        keys = system.cache.keys_of(pod, f"*{basket.name}*")
        if not keys:
            return Reading(pod.name, None, 0.0, before, SYSTEM_CLOCK.now())
        text, left = system.cache.ask_server(pod, ["GET", keys[0]], ["PTTL", keys[0]])
    except (ObserverError, RedisAnswerError) as error:
        return Reading(pod.name, None, 0.0, before, SYSTEM_CLOCK.now(), f"does not answer: {error}")
    # The answer comes in milliseconds.
    return Reading(pod.name, _plain(text), int(left) / 1000, before, SYSTEM_CLOCK.now())


def _plain(text: object) -> str | None:
    """The content as the shop was given it; it stores texts as JSON."""
    if text is None:
        return None
    with contextlib.suppress(ValueError):
        return str(json.loads(str(text)))
    return str(text)


def _through_the_shop(world: World, kept: Kept) -> Reading:
    asked: list[float] = [SYSTEM_CLOCK.now()]

    def ask(_: object) -> Answer:
        asked.append(SYSTEM_CLOCK.now())
        return kept.store.till.basket(kept.basket.name)

    def read(content: str | None, left: float = 0.0, trouble: str = "") -> Reading:
        return Reading(_SHOP, content, left, asked[-1], SYSTEM_CLOCK.now(), trouble)

    # 404 is an answer too: the basket is gone, and looking again would not bring it back.
    try:
        found = world.eventually(ask, answered(200, 404), world.suite.limits.at_rest, "The shop shows no basket")
    except Broken as broken:
        return read(None, trouble=f"does not answer: {broken}".splitlines()[0])
    if found.status == 404:
        return read(None)
    if found.told("ttl_s") is None:
        return read(None, trouble=f"tells no lifetime: {cause_of(found)}")
    return read(str(found.told("content")), float(found.told("ttl_s")))


def come_back_with_the_basket(limit: float) -> ComplaintMatcher[Losses]:
    """Matches when every lost server was back in time and each time every server had the basket unchanged.

    Raises Unknown when no server that held the master's role was lost: a lost follower alone proves nothing.
    """

    def complaints(seen: Losses) -> list[str]:
        found = [text for loss in seen.losses for text in _wrong_on_servers(seen.kept, loss, limit)]
        return found or _doubts(seen)

    return without_complaints(f"every server back within {limit:g} s, with the basket", complaints)


def _wrong_on_servers(kept: Kept, loss: Loss, limit: float) -> list[str]:
    found = []
    if loss.emptied:
        what = "cache master came back empty" if loss.was_master else "the cache is empty"
        found.append(f"{what}: the basket is on no server after {loss.server} was {loss.how}")
    if loss.back is None:
        found.append(f"{loss.server} was not back after {_PATIENCE_S:g} s: {loss.trouble}")
    elif loss.back > limit:
        found.append(f"{loss.server} was back after {loss.back:.1f} s only")
    return found + [text for one in loss.readings if one.place != _SHOP for text in one.wrong(kept)]


def _doubts(seen: Losses) -> list[str]:
    if not any(loss.was_master for loss in seen.losses):
        raise Unknown("no server that held the master's role was lost: nothing is known of its data")
    if len({loss.server for loss in seen.losses if loss.how == "deleted"}) < seen.servers:
        raise Unknown(f"not every server was lost: {seen}")
    if any(len(loss.readings) != seen.servers + 1 for loss in seen.losses):  # and the shop
        raise Unknown(f"not every server was read: {seen}")
    if any(one.after > seen.kept.before + seen.kept.seconds for loss in seen.losses for one in loss.readings):
        raise Unknown(f"it took longer than the basket was to be kept ({seen.kept.seconds:g} s)")
    return []


def show_the_basket() -> ComplaintMatcher[Losses]:
    """Matches when the shop showed the basket unchanged each time, with a lifetime that only falls."""

    def complaints(seen: Losses) -> list[str]:
        shown = [one for loss in seen.losses for one in loss.readings if one.place == _SHOP]
        if not shown:
            raise Unknown("the shop was never asked for the basket")
        lefts = [one.left for one in shown if not one.trouble and one.content is not None]
        rising = [text for text in map(_risen, lefts, lefts[1:]) if text]
        return [text for one in shown for text in one.wrong(seen.kept)] + rising

    return without_complaints("the basket as it was parked, for ever shorter", complaints)


def _risen(earlier: float, later: float) -> str:
    return f"its lifetime rose from {earlier:.0f} s to {later:.0f} s" if later > earlier else ""
