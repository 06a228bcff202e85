"""`holdfast test`: the platform up, behave over the features, the report built, and where to find it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support import interrupts, locks, platforms
from support.errors import ExitCode
from support.evidence import places, report
from support.evidence.catalogue_page import write_page
from support.evidence.verdict import Verdict
from support.paths import project_dir
from support.platforms import delivery
from support.platforms.base import Platform
from support.progress import Steps
from support.running import conclusion
from support.running.order import SEED_VARIABLE
from support.settings import settings_from

_PARALLEL = "support.running.parallel:ParallelRunner"


def test(arguments: Sequence[str], nodes: int, jobs: int, seed: int | None) -> int:
    """Bring the platform up if needed, run behave with `arguments` in `jobs` processes, build the report.

    Returns behave's exit code.
    """
    settings, steps = settings_from(), Steps()
    platform = platforms.chosen()
    with locks.cluster_for(f"the run {settings.run}", platform.name, steps.say):
        platform.up(nodes, lambda: delivery.archives(settings.profile, platform, steps))
        delivery.deliver(settings.profile, platform, steps)
        run_dir = places.new_run_dir(settings.run)
        environment = {places.RUN_DIR_VARIABLE: str(run_dir), "HOLDFAST_RUN": settings.run}
        environment |= {} if seed is None else {SEED_VARIABLE: str(seed)}
        code = behave(platform, [f"--runner={_PARALLEL}", "--jobs", str(jobs), *arguments], environment)
    if any((run_dir / "results").glob("*-result.json")):  # a refused run has none
        code = _conclude(run_dir, code, steps)
    return code


test.__test__ = False  # type: ignore[attr-defined]  # pytest takes functions of this name for tests


def behave(platform: Platform, arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run behave against a platform, as a process of its own, and return its exit code.

    INTERRUPTED when the run was stopped by a signal; behave has cleaned up then.
    """
    command = [sys.executable, "-m", "behave", *arguments]
    where = {"HOLDFAST_PLATFORM": platform.name}
    if platform.kubeconfig:
        where["HOLDFAST_KUBECONFIG"] = str(platform.kubeconfig)
    process = subprocess.Popen(command, cwd=project_dir(), env={**os.environ, **where, **environment}, process_group=0)
    code, interrupted = interrupts.wait_for(process)
    return ExitCode.INTERRUPTED if interrupted else code


def report_again() -> int:
    """Build the report of the newest run again, and the page of the catalogue."""
    steps = Steps()
    newest = report.newest_results()
    verdict = conclusion.conclude(newest.parent)
    _tell(verdict, report.build_newest(), steps)
    return ExitCode.OK


def show_catalogue() -> int:
    """Print every promise with the last word on it, and write the page."""
    print(conclusion.text_of_catalogue())  # noqa: T201 (what the command is for)
    page = write_page(places.reports_dir() / "latest" / "catalogue.html", conclusion.catalogue_page(None, "none"))
    Steps().say(f"catalogue: {page}")
    return ExitCode.OK


def _conclude(run_dir: Path, code: int, steps: Steps) -> int:
    """Verdict, page and report of a finished run; the exit code, which is never greener than the results."""
    verdict = conclusion.conclude(run_dir)
    with steps.step("building the report", usually_s=3):
        built = report.build_run(run_dir, run_name=run_dir.name)
    _tell(verdict, built, steps)
    if code == ExitCode.OK and not verdict.green:
        steps.say(f"behave ended with 0, but the results say otherwise: {verdict.complaint}")
        return ExitCode.PROMISE_BROKEN
    return code


def _tell(verdict: Verdict, built: Path, steps: Steps) -> None:
    for line in (*verdict.lines(), *conclusion.coverage_lines(verdict)):
        steps.say(line)
    steps.say(f"report: {built}")
    steps.say(f"catalogue of promises: {built.with_name('catalogue.html')}")
