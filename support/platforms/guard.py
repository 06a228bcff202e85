"""Ends a fault of machines when its time is over or its run is gone.

Started before the fault, in a session of its own, so that it outlives the run.

Called as `python -m support.platforms.guard MARK RUN PLATFORM END SECONDS NODE...`: RUN is the caller's process id, END
a method of the node faults.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from support import platforms
from support.waiting import SYSTEM_CLOCK

LOOK_EVERY_S = 0.5


def main(arguments: list[str]) -> None:
    """Wait for the deadline or the end of the run, whichever comes first, then end the fault."""
    mark, run, platform, end, seconds, *nodes = arguments
    deadline = time.monotonic() + float(seconds)
    # A process whose parent has ended is given to another one.
    while Path(mark).exists() and time.monotonic() < deadline and os.getppid() == int(run):
        SYSTEM_CLOCK.sleep(LOOK_EVERY_S)
    if not Path(mark).exists():
        return  # somebody ended it already
    faults = platforms.by_name(platform).node_faults
    if faults is not None:
        for node in nodes:
            getattr(faults, end)(node)


if __name__ == "__main__":
    main(sys.argv[1:])
