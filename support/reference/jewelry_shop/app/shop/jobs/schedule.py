"""A schedule aligned to the clock."""

import time

from celery.schedules import BaseSchedule, schedstate


class AlignedSchedule(BaseSchedule):
    """Due once in every period of the clock, `second` seconds after its start; what was missed is not caught up."""

    def __init__(self, period_s: int, second: int) -> None:
        super().__init__()
        self.period_s, self.second = period_s, second

    def is_due(self, last_run_at):
        """Whether a moment has passed since the last run, and seconds to the next one."""
        now = time.time()  # once: between two looks at the clock a busy machine may let much time pass
        since = (now - self.second) % self.period_s
        passed = now - since > last_run_at.timestamp()
        return schedstate(passed, self.period_s - since)

    def __reduce__(self):
        """celery copies schedules."""
        return self.__class__, (self.period_s, self.second)
