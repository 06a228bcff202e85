"""The Redis protocol by hand: one connection, one password, commands and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """An error answer of the server; nothing was applied. `code` is its first word, such as READONLY."""

    @property
    def code(self) -> str:
        """First word of the answer."""
        return str(self).split(" ", 1)[0]


class Redis:
    """One connection. Deadlines are the caller's (asyncio.timeout); OSError and EOFError tell of a cut line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, host: str, port: int, password: str) -> Redis:
        """A connection that has given its password (an empty one is not given)."""
        connection = cls(*await asyncio.open_connection(host, port))
        try:
            if password:
                await connection.ask("AUTH", password)
        except BaseException:
            connection.close()
            raise
        return connection

    async def ask(self, *words: str) -> Any:
        """One command and its answer (text, number, list or None). Raises Refused."""
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            raw = word.encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
        self._writer.write(b"".join(parts))
        await self._writer.drain()
        answer = await self._answer()
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def _answer(self) -> Any:
        line = await self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the line was cut")
        kind, text = chr(line[0]), line[1:-2].decode(errors="replace")
        if kind == "+":
            return text
        if kind == "-":
            return Refused(text)
        if kind == ":":
            return int(text)
        if kind == "$":
            return await self._bulk(int(text))
        if kind == "*":
            return [await self._answer() for _ in range(int(text))] if int(text) >= 0 else None
        raise OSError(f"no Redis answer: {line[:80]!r}")

    async def _bulk(self, length: int) -> str | None:
        if length < 0:
            return None
        raw = await self._reader.readexactly(length + 2)  # with the line end behind it
        return raw[:-2].decode(errors="replace")

    def close(self) -> None:
        """Ends the connection at once, without waiting for anybody."""
        self._writer.transport.abort()


def address_of(text: str, default_port: int) -> tuple[str, int]:
    """Host and port of `host`, `host:port`; IPv6 in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port or not port.isdigit():
        return text.strip("[]"), default_port
    return host.strip("[]"), int(port)


async def master_named_by(watchers: Sequence[str], first: int, name: str, password: str) -> tuple[str, int]:
    """The master that a watcher names, asking from number `first` on until one answers. OSError when none does.

    `password` is the watchers' own; most have none.
    """
    errors = []
    for step in range(len(watchers)):
        host, port = address_of(watchers[(first + step) % len(watchers)], 26379)  # 26379: Sentinel's port
        try:
            async with asyncio.timeout(1.0):  # a watcher answers from memory; a dead one must not eat the attempt
                connection = await Redis.connect(host, port, password)
                try:
                    told = await connection.ask("SENTINEL", "get-master-addr-by-name", name)
                finally:
                    connection.close()
        except (OSError, EOFError, TimeoutError, Refused) as error:
            errors.append(f"{host}: {str(error) or 'time is over'}")
            continue
        if told:
            return str(told[0]), int(told[1])
        errors.append(f"{host}: knows no {name}")
    raise OSError("no watcher names a master: " + "; ".join(errors))
