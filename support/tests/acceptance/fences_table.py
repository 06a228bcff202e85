"""The truth table of network policies: which connections exist under which policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
A, B = "holdfast-fences-a", "holdfast-fences-b"
# Pod -> machine: callers on the server's machine and on others.
PODS = {
    "a/server": 2,
    "a/friend": 2,
    "a/stranger": 3,
    "b/friend": 3,
    "b/stranger": 2,
}
ANSWERED, CLOSED = True, False
# "who > whom:port" -> whether an answer comes; "udp" in front of the port for datagrams. "server" as a name is the
# Service (80 -> the port named http, 5353 -> 5353 UDP), "name" a question to the name service, "machine" the kubelet of
# the caller's own machine.
Cells = Mapping[str, bool]


@dataclass(frozen=True)
class Situation:
    """Policies in namespace a, and what then holds."""

    name: str
    cells: Cells
    policies: tuple[Json, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)  # pod -> its label `app`, when it is not its name


def _policy(name: str, selects: Json, **spec: Any) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": A},
        "spec": {"podSelector": selects, **spec},
    }


def _app(*names: str) -> Json:
    if len(names) == 1:
        return {"matchLabels": {"app": names[0]}}
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": list(names)}]}


_TEAM_B = {"matchLabels": {"team": "b"}}
_SERVER, _FRIEND = _app("server"), _app("friend")


def _ingress(*rules: Json, selects: Json | None = None) -> tuple[Json, ...]:
    return (_policy("into-server", selects or _SERVER, policyTypes=["Ingress"], ingress=list(rules)),)


def _egress(*rules: Json) -> tuple[Json, ...]:
    return (_policy("from-friend", _FRIEND, policyTypes=["Egress"], egress=list(rules)),)


_ONLY_FRIEND = _ingress({"from": [{"podSelector": _FRIEND}], "ports": [{"port": 8080}]})
_NAMES = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}
_OPEN: Cells = {
    "a/friend > a/server:8080": ANSWERED,
    "a/stranger > a/server:9090": ANSWERED,
    "b/friend > a/server:8081": ANSWERED,
    "b/stranger > server:80": ANSWERED,
    "b/stranger > a/server:udp5354": ANSWERED,
    "a/server > b/friend:8080": ANSWERED,
    "a/server > machine:10250": ANSWERED,
    "a/stranger > name:53": ANSWERED,
}

SITUATIONS = (
    Situation("no policy", _OPEN),
    Situation(
        "default deny, both ways",
        {
            "a/friend > a/server:8080": CLOSED,
            "a/stranger > a/server:8080": CLOSED,
            "b/friend > a/server:8080": CLOSED,
            "b/stranger > a/server:8080": CLOSED,
            "b/stranger > a/server:udp5353": CLOSED,
            "b/friend > server:80": CLOSED,
            "b/friend > server:udp5353": CLOSED,
            "a/server > b/friend:8080": CLOSED,
            "a/server > b/stranger:udp5353": CLOSED,
            "a/server > a/stranger:8080": CLOSED,
            "a/server > machine:10250": CLOSED,
            "a/stranger > name:53": CLOSED,
            "a/server > server:80": ANSWERED,
            "b/friend > b/stranger:8080": ANSWERED,
            "b/friend > name:53": ANSWERED,
        },
        (_policy("deny", {}, policyTypes=["Ingress", "Egress"]),),
    ),
    Situation(
        "pods of the same namespace, by label, on one port",
        {
            "a/friend > a/server:8080": ANSWERED,
            "a/friend > server:80": ANSWERED,
            "a/friend > a/server:8081": CLOSED,
            "a/friend > a/server:udp5353": CLOSED,
            "a/stranger > a/server:8080": CLOSED,
            "a/stranger > server:80": CLOSED,
            "b/friend > a/server:8080": CLOSED,
            "a/server > b/friend:8080": ANSWERED,
        },
        _ONLY_FRIEND,
    ),
    Situation(
        "the same, the caller's label taken away and given to another",
        {
            "a/friend > a/server:8080": CLOSED,
            "a/stranger > a/server:8080": ANSWERED,
            "a/stranger > server:80": ANSWERED,
        },
        _ONLY_FRIEND,
        labels={"a/friend": "stranger", "a/stranger": "friend"},
    ),
    Situation(
        "the same, the server's label taken away: no policy means it any more",
        {"a/stranger > a/server:8080": ANSWERED, "b/friend > a/server:9090": ANSWERED},
        _ONLY_FRIEND,
        labels={"a/server": "other"},
    ),
    Situation(
        "whole namespaces, by label, on every port",
        {
            "b/friend > a/server:8080": ANSWERED,
            "b/stranger > a/server:9090": ANSWERED,
            "b/stranger > a/server:udp5353": ANSWERED,
            "b/stranger > server:80": ANSWERED,
            "a/friend > a/server:8080": CLOSED,
            "a/friend > server:80": CLOSED,
        },
        _ingress({"from": [{"namespaceSelector": _TEAM_B}]}),
    ),
    Situation(
        "namespace and pod in one sentence: both must hold",
        {
            "b/friend > a/server:8080": ANSWERED,
            "b/friend > server:80": ANSWERED,
            "b/stranger > a/server:8080": CLOSED,
            "b/stranger > server:80": CLOSED,
            "a/friend > a/server:8080": CLOSED,
        },
        _ingress({"from": [{"namespaceSelector": _TEAM_B, "podSelector": _FRIEND}]}),
    ),
    Situation(
        "namespace and pod in two sentences: either will do",
        {
            "b/stranger > a/server:8080": ANSWERED,
            "a/friend > a/server:8080": ANSWERED,
            "a/stranger > a/server:8080": CLOSED,
        },
        _ingress({"from": [{"namespaceSelector": _TEAM_B}, {"podSelector": _FRIEND}]}),
    ),
    Situation(
        "labels by expressions",
        {
            "a/friend > a/server:8080": ANSWERED,
            "b/friend > a/server:8080": ANSWERED,
            "a/stranger > a/server:8080": CLOSED,
            "b/stranger > a/server:8080": CLOSED,
        },
        _ingress(
            {
                "from": [
                    {
                        "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
                        "podSelector": {
                            "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["stranger"]}]
                        },
                    }
                ]
            }
        ),
    ),
    Situation(
        "a block of addresses with one excepted",
        {
            "a/friend > a/server:8080": ANSWERED,
            "b/friend > a/server:8080": ANSWERED,
            "b/friend > server:80": ANSWERED,
            "a/stranger > a/server:8080": CLOSED,
            "a/stranger > server:80": CLOSED,
        },
        _ingress({"from": [{"ipBlock": {"cidr": "198.19.0.0/17", "except": ["<a/stranger>/32"]}}]}),
    ),
    Situation(
        "ports by name, by range, by protocol",
        {
            "b/friend > a/server:8080": ANSWERED,
            "b/friend > server:80": ANSWERED,
            "b/friend > a/server:8085": ANSWERED,
            "b/friend > a/server:8081": CLOSED,
            "b/friend > a/server:9090": CLOSED,
            "b/friend > a/server:udp5353": ANSWERED,
            "b/friend > server:udp5353": ANSWERED,
            "b/friend > a/server:udp5354": CLOSED,
        },
        _ingress(
            {"ports": [{"port": "http"}, {"port": 8084, "endPort": 8086}, {"port": 5353, "protocol": "UDP"}]},
        ),
    ),
    Situation(
        "every port of one protocol",
        {"b/friend > a/server:9090": ANSWERED, "b/friend > a/server:udp5353": CLOSED},
        _ingress({"ports": [{"protocol": "TCP"}]}),
    ),
    Situation(
        "the way out: to one pod's named port and to the name service",
        {
            "a/friend > a/server:8080": ANSWERED,
            "a/friend > server:80": ANSWERED,
            "a/friend > name:53": ANSWERED,
            "a/friend > a/server:9090": CLOSED,
            "a/friend > b/friend:8080": CLOSED,
            "a/friend > a/server:udp5353": CLOSED,
            "a/friend > machine:10250": CLOSED,
            "a/stranger > b/friend:8080": ANSWERED,
            "b/friend > a/friend:8080": ANSWERED,
        },
        _egress({"to": [{"podSelector": _SERVER}], "ports": [{"port": "http"}]}, _NAMES),
    ),
    Situation(
        "the way out: a block of addresses with one excepted",
        {
            "a/friend > b/friend:8080": ANSWERED,
            "a/friend > a/server:8080": CLOSED,
            "a/friend > server:80": CLOSED,
        },
        _egress({"to": [{"ipBlock": {"cidr": "198.19.0.0/17", "except": ["<a/server>/32"]}}]}, _NAMES),
    ),
    Situation(
        "who may send must also be let in",
        {"a/friend > a/server:8080": CLOSED, "a/friend > b/friend:8080": ANSWERED},
        (*_egress({}), *_ingress({"from": [{"podSelector": _app("stranger")}]})),
    ),
    Situation(
        "two policies on one pod: what either permits",
        {
            "a/friend > a/server:8080": ANSWERED,
            "a/stranger > a/server:9090": ANSWERED,
            "a/stranger > a/server:8080": CLOSED,
            "b/friend > a/server:8080": CLOSED,
        },
        (
            *_ONLY_FRIEND,
            _policy("second", {}, ingress=[{"from": [{"podSelector": _app("stranger")}], "ports": [{"port": 9090}]}]),
        ),
    ),
    Situation(
        "an empty rule permits all",
        {
            "a/stranger > a/server:9090": ANSWERED,
            "b/stranger > server:80": ANSWERED,
            "b/friend > a/server:udp5354": ANSWERED,
        },
        _ingress({}),
    ),
    Situation(
        "no rule permits nothing, one way only",
        {"a/friend > a/server:8080": CLOSED, "a/server > a/friend:8080": ANSWERED},
        _ingress(),
    ),
    Situation("every policy removed again", _OPEN),
)


def with_addresses(policies: tuple[Json, ...], resolve: Callable[[str], str]) -> list[Json]:
    """The policies with the addresses of the pods that they name."""

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [replaced(inner) for inner in value]
        if isinstance(value, str) and value.startswith("<"):
            name, _, rest = value[1:].partition(">")
            return resolve(name) + rest
        return value

    return [replaced(policy) for policy in policies]
