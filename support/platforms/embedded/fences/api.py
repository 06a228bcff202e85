"""Follows objects of the API: a list, then a watch from there, anew whenever it breaks."""

from __future__ import annotations

import http.client
import json
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .model import Cluster, read_pod, uid_of

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_WATCH_S = 60  # seconds after which the server ends a watch; the next one goes on from its last version
_SILENT_S = 75.0  # seconds without a byte after which a connection is given up: longer than a quiet watch
_CONNECT_S = 5.0  # seconds for a connection and for the head of an answer
_AGAIN_S = 0.5  # seconds before the next attempt after an error
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}  # seconds, seconds, probes: dead within 11 s
_GONE = 410  # the version to go on from is too old
PATHS = {
    "pods": "/api/v1/pods",
    "namespaces": "/api/v1/namespaces",
    "policies": "/apis/networking.k8s.io/v1/networkpolicies",
}


class State:
    """What the API has told so far. Thread-safe; `changed` is notified when policies could look at it differently."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.cluster = Cluster()
        self.revision = 0
        self._listed: set[str] = set()
        self._followed: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether all of it has been told once."""
        return self._listed == set(PATHS)

    @property
    def current(self) -> bool:
        """Whether all of it is being followed just now."""
        return self._followed == set(PATHS)

    def replace(self, kind: str, items: list[Any]) -> None:
        """All objects of a kind, after a list."""
        with self.changed:
            known = self._known(kind)
            fresh = {key: value for key, value in (_reduced(kind, body) for body in items) if value is not None}
            if known != fresh:
                known.clear()
                known.update(fresh)
            self._listed.add(kind)
            self._notify()

    def put(self, kind: str, body: Any, *, gone: bool) -> None:
        """One object that came, changed or went."""
        key, value = _reduced(kind, body)
        with self.changed:
            known = self._known(kind)
            if gone or value is None:
                different = known.pop(key, None) is not None
            else:
                different = known.get(key) != value
                known[key] = value
            if different:
                self._notify()

    def follow(self, kind: str, *, following: bool) -> None:
        """Whether changes of a kind arrive from now on."""
        with self.changed:
            (self._followed.add if following else self._followed.discard)(kind)
            self._notify()

    def _known(self, kind: str) -> dict[Any, Any]:
        known: dict[Any, Any] = getattr(self.cluster, kind)
        return known

    def _notify(self) -> None:
        self.revision += 1
        self.changed.notify_all()


def _reduced(kind: str, body: Any) -> tuple[Any, Any]:
    """Key and value of an object, without what policies never look at; None for one that they do not concern."""
    metadata = body["metadata"]
    if kind == "pods":
        return uid_of(body), read_pod(body)
    if kind == "namespaces":
        return metadata["name"], metadata.get("labels", {})
    key = metadata["namespace"], metadata["name"]
    return key, {"metadata": {"namespace": key[0], "name": key[1]}, "spec": body["spec"]}


class Gone(Exception):
    """The version to go on from is no longer known: list anew."""


class Follower(threading.Thread):
    """Keeps one kind of the state up to date for ever; ends the whole program when it cannot go on."""

    def __init__(self, kind: str, state: State) -> None:
        super().__init__(name=kind, daemon=True)
        self._kind, self._state = kind, state
        self._pause = threading.Event()  # never set: a pause that costs nothing

    def run(self) -> None:
        """Lists and watches."""
        try:
            while True:
                try:
                    self._list_and_watch()
                except Gone:
                    logging.info("%s: listing anew", self._kind)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    logging.warning("%s: %s: %s", self._kind, type(error).__name__, error)
                    self._pause.wait(_AGAIN_S)
                finally:
                    self._state.follow(self._kind, following=False)
        except BaseException:
            logging.exception("%s cannot be followed any more", self._kind)
            os._exit(1)  # the kubelet starts the agent again; the table stays as it is

    def _list_and_watch(self) -> None:
        with _Connection() as connection:
            whole = json.load(connection.get(PATHS[self._kind], {}))
        self._state.replace(self._kind, whole["items"])
        version = whole["metadata"]["resourceVersion"]
        while True:
            version = self._watch(version)

    def _watch(self, version: str) -> str:
        query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": _WATCH_S, "resourceVersion": version}
        with _Connection() as connection:
            answer = connection.get(PATHS[self._kind], query)
            self._state.follow(self._kind, following=True)
            for line in _lines(answer):
                event = json.loads(line)
                body = event["object"]
                if event["type"] == "ERROR":
                    raise Gone if body.get("code") == _GONE else ValueError(body.get("message"))
                version = body["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._state.put(self._kind, body, gone=event["type"] == "DELETED")
        return version


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while line := answer.readline():
        yield line


class _Connection:
    """One connection to the API with the rights of the agent's account."""

    def __init__(self) -> None:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        self._http = http.client.HTTPSConnection(host, port, timeout=_CONNECT_S, context=context)

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, query: dict[str, Any]) -> http.client.HTTPResponse:
        """A good answer, still to be read. Raises Gone, OSError or HTTPException."""
        self._http.connect()
        for name, value in _KEEPALIVE.items():
            self._http.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        token = (_ACCOUNT / "token").read_text(encoding="utf-8")  # renewed by the kubelet every hour
        self._http.request("GET", f"{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"})
        answer = self._http.getresponse()
        if answer.status == _GONE:
            raise Gone
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"the API answers {answer.status}: {answer.read(300)!r}")
        self._http.sock.settimeout(_SILENT_S)
        return answer
