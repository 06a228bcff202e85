"""Faults of the embedded cluster's machines; each arms its own end in a process that outlives the caller."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from support.errors import ExitCode, Refusal
from support.paths import project_dir
from support.platforms.embedded.layout import RUN_DIR, Node
from support.platforms.embedded.nodes import Machines

# A table of its own in the node: dropping it ends the cut. `ip link down` would lose the routes for good.
CUT_TABLE = "holdfast_cut"
CUT = f"""
table inet {CUT_TABLE} {{
    chain arriving {{ type filter hook prerouting priority -400; policy accept; iifname "eth0" drop; }}
    chain leaving {{ type filter hook postrouting priority 400; policy accept; oifname "eth0" drop; }}
}}
"""


MARKS = RUN_DIR / "faults"


def ended(end: str) -> None:
    """Take away the marks of faults that this call ends."""
    for mark in MARKS.glob(f"{end}-*"):
        mark.unlink(missing_ok=True)


@dataclass(frozen=True)
class EmbeddedNodeFaults:
    """See support.platforms.base.NodeFaults."""

    machines: Machines

    def _node(self, name: str) -> Node:
        for node in self.machines.nodes:
            if node.name == name:
                return node
        raise Refusal(
            f"There is no machine {name} in the embedded cluster.",
            f"It has {', '.join(node.name for node in self.machines.nodes)}.",
            ExitCode.USAGE,
        )

    def _arm(self, end: str, nodes: Sequence[str], back_after: float) -> None:
        """Start a process of its own session that ends the fault when its time is over, or when we are gone.

        A mark stands for the fault: who ends it takes the mark away, so a late guard does not end the next fault.
        """
        MARKS.mkdir(parents=True, exist_ok=True)
        mark = MARKS / f"{end}-{'-'.join(nodes)}-{time.monotonic_ns()}"
        mark.touch()
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "support.platforms.embedded.guard",
                str(mark),
                str(os.getpid()),
                end,
                str(back_after),
                *nodes,
            ],
            cwd=project_dir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def power_off(self, node: str, *, back_after: float) -> None:
        self._arm("power_on", [node], back_after)
        self.machines.kill([self._node(node)])

    def power_on(self, node: str) -> None:
        ended(f"power_on-{node}")
        self.machines.start([self._node(node)])

    def is_powered(self, node: str) -> bool:
        return self._node(node) in self.machines.running()

    def power_off_all(self, *, back_after: float) -> None:
        self._arm("power_on", [node.name for node in self.machines.nodes], back_after)
        self.machines.kill(self.machines.nodes)

    def power_on_all(self) -> None:
        ended("power_on")
        self.machines.start(self.machines.nodes)

    def cut_off(self, node: str, *, back_after: float) -> None:
        # The end is armed inside the machine as well: it needs nobody outside.
        command = f"sleep {back_after:.1f}; nft delete table inet {CUT_TABLE}"
        self.machines.podman("exec", "--detach", self._node(node).name, "setsid", "sh", "-c", command)
        self._arm("reconnect", [node], back_after)
        self.machines.podman.exec(node, ["sh", "-c", f"nft -f - <<'END'{CUT}END"])

    def reconnect(self, node: str) -> None:
        ended(f"reconnect-{node}")
        self.machines.podman.exec(self._node(node).name, ["nft", "delete", "table", "inet", CUT_TABLE], check=False)

    def is_connected(self, node: str) -> bool:
        tables = self.machines.podman.exec(self._node(node).name, ["nft", "list", "tables"])
        return CUT_TABLE not in tables

    def freeze(self, node: str, *, back_after: float) -> None:
        self._arm("unfreeze", [node], back_after)
        self.machines.podman("pause", self._node(node).name)

    def unfreeze(self, node: str) -> None:
        ended(f"unfreeze-{node}")
        self.machines.podman("unpause", self._node(node).name, check=False)

    def is_frozen(self, node: str) -> bool:
        container = self.machines.container(self._node(node))
        return container is not None and container.state == "paused"
