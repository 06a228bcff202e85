"""What an engineer asks first when a promise was broken: what Kubernetes says happened, and what the parts wrote.

Bounded in time and size, so that a failing run ends as quickly as a passing one. What the cluster refuses to tell, and
what was left out, is named instead of raised: the failure that led here stays the one that is reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from support.cluster.errors import ApiError, NotFound
from support.evidence.attach import Attachment, table
from support.evidence.redaction import redact

Json = dict[str, Any]

_LINES = 300  # of each container, the newest: a failover of Patroni writes about 100
_CONTAINER_BYTES = 40_000  # of each container: one that writes long lines
_ALL_BYTES = 600_000  # of all logs together: the report stays one file that opens quickly
_EVENTS = 200  # the newest: what is older does not explain this failure


class Reads(Protocol):
    """The part of support.cluster.Cluster that is needed here."""

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Json]:
        """Objects of a kind."""

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str | None = None,
        *,
        previous: bool = False,
        since_s: int | None = None,
        tail: int | None = None,
    ) -> str:
        """The log of a container."""


@dataclass(frozen=True)
class _Container:
    pod: str
    name: str
    restarts: int

    @property
    def label(self) -> str:
        return f"{self.pod} / {self.name}"


def collect(
    cluster: Reads,
    namespace: str,
    selectors: Sequence[str] = ("",),
    *,
    since_s: int = 300,
    within: float = 20.0,
    clock: Callable[[], float] = time.monotonic,
) -> list[Attachment]:
    """Events and instances of the namespace, and the logs of the pods that the label selectors name, newest lines last.

    Looks back `since_s` seconds. Starts nothing new after `within` seconds; one call that is under way may take its own
    time-out longer. Logs of instances in trouble come first, so that a bound leaves out the others.
    """
    end = clock() + within
    found = [_events(cluster, namespace, since_s), _nodes(cluster)]
    pods, complaint = _pods(cluster, namespace, selectors)
    found.append(complaint or _instances(pods))
    left_out: list[str] = []
    size = 0
    for container in _containers(pods):
        for previous in (False, True) if container.restarts else (False,):
            if clock() >= end or size >= _ALL_BYTES:
                left_out.append(container.label)
                continue
            log = _log(cluster, namespace, container, previous, since_s)
            if log is not None:
                found.append(log)
                size += len(log.body)
    if left_out:
        lines = [f"Left out after {within:g} s or {_ALL_BYTES // 1000} kB:", *dict.fromkeys(left_out)]
        found.append(Attachment("logs left out", "\n".join(lines)))
    return [Attachment(each.name, redact(each.body), each.kind) for each in found]


def _events(cluster: Reads, namespace: str, since_s: int) -> Attachment:
    try:
        events = cluster.list("events", namespace)
    except ApiError as error:
        return Attachment("events", f"could not be read: {error}")
    timed = sorted((_time_of(event), _event_line(event)) for event in events)
    oldest = datetime.now(UTC).timestamp() - since_s
    lines = [f"{_clock_time(at)}  {line}" for at, line in timed if at >= oldest][-_EVENTS:]
    return Attachment("events, in order", "\n".join(lines) or f"none in the last {since_s} s")


def _event_line(event: Json) -> str:
    about = event.get("involvedObject") or event.get("regarding") or {}
    count = event.get("count") or (event.get("series") or {}).get("count") or 1
    times = f" ({count} times)" if count > 1 else ""
    text = event.get("message") or event.get("note") or ""
    name = f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"
    return f"{event.get('type', ''):<8} {name:<44} {event.get('reason', '')}: {' '.join(str(text).split())}{times}"


def _time_of(event: Json) -> float:
    """Seconds since 1970 of the event's last occurrence; writers of events fill different fields."""
    series = event.get("series") or {}
    metadata = event.get("metadata") or {}
    texts = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event.get("firstTimestamp"),
        metadata.get("creationTimestamp"),
    )
    given = next((str(text) for text in texts if text), "1970-01-01T00:00:00Z")
    return datetime.fromisoformat(given).timestamp()


