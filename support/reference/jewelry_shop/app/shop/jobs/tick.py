"""Signs of life of worker and scheduler: a file that their own loops touch. A process that hangs stops ticking."""

from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.beat import Scheduler

_TICK = Path("/run/shop/tick")
_STOP = Path("/run/shop/stopping")
_EVERY_S = 5
_FIRST_S = 0.2  # soon, because the startup probe waits for it


def announce_stop() -> None:
    """Tell the children of this worker that no further step should begin."""
    _STOP.touch()


def forget_stop() -> None:
    """The folder outlives a restart of the container."""
    _STOP.unlink(missing_ok=True)


def stopping() -> bool:
    """Whether the worker has been asked to end."""
    return _STOP.exists()


class WorkerTick(bootsteps.StartStopStep):
    """A timer of the worker's event loop: no loop, no broker, no tick."""

    requires = ("celery.worker.components:Timer",)

    def start(self, parent: Any) -> None:
        """Begin to tick."""
        parent.timer.call_after(_FIRST_S, _TICK.touch)
        parent.timer.call_repeatedly(_EVERY_S, _TICK.touch)


class TickingScheduler(Scheduler):
    """Celery's scheduler in memory: nothing is remembered, because nothing is caught up."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One turn of the loop: at most every second."""
        _TICK.touch()
        return super().tick(*args, **kwargs)
