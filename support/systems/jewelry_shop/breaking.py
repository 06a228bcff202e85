"""Breaking the shop on purpose: each fault in the owner's words, and what must be whole again when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from support.clients.ways import Way
from support.cluster.selectors import from_text
from support.errors import Refusal
from support.expect import expect
from support.faults import history
from support.faults.base import Fault, FaultRunner, Injection, Marker
from support.faults.divergence import DatabaseDiverged
from support.faults.machines import ClusterPowerOff, MachineFault, NodeCutOff, NodePowerOff
from support.faults.pods import AllPodsDeleted, PodDeleted
from support.faults.policies import PartsCutOff, Severing
from support.faults.processes import Place, ProcessesFrozen, ProcessesKilled
from support.faults.roles import DatabaseSwitchover, HandoverAsked
from support.faults.scripts import DATABASE_MEMBER, Processes
from support.faults.volumes import VolumeFull
from support.faults.workers import ChildKilled, WorkerLost
from support.platforms.base import NodeFaults
from support.systems.jewelry_shop.arrangement import Arrangement, arrangement, is_as_before
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.strength import (
    Restarts,
    Strength,
    count_restarts,
    is_full,
    none_unexpected,
    read_strength,
    sizes,
)
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import SYSTEM_CLOCK, Deadline, Unknown
from support.world import World

# Seconds for which the shop must be whole before the next scenario: one good look may fall between two bad ones.
_CALM_S = 5.0
# After a machine has come back its pods, addresses and routes are announced anew for a while (seen: once more at 19 s).
_CALM_AFTER_MACHINE_S = 25.0
# The promise that holds after every fault, whatever the scenario says, and its limit (bar B6).
_PROMISE = "JS-1152"
FULL_STRENGTH_S = 120.0
_BY_FORCE = 0  # seconds of notice


@dataclass(slots=True)
class Breaker:
    """Injects the faults of one scenario, ends them at its end, and then demands the shop's full strength."""

    world: World
    runner: FaultRunner
    restarts: Restarts
    sizes: Mapping[str, int]  # of the parts before the first fault
    arranged: Arrangement  # before the first fault
    open: list[Injection] = field(default_factory=list)
    calm: float = _CALM_S  # seconds for which full strength must hold
    struck: bool = False  # whether anything may have been broken

    @property
    def system(self) -> JewelryShop:
        """The shop."""
        return self.world.jewelry

    def inject(self, fault: Fault, runs: Sequence[Marker], hit: Sequence[Pod], *, alongside: bool = False) -> Injection:
        """Injects a fault between two marks of the probes. `hit`: instances whose restart it explains."""
        self.calm = _CALM_AFTER_MACHINE_S if isinstance(fault, MachineFault | ClusterPowerOff) else self.calm
        self.restarts.explained |= {pod.name for pod in hit}
        # On top of everything that the scenario has registered so far: first the faults end, then full strength is
        # demanded, then shops are removed.
        self.world.clean_ups.renew("see the shop at full strength again", self.demand_full_strength)
        self.world.clean_ups.renew("end every fault", self.end_all)
        history.remember(self.system.cluster, fault.target, fault.seconds, self.world.suite.run)
        struck_before, self.struck = self.struck, True
        try:
            injection = self.runner.inject(
                fault, runs, within=self.world.suite.limits.fault_effect, alongside=alongside or bool(self.open)
            )
        except Refusal:  # refused before anything was touched
            self.struck = struck_before
            raise
        self.open.append(injection)
        return injection

    def end(self, injection: Injection, runs: Sequence[Marker] = ()) -> None:
        """Ends a fault now, or notices that it has ended by itself; `runs` mark when it was seen to be over."""
        self.runner.end(injection, runs, within=self.world.suite.limits.fault_effect)
        self.open.remove(injection)

    def end_all(self) -> None:
        """Ends what is still open, last first."""
        for injection in reversed(list(self.open)):
            self.end(injection)

    def demand_full_strength(self, within: float = FULL_STRENGTH_S) -> None:
        """Raises Broken unless everything is whole again in the promised time and nothing restarted without cause."""
        if not self.struck:
            return
        self.world.invariants[_PROMISE] = False
        whole, since = is_full(self.system, before=self.sizes), [SYSTEM_CLOCK.now()]

        def look(deadline: Deadline) -> Strength:
            strength = read_strength(self.system, deadline)
            since[0] = since[0] if whole.matches(strength) else SYSTEM_CLOCK.now()
            return replace(strength, held=SYSTEM_CLOCK.now() - since[0])

        reason = f"The shop has not returned to full strength by itself ({_PROMISE})"
        self.world.eventually(look, is_full(self.system, self.calm, self.sizes), within, reason)
        unexpected = self.restarts.unexpected(self.system)
        expect(unexpected, none_unexpected(), f"An instance has restarted although no fault hit it ({_PROMISE})")
        self.demand_arrangement()
        self.world.invariants[_PROMISE] = True

    def demand_arrangement(self) -> None:
        """Raises Broken unless labels, settings and sizes are those before the first fault."""
        now = arrangement(self.system)
        expect(now, is_as_before(self.arranged), f"The shop is not set up as before the fault ({_PROMISE})")


