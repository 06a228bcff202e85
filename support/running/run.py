"""`holdfast test`: the platform up, behave over the features, the report built, and where to find it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from support import platforms
from support.errors import ExitCode
from support.evidence import places, report
from support.paths import project_dir
from support.platforms import delivery
from support.platforms.base import Platform
from support.progress import Steps
from support.settings import settings_from


def test(arguments: Sequence[str], nodes: int) -> int:
    """Bring the platform up if needed, run behave with `arguments`, build the report; returns behave's exit code."""
    settings, steps = settings_from(), Steps()
    platform = platforms.chosen()
    platform.up(nodes, lambda: delivery.archives(settings.profile, platform, steps))
    delivery.deliver(settings.profile, platform, steps)
    run_dir = places.new_run_dir(settings.run)
    code = behave(platform, arguments, {places.RUN_DIR_VARIABLE: str(run_dir), "HOLDFAST_RUN": settings.run})
    if any((run_dir / "results").glob("*-result.json")):  # a refused run has none
        with steps.step("building the report", usually_s=3):
            built = report.build_run(run_dir, run_name=run_dir.name)
        steps.say(f"report: {built}")
    return code


test.__test__ = False  # type: ignore[attr-defined]  # pytest takes functions of this name for tests


def behave(platform: Platform, arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run behave against a platform, as a process of its own, and return its exit code."""
    command = [sys.executable, "-m", "behave", *arguments]
    where = {"HOLDFAST_PLATFORM": platform.name}
    if platform.kubeconfig:
        where["HOLDFAST_KUBECONFIG"] = str(platform.kubeconfig)
    everything = {**os.environ, **where, **environment}
    try:
        return subprocess.run(command, cwd=project_dir(), env=everything, check=False).returncode
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def report_again() -> int:
    """Build the report of the newest run again."""
    Steps().say(f"report: {report.build_newest()}")
    return ExitCode.OK
