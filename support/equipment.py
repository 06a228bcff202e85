"""What a run brings into the cluster when it is first needed: the observer, and the means to break things safely."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from support.cluster import ApiError, Cluster
from support.faults import history, janitor
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

    cluster: Cluster
    runner: FaultRunner
    lease: RunLease

    def release(self) -> None:
        """Gives the cluster free for other runs."""
        with contextlib.suppress(ApiError):  # then a later run looks for left-overs and finds none
            history.ended_well(self.cluster, self.lease.run)
        self.lease.release()


def install_observer(cluster: Cluster, limits: Limits, run: str) -> Observer:
    """The observer, ready on every machine. Raises Broken or ApiError when it does not become ready."""
    observer = Observer(cluster, run=run)
    observer.ensure(limits.observer_ready)
    return observer


def open_fault_desk(
    cluster: Cluster, profile: Profile, limits: Limits, run: str, *, machines: bool = False
) -> FaultDesk:
    """The guards of the place first, then the janitor, then the life sign; only after that can anything be broken.

    Raises Refusal, with nothing changed, when this is the wrong place or another run is at work in the cluster.
    """
    guards, lease = guards_of(cluster, profile, run), RunLease(cluster, run)
    guards.check_place(profile.kube.namespace)
    lease.refuse_beside_another()
    janitor.ensure(cluster, profile.kube.namespace, limits.observer_ready, machines=machines)
    lease.acquire()
    return Desk(cluster, FaultRunner(cluster, guards, run), lease)


def guards_of(cluster: Cluster, profile: Profile, run: str) -> Guards:
    """What must be true before a fault, as the profile says it."""
    kube = profile.kube
    return Guards(
        cluster,
        run,
        kube.context,
        kube.fingerprint,
        kube.fault_opt_in_label,
        system=kube.namespace,
        parts={name: part.selector for name, part in profile.parts.items()},
        destructive=profile.capabilities.destructive,
        watched=True,
    )
