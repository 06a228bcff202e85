"""Runs programs of the machine; a failure is one sentence with the program's last words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Lines of a failed program's output that are shown: enough for a cause, short enough to read.
LAST_WORDS = 6


class CommandFailed(Exception):
    """A program ended with an error; carries the command, its exit code and its output."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        self.command = list(command)
        self.code = code
        self.output = output
        tail = " | ".join(line.strip() for line in output.strip().splitlines()[-LAST_WORDS:])
        super().__init__(f"`{' '.join(self.command[:4])}` ended with {code}: {tail or 'no output'}")


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    within: float | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its output (standard output and error apart).

    `within` is in seconds; None waits for as long as it takes. With `check`, an exit code other than 0 raises
    CommandFailed, and so does a program that is missing or takes too long (which is then ended).
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=within,
            check=False,
        )
    except FileNotFoundError as missing:
        raise CommandFailed(
            words, 127, f"the program {words[0]} is not installed"
        ) from missing  # 127: as shells say it
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(words, 124, f"no end within {within} s") from late  # 124: as timeout(1) says it
    result = subprocess.CompletedProcess(
        words, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
    if check and result.returncode != 0:
        raise CommandFailed(words, result.returncode, result.stderr or result.stdout)
    return result
