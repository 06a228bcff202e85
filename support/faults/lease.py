"""The life sign of a run: a Lease that it renews; when it stops, the janitor mends what the run has broken."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, Conflict, NotFound
from support.errors import ExitCode, Refusal
from support.observers.install import NAMESPACE
from support.waiting import SYSTEM_CLOCK

Json = dict[str, Any]

LABEL = "holdfast.dev/run-lease"
DURATION_S = 15  # seconds without renewal after which a run counts as dead
RENEW_S = 4.0  # seconds between two renewals: three may fail before the run counts as dead


class RunLease:
    """The Lease `run-<run>`. One run at a time: `acquire` refuses while another run shows signs of life."""

    def __init__(self, cluster: Cluster, run: str, sleep: Callable[[float], None] = SYSTEM_CLOCK.sleep) -> None:
        self.run = run
        self._cluster, self._sleep = cluster, sleep
        self._name = f"run-{run}"
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Takes the cluster for this run and keeps renewing. Raises Refusal IN_THE_WAY when another run lives."""
        silent = self.refuse_beside_another()
        try:
            self._cluster.create("leases", self._body(), NAMESPACE)
        except Conflict:
            self._renew()  # left by an earlier start of the same run
        first = self._first(silent)
        if first != self._name:  # two runs started at once: the older Lease stays
            self.release()
            raise _taken(first)
        self._thread = threading.Thread(target=self._keep, name="run-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Gives the cluster free; safe to call again."""
        self._ended.set()
        if self._thread:
            self._thread.join(timeout=RENEW_S)
        with contextlib.suppress(ApiError):
            self._cluster.delete("leases", self._name, NAMESPACE)

    def refuse_beside_another(self) -> set[str]:
        """Raises Refusal when another run renews its Lease; the names of Leases that nobody renews. Changes nothing.

        A Lease is alive when it changes while we look; comparing its time with ours would trust two clocks.
        """
        before = self._others()
        if not before:
            return set()
        self._sleep(RENEW_S * 1.5)  # a living run renews at least once in this time
        alive = [name for name, version in self._others().items() if before.get(name) != version]
        if alive:
            raise _taken(alive[0])
        return set(before)

    def leases(self) -> set[str]:
        """Names of the Leases of all other runs, alive or not yet mended."""
        return set(self._others())

    def _others(self) -> dict[str, str]:
        try:
            leases = self._cluster.list("leases", NAMESPACE, labels=f"{LABEL}=true")
        except NotFound:
            return {}
        names = {lease["metadata"]["name"]: lease["metadata"]["resourceVersion"] for lease in leases}
        return {name: version for name, version in names.items() if name != self._name}

    def _first(self, silent: set[str]) -> str:
        leases = self._cluster.list("leases", NAMESPACE, labels=f"{LABEL}=true")
        ages = sorted((lease["metadata"]["creationTimestamp"], lease["metadata"]["name"]) for lease in leases)
        return next((name for _, name in ages if name not in silent), self._name)

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_S):
            with contextlib.suppress(ApiError):  # the next renewal comes in time; a dead cluster has no janitor either
                self._renew()

    def _renew(self) -> None:
        self._cluster.patch("leases", self._name, {"spec": {"renewTime": _now()}}, NAMESPACE)

    def _body(self) -> Json:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": NAMESPACE, "labels": {LABEL: "true"}},
            "spec": {"holderIdentity": self.run, "leaseDurationSeconds": DURATION_S, "renewTime": _now()},
        }


def _taken(name: str) -> Refusal:
    return Refusal(
        f"Another run ({name.removeprefix('run-')}) is using this cluster.",
        "Wait for its end; the traces of a run that has died are removed within half a minute.",
        ExitCode.IN_THE_WAY,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
