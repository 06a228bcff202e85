"""Ctrl-C and SIGTERM: what runs is ended early, what cleans up after it is not; only a second signal ends that, too."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONCE_MORE = "Once more ends it at once; the cluster then takes faults back by itself."
Handler = Callable[[int, FrameType | None], None]


def raised(number: int, _frame: FrameType | None) -> None:
    """A handler that makes every signal a KeyboardInterrupt, which behave ends a scenario in good order for."""
    raise KeyboardInterrupt(signal.Signals(number).name)


@contextmanager
def handled_by(handler: Handler, *, although_ignored: bool = True) -> Iterator[None]:
    """Handles Ctrl-C and SIGTERM inside the block.

    Also where they were ignored before, as by a shell that started this program in the background, unless told
    otherwise. Only for the main thread.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    changed = {number: old for number, old in before.items() if although_ignored or old is not signal.SIG_IGN}
    try:
        for number in changed:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in changed.items():
            signal.signal(number, old)


@contextmanager
def put_off(then: Callable[[str], object]) -> Iterator[None]:
    """Lets the block finish although a signal comes, and calls `then` with its name afterwards; a second one raises."""
    caught: list[str] = []

    def note(number: int, frame: FrameType | None) -> None:
        if caught:
            raised(number, frame)
        caught.append(signal.Signals(number).name)
        sys.stderr.write(f"Cleaning up first. {ONCE_MORE}\n")

    with handled_by(note, although_ignored=False):  # Ctrl-C is not for the workers of a parallel run
        try:
            yield
        finally:  # also when the clean-up itself has failed: nothing more is to be run
            if caught:
                then(caught[0])


def wait_for(process: subprocess.Popen[bytes]) -> tuple[int, bool]:
    """Exit code of a child with a process group of its own, and whether it was interrupted.

    Every signal to this process, also one that a terminal sends to its foreground group, reaches the child as one
    SIGTERM: whichever way a run is stopped, it cleans up, and nothing goes on behind its caller's back.
    """
    interrupted = False

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        if process.poll() is None:
            process.terminate()

    with handled_by(pass_on):
        return process.wait(), interrupted
