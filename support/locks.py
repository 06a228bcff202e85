"""One at a time among the processes of this machine. The kernel frees a lock when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from support.errors import ExitCode, Refusal
from support.paths import state_dir

UP = "holdfast up"
_UNNAMED = "another holdfast command"


@contextmanager
def alone(path: Path, doing: str = _UNNAMED, met: Callable[[str], object] = lambda _: None) -> Iterator[None]:
    """Holds the lock of a file while the block runs; whoever comes second waits. The file goes away with the lock.

    `doing` and the number of this process are what a second one is told: its `met` is called with them before it waits,
    and may raise instead.
    """
    with _held(path, met) as file:
        file.truncate(0)
        file.write(f"{doing} (process {os.getpid()})")
        file.flush()
        try:
            yield
        finally:
            if _is_at(path, file):  # `down` may have removed it, and somebody else have made one of that name
                path.unlink(missing_ok=True)  # before the lock is freed: who waits for it then makes a new file


@contextmanager
def _held(path: Path, met: Callable[[str], object]) -> Iterator[IO[str]]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                met(file.read().strip() or _UNNAMED)
                fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


def _is_at(path: Path, file: IO[str]) -> bool:
    """Whether an open file is still the one of that name: the holder before has removed its own."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextmanager
def cluster_for(doing: str, platform: str, say: Callable[[str], object]) -> Iterator[None]:
    """This machine's cluster for one command: `up`, a run or a proof. Somebody else's has its Lease for that.

    Waits for an `up` that is at work. Raises Refusal while a run or a proof is: to repair or to change the platform
    under it would falsify what it finds.
    """
    if platform == "existing":
        yield
        return

    def met(holder: str) -> None:
        if not holder.startswith((UP, _UNNAMED)):
            raise Refusal(
                f"The cluster is in use: {holder} is at work, and {doing} would change what it finds.",
                "Wait until it has ended, or end it with Ctrl-C.",
                ExitCode.IN_THE_WAY,
            )
        say(f"{holder} is at work; waiting for it")

    try:
        with alone(state_dir() / "in-use.lock", doing, met):
            yield
    finally:
        with suppress(OSError):  # it is used, or somebody else has just removed it
            state_dir().rmdir()  # a refused command leaves no folder behind
