"""A follower that stands still: who is synchronous meanwhile, and what the live settings make of its silence."""

from __future__ import annotations

from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.observers import bars
from support.observers.bars import Bar
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.effective import FailoverSettings
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.incidents import strike
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.rest import followers
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_TIMEOUT = "SELECT setting::float / 1000 AS seconds FROM pg_settings WHERE name = 'wal_sender_timeout'"
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class LostFollower:
    """The follower that was frozen, and the one that is left."""

    lost: Pod
    left: Pod


def freeze_follower(world: World, role: str, seconds: float) -> tuple[Failover, LostFollower]:
    """The follower with this role, "synchronous" or "other", stands still with its supervisor."""
    system = world.jewelry
    lost, left = _chosen(system, role)
    timeout = drop_after(system)

    def barring(settings: FailoverSettings) -> Bar:
        return bars.lost_follower(timeout, settings.loop_wait)

    story = strike(world, lambda _: breaking.freezing(system, "database", [lost], seconds), barring, hit=[lost])
    if timeout == _NEVER:
        story.causes = ["a silent follower is never dropped: wal_sender_timeout is 0"]
    return story, LostFollower(lost, left)


def drop_after(system: JewelryShop) -> float:
    """Seconds of silence after which the leader drops a follower, as it has them now; infinite when it never does."""
    seconds = float(system.sql.value(system.database.leader_address, _TIMEOUT))
    return seconds or _NEVER  # 0 switches it off


def _chosen(system: JewelryShop, role: str) -> tuple[Pod, Pod]:
    """The follower to freeze, and the one that is left. Raises Unknown without one synchronous and one other."""
    named = system.database.sync_follower()
    pods = followers(system)
    synchronous = [pod for pod in pods if pod.name == named]
    others = [pod for pod in pods if pod.name != named]
    if len(synchronous) != 1 or len(others) != 1:
        found = ", ".join(pod.name for pod in pods) or "none"
        raise Unknown(f"there is not one synchronous and one other follower: {named or 'nobody'} of {found}")
    return (synchronous[0], others[0]) if role == "synchronous" else (others[0], synchronous[0])


@dataclass(frozen=True, slots=True)
class Synchrony:
    """Who is synchronous while a follower is away, according to the record and to the leader itself."""

    left: str
    record: str
    leader_says: str
    frozen: bool  # whether the other one still stood still when this was seen

    def __str__(self) -> str:
        return f"synchronous by record {self.record or 'nobody'}, by the leader {self.leader_says or 'nobody'}"


def synchrony(world: World, deadline: Deadline) -> Synchrony:
    """Read while the follower stands still."""
    loss, story = world.things.get(LostFollower), world.things.get(Failover)
    view = world.jewelry.database.view(deadline)
    says = [str(row["name"]) for row in view.replication if row["sync_state"] in ("sync", "quorum")]
    ends = story.traffic.run.to_suite_time(story.in_effect) + story.injection.fault.seconds
    frozen = story.injection in breaker(world).open and SYSTEM_CLOCK.now() < ends
    return Synchrony(loss.left.name, view.sync_follower, ", ".join(says), frozen)


def is_taken_over() -> ComplaintMatcher[Synchrony]:
    """Matches when the follower that is left is the synchronous one. Raises Unknown when the lost one may be back."""

    def complaints(seen: Synchrony) -> list[str]:
        if not seen.frozen:
            raise Unknown("the frozen follower was back before anybody could look who is synchronous")
        if seen.record == seen.leader_says == seen.left:
            return []
        return [f"{seen.left} is not the synchronous follower: {seen}"]

    return without_complaints("the follower that is left is the synchronous one", complaints)
