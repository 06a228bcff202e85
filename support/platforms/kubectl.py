"""kubectl for people and for deliveries: the one that was built with the cluster, else the machine's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.platforms.base import Platform
from support.platforms.commands import CommandFailed


def program(platform: Platform) -> Path:
    """Where kubectl is; refuses where there is none."""
    if platform.name != "existing":
        from support.platforms.embedded import programs
        from support.platforms.embedded.layout import Folders

        built = programs.path_of(programs.KUBE, Folders.of_user())
        if built.exists():
            return built
    found = shutil.which("kubectl")
    if not found:
        raise Refusal(
            "There is no kubectl.",
            "`holdfast up` builds one, or install it from your distribution.",
            ExitCode.NO_PLATFORM,
        )
    return Path(found)


def _command(platform: Platform, arguments: Sequence[str]) -> list[str]:
    config = platform.kubeconfig
    if platform.name == "embedded" and (config is None or not config.exists()):
        raise Refusal("There is no cluster.", "`holdfast up` makes one.", ExitCode.NO_PLATFORM)
    return ["kubectl", *(["--kubeconfig", str(config)] if config else []), *arguments]


def run(platform: Platform, arguments: Sequence[str], *, stdin: str | None = None, within: float = 60) -> str:
    """Run kubectl and return what it printed; CommandFailed with its last words when it ends with an error."""
    command = _command(platform, arguments)
    path = program(platform)
    try:
        done = subprocess.run(
            command, executable=path, input=stdin, capture_output=True, text=True, timeout=within, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(command, 124, f"no answer within {within:.0f} s") from late  # 124: as timeout(1) says it
    if done.returncode != 0:
        raise CommandFailed(command, done.returncode, done.stderr or done.stdout)
    return done.stdout


def replace_this_process(arguments: Sequence[str]) -> None:
    """Become kubectl: its output, its input, its exit code."""
    from support import platforms

    platform = platforms.chosen()
    os.execv(program(platform), _command(platform, arguments))  # noqa: S606
