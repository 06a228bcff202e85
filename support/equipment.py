"""What a run brings into the cluster when it is first needed: the observer, and the means to break things safely."""

from __future__ import annotations

from dataclasses import dataclass

from support.cluster import Cluster
from support.faults import janitor
from support.faults.base import FaultRunner
from support.faults.guards import Guards
from support.faults.lease import RunLease
from support.limits import Limits
from support.observers.observer import Observer
from support.profiles import Profile
from support.suite import FaultDesk


@dataclass(frozen=True, slots=True)
class Desk:
    """The fault runner of a run with the life sign that tells the janitor that the run is alive."""

    runner: FaultRunner
    lease: RunLease

    def release(self) -> None:
        """Gives the cluster free for other runs."""
        self.lease.release()


def install_observer(cluster: Cluster, limits: Limits, run: str) -> Observer:
    """The observer, ready on every machine. Raises Broken or ApiError when it does not become ready."""
    observer = Observer(cluster, run=run)
    observer.ensure(limits.observer_ready)
    return observer


def open_fault_desk(
    cluster: Cluster, profile: Profile, limits: Limits, run: str, *, machines: bool = False
) -> FaultDesk:
    """Janitor first, then the life sign, then the guards of the profile; only after that can anything be broken.

    Raises Refusal when another run is at work in the cluster.
    """
    janitor.ensure(cluster, profile.kube.namespace, limits.observer_ready, machines=machines)
    lease = RunLease(cluster, run)
    lease.acquire()
    kube = profile.kube
    guards = Guards(cluster, run, kube.context, kube.fingerprint, kube.fault_opt_in_label)
    return Desk(FaultRunner(cluster, guards, run), lease)
