"""HTTP/1.1 by hand: one request on a new connection, with the knowledge whether it was sent before the line broke."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LONGEST_HEAD = 64 * 1024  # bytes of a head or a line; also asyncio's own limit for one line
LONGEST_BODY = 32 * 1024 * 1024  # bytes; the agent's memory is bounded, and no answer of a shop comes near


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Status 0: nothing did, `error` says why, and `sent` whether the request may have arrived."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in small letters
    body: bytes = b""
    sent: bool = True
    error: str = ""

    def json(self) -> Any:
        """The JSON of the body, None when it holds none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class BadHttp(Exception):
    """The other side does not speak HTTP/1.1 as it should, or ended in the middle."""


async def exchange(
    url: str, method: str, headers: Mapping[str, str], body: bytes | None, within: float, connect_within: float = 2.0
) -> Reply:
    """One request and its answer, `within` seconds in all; never raises for what the network or the other side does."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    tls = _no_questions() if parts.scheme == "https" else None
    try:
        async with asyncio.timeout(min(connect_within, within)):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=LONGEST_HEAD)
    except (OSError, TimeoutError) as error:
        return Reply(0, sent=False, error=f"not connected: {_said(error)}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        async with asyncio.timeout_at(end):
            writer.write(_head(method, path, parts.netloc, headers, body) + (body or b""))
            await writer.drain()
            return await _reply(reader, method)
    except (OSError, TimeoutError, EOFError, BadHttp, ValueError, asyncio.LimitOverrunError) as error:
        return Reply(0, error=f"no answer: {_said(error)}")
    finally:
        writer.transport.abort()  # no lingering: the next attempt has a connection of its own


def _head(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    told = {"host": host, "accept": "application/json", "connection": "close"}
    told |= {name.lower(): value for name, value in headers.items()}
    if body is not None:
        told["content-length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """First line and headers of a message, names in small letters. Raises BadHttp, EOFError, OSError."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise EOFError("the line was cut") from error
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadHttp(f"a header without a colon: {line[:80]}")
        headers[name.strip().lower()] = value.strip()
    return first, headers


async def read_body(reader: asyncio.StreamReader, headers: Mapping[str, str], *, until_end: bool) -> bytes:
    """The body that the headers announce; without announcement everything to the end, or nothing."""
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await _chunks(reader)
        if "content-length" in headers:
            length = int(headers["content-length"])
            if not 0 <= length <= LONGEST_BODY:
                raise BadHttp(f"a body of {length} bytes")
            return await reader.readexactly(length)
        return await reader.read(LONGEST_BODY) if until_end else b""
    except asyncio.IncompleteReadError as error:
        raise EOFError("the line was cut in the middle of the answer") from error


async def _reply(reader: asyncio.StreamReader, method: str) -> Reply:
    status = 0
    headers: dict[str, str] = {}
    while status < 200:  # 1xx answers are announcements, the real one follows
        first, headers = await read_head(reader)
        words = first.split(" ", 2)
        if not words[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise BadHttp(f"no HTTP answer: {first[:80]}")
        status = int(words[1])
    if method == "HEAD" or status in (204, 304):  # these have no body whatever the headers say
        return Reply(status, headers)
    return Reply(status, headers, await read_body(reader, headers, until_end=True))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    whole = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        piece = await reader.readexactly(size + 2)  # with the line end behind it
        if not size:
            return bytes(whole)
        whole += piece[:-2]
        if len(whole) > LONGEST_BODY:
            raise BadHttp("a body without end")


_TLS: list[ssl.SSLContext] = []  # made once: loading the roots takes longer than a request


def _no_questions() -> ssl.SSLContext:
    """TLS that accepts any certificate: the observer measures whether sales go on, not whom the entrance trusts."""
    if not _TLS:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _TLS.append(context)
    return _TLS[0]


def _said(error: BaseException) -> str:
    return "time is over" if isinstance(error, TimeoutError) and not error.args else f"{error}"
