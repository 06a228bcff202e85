"""What the agent of the network policies renders for every form of a policy."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from support.platforms.embedded.fences import table
from support.platforms.embedded.fences.model import Cluster, Json, Labels, Pod, Port, selects
from support.platforms.embedded.fences.rules import Rules

HTTP = Port("http", "TCP", 8080)


def pod(name: str, last: int, node: str = "n1", namespace: str = "a", ports: tuple[Port, ...] = (HTTP,)) -> Pod:
    return Pod(namespace, name, f"uid-{name}", node, f"10.1.0.{last}", {"app": name}, ports)


SERVER, FRIEND = pod("server", 2), pod("friend", 3)
FAR, OTHER = pod("far", 4, node="n2"), pod("other", 5, node="n2", namespace="b", ports=(Port("http", "TCP", 9000),))
PODS = (SERVER, FRIEND, FAR, OTHER)
TEAM_B = {"namespaceSelector": {"matchLabels": {"team": "b"}}}
HERE = {"10.1.0.2": "uid-server", "10.1.0.3": "uid-friend"}


def cluster(*specs: dict[str, Any], pods: tuple[Pod, ...] = PODS) -> Cluster:
    policies: dict[tuple[str, str], Json] = {
        ("a", f"p{number}"): {"metadata": {"namespace": "a", "name": f"p{number}"}, "spec": spec}
        for number, spec in enumerate(specs)
    }
    namespaces: dict[str, Labels] = {"a": {"team": "a"}, "b": {"team": "b"}}
    return Cluster({one.uid: one for one in pods}, namespaces, policies)


def received(*rules: Any, pods: tuple[Pod, ...] = PODS) -> list[str] | None:
    """What the server may receive when one policy selects it with these ingress rules."""
    spec = {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"], "ingress": list(rules)}
    return rules_of(cluster(spec, pods=pods)).permits(SERVER, "Ingress")


def sent(*rules: Any) -> list[str] | None:
    spec = {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Egress"], "egress": list(rules)}
    return rules_of(cluster(spec)).permits(SERVER, "Egress")


def rules_of(known: Cluster) -> Rules:
    return Rules(known, {uid: one.address for uid, one in known.pods.items()})


def from_pods(name: str, **more: Any) -> dict[str, Any]:
    return {"from": [{"podSelector": {"matchLabels": {"app": name}}}], **more}


def test_a_pod_that_no_policy_selects_is_free() -> None:
    assert rules_of(cluster()).permits(SERVER, "Ingress") is None
    elsewhere = {"podSelector": {"matchLabels": {"app": "friend"}}}
    assert rules_of(cluster(elsewhere)).permits(SERVER, "Ingress") is None
    foreign = Cluster(
        {SERVER.uid: SERVER}, {}, {("b", "p"): {"metadata": {"namespace": "b"}, "spec": {"podSelector": {}}}}
    )
    assert rules_of(foreign).permits(SERVER, "Ingress") is None


def test_a_selected_pod_without_rules_may_nothing() -> None:
    assert received() == []
    assert sent() == []
    assert rules_of(cluster({"podSelector": {}, "policyTypes": ["Ingress"]})).permits(SERVER, "Egress") is None


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ({"podSelector": {}}, [], None),
        ({"podSelector": {}, "egress": []}, [], []),
        ({"podSelector": {}, "policyTypes": ["Egress"]}, None, []),
    ],
)
def test_directions_that_a_policy_does_not_name(spec: Any, ingress: Any, egress: Any) -> None:
    rules = rules_of(cluster(spec))
    assert (rules.permits(SERVER, "Ingress"), rules.permits(SERVER, "Egress")) == (ingress, egress)


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, [""]),
        ({"from": [], "ports": []}, [""]),
        (from_pods("friend"), ["ip saddr { 10.1.0.3 }"]),
        (from_pods("other"), []),  # of another namespace
        (from_pods("nobody"), []),
        ({"from": [{}]}, []),  # a peer that names nothing is nobody
        ({"from": [{"podSelector": {}}]}, ["ip saddr { 10.1.0.2/31, 10.1.0.4 }"]),
        ({"from": [TEAM_B]}, ["ip saddr { 10.1.0.5 }"]),
        ({"from": [{"namespaceSelector": {}}]}, ["ip saddr { 10.1.0.2/31, 10.1.0.4/31 }"]),
        ({"from": [TEAM_B | {"podSelector": {"matchLabels": {"app": "far"}}}]}, []),
        ({"from": [TEAM_B | {"podSelector": {"matchLabels": {"app": "other"}}}]}, ["ip saddr { 10.1.0.5 }"]),
        (
            {"from": [TEAM_B, {"podSelector": {"matchLabels": {"app": "far"}}}]},
            ["ip saddr { 10.1.0.4/31 }"],
        ),
        ({"from": [{"ipBlock": {"cidr": "10.2.0.0/16"}}]}, ["ip saddr { 10.2.0.0/16 }"]),
        ({"from": [{"ipBlock": {"cidr": "10.2.0.9/16", "except": ["10.2.0.0/17"]}}]}, ["ip saddr { 10.2.128.0/17 }"]),
        ({"from": [{"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.0.0.0/8"]}}]}, []),
        ({"from": [{"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.3.0.0/16"]}}]}, ["ip saddr { 10.2.0.0/16 }"]),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, [""]),
        ({"from": [{"ipBlock": {"cidr": "::/0"}}]}, []),  # must not become everybody
        ({"ports": [{"port": 80}]}, ["tcp dport { 80 }"]),
        ({"ports": [{"port": 8, "endPort": 9}, {"port": 9, "endPort": 99}, {"port": 2}]}, ["tcp dport { 2, 8-99 }"]),
        ({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}, ["tcp dport { 53 }", "udp dport { 53 }"]),
        ({"ports": [{"protocol": "SCTP"}]}, ["meta l4proto sctp"]),
        ({"ports": [{}]}, ["meta l4proto tcp"]),
        ({"ports": [{"port": "http"}]}, ["tcp dport { 8080 }"]),
        ({"ports": [{"port": "http", "protocol": "UDP"}]}, []),  # nobody has such a port
        (from_pods("friend", ports=[{"port": 80}]), ["ip saddr { 10.1.0.3 } tcp dport { 80 }"]),
    ],
)  # fmt: skip
def test_forms_of_an_ingress_rule(rule: Any, matches: list[str]) -> None:
    assert received(rule) == matches


def test_forms_of_an_egress_rule() -> None:
    friend = {"podSelector": {"matchLabels": {"app": "friend"}}}
    assert sent({"to": [friend], "ports": [{"port": 1}]}) == ["ip daddr { 10.1.0.3 } tcp dport { 1 }"]
    # A name means another number with everybody who has it.
    assert sent({"to": [{"namespaceSelector": {}}], "ports": [{"port": "http"}]}) == [
        "ip daddr { 10.1.0.2/31, 10.1.0.4 } tcp dport { 8080 }",
        "ip daddr { 10.1.0.5 } tcp dport { 9000 }",
    ]
    assert sent({"ports": [{"port": "http"}, {"port": 53}]}) == [
        "tcp dport { 53 }",
        "ip daddr { 10.1.0.2/31, 10.1.0.4 } tcp dport { 8080 }",
        "ip daddr { 10.1.0.5 } tcp dport { 9000 }",
    ]


def test_policies_add_up() -> None:
    one = {"podSelector": {}, "ingress": [from_pods("friend")]}
    two = {
        "podSelector": {"matchLabels": {"app": "server"}},
        "ingress": [{"ports": [{"port": 80}]}, from_pods("friend")],
    }
    assert rules_of(cluster(one, two)).permits(SERVER, "Ingress") == ["ip saddr { 10.1.0.3 }", "tcp dport { 80 }"]


def test_a_namespace_that_is_not_known_yet_lets_nobody_in() -> None:
    known = cluster({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]})
    del known.namespaces["b"]
    assert rules_of(known).permits(SERVER, "Ingress") == ["ip saddr { 10.1.0.2/31, 10.1.0.4 }"]


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"key": "app", "operator": "In", "values": ["x", "server"]}, True),
        ({"key": "app", "operator": "In", "values": ["x"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["server"]}, False),
        ({"key": "gone", "operator": "NotIn", "values": ["server"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "gone", "operator": "Exists"}, False),
        ({"key": "gone", "operator": "DoesNotExist"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
    ],
)
def test_expressions_of_labels(expression: Any, matches: bool) -> None:
    assert selects({"matchExpressions": [expression]}, {"app": "server"}) is matches


def test_an_operator_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="Like"):
        selects({"matchExpressions": [{"key": "app", "operator": "Like"}]}, {})


DENY: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_verdicts_of_free_and_selected_pods() -> None:
    fences = table.render(cluster(DENY | {"podSelector": {"matchLabels": {"app": "server"}}}), "n1", HERE)
    assert fences.sending["10.1.0.3"] == "goto landed"
    assert fences.receiving["10.1.0.3"] == "accept"
    assert fences.sending["10.1.0.2"].startswith("jump from_")
    assert fences.receiving["10.1.0.2"].startswith("jump to_")
    assert set(fences.chains.values()) == {()}


def test_pods_with_the_same_permissions_share_a_chain() -> None:
    assert len(table.render(cluster(DENY), "n1", HERE).chains) == 2


def test_who_is_not_known_stays_closed() -> None:
    fences = table.render(cluster(), "n1", HERE | {"10.1.0.9": "uid-of-nobody"})
    assert set(fences.sending) == set(fences.receiving) == {"10.1.0.2", "10.1.0.3"}


def test_an_address_that_the_api_still_gives_to_another_pod_stays_closed() -> None:
    """After a restart of the machine the API remembers the addresses of before for a while."""
    fences = table.render(cluster(), "n1", {"10.1.0.3": "uid-server", "10.1.0.7": "uid-friend"})
    assert set(fences.sending) == {"10.1.0.7"}
    # The same address on another machine is nobody's business here.
    assert set(table.render(cluster(), "n1", {"10.1.0.5": "uid-server"}).sending) == {"10.1.0.5"}


def test_peers_on_the_own_machine_are_known_by_the_machine_and_others_by_the_api() -> None:
    admits = {"podSelector": {"matchLabels": {"app": "server"}}, "ingress": [{"from": [{"podSelector": {}}]}]}
    fences = table.render(cluster(admits), "n1", {"10.1.0.2": "uid-server", "10.1.0.8": "uid-friend"})
    (chain,) = fences.chains.values()
    assert chain == ("ip saddr { 10.1.0.2, 10.1.0.4, 10.1.0.8 } accept",)


def test_a_transaction_keeps_chains_that_are_there_and_removes_those_that_nobody_needs() -> None:
    fences = table.render(cluster(DENY), "n1", HERE)
    kept = sorted(fences.chains)[0]
    lines = fences.transaction([kept, "to_old"]).splitlines()
    assert lines[:3] == [f"flush {what}" for what in (
        "map inet holdfast_fences sending", "map inet holdfast_fences receiving", "set inet holdfast_fences itself",
    )]  # fmt: skip
    assert not any(line.startswith("add chain") and kept in line for line in lines)
    assert lines[-1] == "delete chain inet holdfast_fences to_old"


@pytest.mark.skipif(not shutil.which("nft"), reason="needs nft")
def test_the_kernel_takes_what_is_rendered() -> None:
    """In a network of its own, which ends with the command; skipped where nobody may make one."""
    rules = [{"ports": [{"port": 1, "endPort": 9}, {"protocol": "UDP"}]}, from_pods("friend"), {}]
    first = table.render(cluster(DENY | {"ingress": rules, "egress": [{"ports": [{"port": "http"}]}]}), "n1", HERE)
    second = table.render(cluster(DENY), "n1", HERE)
    text = table.new_frame() + first.transaction([]) + second.transaction(list(first.chains))
    done = subprocess.run(["unshare", "-n", "nft", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("no rights to make a network")
    assert done.returncode == 0, done.stderr
