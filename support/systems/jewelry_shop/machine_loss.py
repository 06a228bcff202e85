"""A machine is lost that carries parts of everything but the database's leader: who is served, and what moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.cluster import Json
from support.evidence.attach import attach_figures
from support.faults.base import Injection
from support.matchers import ComplaintMatcher, without_complaints
from support.observers import bars
from support.observers.attempts import Attempt
from support.observers.bars import Bar
from support.observers.verdicts import Measurement, Verdict, measure
from support.systems.jewelry_shop import breaking, incidents, pictures, platform_settings
from support.systems.jewelry_shop.breaking import after_a_loss, breaker
from support.systems.jewelry_shop.healing import await_full_number
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.parts import PartState, Pod
from support.systems.jewelry_shop.rest import followers
from support.systems.jewelry_shop.system import JewelryShop, entrances_by_machine
from support.systems.jewelry_shop.traffic import LOOKS, SALES, Traffic, look_everywhere
from support.waiting import SYSTEM_CLOCK, Unknown
from support.world import World

_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_CARRIED = ("django", "nginx", "worker", "cache")  # what the machine must carry (JS-806)
_MOVES = 4  # instances of a part that are replaced until one has come to the machine
_LOOKED = 50  # looks at each entrance before the fault without which nothing is said: five seconds at ten a second
_MACHINE_BACK_S = 400.0  # a machine gets its power back then at the latest, also when the suite has died


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that is to be lost."""

    name: str
    pods: Mapping[str, Sequence[Pod]]  # its instances, by part

    @property
    def lacking(self) -> list[str]:
        """Parts that it should carry and does not."""
        return [word for word in _CARRIED if not self.pods.get(word)]

    def __str__(self) -> str:
        return f"{self.name} with {', '.join(pod.name for pods in self.pods.values() for pod in pods)}"


@dataclass(slots=True)
class MachineStory:
    """What is known of the loss."""

    system: JewelryShop
    traffic: Traffic
    machine: Machine
    leader: Pod  # who leads the database, on another machine
    entrances: Sequence[str]  # machines whose entrance is left
    injection: Injection
    bar: Bar
    at: float  # when the power was cut, on the suite's clock

    @property
    def fault(self) -> float:
        """The moment before the fault, on the customers' clock."""
        return self.traffic.run.marks[self.injection.before]

    @property
    def in_effect(self) -> float:
        """The moment after the power had been cut."""
        return self.traffic.run.marks.get(self.injection.after, self.fault)

    def confirmed_after(self) -> list[Attempt]:
        """Confirmed sales that began after the fault was in effect."""
        return [one for one in self.traffic.attempts(SALES) if one.ok and one.start >= self.in_effect]


def machine_to_lose(world: World) -> Machine:
    """A machine without control plane and database leader that carries every other kind of part.

    Where there is none, the leader role is handed over as planned, or instances are replaced until one has come to the
    machine. Raises Unknown when that does not help.
    """
    found = sorted(_machines(world.jewelry), key=lambda one: len(one.lacking))
    if not found:
        raise Unknown("there is no machine that may fail")
    leader = world.jewelry.database.leading_pod()
    whole = [one for one in found if not one.lacking]
    free = [one for one in found if one.name != leader.node]
    chosen = next((one for one in whole if one.name != leader.node), None) or next(iter(whole or free), found[0])
    if chosen.name == leader.node:
        _hand_over(world, leader)
    for part in chosen.lacking:
        _bring(world, part, chosen.name)
    return next(one for one in _machines(world.jewelry) if one.name == chosen.name)


def _machines(system: JewelryShop) -> list[Machine]:
    nodes = system.cluster.list("nodes")
    names = [body["metadata"]["name"] for body in nodes if _CONTROL_PLANE not in body["metadata"].get("labels", {})]
    ready = {word: system.parts.ready_pods(word) for word in system.profile.parts}
    return [
        Machine(name, {word: [pod for pod in pods if pod.node == name] for word, pods in ready.items()})
        for name in sorted(names)
    ]


