"""The cache while nobody copies: its master must refuse to be written to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.evidence.attach import attach_table
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt
from support.observers.ledger import LedgerVerdict
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.cache_incidents import CacheStory, look_before, read_at, strike
from support.systems.jewelry_shop.incidents import await_end_of_fault
from support.systems.jewelry_shop.traffic import CACHE
from support.waiting import Unknown
from support.world import World

_NEEDED = 40  # writes tried in the time in which all must be refused: two seconds of them
_REFUSED = "NOREPLICAS"  # the cache's own word for "nobody copies"
_SETTINGS = ("min-replicas-to-write", "min-replicas-max-lag")


@dataclass(frozen=True, slots=True)
class Refusals:
    """What became of writes while both followers stood still, and afterwards."""

    limit: float
    tried: Sequence[Attempt]  # from `limit` seconds after the fault until its end
    stored: LedgerVerdict  # all writes beside what the master has stored
    settings: Mapping[str, str]  # of the master, which decide about refusing
    back: float | None  # seconds from the end of the fault to the first copied write that lasts; None: not seen

    def __str__(self) -> str:
        return f"{len(self.tried)} writes: {dict(Counter(one.outcome for one in self.tried))}; {self.stored}"


def cut_off_followers(world: World, seconds: float) -> CacheStory:
    """All followers of the cache stand still at once."""
    view, master = look_before(world)
    pods = [server.pod for server in view.servers if server.pod.uid != master.uid]
    if not pods:
        raise Unknown(f"the cache has no follower: {view}")
    return strike(world, view, master, breaking.freezing(world.jewelry, "cache", pods, seconds), pods)


def refusals(world: World, limit: float) -> Refusals:
    """Reads what was refused and what was stored; ends the writer when it was served again, or patience is over."""
    story, system = world.things.get(CacheStory), world.jewelry
    # The followers go on by themselves so many seconds after the command that stopped the first of them was sent.
    over = story.fault + story.injection.fault.seconds
    await_end_of_fault(world, story)
    story.traffic.settle(over, world.suite.limits.settle)
    told = system.cache.ask_server(story.leader, *(["CONFIG", "GET", name] for name in _SETTINGS))
    journal = story.traffic.stop()
    attempts = [one for one in journal.attempts(CACHE) if one.start < story.traffic.settled_until]
    tried = [one for one in attempts if story.in_effect + limit <= one.start and one.end <= over]
    settings = {str(words[0]): str(words[1]) for words in told if len(words) > 1}
    seen = Refusals(limit, tried, read_at(story, story.leader, story.leader.name), settings, _back(attempts, over))
    if journal.interrupted:
        raise Unknown(f"the writer was interrupted: {journal.end_reason}")
    world.things.put(seen)
    back = "not seen" if seen.back is None else f"{seen.back:.1f} s after the followers were let go on"
    rows = [("promised", f"refused from {limit:g} s on"), ("seen", str(seen)), ("copied again", back)]
    attach_table("Writes that nobody could copy", ["figure", "value"], [*rows, *seen.settings.items()])
    return seen


def _back(attempts: Sequence[Attempt], over: float) -> float | None:
    """When copied writes went on for good."""
    bad = max((one.start for one in attempts if not one.ok), default=over)
    good = [one.end for one in attempts if one.ok and one.start > bad]
    return max(0.0, min(good) - over) if good else None


def refuses_uncopied() -> ComplaintMatcher[Refusals]:
    """Matches when every write was refused for want of a copy, and none of the refused ones is stored."""

    def complaints(seen: Refusals) -> list[str]:
        accepted = [one for one in seen.tried if one.outcome in ("ok", "uncopied")]
        found = []
        if accepted:
            settings = ", ".join(f"{name} {value}" for name, value in seen.settings.items())
            found.append(
                f"cache accepts writes that no follower has: {len(accepted)} of {len(seen.tried)} from {seen.limit:g} s"
                f" after both followers stood still ({settings})"
            )
        if seen.stored.phantom:
            found.append(f"{len(seen.stored.phantom)} refused writes are stored")
        return found or _doubts(seen)

    return without_complaints("every write refused that nobody copies", complaints)


def _doubts(seen: Refusals) -> list[str]:
    refused = [one for one in seen.tried if one.outcome == "fail" and _REFUSED in one.error]
    if len(refused) < _NEEDED:
        raise Unknown(f"only {len(refused)} writes were refused for want of a copy: {seen}")
    others = [one for one in seen.tried if one not in refused]
    if others:
        raise Unknown(f"{len(others)} writes ended otherwise: {others[0].outcome} {others[0].error}")
    return []


def accepts_again() -> ComplaintMatcher[Refusals]:
    """Matches when copied writes went on by themselves."""

    def complaints(seen: Refusals) -> list[str]:
        return [] if seen.back is not None else ["no write was confirmed with a copy after the followers were back"]

    return without_complaints("copied writes again, without help", complaints)