def breaker(world: World) -> Breaker:
    """The scenario's breaker, made with the first fault; it remembers restarts, sizes and settings."""
    try:
        return world.things.get(Breaker)
    except Unknown:
        system, runner = world.jewelry, world.suite.faults().runner
        made = Breaker(world, runner, count_restarts(system), sizes(system), arrangement(system))
    world.things.put(made)
    return made


def after_a_loss(world: World) -> Breaker:
    """The scenario's breaker. Raises Unknown when nothing was broken: then nothing can have come back either."""
    found = world.things.get(Breaker)
    if not found.struck:
        raise Unknown("nothing of the shop was broken before this was asked")
    return found


def losing(system: JewelryShop, part: str, pod: Pod, loss: str) -> Fault:
    """An instance is lost: deleted gently, deleted by force, or its processes are killed."""
    if loss in ("killed", "crashed"):
        return ProcessesKilled(_place(system, part, pod), _processes(part))
    return PodDeleted(system.namespace, pod.name, None if loss == "deleted gently" else _BY_FORCE)


def freezing(system: JewelryShop, part: str, pods: Sequence[Pod], seconds: float) -> Fault:
    """Instances stop without ending, and go on by themselves after so many seconds."""
    return ProcessesFrozen([_place(system, part, pod) for pod in pods], _processes(part), seconds)


def freezing_supervisor(system: JewelryShop, pod: Pod, seconds: float) -> Fault:
    """The supervisor of a database member stops; its database goes on."""
    return ProcessesFrozen([_place(system, "database", pod)], [Processes.SUPERVISOR], seconds)


def hanging(system: JewelryShop, pod: Pod, seconds: float) -> Fault:
    """The main process of a background worker stops without ending; its children go on."""
    return ProcessesFrozen([_place(system, "worker", pod)], [Processes.MAIN], seconds)


def filling(system: JewelryShop, pod: Pod, seconds: float) -> Fault:
    """The volume of a database member has no space left for so many seconds."""
    volume = system.profile.part("database").volume
    if volume is None:
        raise Unknown("the profile does not say where a database member has its volume")
    return VolumeFull(_place(system, "database", pod), volume.path, seconds)


def losing_worker(system: JewelryShop, pod: Pod) -> Fault:
    """A background worker disappears without a last word."""
    return WorkerLost(_place(system, "worker", pod))


def killing_child(system: JewelryShop, pod: Pod, pid: int) -> Fault:
    """One working process of a background worker ends."""
    return ChildKilled(_place(system, "worker", pod), pid)


