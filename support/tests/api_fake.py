"""An API server in memory, below the real client: it answers questions and writes down every call that would change
something, as the audit log of a real one does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, error_for
from support.cluster.kinds import kind_of

Json = dict[str, Any]

_REVIEWS = kind_of("selfsubjectaccessreviews").path(None)


class FakeApi:
    """A transport. `mutating` holds the calls that a real server would have carried out or refused as changes."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Json] = {}  # path of the list, name
        self.mutating: list[str] = []
        self.forbidden: set[tuple[str, str]] = set()  # verb and plural, with "/" and the subresource
        self.failing: dict[str, ApiError] = {}  # part of a path -> what the server answers
        self.trusted = True  # otherwise nothing is allowed
        self.reviews: list[Mapping[str, str]] = []  # the rights that were asked for

    def cluster(self, context: str = "test") -> Cluster:
        """The real client over this server."""
        return Cluster(self, context, "https://nowhere.example")

    def put(self, kind: str, name: str, namespace: str | None = None, **body: Any) -> Json:
        """An object; keyword arguments are its parts."""
        metadata = {"name": name, "uid": f"uid-{name}", "labels": {}, "resourceVersion": "1"} | body.pop("metadata", {})
        found = self.objects[kind_of(kind).path(namespace), name] = {"metadata": metadata, **body}
        return found

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        """The object itself, to be spoilt."""
        return self.objects[kind_of(kind).path(namespace), name]

    def drop(self, kind: str, name: str, namespace: str | None = None) -> None:
        """The object is gone."""
        del self.objects[kind_of(kind).path(namespace), name]

    def send(self, method: str, path: str, query: Mapping[str, Any], body: Any, content: str, within: float) -> bytes:
        """One call."""
        for part, error in self.failing.items():
            if part in path:
                raise error
        if path == _REVIEWS:
            return json.dumps({"status": {"allowed": self._allowed(body["spec"]["resourceAttributes"])}}).encode()
        if method != "GET":
            self.mutating.append(f"{method} {path}")
            return b"{}"
        return json.dumps(self._read(path, query)).encode()

    def send_raw(self, method: str, path: str, body: bytes | None, within: float) -> tuple[int, bytes]:
        """A call through the server to a pod."""
        self.mutating.append(f"{method} {path}")
        return 200, b""

    def stream(self, path: str, query: Mapping[str, Any], within: float) -> Iterator[bytes]:
        """A watch in which nothing happens."""
        return iter(())

    def _allowed(self, asked: Mapping[str, str]) -> bool:
        self.reviews.append(asked)
        part = f"/{asked['subresource']}" if asked.get("subresource") else ""
        return self.trusted and (asked["verb"], asked["resource"] + part) not in self.forbidden

    def _read(self, path: str, query: Mapping[str, Any]) -> Json:
        listing, _, name = path.rpartition("/")
        if (listing, name) in self.objects:
            return self.objects[listing, name]
        if any(path.endswith(f"/{plural}") for plural in self._plurals()):
            found = [body for (where, _), body in self.objects.items() if where == path]
            return {"items": [body for body in found if _matches(body, str(query.get("labelSelector") or ""))]}
        raise error_for(404, "NotFound", path)

    def _plurals(self) -> set[str]:
        known = {"pods", "nodes", "configmaps", "leases", "deployments", "statefulsets", "namespaces"}
        return known | {where.rpartition("/")[2] for where, _ in self.objects}


def _matches(body: Json, selector: str) -> bool:
    terms = [term.partition("=") for term in selector.split(",") if term]
    return all(body["metadata"]["labels"].get(key) == value for key, _, value in terms)
