"""What every fault can do, and the runner that keeps the order: guards, intent, injection, proof, end, proof."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from support.cluster.client import Cluster
from support.cluster.errors import NotFound
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults import intents
from support.faults.guards import Guards, Reach
from support.faults.intents import ByItself, Intent, Remedy
from support.observers.run import ObserverError

_MENDED_AFTER_S = 10.0  # seconds past its own end after which others mend a fault


class Fault(Protocol):
    """One way to break something. Every call is bounded; `seconds` is when the fault ends by itself (0: at once)."""

    @property
    def kind(self) -> str:
        """Such as "processes-frozen"."""

    @property
    def target(self) -> str:
        """What is hit, in words that a person finds in the cluster."""

    @property
    def namespace(self) -> str:
        """The namespace that is hit; empty for machines."""

    @property
    def seconds(self) -> float:
        """When it ends by itself."""

    def rights(self) -> Sequence[Right]:
        """What the suite must be allowed to do."""

    def precheck(self, cluster: Cluster) -> str:
        """What the target is like now, in words. Raises Refusal when it is not as it should be. Changes nothing."""

    def remedies(self) -> Sequence[Remedy]:
        """How others mend it; known after `precheck`."""

    def inject(self, cluster: Cluster) -> None:
        """Breaks it. Raises ApiError or FaultFailed."""

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The proof that it happened, in words. Raises FaultFailed when it did not."""

    def revert(self, cluster: Cluster) -> None:
        """Ends it now; harmless when it is over already."""

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """The proof that it is over, in words; says nothing of the system's recovery."""


class LeavesNothing:
    """The part of a fault that has nothing to mend: the system replaces what was lost, or nothing was."""

    __slots__ = ()
    why = "nothing was lost"

    def remedies(self) -> Sequence[Remedy]:
        """None is needed."""
        return [ByItself(self.why)]

    def revert(self, cluster: Cluster) -> None:
        """Nothing to do."""
        del cluster

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """Nothing to see: recovery is the system's promise, not the fault's."""
        del cluster, within
        return self.why


class Marker(Protocol):
    """Whoever keeps a clock on which the moments of a fault are to be marked: a run of the observer."""

    def mark(self, name: str) -> float:
        """Marks the present moment."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that was injected and seen to have happened.

    It began between the marks `before` and `after` of every observer. One that the fault itself cut off has no
    `after`.
    """

    fault: Fault
    intent: str
    original: str
    proof: str
    before: str
    after: str
    ended: str  # name of the mark that `FaultRunner.end` sets


class FaultRunner:
    """Injects the faults of one run, one after the other, and ends what it has injected."""

    def __init__(self, cluster: Cluster, guards: Guards, run: str) -> None:
        self._cluster, self._guards, self._run = cluster, guards, run
        self._numbers = itertools.count(1)
        self.open: list[Injection] = []

    def inject(
        self, fault: Fault, marking: Sequence[Marker] = (), *, within: float = 60.0, alongside: bool = False
    ) -> Injection:
        """Checks, writes down, breaks, and proves that it is broken, `within` seconds at most.

        `alongside` allows a fault while another of this run is open. Raises Refusal before anything was changed;
        ApiError or FaultFailed afterwards, with the fault already reverted.
        """
        self._guards.check(fault.namespace, fault.rights(), alongside=alongside, reach=reach_of(fault))
        try:
            original = fault.precheck(self._cluster)
        except NotFound as error:
            sentence = f"There is no such thing to break: {fault.target}."
            raise Refusal(sentence, "Ask anew who is there.", ExitCode.UNSAFE_TARGET) from error
        number = next(self._numbers)
        intent = Intent(
            name=f"intent-{self._run}-{number}",
            run=self._run,
            kind=fault.kind,
            target=fault.target,
            original=original,
            seconds=fault.seconds + _MENDED_AFTER_S,
            remedies=fault.remedies(),
        )
        marks = [f"fault-{number}", f"in-effect-{number}", f"ended-{number}"]
        intents.write(self._cluster, intent)
        try:
            for marker in marking:
                marker.mark(marks[0])  # without this moment there is no verdict: better no fault
            fault.inject(self._cluster)
            _mark(marking, marks[1])
            proof = fault.verify_injected(self._cluster, within)
        except BaseException:
            self._undo(fault, intent.name)
            raise
        injection = Injection(fault, intent.name, original, proof, *marks)
        self.open.append(injection)
        return injection

    def end(self, injection: Injection, marking: Sequence[Marker] = (), *, within: float = 60.0) -> str:
        """Ends a fault now, proves that it is over, and takes its intent away; what was seen, in words."""
        injection.fault.revert(self._cluster)
        proof = injection.fault.verify_reverted(self._cluster, within)
        _mark(marking, injection.ended)
        intents.remove(self._cluster, injection.intent)
        self.open.remove(injection)
        return proof

    def end_all(self, within: float = 60.0) -> list[str]:
        """Ends every open fault, the last one first; raises the first failure after having tried all."""
        seen: list[str] = []
        with contextlib.ExitStack() as stack:
            for injection in self.open:
                stack.callback(self._end_into, seen, injection, within)
        return seen

    def _end_into(self, seen: list[str], injection: Injection, within: float) -> None:
        seen.append(self.end(injection, within=within))

    def _undo(self, fault: Fault, intent: str) -> None:
        """After a failed injection: best effort now; the intent stays for the janitor when even that fails."""
        with contextlib.suppress(Exception):
            fault.revert(self._cluster)
            intents.remove(self._cluster, intent)


def reach_of(fault: Fault) -> Reach:
    """How far a fault goes, read from what its kind names: one pod, several places, or a machine."""
    places = getattr(fault, "places", None) or [getattr(fault, "place", None)]
    pods = [(place.namespace, place.pod) for place in places if place is not None]
    pods += [(fault.namespace, str(fault.pod))] if hasattr(fault, "pod") else []
    machines = [str(fault.machine)] if hasattr(fault, "machine") else []
    return Reach(pods, machines, fault.seconds, fault.target)


def _mark(marking: Sequence[Marker], name: str) -> None:
    for marker in marking:
        with contextlib.suppress(ObserverError):  # cut off by the fault itself
            marker.mark(name)
