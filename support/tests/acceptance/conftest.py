"""Runs the project's commands as a user does, and keeps what they printed for the failure's message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.paths import project_dir
from support.waiting import SYSTEM_CLOCK

HOLDFAST = str(Path(sys.executable).parent / "holdfast")
BEHAVE = str(Path(sys.executable).parent / "behave")
# Seconds: the longest command is the first `up` on a machine without any cache (20 minutes) with room to spare.
LONGEST_S = 2700.0


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit code, output and error together, seconds it took."""

    code: int
    text: str
    seconds: float


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command to its end; `env` adds to the environment, a value of None takes a variable away."""

    def command(*words: str, env: dict[str, str | None] | None = None) -> Ran:
        environment = {**os.environ, **{k: v for k, v in (env or {}).items() if v is not None}}
        for gone in (name for name, value in (env or {}).items() if value is None):
            environment.pop(gone, None)
        started = time.monotonic()
        done = subprocess.run(
            words,
            cwd=project_dir(),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        sys.stdout.write(done.stdout)
        return Ran(done.returncode, done.stdout, time.monotonic() - started)

    return command


def ask_database(run: Run, query: str) -> str:
    """The last line of the answer of whoever leads the database, asked in its own container."""
    command = "psql -h /run/postgresql -U postgres -d jewelry_shop -Atc"
    pod = run(HOLDFAST, "kubectl", "-n", "jewelry-shop", "get", "endpoints", "jewelry-shop-db", "-o", "json").text
    leader = json.loads(pod[pod.index("{") :])["metadata"]["annotations"]["leader"]
    words = ["kubectl", "-n", "jewelry-shop", "exec", leader, "-c", "postgres", "--", *command.split(), query]
    return run(HOLDFAST, *words).text.strip().splitlines()[-1]


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether something becomes true in so many seconds."""
    end = SYSTEM_CLOCK.now() + seconds
    while SYSTEM_CLOCK.now() < end:
        if true():
            return True
        SYSTEM_CLOCK.sleep(1.0)  # seconds between two looks
    return False
