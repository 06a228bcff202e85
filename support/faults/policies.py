"""Two parts of a system cut off from each other by its own network policies: who was let in is let in no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hamcrest import equal_to

from support.clients.ways import Outcome, Way, knock, try_ways
from support.cluster.client import Cluster
from support.cluster.rights import Right
from support.cluster.selectors import selects
from support.errors import ExitCode, Refusal
from support.faults.intents import ByPatch, Remedy
from support.faults.processes import Place
from support.faults.proof import FaultFailed, seen
from support.waiting import Deadline

Json = dict[str, Any]

_KIND = "networkpolicies"
_INGRESS = "/spec/ingress"
_KNOCK_S = 2.0  # seconds for one new connection inside the cluster, which takes milliseconds
_CLOSED_S = 15.0  # seconds until a changed policy holds everywhere; two are promised by the embedded platform
_COMMAND_S = 10.0  # seconds for a command that ends connections


@dataclass(frozen=True, slots=True)
class Severing:
    """A command in a container of the other part that ends the connections which are there."""

    place: Place
    command: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Policy:
    name: str
    uid: str
    before: Sequence[Json]
    without: Sequence[Json]


@dataclass(slots=True)
class PartsCutOff:
    """Pods with the labels `who` are let in by no policy of the pods with the labels `to_whom`, for `seconds`.

    A policy concerns new connections; those that are there are ended by `severing` as soon as no new one is possible.
    """

    places: Sequence[Place]  # the instances that are cut off
    who: Mapping[str, str]
    ways: Sequence[Way]  # to the instances of the other part
    to_whom: Mapping[str, str]
    severing: Sequence[Severing]
    seconds: float
    kind: str = field(default="parts-cut-off", init=False)
    _policies: list[_Policy] = field(default_factory=list, init=False)

    @property
    def target(self) -> str:
        """Who is cut off from whom."""
        return f"{_told(self.who)} from {_told(self.to_whom)} in {self.namespace}"

    @property
    def namespace(self) -> str:
        """The namespace of both."""
        return self.places[0].namespace

    def rights(self) -> Sequence[Right]:
        """Changing policies, and commands in the pods."""
        return [Right("patch", _KIND, self.namespace), Right("create", "pods", self.namespace, "exec")]

    def precheck(self, cluster: Cluster) -> str:
        """Policies let them in, every way is open, and what the policies say is kept to be put back."""
        found = [body for body in cluster.list(_KIND, self.namespace) if self._concerned(body)]
        policies = [_read(body, self.who) for body in found]
        self._policies = [one for one in policies if one.before != one.without]
        if not self._policies:
            raise Refusal(
                f"No network policy names who is let in from {_told(self.who)} to {_told(self.to_whom)}.",
                "Only parts that are let in by a policy can be cut off by one.",
                ExitCode.UNSAFE_TARGET,
            )
        closed = self._closed(cluster, try_all=True)
        if closed:
            raise FaultFailed(f"cut off already: {', '.join(closed)}")
        return f"let in by {', '.join(one.name for one in self._policies)}"

    def remedies(self) -> Sequence[Remedy]:
        """The policies as they were."""
        return [ByPatch(self.namespace, _KIND, one.name, one.uid, _replace(one.before)) for one in self._policies]

    def inject(self, cluster: Cluster) -> None:
        """Changes the policies, waits until nobody gets in any more, and ends the connections that are there."""
        for policy in self._policies:
            cluster.patch(_KIND, policy.name, _replace(policy.without), self.namespace, how="json")
        everywhere = equal_to(len(self.places) * len(self.ways))
        seen(lambda _: len(self._closed(cluster)), everywhere, _CLOSED_S, f"{self.target}: every way must be closed")
        for one in self.severing:
            place = one.place
            done = cluster.exec(place.namespace, place.pod, one.command, container=place.container, within=_COMMAND_S)
            if done.code:
                raise FaultFailed(f"{place}: connections could not be ended: {done.stderr.strip()}")

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """No new connection is possible on any way."""
        everywhere = len(self.places) * len(self.ways)
        seen(lambda _: len(self._closed(cluster)), equal_to(everywhere), within, "Every way must be closed")
        return f"none of {everywhere} ways from {_told(self.who)} to {_told(self.to_whom)} is open"

    def revert(self, cluster: Cluster) -> None:
        """Puts the policies back; harmless when they are as they were."""
        for policy in self._policies:
            if cluster.get(_KIND, policy.name, self.namespace)["spec"].get("ingress", []) != policy.before:
                cluster.patch(_KIND, policy.name, _replace(policy.before), self.namespace, how="json")

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """Every way is open again."""

        def look(_: Deadline) -> list[str]:
            return self._closed(cluster, try_all=True)

        seen(look, equal_to([]), within, f"{self.target}: every way must be open again")
        return f"{_told(self.who)} is let in again"

    def _concerned(self, body: Json) -> bool:
        types = body["spec"].get("policyTypes") or ["Ingress"]
        return "Ingress" in types and selects(body["spec"].get("podSelector") or {}, self.to_whom)

    def _closed(self, cluster: Cluster, *, try_all: bool = False) -> list[str]:
        """The ways that are closed; with `try_all` each counts as open only when it answers in its own protocol."""
        trying, found = try_ways if try_all else knock, []
        for place in self.places:
            tried = trying(cluster, place.namespace, place.pod, place.container, self.ways, _KNOCK_S)
            invalid = [one for one in tried if one.outcome is Outcome.INVALID]
            if invalid:
                raise FaultFailed(f"{place}: {invalid[0]}")
            found += [f"{place.pod} to {one.way.name}" for one in tried if one.outcome is Outcome.BLOCKED]
        return found


def _read(body: Json, who: Mapping[str, str]) -> _Policy:
    rules = body["spec"].get("ingress") or []
    return _Policy(body["metadata"]["name"], body["metadata"]["uid"], rules, [without(rule, who) for rule in rules])


def without(rule: Json, who: Mapping[str, str]) -> Json:
    """A rule of ingress that lets in the same pods of its own namespace but those that have all the labels `who`.

    Whoever lacks one of the labels is still let in: one peer for each label. Peers of other namespaces and of addresses
    stay as they are, and so does a rule for everybody: cutting off by it would cut off strangers, too.
    """
    peers: list[Json] = []
    for peer in rule.get("from") or []:
        selector = peer.get("podSelector")
        if selector is None or "namespaceSelector" in peer or not _may_mean(selector, who):
            peers.append(peer)
            continue
        for key, value in who.items():
            terms = [*(selector.get("matchExpressions") or []), {"key": key, "operator": "NotIn", "values": [value]}]
            peers.append({"podSelector": {**selector, "matchExpressions": terms}})
    return {**rule, "from": peers} if peers else rule


def _may_mean(selector: Json, who: Mapping[str, str]) -> bool:
    """Whether pods with these labels may be meant: what is said of other labels of theirs is not known."""
    labels = {key: value for key, value in (selector.get("matchLabels") or {}).items() if key in who}
    terms = [term for term in selector.get("matchExpressions") or [] if term["key"] in who]
    return selects({"matchLabels": labels, "matchExpressions": terms}, who)


def _replace(rules: Sequence[Json]) -> list[Json]:
    return [{"op": "replace", "path": _INGRESS, "value": list(rules)}]


def _told(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.items())
