"""Build results by the content that made them: built once, complete or not there at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from support.locks import alone

# Hexadecimal digits of a SHA-256 in names: 48 bits, no clash among some hundred results.
DIGITS = 12


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """Digest over texts, and over names and contents of files and folders, in the given order."""
    total = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            total.update(len(piece).to_bytes(8, "big") + piece)  # the length keeps "ab","c" apart from "a","bc"
    return total.hexdigest()[:DIGITS]


def _pieces(part: str | bytes | Path) -> Iterable[bytes]:
    if isinstance(part, str):
        yield part.encode()
    elif isinstance(part, bytes):
        yield part
    elif part.is_dir():
        for path in sorted(p for p in part.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            yield path.relative_to(part).as_posix().encode()
            yield path.read_bytes()
    else:
        yield part.read_bytes()


def remove(path: Path) -> None:
    """Remove a file or folder of build results; what is not there is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def keep_newest(target: Path, pattern: str, count: int = 3) -> None:
    """Remove older results beside `target` that match; three stay, for checkouts that take turns."""
    found = sorted(target.parent.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in [path for path in found if path != target][count - 1 :]:
        remove(path)


def build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """Return `target`, building it first where it is missing.

    The build writes to a name of its own that is renamed at the end, so an interrupted build leaves nothing that looks
    finished. A lock per target keeps two commands from building the same thing.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target.parent / f".{target.name}.lock"):
        if target.exists():
            return target
        unfinished = target.parent / f".{target.name}.unfinished"
        remove(unfinished)
        build(unfinished)
        os.rename(unfinished, target)
    return target