def _hand_over(world: World, leader: Pod) -> None:
    synchronous = world.jewelry.database.sync_follower()
    candidates = [pod for pod in followers(world.jewelry) if pod.name in synchronous or not synchronous]
    if not candidates:
        raise Unknown(f"{leader.name} leads on the machine that is to be lost and nobody may take over")
    incidents.hand_over(world, leader, candidates[0])


def _bring(world: World, part: str, machine: str) -> None:
    """Replaces instances on other machines, one by one, until one of the part runs on this machine."""
    for _ in range(_MOVES):
        pods = world.jewelry.parts.ready_pods(part)
        if any(pod.node == machine for pod in pods):
            return
        breaker_ = breaker(world)
        breaker_.end(breaker_.inject(breaking.losing(world.jewelry, part, pods[0], "deleted gently"), [], [pods[0]]))
        await_full_number(world, part)
    if all(pod.node != machine for pod in world.jewelry.parts.ready_pods(part)):
        raise Unknown(f"no instance of {part} has come to {machine}: nothing would be lost with it")


def cut_power(world: World) -> MachineStory:
    """The machine loses its power, with customers at every entrance that is left."""
    system, traffic, machine = world.jewelry, world.things.get(Traffic), world.things.get(Machine)
    entrances = entrances_by_machine(system.cluster, system.profile.entrance.namespace)
    left = {name: address for name, address in entrances.items() if name != machine.name}
    traffic.warm_up(world.suite.limits.warm_up)
    look_everywhere(system, traffic, left)
    for name in left:
        traffic.others[-1].wait_confirmed(_LOOKED, f"{LOOKS}-{name}", world.suite.limits.warm_up)
    leader = system.database.leading_pod()
    if machine.lacking or leader.node == machine.name:
        raise Unknown(f"{machine.name} carries the leader {leader.name}, or lacks {', '.join(machine.lacking)}")
    bar = bars.parts_replaced(
        platform_settings.not_ready_after(system.cluster), platform_settings.evicted_after(system.cluster)
    )
    fault = breaking.cutting_power(world.suite.platform.node_faults, machine.pods["django"][0], _MACHINE_BACK_S)
    hit, at = breaking.shaken_by_loss_of(system, machine.name), SYSTEM_CLOCK.now()
    injection = breaker(world).inject(fault, [traffic.run, *traffic.others], hit)
    return MachineStory(system, traffic, machine, leader, list(left), injection, bar, at)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the parts are that are bound to no machine, and which parts wait for theirs."""

    states: Sequence[PartState]
    machine: str
    staying: Sequence[str]  # instances that Kubernetes leaves on the lost machine, and why
    waiting: Sequence[str]  # instances bound to it by what they store

    def __str__(self) -> str:
        counts = [f"{one.name} {len(_elsewhere(one, self.machine))}/{one.wanted}" for one in self.states]
        return f"{', '.join(counts)}; waiting for the machine: {', '.join(self.waiting) or 'none'}"


def _elsewhere(state: PartState, machine: str) -> list[Pod]:
    return [pod for pod in state.ready if pod.node != machine]


def demand_moved(world: World) -> None:
    """Raises Broken unless every part that is bound to no machine has its number elsewhere, as the settings allow."""
    story = world.things.get(MachineStory)
    left = max(0.0, story.bar.seconds - (SYSTEM_CLOCK.now() - story.at))
    reason = f"Parts of a lost machine were not replaced elsewhere within {story.bar.seconds:g} s ({story.bar})"
    seen = world.eventually(lambda _: _look(story), are_elsewhere(), left, reason)
    took = SYSTEM_CLOCK.now() - story.at
    waiting = ", ".join(seen.waiting) or "none"
    carried = f"power of {story.machine} cut"
    attach_figures([("replaced after", f"{took:.0f} s", str(story.bar)), ("waiting for the machine", waiting, carried)])


def _look(story: MachineStory) -> Moved:
    system, name = story.system, story.machine.name
    bodies = {
        word: system.cluster.list("pods", system.namespace, part.selector)
        for word, part in system.profile.parts.items()
    }
    bound = {word for word, found in bodies.items() if any(map(_claims, found))}
    free = [word for word in bodies if word not in bound]
    here = {word: [one for one in found if one["spec"].get("nodeName") == name] for word, found in bodies.items()}
    waiting = [str(one["metadata"]["name"]) for word in bound for one in here[word]]
    staying = [_why_it_stays(one) for word in free for one in here[word] if "deletionTimestamp" not in one["metadata"]]
    return Moved([system.parts.state(word) for word in free], name, staying, sorted(waiting))


def _claims(body: Json) -> bool:
    """Whether an instance stores something on a volume of its own."""
    return any("persistentVolumeClaim" in volume for volume in body["spec"].get("volumes", []))


def _why_it_stays(body: Json) -> str:
    name = body["metadata"]["name"]
    for toleration in body["spec"].get("tolerations", []):
        if toleration.get("key") == "node.kubernetes.io/unreachable" and toleration.get("effect") == "NoExecute":
            span = toleration.get("tolerationSeconds")
            return f"{name} tolerates the loss {'for ever' if span is None else f'for {span} s'}"
    return f"{name} tolerates the loss as the platform has it"


def are_elsewhere() -> ComplaintMatcher[Moved]:
    """Matches when every part that is bound to no machine has its full number on other machines."""

    def complaints(seen: Moved) -> list[str]:
        if not seen.states:
            return ["no part was found that could move"]
        counts = [(one, len(_elsewhere(one, seen.machine))) for one in seen.states]
        found = [
            f"{one.word} {one.name} has {count} of {one.wanted} instances on other machines"
            for one, count in counts
            if count < one.wanted
        ]
        staying = [f"instances stay assigned to the lost machine: {'; '.join(seen.staying)}"] if seen.staying else []
        return [*staying, *found] if found else []

    return without_complaints("the full number of every movable part on other machines", complaints)


def judge_customers(world: World, limit: float) -> Judged:
    """How long customers were away at each entrance that is left, against the promise."""
    story = world.things.get(MachineStory)
    story.traffic.settle(story.fault, limit + world.suite.limits.settle)
    story.traffic.stop_all()
    sales = measure(story.traffic.run.journal, SALES, story.fault, story.in_effect, until=story.traffic.settled_until)
    looks = story.traffic.others[-1]
    found = {
        name: measure(looks.journal, f"{LOOKS}-{name}", looks.marks[story.injection.before]) for name in story.entrances
    }
    judged = {"sales": sales.judge(limit)} | {
        f"looks through {name}": one.judge(limit, _LOOKED) for name, one in found.items()
    }
    verdict = worst_of(judged)
    pictures.attach_failover(story, sales, limit, verdict)
    measured = {"sales": sales} | {f"looks through {name}": one for name, one in found.items()}
    return Judged(verdict, _told(story, since=sales), _figures(story, measured, limit)).attach("Figures of the loss")


def worst_of(judged: Mapping[str, Verdict]) -> Verdict:
    """Broken when one is, else the first doubt, else kept."""
    order = ["broken", "invalid", "unknown", "inconclusive", "kept"]
    name, worst = min(judged.items(), key=lambda one: order.index(one[1].kind))
    return Verdict(worst.kind, f"{name}: {worst.reason}")


def _told(story: MachineStory, since: Measurement) -> list[str]:
    if not since.bounds.outages:
        return []
    errors = {one.error for one in story.traffic.attempts(SALES) if not one.ok and one.start >= story.fault}
    return [f"customers were told: {text}" for text in sorted(errors - {""})[:3]]  # three show the pattern


def _figures(story: MachineStory, measured: Mapping[str, Measurement], limit: float) -> list[tuple[str, str]]:
    bounds = [(name, f"{one.bounds.lower:.2f} to {one.bounds.upper:.2f} s") for name, one in measured.items()]
    return [
        *bounds,
        ("promised", f"{limit:g} s"),
        ("bar", str(story.bar)),
        ("proof of the fault", story.injection.proof),
    ]


def demand_whole(world: World, limit: float) -> None:
    """Raises Broken unless everything is as before, in time, with every restart explained; Unknown without a loss."""
    after_a_loss(world).demand_full_strength(limit)
