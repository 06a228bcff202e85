"""The internal addresses: do they lead to the living parts they should, and does each of them answer?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from support.cluster import Cluster, Json, NotFound
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Profile
from support.systems.jewelry_shop.parts import Parts

Exchange = Callable[
    [str, float], str
]  # address of an instance, seconds -> what is wrong with its answer, empty when it is good


@dataclass(frozen=True, slots=True)
class Address:
    """One Service beside the instances that it should lead to."""

    name: str
    exists: bool
    ports: frozenset[int]
    agreed_ports: frozenset[int]
    leads_to: frozenset[str]
    should_lead_to: frozenset[str]
    exchanges: tuple[tuple[str, str], ...] = ()  # (address, what is wrong with its answer)

    def complaints(self) -> list[str]:
        """What is wrong; empty when the address is good."""
        if not self.exists:
            return [f"the address {self.name} does not exist"]
        found = []
        if not self.agreed_ports <= self.ports:
            found.append(f"{self.name} lacks the ports {sorted(self.agreed_ports - self.ports)}")
        if not self.leads_to:
            found.append(f"{self.name} leads nowhere")
        if dead := self.leads_to - self.should_lead_to:
            found.append(f"{self.name} leads to {', '.join(sorted(dead))}, where no ready part of it is")
        if left_out := self.should_lead_to - self.leads_to:
            found.append(f"{self.name} does not lead to the ready {', '.join(sorted(left_out))}")
        return found + [f"{self.name}: {address} {trouble}" for address, trouble in self.exchanges if trouble]

    def __str__(self) -> str:
        return f"{self.name} -> {', '.join(sorted(self.leads_to)) or 'nowhere'}"


@dataclass(frozen=True, slots=True)
class _Agreed:
    service: str
    ports: frozenset[int]
    part: str
    role: str = ""  # for the database: only members with this role


class Addresses:
    """Reads the Services of the profile with their endpoints, and talks to each endpoint in its own protocol."""

    def __init__(self, cluster: Cluster, profile: Profile, parts: Parts, exchanges: dict[str, Exchange]) -> None:
        self._cluster, self._profile, self._parts = cluster, profile, parts
        self._exchanges = exchanges  # by the profile's word for the part
        self._namespace = profile.kube.namespace

    def read(self, *, asking: bool, within: float = 5.0) -> list[Address]:
        """Every address of the profile; `asking` adds one exchange, `within` s, with each instance there."""
        return [self._read(agreed, asking, within) for agreed in self._agreed()]

    def _agreed(self) -> list[_Agreed]:
        names, database = self._profile.services, self._profile.part("database")
        cache, watcher = self._profile.part("cache"), self._profile.part("watcher")
        return [
            _Agreed(names.django.name, frozenset(names.django.ports), "django"),
            _Agreed(names.front, frozenset({80}), "nginx"),  # the port of the web
            _Agreed(names.leader, frozenset({database.port}), "database", database.leader),
            _Agreed(names.followers, frozenset({database.port}), "database", database.follower),
            _Agreed(names.cache, frozenset({cache.port}), "cache"),
            *(_Agreed(name, frozenset({watcher.port}), "watcher") for name in names.watchers),
        ]

    def _read(self, agreed: _Agreed, asking: bool, within: float) -> Address:
        should = frozenset(pod.ip for pod in self._parts.ready_pods(agreed.part) if self._has_role(pod.labels, agreed))
        try:
            service = self._cluster.get("services", agreed.service, self._namespace)
        except NotFound:
            return Address(agreed.service, False, frozenset(), agreed.ports, frozenset(), should)
        ports = frozenset(int(port["port"]) for port in service["spec"].get("ports", []))
        leads_to = frozenset(self._endpoints(agreed.service))
        exchange = self._exchanges[agreed.part]
        asked = tuple((ip, exchange(ip, within)) for ip in sorted(leads_to)) if asking else ()
        return Address(agreed.service, True, ports, agreed.ports, leads_to, should, asked)

    def _has_role(self, labels: Mapping[str, str], agreed: _Agreed) -> bool:
        part = self._profile.part(agreed.part)
        return not agreed.role or labels.get(part.role_label) == agreed.role

    def _endpoints(self, service: str) -> list[str]:
        slices = self._cluster.list("endpointslices", self._namespace, f"kubernetes.io/service-name={service}")
        return [ip for body in slices for entry in body.get("endpoints") or [] if _serves(entry) for ip in _ips(entry)]


def _serves(entry: Json) -> bool:
    return entry.get("conditions", {}).get("ready") is not False  # absent means ready


def _ips(entry: Json) -> list[str]:
    return list(entry.get("addresses", []))


def lead_to_living_parts() -> ComplaintMatcher[Sequence[Address]]:
    """Matches when every address exists, leads to exactly the ready parts behind it, and each of them answered."""

    def complaints(addresses: Sequence[Address]) -> list[str]:
        if not addresses:
            return ["no address was looked at"]
        return [text for address in addresses for text in address.complaints()]

    return without_complaints("every address leads to exactly the ready parts behind it", complaints)
