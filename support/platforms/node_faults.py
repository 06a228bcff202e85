"""Faults of machines that are containers; each arms its own end in a process that outlives the caller."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.errors import ExitCode, Refusal
from support.paths import project_dir, state_dir

# A table of its own in the node: dropping it ends the cut. `ip link down` would lose the routes for good.
CUT_TABLE = "holdfast_cut"
CUT = f"""
table inet {CUT_TABLE} {{
    chain arriving {{ type filter hook prerouting priority -400; policy accept; iifname "eth0" drop; }}
    chain leaving {{ type filter hook postrouting priority 400; policy accept; oifname "eth0" drop; }}
}}
"""


class Engine(Protocol):
    """What a container engine must be able to do with the machines of a cluster."""

    @property
    def platform(self) -> str:
        """Name of the platform, by which the guard finds it again."""

    def names(self) -> Sequence[str]:
        """All machines, also those that are off."""

    def running(self) -> Collection[str]:
        """Machines whose first process lives."""

    def frozen(self) -> Collection[str]:
        """Machines that are paused."""

    def kill(self, names: Sequence[str]) -> None:
        """End machines at once; returns when nothing of them runs any more."""

    def start(self, names: Sequence[str]) -> None:
        """Start machines; one that runs is left alone."""

    def pause(self, name: str) -> None:
        """Stop every process of a machine without ending it."""

    def unpause(self, name: str) -> None:
        """Let a paused machine go on; one that is not paused is no error."""

    def execute(self, name: str, script: str, *, detached: bool = False) -> str:
        """Run a shell script in a machine; detached: return at once and let it run."""


def _marks() -> Path:
    return state_dir() / "faults"


def _ended(end: str) -> None:
    """Take away the marks of ended faults; not before they are, for who is killed on the way leaves it to the guard."""
    for mark in _marks().glob(f"{end}-*"):
        mark.unlink(missing_ok=True)


@dataclass(frozen=True)
class ContainerNodeFaults:
    """See support.platforms.base.NodeFaults."""

    engine: Engine

    def _known(self, name: str) -> str:
        if name not in self.engine.names():
            raise Refusal(
                f"There is no machine {name} in this cluster.",
                f"It has {', '.join(self.engine.names())}.",
                ExitCode.USAGE,
            )
        return name

    def _arm(self, end: str, nodes: Sequence[str], back_after: float) -> None:
        """Start a process of its own session that ends the fault when its time is over, or when we are gone.

        A mark stands for the fault: who ends it takes the mark away, so a late guard does not end the next fault.
        """
        _marks().mkdir(parents=True, exist_ok=True)
        mark = _marks() / f"{end}-{'-'.join(nodes)}-{time.monotonic_ns()}"
        mark.touch()
        words = [str(mark), str(os.getpid()), self.engine.platform, end, str(back_after), *nodes]
        subprocess.Popen(
            [sys.executable, "-m", "support.platforms.guard", *words],
            cwd=project_dir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def power_off(self, node: str, *, back_after: float) -> None:
        self._arm("power_on", [self._known(node)], back_after)
        self.engine.kill([node])

    def power_on(self, node: str) -> None:
        self.engine.start([self._known(node)])
        _ended(f"power_on-{node}")

    def is_powered(self, node: str) -> bool:
        return self._known(node) in self.engine.running()

    def power_off_all(self, *, back_after: float) -> None:
        self._arm("power_on", self.engine.names(), back_after)
        self.engine.kill(self.engine.names())

    def power_on_all(self) -> None:
        self.engine.start(self.engine.names())
        _ended("power_on")

    def cut_off(self, node: str, *, back_after: float) -> None:
        # The end is armed inside the machine as well: it needs nobody outside.
        end = f"sleep {back_after:.1f}; nft delete table inet {CUT_TABLE}"
        self.engine.execute(self._known(node), f"setsid sh -c '{end}'", detached=True)
        self._arm("reconnect", [node], back_after)
        self.engine.execute(node, f"nft -f - <<'END'{CUT}END")

    def reconnect(self, node: str) -> None:
        self.engine.execute(self._known(node), f"nft delete table inet {CUT_TABLE} 2>/dev/null || true")
        _ended(f"reconnect-{node}")

    def is_connected(self, node: str) -> bool:
        return CUT_TABLE not in self.engine.execute(self._known(node), "nft list tables")

    def freeze(self, node: str, *, back_after: float) -> None:
        self._arm("unfreeze", [self._known(node)], back_after)
        self.engine.pause(node)

    def unfreeze(self, node: str) -> None:
        self.engine.unpause(self._known(node))
        _ended(f"unfreeze-{node}")

    def is_frozen(self, node: str) -> bool:
        return self._known(node) in self.engine.frozen()
