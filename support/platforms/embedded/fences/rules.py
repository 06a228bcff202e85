"""What policies permit one pod, as matches in the words of nftables: the semantics of networking.k8s.io/v1.

A pod that no policy of a direction selects is free in it. One that is selected may do what any rule of any of these
policies permits, and nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .model import Cluster, Json, Pod, selects

Direction = Literal["Ingress", "Egress"]
Network = ipaddress.IPv4Network
_EVERYWHERE = ipaddress.IPv4Network("0.0.0.0/0")
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}
_SIDE = {"Ingress": ("from", "saddr"), "Egress": ("to", "daddr")}


@dataclass(frozen=True)
class Rules:
    """Reads the policies of a cluster; `addresses` are those that pods really have, by uid."""

    cluster: Cluster
    addresses: Mapping[str, str]

    def permits(self, pod: Pod, direction: Direction) -> list[str] | None:
        """The matches of what a pod may receive or send; None when no policy of that direction selects it."""
        policies = [policy for policy in self._policies(pod.namespace) if self._concerns(policy, pod, direction)]
        if not policies:
            return None
        found: dict[str, None] = {}  # a set that keeps its order
        for policy in policies:
            for rule in policy["spec"].get(direction.lower()) or []:
                found |= dict.fromkeys(self._matches(rule, policy["metadata"]["namespace"], pod, direction))
        return list(found)

    def _policies(self, namespace: str) -> list[Json]:
        return [body for (home, _), body in sorted(self.cluster.policies.items()) if home == namespace]

    @staticmethod
    def _concerns(policy: Json, pod: Pod, direction: Direction) -> bool:
        spec = policy["spec"]
        usual = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
        return direction in (spec.get("policyTypes") or usual) and selects(spec.get("podSelector") or {}, pod.labels)

    def _matches(self, rule: Json, namespace: str, pod: Pod, direction: Direction) -> Iterator[str]:
        word, side = _SIDE[direction]
        peers = rule.get(word) or None  # absent and empty both mean: everybody
        ports = rule.get("ports") or None  # absent and empty both mean: every port of every protocol
        where = _address_match(side, self._networks(peers, namespace))
        if where is None:
            return
        if ports is None:
            yield where
            return
        by_number = [port for port in ports if not isinstance(port.get("port"), str)]
        named = [port for port in ports if isinstance(port.get("port"), str)]
        numbers = [(_protocol(port), _range(port)) for port in by_number]
        if direction == "Ingress":  # a name means a port of the pod itself
            numbers += [(_protocol(port), found) for port in named for found in _named(pod, port)]
        yield from (f"{where} {match}".strip() for match in _port_matches(numbers))
        if direction == "Egress":  # a name means a port of whoever is talked to
            yield from self._named_elsewhere(named, peers, namespace)

    def _named_elsewhere(self, named: Iterable[Json], peers: Sequence[Json] | None, namespace: str) -> Iterator[str]:
        targets: dict[tuple[str, tuple[int, int]], set[Network]] = {}
        for port in named:
            for pod in self._pods(peers, namespace):
                for found in _named(pod, port):
                    targets.setdefault((_protocol(port), found), set()).add(Network(self.addresses[pod.uid]))
        for (protocol, found), networks in sorted(targets.items()):
            for match in _port_matches([(protocol, found)]):
                yield f"{_address_match('daddr', networks)} {match}"

    def _networks(self, peers: Sequence[Json] | None, namespace: str) -> set[Network]:
        if peers is None:
            return {_EVERYWHERE}
        blocks = [network for peer in peers if "ipBlock" in peer for network in _block(peer["ipBlock"])]
        return {*blocks, *(Network(self.addresses[pod.uid]) for pod in self._pods(peers, namespace))}

    def _pods(self, peers: Sequence[Json] | None, namespace: str) -> list[Pod]:
        """Pods with an address that any of the peers means."""
        known = [pod for uid, pod in sorted(self.cluster.pods.items()) if self.addresses.get(uid)]
        return [pod for pod in known if peers is None or any(self._means(peer, pod, namespace) for peer in peers)]

    def _means(self, peer: Json, pod: Pod, namespace: str) -> bool:
        by_pod, by_namespace = peer.get("podSelector"), peer.get("namespaceSelector")
        if by_pod is None and by_namespace is None:  # a block of addresses, or nothing at all
            return False
        if by_namespace is None:
            near = pod.namespace == namespace
        else:  # a namespace that has not been told yet is nobody's: no one is let in on a guess
            labels = self.cluster.namespaces.get(pod.namespace)
            near = labels is not None and selects(by_namespace, labels)
        return near and (by_pod is None or selects(by_pod, pod.labels))


def _block(block: Json) -> list[Network]:
    """The networks of an ipBlock without those it excepts; none of them for IPv6, which this cluster does not have."""
    whole = ipaddress.ip_network(block["cidr"], strict=False)
    if not isinstance(whole, Network):
        return []
    left = [whole]
    for text in block.get("except") or []:
        hole = Network(text, strict=False)
        left = [part for network in left for part in _without(network, hole)]
    return left


def _without(network: Network, hole: Network) -> list[Network]:
    if network.subnet_of(hole):
        return []
    return list(network.address_exclude(hole)) if hole.subnet_of(network) else [network]


def _address_match(side: str, networks: Iterable[Network]) -> str | None:
    """The match of addresses: empty for all of them, None for none at all."""
    merged = list(ipaddress.collapse_addresses(networks))
    if not merged:
        return None
    if merged == [_EVERYWHERE]:
        return ""
    return f"ip {side} {{ {', '.join(map(_short, merged))} }}"


def _short(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _protocol(port: Json) -> str:
    return _PROTOCOLS[port.get("protocol") or "TCP"]


def _range(port: Json) -> tuple[int, int]:
    """First and last port; (0, 65535) when a rule names the protocol only."""
    if port.get("port") is None:
        return 0, 65535
    return int(port["port"]), int(port.get("endPort") or port["port"])


def _named(pod: Pod, port: Json) -> list[tuple[int, int]]:
    wanted = port["port"], port.get("protocol") or "TCP"
    return [(known.number, known.number) for known in pod.ports if (known.name, known.protocol) == wanted]


def _port_matches(numbers: Iterable[tuple[str, tuple[int, int]]]) -> Iterator[str]:
    """One match per protocol; ranges that touch are one, because a set of nftables takes no two that overlap."""
    by_protocol: dict[str, list[tuple[int, int]]] = {}
    for protocol, found in sorted(set(numbers)):
        ranges = by_protocol.setdefault(protocol, [])
        if ranges and found[0] <= ranges[-1][1] + 1:
            ranges[-1] = ranges[-1][0], max(ranges[-1][1], found[1])
        else:
            ranges.append(found)
    for protocol, ranges in by_protocol.items():
        if ranges == [(0, 65535)]:
            yield f"meta l4proto {protocol}"
        else:
            told = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
            yield f"{protocol} dport {{ {', '.join(told)} }}"
