"""Parts cut off by a policy: which rules change and how, the order of cut and end, and what the janitor puts back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from support.clients.ways import Way
from support.cluster.execution import ExecResult
from support.cluster.selectors import from_text, selects
from support.errors import Refusal
from support.faults.intents import ByPatch
from support.faults.policies import PartsCutOff, Severing, without
from support.faults.processes import Place
from support.tests.faults_fakes import FakeCluster

WEB = {"app": "shop", "part": "web"}
STORE = {"app": "store"}
IN_WORDS = {"matchLabels": {"app": "shop"}, "matchExpressions": [{"key": "part", "operator": "In", "values": ["web"]}]}
OTHERS = {"podSelector": {"matchLabels": {"app": "store"}}}
ELSEWHERE = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"part": "web"}}}
ADDRESS = {"ipBlock": {"cidr": "10.0.0.0/8"}}
LABELS: tuple[dict[str, str], ...] = (
    WEB,
    {"app": "shop", "part": "worker"},
    {"app": "shop"},
    {"app": "other", "part": "web"},
    {"app": "store"},
    {},
)


def let_in(rule: dict[str, Any]) -> list[dict[str, str]]:
    """Which of the labels a rule's own peers mean."""
    peers = [peer["podSelector"] for peer in rule["from"] if set(peer) == {"podSelector"}]
    return [labels for labels in LABELS if any(selects(selector, labels) for selector in peers)]


@pytest.mark.parametrize(
    "selector", [IN_WORDS, {}, {"matchLabels": {"app": "shop"}}, {"matchLabels": WEB}, OTHERS["podSelector"]]
)
def test_everybody_but_those_who_are_cut_off_is_still_let_in(selector: dict[str, Any]) -> None:
    rule = {"ports": [{"port": 5432}], "from": [{"podSelector": selector}, OTHERS]}
    cut = without(rule, WEB)
    assert let_in(cut) == [labels for labels in let_in(rule) if labels != WEB]
    assert cut["ports"] == rule["ports"]


def test_other_namespaces_addresses_and_everybody_are_left_as_they_are() -> None:
    rules: list[dict[str, Any]] = [{"from": [ELSEWHERE, ADDRESS, OTHERS]}, {"ports": [{"port": 1}]}, {"from": []}]
    for rule in rules:
        assert without(rule, WEB) == rule


def test_selectors_written_as_text_are_read_and_others_refused() -> None:
    assert from_text("app=shop, part==web") == WEB
    for text in ("app", "app!=shop", "part in (a,b)"):
        with pytest.raises(ValueError, match="more than equal"):
            from_text(text)


class Network:
    """A store behind a policy, and who gets in by it; sessions end by command only."""

    def __init__(self, rule: dict[str, Any]) -> None:
        self.fake = FakeCluster()
        self.fake.put("networkpolicies", policy("to-store", STORE, [rule]), "shop")
        self.fake.put("networkpolicies", policy("to-web", WEB, [rule]), "shop")
        self.fake.answer = self.answer
        self.ended: list[str] = []

    def answer(self, pod: str, command: Sequence[str]) -> ExecResult:
        if command[0] == "end":
            self.ended.append(pod)
            return ExecResult("", "", 0)
        rules = self.fake.get("networkpolicies", "to-store", "shop")["spec"]["ingress"]
        is_open = any(WEB in let_in(rule) for rule in rules)
        if command[0] == "curl":
            return ExecResult("0 0.001 0.002 52 Empty reply\n" if is_open else "0 0 2.0 28 Timeout\n", "", 0)
        return ExecResult("0 1000 0 S\n" if is_open else "0 2000000 124 \n", "", 0)


def policy(name: str, labels: dict[str, str], rules: list[Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": rules},
    }


def cut_off() -> PartsCutOff:
    store = Severing(Place("shop", "store-0", "store"), ["end"])
    way = Way("store-0", "10.0.0.1", 5432, "sql")
    return PartsCutOff([Place("shop", "web-0", "web")], WEB, [way], STORE, [store], 30.0)


def test_parts_are_cut_off_their_sessions_ended_and_the_policy_is_put_back() -> None:
    rule = {"from": [{"podSelector": IN_WORDS}, OTHERS]}
    net, fault = Network(rule), cut_off()
    cluster = net.fake.as_cluster()
    assert fault.precheck(cluster) == "let in by to-store"
    (remedy,) = fault.remedies()
    fault.inject(cluster)
    assert net.ended == ["store-0"]
    assert "none of 1 ways" in fault.verify_injected(cluster, 1)
    assert net.fake.get("networkpolicies", "to-web", "shop")["spec"]["ingress"] == [rule]
    fault.revert(cluster)
    assert fault.verify_reverted(cluster, 1) == "app=shop,part=web is let in again"
    assert net.fake.get("networkpolicies", "to-store", "shop")["spec"]["ingress"] == [rule]
    mutations = len(net.fake.mutations)
    fault.revert(cluster)
    assert len(net.fake.mutations) == mutations
    assert isinstance(remedy, ByPatch)
    assert remedy.patch == [{"op": "replace", "path": "/spec/ingress", "value": [rule]}]


def test_who_is_let_in_by_no_policy_cannot_be_cut_off_by_one() -> None:
    net = Network({"from": [OTHERS]})
    with pytest.raises(Refusal, match="No network policy"):
        cut_off().precheck(net.fake.as_cluster())
    assert not net.fake.mutations
