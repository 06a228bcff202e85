"""Comparing the clocks of two machines by asking (Cristian's algorithm), with the uncertainty that asking leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_SAMPLES = 8  # the quickest of a few questions counts: its answer leaves the least room


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`theirs = ours + offset`, right to within `uncertainty` seconds either way."""

    offset: float
    uncertainty: float

    def to_ours(self, theirs: float) -> float:
        """A moment of their clock on ours."""
        return theirs - self.offset

    def joined(self, later: ClockReading) -> ClockReading:
        """One reading for the time between two: it covers both, and so the drift between them."""
        low = min(self.offset - self.uncertainty, later.offset - later.uncertainty)
        high = max(self.offset + self.uncertainty, later.offset + later.uncertainty)
        return ClockReading((low + high) / 2, (high - low) / 2)


def read_clock(ask: Callable[[], float], ours: Callable[[], float], samples: int = _SAMPLES) -> ClockReading:
    """Asks for their time a few times; the answer was made somewhere between the question and its arrival here."""
    best = ClockReading(0.0, float("inf"))
    for _ in range(samples):
        before = ours()
        theirs = ask()
        after = ours()
        reading = ClockReading(theirs - (before + after) / 2, (after - before) / 2)
        best = min(best, reading, key=lambda candidate: candidate.uncertainty)
    return best
