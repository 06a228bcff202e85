"""Incidents of the database: the fault and the story that is told of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from support.faults.base import Fault
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.bars import Bar
from support.systems.jewelry_shop import breaking, failover, ledgers
from support.systems.jewelry_shop.breaking import FULL_STRENGTH_S, Breaker, breaker
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.database import follow_one_leader
from support.systems.jewelry_shop.effective import FailoverSettings
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.ledgers import ReadBack
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.rest import followers
from support.systems.jewelry_shop.strength import mute
from support.systems.jewelry_shop.traffic import Traffic, buy_at_instances, work_for_workers
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_MACHINE_BACK_S = 300.0  # a machine gets its power back then at the latest, also when the suite has died
# Reaching for a rejoined member costs a few seconds after the fault has ended; the traffic goes on until then.
_AFTER_S = 2.0

_TAKEOVER_S = 30.0  # until another member leads: what the business was promised for one failure (JS-503)
_NEXT_LOOK_S = 0.25  # what comes next must come before redundancy is back

Making = Callable[[Pod], Fault]
Barring = Callable[[FailoverSettings], Bar]


def lose_leader(world: World, loss: str) -> Failover:
    """The leading member is deleted by force, or all its processes are killed."""
    system = world.jewelry
    return strike(world, lambda pod: breaking.losing(system, "database", pod, loss), FailoverSettings.restart)


def freeze_leader(world: World, seconds: float) -> Failover:
    """The leading member with its supervisor stops for longer than its lease."""
    system = world.jewelry
    return strike(world, lambda pod: breaking.freezing(system, "database", [pod], seconds), FailoverSettings.takeover)


def fill_volume(world: World, seconds: float) -> Failover:
    """The leading member has no space left to write to."""
    system = world.jewelry
    return strike(world, lambda pod: breaking.filling(system, pod, seconds), FailoverSettings.restart)


def freeze_supervisor(world: World, seconds: float) -> Failover:
    """Only the supervisor of the leading member stops."""
    system = world.jewelry
    return strike(
        world, lambda pod: breaking.freezing_supervisor(system, pod, seconds), FailoverSettings.frozen_supervisor
    )


def cut_power(world: World) -> Failover:
    """The leader's machine loses its power."""
    faults = world.suite.platform.node_faults
    return strike(
        world,
        lambda pod: breaking.cutting_power(faults, pod, _MACHINE_BACK_S),
        FailoverSettings.lost_machine,
        whole_machine=True,
    )


def cut_off(world: World, seconds: float) -> Failover:
    """The leader's machine is cut off from the others in both directions."""
    faults = world.suite.platform.node_faults
    return strike(
        world, lambda pod: breaking.cutting_off(faults, pod, seconds), FailoverSettings.lost_machine, whole_machine=True
    )


