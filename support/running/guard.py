"""A run that judged nothing is not green."""

from __future__ import annotations

import sys
from typing import Any

from behave.model_core import Status
from behave.reporter.base import Reporter

from support.errors import ExitCode

_JUDGED = {Status.passed, Status.failed, Status.error, Status.hook_error, Status.cleanup_error}


class NothingRunGuard(Reporter):  # type: ignore[misc]
    """The last reporter of a run: counts judged scenarios, and ends the program with NOTHING_RUN if there were none."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.judged = 0

    def feature(self, feature: Any) -> None:
        """Counts the scenarios of a feature that have run."""
        self.judged += sum(1 for scenario in feature.walk_scenarios() if scenario.status in _JUDGED)

    def end(self) -> None:
        """Refuses to call nothing a success. SystemExit, because behave has only 0 and 1 to say."""
        if self.judged:
            return
        sys.stdout.flush()
        sys.stderr.write("No scenario was run, so no promise was checked: see the selection (--tags) and the skips.\n")
        raise SystemExit(int(ExitCode.NOTHING_RUN))
