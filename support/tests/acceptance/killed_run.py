"""A run that injects one fault and ends it again, to be killed at any moment: python -m ... KIND SECONDS RUN."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from support.clients.ways import Way
from support.cluster import Cluster
from support.equipment import open_fault_desk
from support.faults.base import Fault
from support.faults.machines import NodeCutOff, NodeFrozen, NodePowerOff
from support.faults.pods import PodDeleted
from support.faults.policies import PartsCutOff
from support.faults.processes import Place, ProcessesFrozen, ProcessesKilled
from support.faults.releases import Released
from support.faults.scripts import Processes
from support.faults.volumes import VolumeFull
from support.limits import Limits
from support.paths import state_dir
from support.platforms.embedded.platform import EmbeddedPlatform
from support.profiles import load_profile
from support.waiting import SYSTEM_CLOCK

_SHOP = "jewelry-shop"
MACHINE = "holdfast-3"
SERVER = Place(_SHOP, "redis-2", "redis")
STORE = Place(_SHOP, "jewelry-shop-db-2", "postgres")
VOLUME = "/var/lib/postgresql/data"
_STATELESS = "nginx"
_CHANGE = {"metadata": {"annotations": {"holdfast.dev/tried": "a release that nobody ends"}}}

_WATCHER = {"app": "redis", "component": "sentinel"}
_CACHE = {"app": "redis", "component": "server"}
_WAY = Way(SERVER.pod, f"{SERVER.pod}.redis-headless.{_SHOP}", 6379, "redis")

FAULTS: Mapping[str, Callable[[float], Fault]] = {
    "processes-frozen": lambda seconds: ProcessesFrozen([SERVER], [Processes.CACHE], seconds),
    "processes-killed": lambda _: ProcessesKilled(SERVER, [Processes.CACHE]),
    "pod-deleted": lambda _: PodDeleted(_SHOP, SERVER.pod, 0),
    "released": lambda seconds: Released(_SHOP, _STATELESS, _CHANGE, "an annotation", seconds),
    "parts-cut-off": lambda seconds: PartsCutOff(
        [Place(_SHOP, "redis-sentinel-2", "sentinel")], _WATCHER, [_WAY], _CACHE, [], seconds
    ),
    "volume-full": lambda seconds: VolumeFull(STORE, VOLUME, seconds),
    "machine-freeze": lambda seconds: NodeFrozen(EmbeddedPlatform().node_faults, MACHINE, seconds),
    "machine-cut-off": lambda seconds: NodeCutOff(EmbeddedPlatform().node_faults, MACHINE, seconds),
    "machine-power-off": lambda seconds: NodePowerOff(EmbeddedPlatform().node_faults, MACHINE, seconds),
}


def main(kind: str, seconds: float, run: str) -> None:
    """One whole life of a fault, from the guards to the proof that it is over."""
    cluster = Cluster.connect(state_dir() / "kubeconfig", None)
    profile = load_profile(_SHOP)
    desk = open_fault_desk(cluster, profile, Limits(), run, machines=kind.startswith("machine-"))
    print("open", flush=True)  # noqa: T201 (heard by the one who kills)
    injection = desk.runner.inject(FAULTS[kind](seconds))
    SYSTEM_CLOCK.sleep(seconds / 2)  # the other half is left for a kill between the fault and its own end
    desk.runner.end(injection)
    desk.release()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
