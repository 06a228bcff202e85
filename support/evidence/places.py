"""Where results and reports of a run lie: under `reports/`, one folder for each run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from support.paths import project_dir

RUN_DIR_VARIABLE = "HOLDFAST_RUN_DIR"


def reports_dir() -> Path:
    """The folder of all reports in the checkout."""
    return project_dir() / "reports"


def new_run_dir(run_id: str, home: Path | None = None) -> Path:
    """The folder for a run that begins now: `<UTC time>-<run id>` in `home`, else in `reports/runs`; made here."""
    made = (home or reports_dir() / "runs") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{run_id}"
    made.mkdir(parents=True, exist_ok=True)
    return made


def results_dir() -> Path:
    """Where this run's results go: `results` in the folder that $HOLDFAST_RUN_DIR names, else `reports/results`."""
    run_dir = os.environ.get(RUN_DIR_VARIABLE)
    return Path(run_dir).absolute() / "results" if run_dir else reports_dir() / "results"
