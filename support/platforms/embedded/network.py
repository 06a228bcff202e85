"""The cluster's own network: a bridge without a way out, and a black hole for everything that would leak."""

from __future__ import annotations

import json

from support.errors import ExitCode, Refusal
from support.platforms.commands import run
from support.platforms.embedded.layout import BRIDGE, HOST_ADDRESS, NODE_RANGE, TEST_RANGE, Node

# Any real route wins over the black hole; it catches what would leave while the bridge is gone.
BLACKHOLE_METRIC = "4294967295"


def refuse_if_taken() -> None:
    """Refuse when somebody else's interface or route uses the cluster's addresses."""
    for link in json.loads(run(["ip", "-json", "address"]).stdout or "[]"):
        taken = [a["local"] for a in link.get("addr_info", []) if a.get("local", "").startswith(("198.18.", "198.19."))]
        if taken and link["ifname"] != BRIDGE:
            raise Refusal(
                f"Another network of this machine uses the cluster's addresses: {link['ifname']} has {taken[0]}.",
                f"Remove that interface (holdfast needs {TEST_RANGE} for itself), or use another machine.",
                ExitCode.IN_THE_WAY,
            )


def is_up() -> bool:
    """Whether bridge and black hole are there."""
    bridge = run(["ip", "-json", "address", "show", BRIDGE], check=False).stdout
    hole = run(["ip", "route", "show", "type", "blackhole", TEST_RANGE]).stdout
    return HOST_ADDRESS in bridge and bool(hole.strip())


def up() -> None:
    """Make the black hole first, then the bridge; nothing happens to what is there already."""
    refuse_if_taken()
    run(["ip", "route", "replace", "blackhole", TEST_RANGE, "metric", BLACKHOLE_METRIC])
    if run(["ip", "link", "show", BRIDGE], check=False).returncode != 0:
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    run(["ip", "address", "replace", f"{HOST_ADDRESS}/{NODE_RANGE.rpartition('/')[2]}", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])


def is_attached(node: Node, pid: int) -> bool:
    """Whether a node has its card with its address, which comes last."""
    shown = run(["nsenter", "-t", str(pid), "-n", "ip", "-json", "address", "show", "eth0"], check=False).stdout
    return any(one.get("local") == node.address for card in json.loads(shown or "[]") for one in card["addr_info"])


def attach(node: Node, pid: int) -> None:
    """Give a started node its network card: one end on the bridge, the other as eth0 inside, with its fixed address."""
    outside = f"hf-{node.number}"
    run(["ip", "link", "delete", outside], check=False)  # a card of a node that was killed a moment ago
    run(["ip", "link", "add", outside, "master", BRIDGE, "type", "veth", "peer", "name", "eth0", "netns", str(pid)])
    run(["ip", "link", "set", outside, "up"])
    inside = ["nsenter", "-t", str(pid), "-n", "ip"]
    # In this order: the machine adds its routes as soon as it sees the address, and a card that is down takes none.
    run([*inside, "link", "set", "eth0", "up"])
    run([*inside, "address", "add", f"{node.address}/24", "dev", "eth0"])


def down() -> None:
    """Remove cards, bridge and black hole; what is not there is no error.

    The kernel takes a card away with its node, but only some time after the node's last process has ended.
    """
    for card in json.loads(run(["ip", "-json", "link", "show", "master", BRIDGE], check=False).stdout or "[]"):
        run(["ip", "link", "delete", card["ifname"]], check=False)
    run(["ip", "link", "delete", BRIDGE], check=False)
    run(["ip", "route", "delete", "blackhole", TEST_RANGE, "metric", BLACKHOLE_METRIC], check=False)
