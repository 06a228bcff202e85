"""Load from inside the cluster: k6 in a Job of the suite's own, its requests read as attempts like those of a probe.

Requests begin at a constant rate, never in a closed loop. The Job ends by its own
deadline and removes itself, also when the suite has died; its script and its headers go with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import ApiError
from support.observers.attempts import Attempt, Journal
from support.observers.install import NAMESPACE
from support.observers.verdicts import Verdict

Json = dict[str, Any]

ROLE = "load"
_SCRIPT = Path(__file__).parent / "load" / "requests.js"
_START_S = 60.0  # seconds that the pod may need until its first request: placing it, starting it, its virtual users
_KEPT_S = 600  # seconds for which a finished Job stays readable before it removes itself
_AT_ONCE_S = 2.0  # seconds of requests that may be under way at once; more than that cannot be begun and is "dropped"
# Seconds by which requests may begin late (99 %). The load is judged by how much of it was answered, not by the times
# of its single requests (the observer's are), so it may be later than half a slot as long as demand comes evenly.
_LATEST_S = 0.25
_ANSWERED = 0.99  # share of the load that must be answered (contract: open-loop load with at least 99 % answered)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is asked, how often and for how long."""

    url: str
    rate: int  # requests per second
    seconds: int
    headers: Mapping[str, str] = field(repr=False)  # tokens are in here
    within: int = 5  # seconds of one request

    @property
    def requests(self) -> int:
        """How many it asks for altogether."""
        return self.rate * self.seconds


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What became of the load. Times of the attempts are seconds of the wall clock of the machine that carried it."""

    attempts: tuple[Attempt, ...]
    planned: int  # requests that the plan asked for
    dropped: int | None  # requests that could not be begun; None when the generator did not come to its end
    lateness_p99: float  # seconds

    @property
    def answered(self) -> float:
        """Share of the requests that was answered, 0 to 1; a planned one that was never begun was not."""
        return sum(one.ok for one in self.attempts) / max(1, self.planned, len(self.attempts))

    def judge(self) -> Verdict:
        """Whether this was the load that had been planned, and whether it was answered."""
        if self.dropped is None:
            return Verdict("invalid", "the load did not come to its end")
        if self.dropped:
            return Verdict("invalid", f"{self.dropped} of {self.planned} planned requests could not even be begun")
        if len(self.attempts) < _ANSWERED * self.planned:
            return Verdict("invalid", f"only {len(self.attempts)} of {self.planned} planned requests are accounted for")
        if self.lateness_p99 > _LATEST_S:
            late = self.lateness_p99 * 1000  # milliseconds
            return Verdict("invalid", f"the load itself was {late:.0f} ms late (99 %)")
        if self.answered < _ANSWERED:
            return Verdict("broken", f"only {self.answered:.2%} of {self.planned} requests were answered")
        return Verdict("kept", f"{self.answered:.2%} of {self.planned} requests were answered")


def together(results: Sequence[LoadResult]) -> LoadResult:
    """Several loads of the same time as one."""
    dropped = [one.dropped for one in results]
    return LoadResult(
        tuple(attempt for one in results for attempt in one.attempts),
        sum(one.planned for one in results),
        None if None in dropped else sum(one or 0 for one in dropped),
        max(one.lateness_p99 for one in results),
    )


class LoadRun:
    """A load under way in the cluster."""

    def __init__(self, cluster: Cluster, plan: LoadPlan, image: str, run: str) -> None:
        self._cluster, self.plan, self._image, self._run = cluster, plan, image, run
        self.name = f"load-{run}-{secrets.token_hex(3)}"  # 6 digits: loads of one run never share a name

    def start(self) -> None:
        """Makes the Job with its script and headers. Raises ApiError."""
        self._cluster.create("secrets", self._inputs(), NAMESPACE)
        try:
            job = self._cluster.create("jobs", self._job(), NAMESPACE)
            owner = {"apiVersion": "batch/v1", "kind": "Job", "name": self.name, "uid": job["metadata"]["uid"]}
            self._cluster.patch("secrets", self.name, {"metadata": {"ownerReferences": [owner]}}, NAMESPACE)
        except ApiError:
            self.remove()
            raise

    def began(self) -> bool:
        """Whether the first requests have been made. Raises ApiError."""
        return bool(self.read().attempts)

    def over(self) -> bool:
        """Whether the Job has ended, well or not. Raises ApiError."""
        status = self._cluster.get("jobs", self.name, NAMESPACE).get("status", {})
        return any(one["type"] in ("Complete", "Failed", "FailureTarget") for one in status.get("conditions", []))

    def read(self) -> LoadResult:
        """What has been written so far. Raises ApiError."""
        return read_lines(self._lines(), self.plan)

    def remove(self) -> None:
        """Ends it and takes it away with what belongs to it; harmless when it has removed itself."""
        self._cluster.delete("jobs", self.name, NAMESPACE)
        self._cluster.delete("secrets", self.name, NAMESPACE)

    def _lines(self) -> str:
        pods = self._cluster.list("pods", NAMESPACE, labels=f"job-name={self.name}")
        started = [pod for pod in pods if pod.get("status", {}).get("phase") not in (None, "Pending")]
        return self._cluster.logs(NAMESPACE, started[0]["metadata"]["name"]) if started else ""

    def _labels(self) -> Json:
        labels = {"holdfast.dev/role": ROLE, "holdfast.dev/run": self._run}
        return {**labels, "app.kubernetes.io/managed-by": "holdfast"}

    def _inputs(self) -> Json:
        """The script and the settings: in a Secret, because the headers carry a token."""
        plan = self.plan
        data = {
            "requests.js": _SCRIPT.read_text(encoding="utf-8"),
            "LOAD_URL": plan.url,
            "LOAD_RATE": str(plan.rate),
            "LOAD_SECONDS": str(plan.seconds),
            "LOAD_WITHIN": str(plan.within),
            "LOAD_AT_ONCE": str(round(plan.rate * _AT_ONCE_S)),
            "LOAD_HEADERS": json.dumps(dict(plan.headers)),
        }
        metadata = {"name": self.name, "namespace": NAMESPACE, "labels": self._labels()}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}

    def _job(self) -> Json:
        deadline = round(_START_S + self.plan.seconds + self.plan.within)
        names = ("URL", "RATE", "SECONDS", "WITHIN", "AT_ONCE", "HEADERS")
        keys = [f"LOAD_{name}" for name in names]
        given = [{"name": key, "valueFrom": {"secretKeyRef": {"name": self.name, "key": key}}} for key in keys]
        # Nothing is reported to anybody, and nothing is fetched.
        quiet = {"K6_NO_USAGE_REPORT": "true", "K6_AUTO_EXTENSION_RESOLUTION": "false", "HOME": "/tmp"}  # noqa: S108
        container = {
            "name": ROLE,
            "image": self._image,
            "imagePullPolicy": "IfNotPresent",
            "args": ["run", "--quiet", "--log-format", "raw", "/script/requests.js"],
            "env": [*given, *({"name": key, "value": value} for key, value in quiet.items())],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "768Mi"}},
            "securityContext": {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "script", "mountPath": "/script"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
        }
        script = {"secretName": self.name, "items": [{"key": "requests.js", "path": "requests.js"}]}
        pod = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 2,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001},
            "containers": [container],
            "volumes": [{"name": "script", "secret": script}, {"name": "tmp", "emptyDir": {}}],
        }
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": self.name, "namespace": NAMESPACE, "labels": self._labels()},
            "spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": deadline,
                "ttlSecondsAfterFinished": _KEPT_S,
                "template": {"metadata": {"labels": self._labels()}, "spec": pod},
            },
        }


def read_lines(text: str, plan: LoadPlan) -> LoadResult:
    """The requests behind the generator's lines; a line that is none of ours, or cut short, is passed over."""
    journal, dropped = Journal(), None
    for line in text.splitlines():
        told = _told(line)
        if told.get("event") == "request":
            journal.feed(_as_journal(told))
        elif told.get("event") == "end":
            dropped = int(told["dropped"])
    attempts = tuple(journal.attempts(ROLE))
    return LoadResult(attempts, plan.requests, dropped, journal.lateness_p99(ROLE))


def _told(line: str) -> Json:
    try:
        told = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _as_journal(told: Json) -> bytes:
    """One request in the words of the observer's agent: intent, then outcome."""
    planned, start, end = (told[name] / 1000 for name in ("planned", "start", "end"))  # milliseconds
    key = {"probe": ROLE, "seq": told["seq"]}
    good = told["status"] == 200  # the answer to a list of goods
    error = "" if good else told["error"] or f"answered {told['status']}"
    outcome = {"outcome": "ok" if good else "fail", "status": told["status"], "error": error, "instance": told["by"]}
    lines = [
        {"event": "intent", **key, "planned": planned, "start": start},
        {"event": "outcome", **key, "end": end, **outcome},
    ]
    return "\n".join(json.dumps(line) for line in lines).encode()
