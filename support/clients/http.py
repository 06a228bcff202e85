"""One HTTP exchange as a customer makes it: timed, bounded, never repeated, redirects not followed."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

_SHOWN = 300  # characters of an answer in a message; enough for any refusal of the shop


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0 means that nothing did; `error` then says why."""

    method: str
    path: str
    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""

    @property
    def body(self) -> Any:
        """The JSON of the answer, None when it holds none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def told(self, name: str) -> Any:
        """One field of a JSON object, None when it is not there."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    @property
    def request_id(self) -> str:
        """The id under which the exchange can be found in the logs."""
        return self.headers.get("x-request-id", "")

    def __str__(self) -> str:
        if self.error:
            return f"{self.method} {self.path}: no answer ({self.error})"
        return f"{self.method} {self.path}: {self.status} after {self.seconds:.2f} s: {self.text[:_SHOWN]}"


class Way(Protocol):
    """A way to the shop: through the public entrance, or straight to one instance."""

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, within: float = 12.0
    ) -> Answer:
        """One exchange; whatever happens is an answer."""


class PublicWay:
    """Through the public entrance, under the public name."""

    def __init__(self, scheme: str, address: str, host: str, run: str) -> None:
        self.address = address
        self.host = host
        self._base = f"{scheme}://{address}"
        self._run = run
        # No keep-alive: an exchange must not depend on what became of an earlier one.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(limits=limits, follow_redirects=False, verify=False, trust_env=False)  # noqa: S501

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, within: float = 12.0
    ) -> Answer:
        """One exchange, `within` seconds at most; no answer is an answer with status 0. Thread-safe."""
        return self._exchange(method, path, headers, within, json=body)

    def send_form(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None, within: float = 12.0
    ) -> Answer:
        """A form filled in and sent, as a browser does it."""
        return self._exchange("POST", path, headers, within, data=dict(fields))

    def _exchange(
        self, method: str, path: str, headers: Mapping[str, str] | None, within: float, **content: Any
    ) -> Answer:
        sent = {"Host": self.host, "X-Request-ID": request_id(self._run), **(headers or {})}
        started = time.monotonic()
        try:
            came = self._client.request(method, self._base + path, headers=sent, timeout=within, **content)
        except (httpx.HTTPError, OSError) as error:
            return Answer(method, path, 0, headers=_known(sent), seconds=time.monotonic() - started, error=_why(error))
        taken = time.monotonic() - started
        return Answer(method, path, came.status_code, came.text, {**_known(sent), **came.headers}, taken)

    def close(self) -> None:
        """Closes what is open."""
        self._client.close()


def request_id(run: str) -> str:
    """A new id for one exchange, recognisable as the run's in the system's logs."""
    return f"hf-{run}-{secrets.token_hex(6)}"


def _known(sent: Mapping[str, str]) -> dict[str, str]:
    return {"x-request-id": sent["X-Request-ID"]}


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