def cutting_power(node_faults: NodeFaults | None, pod: Pod, seconds: float) -> Fault:
    """The machine of an instance loses its power, for so many seconds at most."""
    return NodePowerOff(_given(node_faults), pod.node, seconds)


def cutting_off(node_faults: NodeFaults | None, pod: Pod, seconds: float) -> Fault:
    """The machine of an instance is cut off from the others."""
    return NodeCutOff(_given(node_faults), pod.node, seconds)


def cutting_application_off(system: JewelryShop, seconds: float) -> Fault:
    """No instance of the application reaches a database member; sessions that are there end."""
    who, to_whom = system.profile.part("django"), system.profile.part("database")
    pods, members = system.parts.ready_pods("django"), system.parts.ready_pods("database")
    addresses = ", ".join(f"'{pod.ip}'" for pod in pods)
    query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE host(client_addr) IN ({addresses})"  # noqa: S608 (addresses from the cluster)
    psql = ["psql", "--no-psqlrc", "--host=/run/postgresql", "--username=postgres", f"--command={query}"]
    return PartsCutOff(
        places=[_place(system, "django", pod) for pod in pods],
        who=_labels(who.selector),
        ways=[Way(pod.name, pod.ip, int(to_whom.port or 0), "sql") for pod in members],
        to_whom=_labels(to_whom.selector),
        severing=[Severing(_place(system, "database", pod), psql) for pod in members],
        seconds=seconds,
    )


def _labels(selector: str) -> dict[str, str]:
    try:
        return from_text(selector)
    except ValueError as error:
        raise Unknown(f"parts can be cut off by a policy only when equal labels select them: {error}") from error


def deleting_everything(system: JewelryShop) -> AllPodsDeleted:
    """Every instance of everything is deleted by force at once."""
    return AllPodsDeleted(system.namespace)


def cutting_all_power(node_faults: NodeFaults | None, seconds: float) -> ClusterPowerOff:
    """All machines lose their power, for so many seconds at most."""
    return ClusterPowerOff(_given(node_faults), seconds)


def handing_over(system: JewelryShop, leader: Pod, candidate: Pod) -> Fault:
    """The leader role is handed over as planned."""
    return DatabaseSwitchover(_place(system, "database", leader), leader.name, candidate.name)


def asking_for_handover(system: JewelryShop, leader: Pod, candidate: str) -> HandoverAsked:
    """The leader is asked to hand its role over, to `candidate` or to whom the supervisor chooses."""
    return HandoverAsked(_place(system, "database", leader), leader.name, candidate)


def diverging(system: JewelryShop, pod: Pod, ledger: str, rows: int) -> DatabaseDiverged:
    """A former leader gets rows of its own."""
    database = system.profile.credentials.probe.database
    return DatabaseDiverged(_place(system, "database", pod), database, ledger, rows)


def shaken_by_loss_of(system: JewelryShop, machine: str) -> list[Pod]:
    """All instances on a machine, and those anywhere that restart by themselves when the queue is away for long.

    Background workers and scheduler do so after 40 s without the queue, and the way to the new one is slow while
    names of a machine that does not answer are still given out.
    """
    on_it = [pod for word in system.profile.parts for pod in system.parts.pods(word) if pod.node == machine]
    return on_it + [pod for word in ("worker", "scheduler") for pod in system.parts.pods(word)]


def _place(system: JewelryShop, part: str, pod: Pod) -> Place:
    return Place(system.namespace, pod.name, system.profile.part(part).container)


def _processes(part: str) -> Sequence[Processes]:
    shop = (Processes.APPLICATION,)
    return {"database": DATABASE_MEMBER, "cache": (Processes.CACHE,), "django": shop, "worker": shop}[part]


def _given(node_faults: NodeFaults | None) -> NodeFaults:
    if node_faults is None:
        raise Unknown("this platform cannot make machines fail")
    return node_faults
