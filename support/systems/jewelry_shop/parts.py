"""The parts of the system: how many there should be, how many are ready, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from support.cluster import Cluster, Json, NotFound
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import AtLeast, ByAutoscaler, Part, Profile

_MISSING_KEY = re.compile(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?:\S+/)?(?P<name>\S+)")
_SHORT = 200  # characters of a reason told by Kubernetes; its first sentence says it


@dataclass(frozen=True, slots=True)
class Pod:
    """One living instance, as Kubernetes tells of it."""

    name: str
    uid: str
    ip: str
    node: str
    ready: bool
    revision: str  # hash of the template it was made from
    labels: Mapping[str, str]
    restarts: int
    leaving: bool
    trouble: str  # why it does not run, empty when it does
    last_end: str = ""  # how its container ended before the last restart, empty when it never did

    def __str__(self) -> str:
        return f"{self.name} ({'ready' if self.ready else self.trouble or 'not ready'})"


def read_pod(body: Json) -> Pod:
    """An instance from the object that Kubernetes shows."""
    metadata, status = body["metadata"], body.get("status", {})
    labels = metadata.get("labels", {})
    conditions = {entry["type"]: entry["status"] for entry in status.get("conditions", [])}
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        ip=status.get("podIP", ""),
        node=body.get("spec", {}).get("nodeName", ""),
        ready=conditions.get("Ready") == "True",
        revision=labels.get("pod-template-hash") or labels.get("controller-revision-hash", ""),
        labels=labels,
        restarts=sum(int(entry.get("restartCount", 0)) for entry in status.get("containerStatuses", [])),
        leaving="deletionTimestamp" in metadata,
        trouble=_trouble(status),
        last_end=_last_end(status),
    )


def _last_end(status: Json) -> str:
    for entry in status.get("containerStatuses", []):
        ended = entry.get("lastState", {}).get("terminated")
        if ended:
            words = f"{ended.get('reason', 'ended')}, exit code {ended.get('exitCode', 'unknown')}"
            return f"{words}, at {ended['finishedAt']}" if ended.get("finishedAt") else words
    return ""


def _trouble(status: Json) -> str:
    for entry in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = entry.get("state", {}).get("waiting")
        if waiting:
            return explain(str(waiting.get("reason", "")), str(waiting.get("message", "")))
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            return f"cannot be placed: {condition.get('message', '')[:_SHORT]}"
    return ""


def explain(reason: str, message: str) -> str:
    """Why a container does not start, in the words a person would search for."""
    missing = _MISSING_KEY.search(message)
    if missing:
        return f"cannot start: key {missing['key']} missing in {missing['kind']} {missing['name']}"
    return f"cannot start: {reason} {message[:_SHORT]}".strip()


@dataclass(frozen=True, slots=True)
class PartState:
    """One part of the profile beside what is there of it."""

    word: str  # the profile's word for it, such as "scheduler"
    name: str  # the workload's name
    exists: bool
    wanted: int  # what the profile promises, or what the autoscaler asks for within its bounds
    desired: int  # what the workload itself is set to
    exact: bool  # whether more than `wanted` is wrong, too
    revision: str  # hash of the present template; empty when it cannot be told
    pods: Sequence[Pod]
    changed: datetime | None  # when the workload last made progress

    @property
    def ready(self) -> list[Pod]:
        """Instances that are ready, of the present revision, and not about to leave."""
        return [pod for pod in self.living if pod.ready and pod.revision == (self.revision or pod.revision)]

    @property
    def living(self) -> list[Pod]:
        """Instances that are not about to leave."""
        return [pod for pod in self.pods if not pod.leaving]

    def complaints(self) -> list[str]:
        """What is wrong; empty when the part is complete."""
        title = f"{self.word} {self.name}"
        if not self.exists:
            return [f"{title} is missing"]
        found = []
        if len(self.ready) < self.wanted:
            found.append(f"{title} has {len(self.ready)} of {self.wanted} instances")
        elif self.exact and len(self.living) > self.wanted:
            found.append(f"{title} has {len(self.living)} instances instead of {self.wanted}")
        elif len(self.ready) < self.desired:
            found.append(f"{title} has {len(self.ready)} of the {self.desired} instances it is set to")
        old = [pod.name for pod in self.living if self.revision and pod.revision != self.revision]
        found += [f"{title}: {', '.join(old)} of an older revision"] if old else []
        return found + [f"{pod.name} {pod.trouble}" for pod in self.living if pod.trouble]

    def __str__(self) -> str:
        return f"{self.name} {len(self.ready)}/{self.wanted}"


class Parts:
    """Reads the parts of the profile from the cluster."""

    def __init__(self, cluster: Cluster, profile: Profile) -> None:
        self._cluster, self._profile = cluster, profile
        self.namespace = profile.kube.namespace

    def pods(self, word: str) -> list[Pod]:
        """The instances of a part that have not finished; dying ones included."""
        found = self._cluster.list("pods", self.namespace, self._profile.part(word).selector)
        return [read_pod(body) for body in found if body.get("status", {}).get("phase") not in ("Succeeded", "Failed")]

    def ready_pods(self, word: str) -> list[Pod]:
        """The instances of a part that are ready and stay."""
        return [pod for pod in self.pods(word) if pod.ready and not pod.leaving]

    def state(self, word: str) -> PartState:
        """A part as it stands."""
        part = self._profile.part(word)
        try:
            workload = self._cluster.get(f"{part.kind.lower()}s", part.name, self.namespace)
        except NotFound:
            return PartState(word, part.name, False, 1, 0, False, "", (), None)
        desired = int(workload["spec"].get("replicas", 1))
        wanted, exact = self._wanted(part, desired)
        revision = self._revision(part, workload)
        return PartState(
            word, part.name, True, wanted, desired, exact, revision, self.pods(word), _last_progress(workload)
        )

    def states(self) -> list[PartState]:
        """All parts of the profile."""
        return [self.state(word) for word in self._profile.parts]

    def _wanted(self, part: Part, desired: int) -> tuple[int, bool]:
        if isinstance(part.number, AtLeast):
            return max(part.number.at_least, desired), False
        if isinstance(part.number, ByAutoscaler):
            bounds = self._profile.autoscaler
            return min(max(desired, bounds.min), bounds.max), True
        return part.number, True

    def _revision(self, part: Part, workload: Json) -> str:
        if part.kind != "Deployment":
            return str(workload.get("status", {}).get("updateRevision", ""))
        uid = workload["metadata"]["uid"]
        sets = self._cluster.list("replicasets", self.namespace, part.selector)
        own = [body for body in sets if any(o["uid"] == uid for o in body["metadata"].get("ownerReferences", []))]
        newest = max(own, key=_revision_number, default=None)
        return str(newest["metadata"]["labels"].get("pod-template-hash", "")) if newest else ""


def _revision_number(body: Json) -> int:
    return int(body["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0))


def _last_progress(workload: Json) -> datetime | None:
    times = [workload["metadata"]["creationTimestamp"]]
    for condition in workload.get("status", {}).get("conditions", []):
        if condition["type"] == "Progressing":  # the time of the last rollout, not of the last change of a number
            times.append(condition.get("lastUpdateTime", times[0]))
    return max(datetime.fromisoformat(text) for text in times)


def since_delivery(states: Sequence[PartState]) -> float:
    """Seconds since the last rollout of any part."""
    changes = [state.changed for state in states if state.changed]
    return (datetime.now(UTC) - max(changes)).total_seconds() if changes else float("inf")


def are_complete() -> ComplaintMatcher[Sequence[PartState]]:
    """Matches when every part is there in its number, ready and of the present revision; an empty list never is."""

    def complaints(states: Sequence[PartState]) -> list[str]:
        if not states:
            return ["no part at all was found"]
        return [text for state in states for text in state.complaints()]

    return without_complaints("every part present in the agreed number and ready", complaints)