def _clock_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _nodes(cluster: Reads) -> Attachment:
    try:
        nodes = cluster.list("nodes")
    except ApiError as error:
        return Attachment("machines", f"could not be read: {error}")
    rows = []
    for node in nodes:
        status = node.get("status", {})
        bad = [
            f"{condition['type']} is {condition['status']}: {condition.get('reason', '')}"
            for condition in status.get("conditions", [])
            if (condition["type"] == "Ready") != (condition["status"] == "True")
        ]
        taints = [taint["key"] for taint in node.get("spec", {}).get("taints", [])]
        rows.append((node["metadata"]["name"], "; ".join(bad) or "ready", ", ".join(taints)))
    return table("machines", ("Machine", "State", "Taints"), rows)


def _pods(cluster: Reads, namespace: str, selectors: Sequence[str]) -> tuple[list[Json], Attachment | None]:
    pods: dict[str, Json] = {}
    try:
        for selector in selectors:
            for pod in cluster.list("pods", namespace, selector):
                pods[pod["metadata"]["name"]] = pod
    except ApiError as error:
        return list(pods.values()), Attachment("instances", f"could not be read: {error}")
    return [pods[name] for name in sorted(pods)], None


def _instances(pods: Iterable[Json]) -> Attachment:
    rows = []
    for pod in pods:
        statuses = _statuses(pod)
        restarts = sum(int(status.get("restartCount", 0)) for status in statuses)
        ready = sum(bool(status.get("ready")) for status in statuses)
        node = pod.get("spec", {}).get("nodeName", "none")
        rows.append((pod["metadata"]["name"], node, f"{ready} of {len(statuses)}", restarts, _reason(pod)))
    return table("instances", ("Instance", "Machine", "Ready", "Restarts", "State"), rows)


def _statuses(pod: Json) -> list[Json]:
    found: list[Json] = pod.get("status", {}).get("containerStatuses") or []
    return found


def _reason(pod: Json) -> str:
    """The phase, and for each container that waits or has ended before: why."""
    status = pod.get("status", {})
    parts = [str(status.get("phase", "unknown"))]
    if "deletionTimestamp" in pod["metadata"]:
        parts.append("being deleted")
    parts += [str(status[key]) for key in ("reason", "message") if status.get(key)]
    for container in [*(status.get("initContainerStatuses") or []), *_statuses(pod)]:
        for state in (container.get("state") or {}, container.get("lastState") or {}):
            for kind in ("waiting", "terminated"):
                if kind in state and state[kind].get("reason") != "Completed":
                    parts.append(
                        _state(container["name"], state[kind], "was " if state is not container.get("state") else "")
                    )
    return "; ".join(parts)


def _state(container: str, state: Json, tense: str) -> str:
    code = f", exit code {state['exitCode']}" if "exitCode" in state else ""
    at = f" at {state['finishedAt']}" if state.get("finishedAt") else ""
    return f"{container} {tense}{state.get('reason', 'ended')}{code}{at} {state.get('message', '')}".strip()


def _containers(pods: Iterable[Json]) -> Iterator[_Container]:
    """The containers of these pods, those in trouble first."""
    found = []
    for pod in pods:
        statuses = {status["name"]: status for status in _statuses(pod)}
        for container in pod.get("spec", {}).get("containers", []):
            status = statuses.get(container["name"], {})
            restarts = int(status.get("restartCount", 0))
            well = bool(status.get("ready")) and not restarts
            found.append((well, _Container(pod["metadata"]["name"], container["name"], restarts)))
    return (container for _, container in sorted(found, key=lambda entry: entry[0]))


def _log(cluster: Reads, namespace: str, container: _Container, previous: bool, since_s: int) -> Attachment | None:
    """The end of a log; None when there was none: a run before the present one may have been cleared away."""
    name = f"log of {container.label}{' before its restart' if previous else ''}"
    try:
        # What a container wrote before its restart may be older than the fault, and is wanted all the same.
        since = None if previous else since_s
        text = cluster.logs(namespace, container.pod, container.name, previous=previous, since_s=since, tail=_LINES)
    except NotFound:
        return None
    except ApiError as error:
        if previous and error.status == 400:  # "previous terminated container not found"
            return None
        return Attachment(name, f"could not be read: {error}")
    kept = text[-_CONTAINER_BYTES:]
    if len(kept) < len(text):
        kept = f"(the beginning is left out)\n{kept.split(chr(10), 1)[-1]}"
    return Attachment(name, kept or "(nothing written in this time)")
