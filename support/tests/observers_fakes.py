"""Small servers for tests of the observer's agent: one that answers, one that is silent, one that hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOBODY = 1  # a port of 127.0.0.1 on which nobody listens


def played(story: Callable[[int], Coroutine[Any, Any, T]], talk: Talk) -> T:
    """Runs a story with a server that talks as given; the story gets its port."""

    async def play() -> T:
        async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (OSError, EOFError, asyncio.CancelledError):
                pass  # the agent has hung up, or the story is over
            finally:
                writer.close()

        server = await asyncio.start_server(quietly, "127.0.0.1", 0)
        try:
            return await story(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    return asyncio.run(play())


def http(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        data = json.dumps(body).encode()
        told = {"Content-Length": str(len(data)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + data)
        await writer.drain()

    return talk


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the other side gives up


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
