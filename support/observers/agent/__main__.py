"""Starts the agent: python -m agent, settings from the environment."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .runs import Runs
from .server import Server

_LOOKUPS = 256  # look-ups under way at once: without name server each hangs for seconds, 60 are begun per second
_STACK = 256 * 1024  # bytes per thread, enough for a look-up


async def main() -> None:
    """Serves until it is told to end."""
    threading.stack_size(_STACK)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_LOOKUPS, "lookup"))
    folder = Path(os.environ.get("OBSERVER_DATA", "/var/lib/observer"))
    runs = Runs(folder)
    server = Server(runs, os.environ.get("NODE_NAME", ""))
    listening = await server.serve(os.environ.get("OBSERVER_HOST", ""), int(os.environ.get("OBSERVER_PORT", "8088")))
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    listening.close()
    runs.close()
    os._exit(0)  # look-ups that hang must not keep the process


asyncio.run(main())
