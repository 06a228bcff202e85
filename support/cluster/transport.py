"""One HTTP call to the API server: bounded, never repeated, errors as our own exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient

from support.cluster.errors import ApiError, Unreachable, error_for
from support.cluster.kinds import Json


class Transport(Protocol):
    """What the cluster client needs below it; the unit tests put a recording fake here."""

    def send(self, method: str, path: str, query: Mapping[str, Any], body: Any, content: str, within: float) -> bytes:
        """The body of a good answer; ApiError for any other."""

    def send_raw(self, method: str, path: str, body: bytes | None, within: float) -> tuple[int, bytes]:
        """Status and body, whatever the status; ApiError only when the API server itself refuses."""

    def stream(self, path: str, query: Mapping[str, Any], within: float) -> Iterator[bytes]:
        """The lines of a long answer as they come, until it ends or the time is over."""


class ApiTransport:
    """Calls through the connection pool of the `kubernetes` package, which knows the credentials."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api
        self._pool: urllib3.PoolManager = api.rest_client.pool_manager
        self._server: str = api.configuration.host.rstrip("/")

    def headers(self) -> dict[str, str]:
        """Headers that carry the credentials; refreshed by the package when a token has a short life."""
        found: dict[str, str] = {}
        self.api.update_params_for_auth(found, [], ["BearerToken"], "", "", None)
        return found

    def send(self, method: str, path: str, query: Mapping[str, Any], body: Any, content: str, within: float) -> bytes:
        """The body of a good answer; ApiError for any other, Unreachable when nobody answers within `within` s."""
        payload = None if body is None else json.dumps(body).encode()
        answer = self._request(method, self._url(path, query), payload, {"Content-Type": content}, within)
        if answer.status >= 400:  # every refusal of the API server is a Status object with a 4xx or 5xx
            raise _refused(answer.status, answer.data)
        return answer.data

    def send_raw(self, method: str, path: str, body: bytes | None, within: float) -> tuple[int, bytes]:
        """Status and body of what stands behind a proxy path; ApiError when the API server could not get there."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        answer = self._request(method, self._url(path, {}), body, headers, within)
        if answer.status >= 400 and _is_status_object(answer.data):
            raise _refused(answer.status, answer.data)
        return answer.status, answer.data

    def stream(self, path: str, query: Mapping[str, Any], within: float) -> Iterator[bytes]:
        """The lines of a watch; ends quietly when the time is over or the server closes the stream."""
        answer = self._request("GET", self._url(path, query), None, {}, within, preload=False)
        try:
            if answer.status >= 400:
                raise _refused(answer.status, answer.data)
            yield from _lines(answer)
        except (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError):
            return
        finally:
            answer.close()

    def _url(self, path: str, query: Mapping[str, Any]) -> str:
        wanted = {key: value for key, value in query.items() if value not in (None, "")}
        return f"{self._server}{path}" + (f"?{urlencode(wanted)}" if wanted else "")

    def _request(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], within: float, preload: bool = True
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method,
                url,
                body=body,
                headers={"Accept": "application/json", **headers, **self.headers()},
                timeout=urllib3.Timeout(total=within),
                preload_content=preload,
                retries=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(0, "the API server did not answer", f"{method} {url}: {error}") from error


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    for chunk in answer.stream(None):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _is_status_object(data: bytes) -> bool:
    return b'"kind":"Status"' in data.replace(b" ", b"")[:200]  # the kind stands in the first bytes of such an object


def _refused(status: int, data: bytes) -> ApiError:
    try:
        told: Json = json.loads(data)
    except ValueError:
        return error_for(status, "no Kubernetes answer", data[:200].decode(errors="replace"))
    return error_for(status, str(told.get("reason") or "refused"), str(told.get("message") or told))
