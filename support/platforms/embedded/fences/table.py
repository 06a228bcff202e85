"""The table of nftables: a frame that never changes, and the maps and chains in it that follow the policies.

Whatever is not permitted is dropped, also what comes from or goes to an address that nobody has explained yet. The
frame is made once; a change replaces maps and chains in one transaction. Even a packet that meets the old half of one
and the new half of the other can only run into the drop at the end of `sent` or `received`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from .model import Cluster, Pod
from .rules import Direction, Rules

TABLE = "inet holdfast_fences"
# Packets of pods pass `forward`, or `input` when they are for the machine itself; what the machine itself sends to its
# pods, the kubelet's probes among it, passes neither. Pods hang on interfaces called veth. Kube-proxy has put the pod's
# address in the place of the Service's before. A pod always reaches itself. IPv6 is in no map and so is dropped.
FRAME = f"""\
table {TABLE} {{
    map sending {{ type ipv4_addr : verdict; }}
    map receiving {{ type ipv4_addr : verdict; }}
    set itself {{ type ipv4_addr . ipv4_addr; }}
    chain landed {{
        oifname "veth*" goto received
        accept
    }}
    chain sent {{
        ip saddr . ip daddr @itself accept
        ip saddr vmap @sending
        counter drop
    }}
    chain received {{
        ip daddr vmap @receiving
        counter drop
    }}
    chain forward {{
        type filter hook forward priority filter; policy accept;
        ct state established,related accept
        iifname "veth*" goto sent
        oifname "veth*" goto received
    }}
    chain input {{
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        iifname "veth*" goto sent
    }}
    chain forged {{
        type filter hook prerouting priority raw; policy accept;
        iifname "veth*" meta nfproto ipv4 fib saddr . iif oif missing counter drop
    }}
}}
"""
_DIGITS = 12  # hexadecimal digits of a chain's name: 48 bits tell a few hundred chains apart


@dataclass(frozen=True)
class Fences:
    """What the pods of one machine may do: verdicts by address, and the chains that they lead to."""

    sending: Mapping[str, str] = field(default_factory=dict)
    receiving: Mapping[str, str] = field(default_factory=dict)
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> rules

    def transaction(self, present: Collection[str]) -> str:
        """The commands that put these fences into the frame, of which the chains `present` are there already."""
        lines = [f"flush {kind} {TABLE} {name}" for kind, name in _VARIABLE]
        for name in sorted(set(self.chains) - set(present)):
            lines.append(f"add chain {TABLE} {name}")
            lines += [f"add rule {TABLE} {name} {rule}" for rule in self.chains[name]]
        itself = {f"{address} . {address}": "" for address in self.sending}
        for name, elements in (("sending", self.sending), ("receiving", self.receiving), ("itself", itself)):
            if elements:
                told = [f"{key} : {verdict}" if verdict else key for key, verdict in sorted(elements.items())]
                lines.append(f"add element {TABLE} {name} {{ {', '.join(told)} }}")
        lines += [f"delete chain {TABLE} {name}" for name in sorted(set(present) - set(self.chains))]
        return "\n".join(lines) + "\n"


_VARIABLE = (("map", "sending"), ("map", "receiving"), ("set", "itself"))


def frame_mark() -> str:
    """Name of an empty chain by which a frame of this very text is known."""
    return f"frame_{_digest([FRAME])}"


def new_frame() -> str:
    """The commands that make the frame, in the place of another one that may be there; nobody may pass it yet."""
    return f"add table {TABLE}\ndelete table {TABLE}\n{FRAME}add chain {TABLE} {frame_mark()}\n"


def is_rules_chain(name: str) -> bool:
    """Whether a chain of that name was made for a pod."""
    return name.startswith(("from_", "to_"))


def render(cluster: Cluster, node: str, here: Mapping[str, str]) -> Fences:
    """The fences of the pods on one machine; `here` tells the uid of the pod behind each address on it.

    A pod that the API does not know, or whose address it gives to another one too, stays closed: who is told of that
    address elsewhere would take the one for the other.
    """
    rules = Rules(cluster, _addresses(cluster, node, here))
    sending: dict[str, str] = {}
    receiving: dict[str, str] = {}
    chains: dict[str, tuple[str, ...]] = {}
    for address, uid in sorted(here.items()):
        pod = cluster.pods.get(uid)
        if pod is None or _claimed_by_another(cluster, pod, node, address):
            continue
        sending[address] = _verdict(rules, pod, "Egress", chains)
        receiving[address] = _verdict(rules, pod, "Ingress", chains)
    return Fences(sending, receiving, chains)


def _addresses(cluster: Cluster, node: str, here: Mapping[str, str]) -> dict[str, str]:
    """Addresses by uid: of the machine's own pods as the machine knows them, of all others as the API tells."""
    elsewhere = {uid: pod.address for uid, pod in cluster.pods.items() if pod.node != node and pod.address}
    return elsewhere | {uid: address for address, uid in here.items() if uid in cluster.pods}


def _claimed_by_another(cluster: Cluster, own: Pod, node: str, address: str) -> bool:
    others: Iterable[Pod] = (pod for pod in cluster.pods.values() if pod.uid != own.uid and pod.node == node)
    return any(pod.address == address for pod in others)


def _verdict(rules: Rules, pod: Pod, direction: Direction, chains: dict[str, tuple[str, ...]]) -> str:
    # Who may send must be let in by the receiver, too.
    permitted, prefix = ("goto landed", "from") if direction == "Egress" else ("accept", "to")
    matches = rules.permits(pod, direction)
    if matches is None:
        return permitted
    content = tuple(f"{match} {permitted}".strip() for match in matches)
    name = f"{prefix}_{_digest(content)}"  # pods with the same permissions share a chain
    chains[name] = content
    return f"jump {name}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]
