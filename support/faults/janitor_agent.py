"""The janitor: runs inside the cluster and mends what a dead run has left broken. Imports nothing from the suite.

It also ends what a dead run still asks of the system: its probes and the load of its rushes.

Every few seconds it reads the intents in its namespace. One is mended when its time is over, or when its run no longer
renews its Lease. A Lease is alive while it changes, seen from here, and an intent's age is told by the API server's own
clock, so nobody's wrong clock can make the janitor too quick or too slow.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import websocket

Json = dict[str, Any]

LOOK_EVERY_S = 2.0
SILENT_S = 15.0  # seconds without renewal after which a run is dead
NOTICED_S = 20.0  # seconds after which Kubernetes calls a lost machine not ready: its grace period of 16 s and a margin
PLATFORM_S = 60.0  # seconds past their time for which the record of a run is kept that cannot be ended, or of a machine
# at which nobody may look
CALL_S = 5.0  # longest wait for the API server
OBSERVER_PORT = 8088
COMMAND_S = 10.0  # longest wait for a command
CREDENTIALS = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Api(Protocol):
    """What the janitor needs of the cluster."""

    def list(self, path: str, labels: str) -> tuple[list[Json], datetime]:
        """Objects, and the API server's time."""

    def get(self, path: str) -> Json | None:
        """One object, None when it is gone."""

    def delete(self, path: str) -> None:
        """Removes an object; one that is gone is no error."""

    def patch(self, path: str, patch: Sequence[Json]) -> str:
        """Puts a part of an object back by a JSON patch; empty when it was done, else what went wrong."""

    def post(self, path: str, body: Json) -> str:
        """Sends something through the API server; empty when it was taken, else what went wrong."""

    def command(self, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
        """Runs a command; empty when it ended well, else what went wrong."""


@dataclass
class Janitor:
    """One look after another; knows since when each Lease has not changed."""

    api: Api
    namespace: str
    now: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda line: print(line, flush=True)  # noqa: T201 (its log)
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)
    _stilled: set[tuple[str, str]] = field(default_factory=set)  # dead runs, and the observers that know it

    def look(self) -> None:
        """Reads everything and mends what is due. Raises OSError when the API server does not answer."""
        intents, server_time = self.api.list(self._path("configmaps"), "holdfast.dev/intent=true")
        silent = self._silent_for()
        for intent in intents:
            run = intent["metadata"].get("labels", {}).get("holdfast.dev/run", "")
            left = _seconds_left(intent, server_time)
            quiet = silent.get(f"run-{run}", float("inf"))
            if quiet >= SILENT_S or left <= 0:
                why = "its run is gone" if self._dead(run, silent) else "its time is over"
                self._mend(intent, why, left, quiet >= SILENT_S + NOTICED_S or left <= -NOTICED_S)
        runs = {intent["metadata"].get("labels", {}).get("holdfast.dev/run", "") for intent in intents}
        # After the mending, which must not wait for an observer that does not answer.
        untold = self._still(
            {run for run in [*runs, *(name.removeprefix("run-") for name in silent)] if self._dead(run, silent)}
        )
        for name, seconds in silent.items():
            # Without its Lease nobody would know of the run any more: an observer that did not answer is told again.
            waits = name.removeprefix("run-") in untold and seconds < SILENT_S + PLATFORM_S
            if seconds >= SILENT_S and name.removeprefix("run-") not in runs and not waits:
                self.api.delete(f"{self._leases()}/{name}")
                self.say(f"{name}: silent for {seconds:.0f} s and nothing left to mend, removed")

    @staticmethod
    def _dead(run: str, silent: Mapping[str, float]) -> bool:
        return silent.get(f"run-{run}", float("inf")) >= SILENT_S

    def _still(self, dead: set[str]) -> set[str]:
        """Nobody will read what the probes of a dead run find: they end, and the load of its rushes with them.

        Returns the runs of which an observer could not be told.
        """
        untold: set[str] = set()
        self._stilled = {(run, pod) for run, pod in self._stilled if run in dead}
        if not dead:
            return untold
        jobs = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        for job in self.api.list(jobs, "holdfast.dev/role=load")[0]:
            if job["metadata"].get("labels", {}).get("holdfast.dev/run", "") in dead:
                self.api.delete(f"{jobs}/{job['metadata']['name']}?propagationPolicy=Background")
        for pod in self.api.list(self._path("pods"), "holdfast.dev/role=observer")[0]:
            name = pod["metadata"]["name"]
            for run in sorted(dead):
                stilled = (run, pod["metadata"]["uid"])
                if stilled in self._stilled or not _is_ready(pod):
                    continue
                if problem := self.api.post(f"{self._path('pods')}/{name}:{OBSERVER_PORT}/proxy/stop", {"of": run}):
                    untold.add(run)
                    self.say(f"run-{run} is gone, and {name} could not be told: {problem}")
                else:
                    self._stilled.add(stilled)
                    self.say(f"run-{run} is gone: {name} makes no further attempts for it")
        return untold

    def _silent_for(self) -> dict[str, float]:
        """Seconds since each Lease was last seen to change."""
        leases, _ = self.api.list(self._leases(), "holdfast.dev/run-lease=true")
        now, seen = self.now(), {}
        for lease in leases:
            name, version = lease["metadata"]["name"], lease["metadata"]["resourceVersion"]
            known = self._seen.get(name)
            seen[name] = known if known and known[0] == version else (version, now)
        self._seen = seen
        return {name: now - since for name, (_, since) in seen.items()}

    def _mend(self, intent: Json, why: str, left: float, noticed: bool) -> None:
        data, name = intent.get("data", {}), intent["metadata"]["name"]
        problems = []
        for remedy in json.loads(data.get("revert", "[]")):
            if remedy["by"] == "command":
                problems.append(self._command(remedy))
            elif remedy["by"] == "platform" and not self._is_over(remedy["machine"], left, noticed):
                return  # the platform has armed the end itself; the record stays until the machine is back
            elif remedy["by"] == "patch":
                problems.append(self._put_back(remedy))
        what = f"{name}: {data.get('kind')} at {data.get('target')}, {why}"
        failed = [problem for problem in problems if problem]
        if failed:
            self.say(f"{what}: not mended, will be tried again: {'; '.join(failed)}")
            return
        self.api.delete(f"{self._path('configmaps')}/{name}")
        self.say(f"{what}: {'mended' if problems else 'nothing to mend, struck out'}")

    def _command(self, remedy: Mapping[str, Any]) -> str:
        pod = self.api.get(f"/api/v1/namespaces/{remedy['namespace']}/pods/{remedy['pod']}")
        if remedy["uid"] and (pod is None or pod["metadata"]["uid"] != remedy["uid"]):
            return ""  # replaced meanwhile: what was broken in it is gone with it
        if pod is None:
            return f"{remedy['pod']} is away"  # what is to be mended is not: its successor will be asked
        return self.api.command(remedy["namespace"], remedy["pod"], remedy["container"], remedy["command"])

    def _is_over(self, machine: str, left: float, noticed: bool) -> bool:
        """Whether a machine is ready, so late that Kubernetes has noticed if it was not.

        One that stays away keeps its record, however late: `holdfast halt` and the next run learn of it from there.
        Only where nobody may look, time alone decides.
        """
        ready = self._is_ready(machine)
        return left <= -PLATFORM_S if ready is None else ready and noticed

    def _is_ready(self, machine: str) -> bool | None:
        """None when that is not known."""
        try:
            node = self.api.get(f"/api/v1/nodes/{machine}")
        except urllib.error.HTTPError:  # no right to look
            return None
        return _is_ready(node) if node else None

    def _put_back(self, remedy: Mapping[str, Any]) -> str:
        found = self.api.get(remedy["path"])
        if found is None or found["metadata"]["uid"] != remedy["uid"]:
            return ""  # another object of that name: it was never changed
        return self.api.patch(remedy["path"], remedy["patch"])

    def _path(self, plural: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{plural}"

    def _leases(self) -> str:
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"


class HttpApi:
    """The API server, with the token of the janitor's account."""

    def __init__(self, server: str, credentials: Path) -> None:
        self._server, self._credentials = server, credentials
        authority = credentials / "ca.crt"
        self._tls = ssl.create_default_context(cafile=str(authority)) if server.startswith("https") else None

    def list(self, path: str, labels: str) -> tuple[list[Json], datetime]:
        """See Api."""
        with self._send("GET", f"{path}?{urlencode({'labelSelector': labels})}") as answer:
            return json.load(answer).get("items") or [], parsedate_to_datetime(answer.headers["Date"])

    def get(self, path: str) -> Json | None:
        """See Api."""
        try:
            with self._send("GET", path) as answer:
                found: Json = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404:  # gone
                return None
            raise

    def delete(self, path: str) -> None:
        """See Api."""
        try:
            self._send("DELETE", path).close()
        except urllib.error.HTTPError as error:
            if error.code != 404:  # gone already
                raise

    def patch(self, path: str, patch: Sequence[Json]) -> str:
        """See Api."""
        try:
            self._send("PATCH", path, json.dumps(list(patch)).encode(), "application/json-patch+json").close()
        except urllib.error.HTTPError as error:
            return f"{path}: {error}"
        return ""

    def post(self, path: str, body: Json) -> str:
        """See Api."""
        try:
            self._send("POST", path, json.dumps(body).encode()).close()
        except OSError as error:  # HTTPError and URLError among them
            return f"{path}: {error}"
        return ""

    def command(self, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
        """See Api."""
        query = [("command", word) for word in command]
        query += [("container", container), ("stdout", "true"), ("stderr", "true")]
        url = f"ws{self._server.removeprefix('http')}/api/v1/namespaces/{namespace}/pods/{pod}/exec?{urlencode(query)}"
        try:
            stream = websocket.create_connection(
                url,
                timeout=COMMAND_S,
                header=[f"Authorization: Bearer {self._token()}"],
                subprotocols=["v4.channel.k8s.io"],
                sslopt={"context": self._tls} if self._tls else {},
            )
        except (OSError, websocket.WebSocketException) as error:
            return f"{pod}: {error}"
        with contextlib.closing(stream):
            return _outcome(stream, pod)

    def _send(self, method: str, path: str, body: bytes | None = None, content: str = "application/json") -> Any:
        url = f"{self._server}{path}"
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 (our own API server)
        request.add_header("Authorization", f"Bearer {self._token()}")
        request.add_header("Content-Type", content)
        return urllib.request.urlopen(request, timeout=CALL_S, context=self._tls)  # noqa: S310

    def _token(self) -> str:
        return (self._credentials / "token").read_text().strip()  # read anew: it is renewed every hour


def _outcome(stream: Any, pod: str) -> str:
    """What the server says last, on channel 3; channels 1 and 2 carry what the command wrote."""
    try:
        while True:
            frame = stream.recv()
            raw = frame.encode() if isinstance(frame, str) else frame
            if not raw:
                return f"{pod}: the stream ended without a result"
            if raw[0] == 3:  # the channel of the result
                told = json.loads(raw[1:])
                return "" if told.get("status") == "Success" else f"{pod}: {told.get('message')}"
    except (OSError, websocket.WebSocketException, ValueError) as error:
        return f"{pod}: {error}"


def _is_ready(found: Json) -> bool:
    conditions = found.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _seconds_left(intent: Json, server_time: datetime) -> float:
    created = datetime.fromisoformat(intent["metadata"]["creationTimestamp"])
    age = (server_time.astimezone(UTC) - created).total_seconds()
    return float(intent.get("data", {}).get("seconds", 0)) - age


def main() -> None:
    """Looks for ever; an API server that does not answer is asked again at the next look."""
    server = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    janitor = Janitor(HttpApi(server, CREDENTIALS), (CREDENTIALS / "namespace").read_text().strip())
    while True:
        try:
            janitor.look()
        except (OSError, ValueError, KeyError) as error:  # HTTPError and URLError are OSErrors
            sys.stderr.write(f"could not look: {type(error).__name__}: {error}\n")
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    main()
