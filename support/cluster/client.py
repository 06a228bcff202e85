"""The cluster client: plain JSON in and out, every call bounded, nothing repeated, every change written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from support.cluster.connecting import open_transport
from support.cluster.errors import ApiError, error_for
from support.cluster.execution import ExecResult, execute
from support.cluster.kinds import Json, kind_of, kind_of_object
from support.cluster.transport import ApiTransport, Transport

Objects = list[Json]

_CALL_S = 10.0  # longest wait for one ordinary call; a healthy API server answers in milliseconds
_FIELD_MANAGER = "holdfast"
_PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


class Cluster:
    """One cluster under one context. Thread-safe. Raises ApiError and its narrower kinds, never the package's own."""

    def __init__(self, transport: Transport, context: str, server: str) -> None:
        self.context = context
        self.server = server
        self.mutations: list[str] = []
        self._transport = transport

    @classmethod
    def connect(cls, kubeconfig: Path | None, context: str | None, within: float = 4.0) -> Cluster:
        """A client whose server has answered once, `within` seconds at most.

        Raises Refusal when there is no configuration, no such context, or nobody answers.
        """
        transport, name = open_transport(kubeconfig, context, within)
        return cls(transport, name, transport.api.configuration.host)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        """One object; NotFound when it does not exist."""
        return self._json("GET", kind_of(kind).path(namespace, name))

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> Objects:
        """Objects of one namespace, or of all (None), narrowed by label and field selectors."""
        return self.list_at(kind, namespace, labels, fields)[0]

    def list_at(
        self, kind: str, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Objects, str]:
        """As `list`, with the version from which a watch can follow."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        answer = self._json("GET", kind_of(kind).path(namespace), query)
        return answer.get("items") or [], str(answer.get("metadata", {}).get("resourceVersion", ""))

    def create(self, kind: str, body: Json, namespace: str | None = None) -> Json:
        """Makes an object; Conflict when one of that name exists."""
        name = str(body.get("metadata", {}).get("name", ""))
        self._record("create", kind, name, namespace)
        query = {"fieldManager": _FIELD_MANAGER}
        return self._json("POST", kind_of(kind).path(namespace), query, body)

    def apply(self, body: Json, namespace: str | None = None) -> Json:
        """Makes the object as described, whatever is there now (server-side apply, conflicts overruled)."""
        kind, metadata = kind_of_object(body), body["metadata"]
        home = metadata.get("namespace") or namespace
        self._record("apply", kind.plural, metadata["name"], home)
        query = {"fieldManager": _FIELD_MANAGER, "force": "true"}
        path = kind.path(home, metadata["name"])
        return self._json("PATCH", path, query, body, "application/apply-patch+yaml")

    def patch(
        self,
        kind: str,
        name: str,
        body: Any,
        namespace: str | None = None,
        *,
        how: Literal["merge", "json", "strategic"] = "merge",
        subresource: str = "",
    ) -> Json:
        """Changes parts of an object; `body` is a list for `json`, an object otherwise."""
        self._record("patch", kind, name, namespace, subresource)
        path = kind_of(kind).path(namespace, name, subresource)
        return self._json("PATCH", path, {"fieldManager": _FIELD_MANAGER}, body, _PATCHES[how])

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        """Asks for the end of an object, with `grace` seconds when given; one that is gone already is no error."""
        self._record("delete", kind, name, namespace)
        body: Json = {"propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        try:
            self._json("DELETE", kind_of(kind).path(namespace, name), {}, body)
        except ApiError as error:
            if error.status != 404:  # gone already is what was asked for
                raise

    def evict(self, pod: str, namespace: str) -> None:
        """Asks whether a pod may be taken away, as maintenance does; ApiError with status 429 when it may not now."""
        self._record("evict", "pods", pod, namespace)
        metadata = {"name": pod, "namespace": namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        self._json("POST", kind_of("pods").path(namespace, pod, "eviction"), {}, body)

    def watch(
        self, kind: str, namespace: str | None, labels: str = "", since: str = "", within: float = _CALL_S
    ) -> Iterator[tuple[str, Json]]:
        """Changes (ADDED, MODIFIED, DELETED, BOOKMARK) after version `since`, for `within` seconds at most.

        Raises WatchExpired when that version is gone. Ends quietly when the server closes the stream.
        """
        query = {
            "watch": "true",
            "labelSelector": labels,
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": max(1, math.floor(within)),  # the server takes whole seconds
        }
        for line in self._transport.stream(kind_of(kind).path(namespace), query, within):
            event = json.loads(line)
            if event["type"] == "ERROR":
                told = event["object"]
                raise error_for(int(told.get("code", 500)), str(told.get("reason")), str(told.get("message")))
            yield event["type"], event["object"]

    def exec(
        self,
        namespace: str,
        pod: str,
        command: Sequence[str],
        *,
        container: str | None = None,
        stdin: bytes | None = None,
        within: float = 10.0,
    ) -> ExecResult:
        """Runs a command in a container and waits for its end; a bad exit code is an answer, not an error."""
        if not isinstance(self._transport, ApiTransport):
            raise TypeError("commands in containers need a connection to a real cluster")
        return execute(self._transport, namespace, pod, command, container, stdin, within)

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
        """What a container has written: of the present run, or of the one before (`previous`)."""
        query = {
            "container": container,
            "previous": "true" if previous else None,
            "sinceSeconds": since_s,
            "tailLines": tail,
        }
        path = kind_of("pods").path(namespace, pod, "log")
        return self._transport.send("GET", path, query, None, "", _CALL_S).decode(errors="replace")

    def proxy(
        self,
        namespace: str,
        pod: str,
        port: int,
        method: str,
        path: str,
        body: Json | None = None,
        within: float = 5.0,
    ) -> tuple[int, bytes]:
        """One HTTP exchange with a pod through the API server; any status of the pod is an answer.

        Raises ApiError when the API server cannot reach the pod, Unreachable when nothing came back in time.
        """
        address = kind_of("pods").path(namespace, f"{pod}:{port}", f"proxy/{path.lstrip('/')}")
        payload = None if body is None else json.dumps(body).encode()
        return self._transport.send_raw(method, address, payload, within)

    def allowed(
        self, verb: str, kind: str, namespace: str | None = None, subresource: str = "", name: str = ""
    ) -> bool:
        """Whether the API server would let the suite do this (asked beforehand, nothing is changed)."""
        known = kind_of(kind)
        attributes = {"verb": verb, "group": known.group, "resource": known.plural}
        attributes |= {"namespace": namespace or "", "subresource": subresource, "name": name}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._json("POST", kind_of("selfsubjectaccessreviews").path(None), {}, review)
        return bool(answer.get("status", {}).get("allowed"))

    def version(self) -> str:
        """The version that the API server tells, such as v1.36.3."""
        return str(self._json("GET", "/version")["gitVersion"])

    def _json(
        self,
        method: str,
        path: str,
        query: Json | None = None,
        body: Any = None,
        content: str = "application/json",
    ) -> Json:
        answer: Json = json.loads(self._transport.send(method, path, query or {}, body, content, _CALL_S))
        return answer

    def _record(self, verb: str, kind: str, name: str, namespace: str | None, part: str = "") -> None:
        place = f" in {namespace}" if namespace else ""
        self.mutations.append(f"{verb} {kind}{'/' + part if part else ''} {name}{place}")
