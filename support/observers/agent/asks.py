"""One question now: HTTP, SQL, Redis, a TCP connection or a name, with a deadline and the time it took."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psycopg

from .resp import Redis, Refused
from .runs import now
from .sql import Account, Connection, Late
from .web import exchange

Answer = dict[str, Any]
_CONNECT_SHARE = 0.5  # of the time given to a SQL question may go into connecting


async def ask(question: Mapping[str, Any]) -> Answer:
    """The answer to one question, with `seconds`; what went wrong stands in `error`. KeyError: it is incomplete."""
    kind = _KINDS.get(str(question.get("kind")))
    if kind is None:
        raise ValueError(f"cannot ask {question.get('kind')!r}; only {', '.join(_KINDS)}")
    within = float(question.get("within", 5.0))  # seconds
    begin = now()
    answer = await kind(question, within)
    return {"error": "", **answer, "seconds": round(now() - begin, 6)}


async def _http(question: Mapping[str, Any], within: float) -> Answer:
    headers: dict[str, str] = dict(question.get("headers", {}))
    body = None
    if question.get("json") is not None:
        body = json.dumps(question["json"]).encode()
        headers.setdefault("content-type", "application/json")
    method = str(question.get("method", "GET"))
    reply = await exchange(str(question["url"]), method, headers, body, within, connect_within=within)
    return {
        "status": reply.status,
        "headers": dict(reply.headers),
        "text": reply.body.decode(errors="replace"),
        "error": reply.error,
        "sent": reply.sent,
    }


async def _sql(question: Mapping[str, Any], within: float) -> Answer:
    names = ("user", "password", "database")
    account = Account(str(question["host"]), int(question["port"]), *(str(question[name]) for name in names))
    end = now() + within
    try:
        connection = await Connection.open(account, within * _CONNECT_SHARE, within)
    except (psycopg.Error, OSError) as error:
        return {"error": f"not connected: {str(error).strip() or 'time is over'}", "sqlstate": _state(error)}
    try:
        columns, rows = await connection.ask(str(question["statement"]), question.get("params", []), end - now())
    except (psycopg.Error, Late) as error:
        return {"error": str(error).strip(), "sqlstate": _state(error)}
    finally:
        connection.close()
    return {"columns": columns, "rows": rows}


async def _redis(question: Mapping[str, Any], within: float) -> Answer:
    answers: list[Any] = []
    try:
        async with asyncio.timeout(within):
            connection = await Redis.connect(
                str(question["host"]), int(question["port"]), str(question.get("password", ""))
            )
            try:
                for words in question["commands"]:
                    answers.append(await _one(connection, [str(word) for word in words]))
            finally:
                connection.close()
    except (OSError, EOFError, TimeoutError, Refused) as error:
        return {"error": str(error) or "time is over", "refused": isinstance(error, Refused), "answers": answers}
    return {"answers": answers}


async def _one(connection: Redis, words: list[str]) -> Any:
    try:
        return await connection.ask(*words)
    except Refused as error:
        return {"refused": str(error)}


async def _tcp(question: Mapping[str, Any], within: float) -> Answer:
    try:
        async with asyncio.timeout(within):
            _, writer = await asyncio.open_connection(str(question["host"]), int(question["port"]))
    except (OSError, TimeoutError) as error:
        return {"connected": False, "error": str(error) or "time is over"}
    writer.transport.abort()
    return {"connected": True}


async def _dns(question: Mapping[str, Any], within: float) -> Answer:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within):
            found = await loop.getaddrinfo(str(question["host"]), None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        return {"addresses": [], "error": str(error) or "time is over"}
    return {"addresses": sorted({str(entry[4][0]) for entry in found})}


def _state(error: Exception) -> str:
    return (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""


_KINDS: dict[str, Callable[[Mapping[str, Any], float], Awaitable[Answer]]] = {
    "http": _http,
    "sql": _sql,
    "redis": _redis,
    "tcp": _tcp,
    "dns": _dns,
}
