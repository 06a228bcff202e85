"""The suite's side of the observer: installs it, asks questions through it, starts runs of probes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import ApiError
from support.observers.clock import ClockReading, read_clock
from support.observers.install import NAMESPACE, Workload
from support.observers.plan import ProbePlan
from support.observers.run import ObserverError, ProbeRun

__all__ = ["DEFAULT_IMAGE", "HttpAnswer", "Observer", "ObserverError", "RedisAnswerError", "SqlAnswer"]

DEFAULT_IMAGE = "holdfast/observer:1"
_PORT = 8088
_TRAVEL_S = 10.0  # seconds beside the question's own time: API server, proxy, and a machine busy with a failover
_HERE = Path(__file__).parent
_ROLE = "holdfast.dev/role=observer"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
WORKLOAD = Workload("daemonsets", "observer", _HERE / "manifests/observer.yaml", _HERE / "agent", "observer-agent")


class RedisAnswerError(Exception):
    """A cache server refused a command; `code` is the first word of its answer."""

    @property
    def code(self) -> str:
        """Such as READONLY or NOREPLICAS."""
        return str(self).split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer as seen from inside the cluster. Status 0: none came, `error` says why."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    text: str
    duration: float  # seconds
    error: str

    def json(self) -> Any:
        """The JSON of the answer, None when it holds none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """Rows, or why there are none. Numbers with fractions, moments and ids come as text."""

    rows: Sequence[Sequence[Any]] = ()
    columns: Sequence[str] = ()
    error: str = ""
    sqlstate: str = ""
    duration: float = field(default=0.0, compare=False)  # seconds


class Observer:
    """The agents in one cluster. Thread-safe; nothing is repeated."""

    def __init__(self, cluster: Cluster, image: str = DEFAULT_IMAGE, run: str = "run") -> None:
        self._cluster, self._image, self._run = cluster, image, run

    def ensure(self, within: float) -> None:
        """Installs or updates the agents and waits until one is ready on every machine. NotInstalled, ApiError."""
        WORKLOAD.ensure(self._cluster, self._image, within)

    def nodes(self) -> list[str]:
        """Machines with a ready agent; those of the control plane, which no fault hits, come first."""
        control = {node["metadata"]["name"] for node in self._cluster.list("nodes", labels=_CONTROL_PLANE)}
        return sorted(self._pods(), key=lambda node: (node not in control, node))

    def ask_http(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        within: float = 5.0,
        node: str | None = None,
    ) -> HttpAnswer:
        """One HTTP exchange from inside the cluster; whatever the other side does is an answer."""
        question = {"kind": "http", "url": url, "method": method, "headers": dict(headers or {}), "json": json}
        told = self._ask(question, within, node)
        return HttpAnswer(told["status"], told["headers"], told["text"], told["seconds"], told["error"])

    def ask_sql(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        database: str,
        statement: str,
        params: Sequence[Any] = (),
        *,
        within: float = 5.0,
        node: str | None = None,
    ) -> SqlAnswer:
        """One statement on a new connection with autocommit; refusals and silence are answers with `error`."""
        account = {"host": host, "port": port, "user": user, "password": password, "database": database}
        question = {"kind": "sql", **account, "statement": statement, "params": [_plain(value) for value in params]}
        told = self._ask(question, within, node)
        return SqlAnswer(
            told.get("rows", []), told.get("columns", []), told["error"], told.get("sqlstate", ""), told["seconds"]
        )

    def ask_redis(
        self,
        host: str,
        port: int,
        password: str,
        commands: Sequence[Sequence[str]],
        *,
        within: float = 5.0,
        node: str | None = None,
    ) -> list[Any]:
        """The answers to commands on one new connection, in order.

        Raises RedisAnswerError for a refusal, ObserverError when the server cannot be reached or does not answer.
        """
        question = {"kind": "redis", "host": host, "port": port, "password": password}
        told = self._ask({**question, "commands": [list(words) for words in commands]}, within, node)
        if told["error"]:
            raise RedisAnswerError(told["error"]) if told.get("refused") else ObserverError(f"{host}: {told['error']}")
        for answer in told["answers"]:
            if isinstance(answer, dict):
                raise RedisAnswerError(answer["refused"])
        return list(told["answers"])

    def ask_tcp(self, host: str, port: int, *, within: float = 3.0, node: str | None = None) -> str:
        """Empty when a connection came about, else why not."""
        return str(self._ask({"kind": "tcp", "host": host, "port": port}, within, node)["error"])

    def ask_dns(self, host: str, *, within: float = 3.0, node: str | None = None) -> list[str]:
        """The addresses of a name as the cluster resolves it; none when it does not."""
        return list(self._ask({"kind": "dns", "host": host}, within, node)["addresses"])

    def start(self, plan: ProbePlan, node: str | None = None) -> ProbeRun:
        """Begins a run on the agent of a machine (None: one that no fault hits, if there is such). ObserverError."""
        agent = self._agent(node)
        name = f"{self._run}-{secrets.token_hex(3)}"  # 6 digits: runs of one suite run never share a name
        agent.call("POST", "runs", plan.body(name), _TRAVEL_S)
        return ProbeRun(name, agent, _TRAVEL_S)

    def _ask(self, question: dict[str, Any], within: float, node: str | None) -> dict[str, Any]:
        return self._agent(node).call("POST", "ask", {**question, "within": within}, within + _TRAVEL_S)

    def _agent(self, node: str | None) -> Agent:
        pods = self._pods()
        wanted = node or next(iter(self.nodes()), "")
        if wanted not in pods:
            raise ObserverError(f"no agent of the observer is ready on {wanted or 'any machine'}")
        return Agent(self._cluster, wanted, pods[wanted])

    def _pods(self) -> dict[str, str]:
        """Name of the ready agent's pod by machine."""
        try:
            pods = self._cluster.list("pods", NAMESPACE, labels=_ROLE)
        except ApiError as error:
            raise ObserverError(f"the observer's agents cannot be listed: {error}") from error
        return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in pods if _ready(pod)}


class Agent:
    """One agent, reached through the API server."""

    def __init__(self, cluster: Cluster, node: str, pod: str) -> None:
        self.node = node
        self._cluster, self._pod = cluster, pod

    def call(self, method: str, path: str, body: dict[str, Any] | None, within: float) -> dict[str, Any]:
        """One exchange of JSON. Raises ObserverError."""
        told: dict[str, Any] = json.loads(self._send(method, path, body, within))
        return told

    def lines(self, run: str, start: int, within: float) -> bytes:
        """Lines of a run from a byte on. Raises ObserverError."""
        return self._send("GET", f"runs/{run}/lines?from={start}", None, within)

    def clock(self) -> ClockReading:
        """The agent's clock against the suite's. Raises ObserverError."""
        return read_clock(lambda: float(self.call("GET", "clock", None, _TRAVEL_S)["now"]), time.monotonic)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, within: float) -> bytes:
        try:
            status, answer = self._cluster.proxy(NAMESPACE, self._pod, _PORT, method, path, body, within)
        except ApiError as error:
            raise ObserverError(f"the observer on {self.node} cannot be reached: {error}") from error
        if status >= 300:  # the agent answers 200 and 201 only, when it could do what was asked
            raise ObserverError(f"the observer on {self.node} answered {status}: {answer[:200].decode()}")
        return answer


def _ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, type(None))) else str(value)
