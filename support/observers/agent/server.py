"""The agent's own HTTP server: small, one request per connection, spoken to through the API server's proxy."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .asks import ask
from .runs import Runs, now
from .web import BadHttp, read_body, read_head

_READ_WITHIN_S = 10.0  # seconds for a request to arrive; it comes from the API server, whole
_JSON = "application/json"
_LINES = "application/x-ndjson"
Served = tuple[int, str, bytes]


class Server:
    """Answers GET /clock, POST /ask, POST /runs, POST /runs/{id}/mark, POST /runs/{id}/stop, GET /runs/{id}/lines.

    POST /stop ends all runs of one run of the suite.
    """

    def __init__(self, runs: Runs, node: str) -> None:
        self._runs, self._node = runs, node

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Starts to listen."""
        return await asyncio.start_server(self._connection, host, port, limit=64 * 1024)  # bytes of one line

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):  # the caller is gone: nobody left to be told
            async with asyncio.timeout(_READ_WITHIN_S):
                request = await self._request(reader)
            status, content, body = request if len(request) == 3 else await self._answer(*request)
            head = f"HTTP/1.1 {status} -\r\ncontent-type: {content}\r\ncontent-length: {len(body)}\r\nconnection: close"
            writer.write(head.encode() + b"\r\n\r\n" + body)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, bytes] | Served:
        try:
            first, headers = await read_head(reader)
            method, target, _ = first.split(" ", 2)
            return f"{method} {target}", await read_body(reader, headers, until_end=False)
        except (BadHttp, ValueError) as error:
            return _told(400, {"error": str(error)})

    async def _answer(self, request: str, body: bytes) -> Served:
        try:
            return await self._route(request, body)
        except FileNotFoundError:
            return _told(404, {"error": f"no such run: {request}"})
        except KeyError as error:
            return _told(404 if request.startswith("POST /runs/") else 400, {"error": f"there is no {error}"})
        except (ValueError, TypeError) as error:
            return _told(400, {"error": str(error)})

    async def _route(self, request: str, body: bytes) -> Served:
        method, target = request.split(" ", 1)
        parts = urlsplit(target)
        words = parts.path.strip("/").split("/")
        if (method, words) == ("GET", ["clock"]):
            return _told(200, {"now": now(), "node": self._node, "running": self._runs.running})
        if (method, words) == ("POST", ["ask"]):
            return _told(200, await ask(_object(body)))
        if (method, words) == ("POST", ["runs"]):
            return _told(201, {"id": self._runs.start(_object(body)).name, "now": now()})
        if (method, words) == ("POST", ["stop"]):
            return _told(200, {"stopped": self._runs.stop_of(str(_object(body)["of"]))})
        if words[0] == "runs" and len(words) == 3:  # runs, id, what
            return self._of_run(method, words[1], words[2], parts.query, body)
        return _told(404, {"error": f"there is no {request}"})

    def _of_run(self, method: str, name: str, what: str, query: str, body: bytes) -> Served:
        if (method, what) == ("POST", "mark"):
            return _told(200, {"at": self._runs.get(name).mark(str(_object(body)["name"]))})
        if (method, what) == ("POST", "stop"):
            self._runs.get(name).stop()
            return _told(200, {"now": now()})
        if (method, what) == ("GET", "lines"):
            start = int(parse_qs(query).get("from", ["0"])[0])
            return 200, _LINES, self._runs.lines(name, start)
        return _told(404, {"error": f"a run has no {what}"})


def _object(body: bytes) -> Mapping[str, Any]:
    told = json.loads(body or b"{}")
    if not isinstance(told, dict):
        raise ValueError("the body is no JSON object")
    return told


def _told(status: int, body: Mapping[str, Any]) -> Served:
    # Numbers with many digits, moments and ids of a database have no JSON of their own: text.
    return status, _JSON, json.dumps(body, default=str).encode()
