"""What the observer is to try, how often and for how long; turned into the agent's JSON, credentials included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Spec = dict[str, Any]


class ProbeSpec(Protocol):
    """One probe of a plan."""

    @property
    def name(self) -> str:
        """Small letters, digits and hyphens; the client's name in the ledger too."""

    @property
    def rate(self) -> float:
        """Attempts per second, each begun at its planned time whatever the others do."""

    def spec(self) -> Spec:
        """The agent's form of it."""


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A request that is ok with an expected status and, if given, with these fields in its JSON; else failed."""

    name: str
    rate: float
    urls: Sequence[str]  # asked in turn
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # tokens are in here
    method: str = "GET"
    json: Any = None
    expect_status: Sequence[int] = (200,)
    expect_fields: Mapping[str, str] = field(default_factory=dict)
    within: float = 5.0  # seconds of one attempt

    def spec(self) -> Spec:
        """The agent's form of it."""
        return {
            "kind": "http",
            "name": self.name,
            "rate": self.rate,
            "within": self.within,
            "urls": list(self.urls),
            "headers": dict(self.headers),
            "method": self.method,
            "json": self.json,
            "expect_status": list(self.expect_status),
            "expect_fields": dict(self.expect_fields),
        }


def read_probe(name: str, rate: float, base: str, item: str, headers: Mapping[str, str]) -> HttpProbe:
    """Reads one item of a shop: ok with 200 and the right item."""
    url = f"{base.rstrip('/')}/api/inventory/items/{item}/"
    return HttpProbe(name, rate, [url], headers, expect_fields={"id": item})


@dataclass(frozen=True, slots=True)
class SaleProbe:
    """Sells one piece per attempt, through the entrance (one base address) or at instances in turn (several)."""

    name: str
    rate: float
    bases: Sequence[str]  # such as http://198.18.0.12
    headers: Mapping[str, str] = field(repr=False)  # Authorization, and Host where the base is an address
    ledger: str = ""
    tills: Sequence[str] = ()  # used in turn
    items: Sequence[str] = ()  # used in turn: sales of one piece wait for each other, so give several
    within: float = 12.0  # seconds of one attempt: the shop's own deadline of 10 s and 2 s of travel

    def spec(self) -> Spec:
        """The agent's form of it."""
        return {
            "kind": "sale",
            "name": self.name,
            "rate": self.rate,
            "within": self.within,
            "urls": [f"{base.rstrip('/')}/api/pos/sales/create/" for base in self.bases],
            "headers": dict(self.headers),
            "ledger": self.ledger,
            "tills": list(self.tills),
            "items": list(self.items),
        }


@dataclass(frozen=True, slots=True)
class JobProbe:
    """Asks for background work; ok with 202, and the id that was told is kept with the attempt."""

    name: str
    rate: float
    url: str
    headers: Mapping[str, str] = field(repr=False)  # Authorization, and Host where the base is an address
    json: Any = None
    within: float = 12.0  # seconds of one attempt: the shop's own deadline of 10 s and 2 s of travel

    def spec(self) -> Spec:
        """The agent's form of it."""
        return {"kind": "job", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class DirectProbe:
    """Writes rows into the table `probe.ledger`, on a new connection each time or on one that is kept."""

    name: str
    rate: float
    host: str  # the leader Service, or the address of one member
    user: str
    password: str = field(repr=False)
    database: str = ""
    ledger: str = ""
    kept: bool = False
    port: int = 5432
    connect_s: float = 1.0  # seconds until connected
    statement_s: float = 2.0  # seconds until confirmed

    def spec(self) -> Spec:
        """The agent's form of it."""
        return {"kind": "direct", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class CacheProbe:
    """Writes keys `hf:<ledger>:<name>:<seq>` to the master that a watcher names, each to be copied once."""

    name: str
    rate: float
    watchers: Sequence[str]  # host:port
    master: str
    password: str = field(repr=False)
    ledger: str = ""
    watcher_password: str = field(default="", repr=False)
    within: float = 3.0  # seconds of one attempt

    def spec(self) -> Spec:
        """The agent's form of it."""
        return {"kind": "cache", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """Probes that run together for `seconds` at most; then the agent ends them by itself."""

    probes: Sequence[ProbeSpec]
    seconds: float

    def body(self, run: str) -> Spec:
        """What the agent is sent."""
        return {"id": run, "deadline_s": self.seconds, "probes": [probe.spec() for probe in self.probes]}
