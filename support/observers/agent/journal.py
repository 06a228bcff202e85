"""The lines of a run in a file. They are written beside the event loop: a disk that is busy with a failover can keep a
writer for half a second, and no attempt may be late for that."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

_PIECE = 1024 * 1024  # bytes of lines in one answer; the suite asks again for the rest
_TIME_DIGITS = 6  # microseconds


class Journal:
    """The lines of one run, in the order in which they were given. Reading is by byte, so no line is kept in memory."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._writer.start()

    def write(self, event: str, **fields: Any) -> None:
        """One more line; in the file as soon as the disk takes it."""
        rounded = {name: _rounded(value) for name, value in fields.items()}
        self._lines.put(json.dumps({"event": event, **rounded}, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """No more lines."""
        self._lines.put(None)

    def settle(self, within: float) -> None:
        """After `close`: waits until everything is in the file, so many seconds at most."""
        self._writer.join(within)

    def _write_all(self) -> None:
        with self._file:
            while (line := self._lines.get()) is not None:
                self._file.write(line)
                self._file.flush()


def read_lines(path: Path, start: int) -> bytes:
    """Whole lines from byte `start` on, a limited piece of them."""
    with path.open("rb") as file:
        file.seek(start)
        piece = file.read(_PIECE)
    return piece[: piece.rfind(b"\n") + 1]


def has_ended(path: Path) -> bool:
    """Whether the last line says that the run is over."""
    return b'"event":"end"' in path.read_bytes()[-_PIECE:]


def _rounded(value: Any) -> Any:
    return round(value, _TIME_DIGITS) if isinstance(value, float) else value
