"""A probe in a process of its own.

Signing in to PostgreSQL computes for some milliseconds (SCRAM, RFC 5802: 4096 rounds of a hash), which on a busy
machine become tens; the loop that starts every attempt at its planned time must not wait for that.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from .probes import Probe, probe_from
from .result import Result

_STARTED_WITHIN_S = 20.0  # seconds for the process to be there; it takes a third of one on a free machine
_LONGEST_LINE = 1024 * 1024  # bytes; a result is some hundred


class Aside:
    """Has the attempts of a probe made by a process that ends with this one."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = dict(spec)
        self._same = probe_from(spec)  # knows name, pace and what an attempt announces
        self.name, self.rate, self.within = self._same.name, self._same.rate, self._same.within
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Starts the process. Raises OSError or TimeoutError."""
        words = [sys.executable, "-m", f"{__package__}.aside"]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=_LONGEST_LINE)
        self._process = process
        self._tell(json.dumps(self._spec))
        assert process.stdout is not None
        async with asyncio.timeout(_STARTED_WITHIN_S):
            if await process.stdout.readline() != b"ready\n":
                raise OSError(f"the process of {self.name} did not start")
        self._reading = asyncio.create_task(self._read(process.stdout))

    def intent(self, seq: int) -> Mapping[str, Any]:
        """As the probe itself announces it."""
        return self._same.intent(seq)

    async def attempt(self, seq: int) -> Result:
        """As the probe itself makes it."""
        if self._reading is None or self._reading.done():
            return Result("fail", f"the process of {self.name} has ended: nothing sent")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[seq] = answer
        self._tell(str(seq))
        return await answer

    def close(self) -> None:
        """Ends the process, and with it what it had kept."""
        if self._reading is not None:
            self._reading.cancel()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def _tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            told: dict[str, Any] = json.loads(line)
            self._waiting.pop(told.pop("seq")).set_result(Result(**told))
        for answer in self._waiting.values():
            answer.set_result(Result("info", f"the process of {self.name} has ended"))
        self._waiting.clear()


def here_or_aside(spec: Mapping[str, Any]) -> Probe:
    """The probe of a plan; those that compute run aside. Raises ValueError or KeyError with what is wrong."""
    return Aside(spec) if spec.get("kind") == "direct" else probe_from(spec)


async def _serve() -> None:
    """The other process: a plan, then the numbers of attempts to make, one a line, until nobody asks any more."""
    asked = asyncio.StreamReader(limit=_LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    probe = probe_from(json.loads(await asked.readline()))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    under_way: set[asyncio.Task[None]] = set()
    async for line in asked:
        task = asyncio.create_task(_answer(probe, int(line)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


async def _answer(probe: Probe, seq: int) -> None:
    start = time.monotonic()  # a lateness of this process is one of the observer, too
    try:
        result = await probe.attempt(seq)
    except Exception as error:  # a defect of ours must show in the verdict, not vanish in a task
        result = Result("info", f"defect of the observer: {type(error).__name__}: {error}")
    sys.stdout.write(json.dumps({"seq": seq, **result.line(), "start": start}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