def strike(
    world: World, making: Making, barring: Barring, *, whole_machine: bool = False, hit: Sequence[Pod] = ()
) -> Failover:
    """Injects a fault while customers buy. `making` gets the leader; `hit`: who is hit when it is not the leader."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    traffic.warm_up(world.suite.limits.warm_up)
    view, leader, settings = failover.snapshot(system)
    breaker_ = breaker(world)
    instances = {pod.name: pod for part in ("django", "worker") for pod in system.parts.ready_pods(part)}
    shaken = breaking.shaken_by_loss_of(system, leader.node) if whole_machine else hit or [leader]
    injection = breaker_.inject(making(leader), [traffic.run, *traffic.others], shaken)
    return Failover(system, traffic, view, leader, settings, injection, barring(settings), instances)


def leader_off_control_plane(world: World) -> Pod:
    """Hands the leader role over, as planned, when the leader is on a machine that no fault may hit.

    Raises Unknown when no synchronous follower is on another machine: nobody else may take over.
    """
    system = world.jewelry
    leader = system.database.leading_pod()
    carrying = {body["metadata"]["name"] for body in system.cluster.list("nodes", labels=_CONTROL_PLANE)}
    if leader.node not in carrying:
        return leader
    synchronous = system.database.sync_follower()
    others = [pod for pod in followers(system) if pod.node not in carrying]
    candidates = [pod for pod in others if pod.name in synchronous or not synchronous]  # without the mode: anybody
    if not candidates:
        raise Unknown(f"{leader.name} leads on the control plane's machine and nobody elsewhere may take over")
    hand_over(world, leader, candidates[0])
    return system.database.leading_pod()


def hand_over(world: World, leader: Pod, candidate: Pod) -> None:
    """Hands the leader role over, as planned, and waits until everybody follows and the application serves again."""
    system, breaker_ = world.jewelry, breaker(world)
    system.open_store("Handover")  # its owner is asked for below: does the application serve again?
    breaker_.end(breaker_.inject(breaking.handing_over(system, leader, candidate), [], []))
    await_rejoin(world, FULL_STRENGTH_S)
    await_service(world)


def give_work_to_all(world: World) -> None:
    """Beside the customers, every instance of the application sells and the workers have jobs to do."""
    system, traffic = world.jewelry, world.things.get(Traffic)
    buy_at_instances(system, traffic, system.parts.ready_pods("django"))
    work_for_workers(system, traffic)


def settle(world: World, story: Failover, limit: float) -> None:
    """Lets the customers go on until as many sales are confirmed as a verdict needs, or the promise is long over."""
    story.traffic.settle(story.in_effect, limit + world.suite.limits.settle)


def await_successor(world: World, story: Failover) -> str:
    """Waits until another member has confirmed a write; its name. Raises Broken with the cause when nobody does."""

    def look(_: Deadline) -> list[str]:
        return [one.answered_by for one in story.taken_over() if one.answered_by != story.leader.name]

    def complaints(names: Sequence[str]) -> list[str]:
        return [] if names else [*story.settings.blame(_TAKEOVER_S), f"nobody took over from {story.leader.name}"]

    def pause(deadline: Deadline) -> None:
        SYSTEM_CLOCK.sleep(deadline.left(at_most=_NEXT_LOOK_S))

    matcher: ComplaintMatcher[list[str]] = without_complaints("another member that confirms", complaints)
    return world.eventually(look, matcher, _TAKEOVER_S, "No other database member took over", pause=pause)[-1]


def await_end_of_fault(world: World, story: Failover | CacheStory) -> None:
    """Waits until a fault that ends by itself has ended, with the customers going on; one that was ended is over."""
    breaker_ = breaker(world)
    if story.injection not in breaker_.open:
        return
    ends = story.traffic.run.to_suite_time(story.in_effect) + story.injection.fault.seconds + _AFTER_S
    wait_until(world, ends, "The fault does not end")
    breaker_.end(story.injection, [story.traffic.run])


def wait_until(world: World, moment: float, reason: str) -> None:
    """Waits for a moment on the suite's clock."""
    reached: ComplaintMatcher[float] = without_complaints(
        "that moment", lambda now: [] if now >= moment else [f"{moment - now:.0f} s to go"]
    )
    left = max(0.0, moment - SYSTEM_CLOCK.now()) + _AFTER_S
    world.eventually(lambda _: SYSTEM_CLOCK.now(), reached, left, reason, must_take_it=True)


def give_power_back(world: World) -> None:
    """The machine gets its power back before its time."""
    breaker(world).end_all()


def await_rejoin(world: World, within: float) -> None:
    """Waits until every member streams again from one leader. Raises Broken when the time is over."""
    number = world.jewelry.profile.part("database").number
    others = int(number) - 1 if isinstance(number, int) else 0
    await_followers(world, others, within, "The former leader does not follow again")


def await_followers(world: World, number: int, within: float, reason: str = "Not all members follow again") -> None:
    """Waits until every source names one leader and so many others stream from it."""
    world.eventually(world.jewelry.database.view, follow_one_leader(number), within, reason)


def await_service(world: World) -> None:
    """Waits until every instance of the application answers out of the database again."""
    serving: ComplaintMatcher[list[str]] = without_complaints("an answer from every instance", lambda silent: silent)
    reason = "The application does not serve after the leader role was handed over"
    world.eventually(lambda _: mute(world.jewelry), serving, FULL_STRENGTH_S, reason)


def read_everywhere(world: World, story: Failover) -> ReadBack:
    """The ledger on every member, as soon as enough was confirmed after the last failure."""
    settle(world, story, world.suite.limits.settle)
    return ledgers.read_everywhere(world.jewelry, story.traffic, story.fault)


def restart_all_members(world: World) -> None:
    """Every database member is deleted in good order, all at once; they come back with their data."""
    system = world.jewelry
    breaker_: Breaker = breaker(world)
    for pod in system.parts.ready_pods("database"):
        breaker_.inject(breaking.losing(system, "database", pod, "deleted gently"), [], [pod], alongside=True)
    breaker_.end_all()
    await_rejoin(world, FULL_STRENGTH_S)
