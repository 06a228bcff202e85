"""How long a service was away, as a lower and an upper bound, from attempts that were begun at planned times.

What an attempt proves: a success that lasted from start to end proves that the service worked at one moment in
between, a failure that it did not at one moment in between. An outage therefore

- has lasted at least from the end of the first failure to the start of the last one (nothing more is certain), and
- at most from the start of the last success before it to the end of the first success after it that holds.

Unknown and uncopied attempts are no successes: the client was not told that it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from support.observers.attempts import Attempt

HOLD_S = 5.0  # seconds of nothing but success until a service counts as back (contract: W)
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Outage:
    """One stretch without lasting success; times on the agent's clock, `last_good` -inf and `back` inf when unseen."""

    last_good: float  # start of the last success before
    first_failed: float  # end of the first failure
    last_failed: float  # start of the last failure
    back: float  # end of the first success that holds
    failures: int

    @property
    def lower(self) -> float:
        """Seconds that it has lasted for certain."""
        return max(0.0, self.last_failed - self.first_failed)

    @property
    def upper(self) -> float:
        """Seconds that it can have lasted at most; infinite when its end, or the time before it, was not seen."""
        return self.back - self.last_good

    @property
    def recovered(self) -> bool:
        """Whether its end was seen."""
        return self.back < _NEVER


@dataclass(frozen=True, slots=True)
class Downtime:
    """The worst that was seen from a fault on: what is certain, and what is possible at most. Seconds."""

    lower: float
    upper: float
    outages: Sequence[Outage]
    failed_before: int  # attempts that had failed before the fault already: the service was not well

    @property
    def recovered(self) -> bool:
        """Whether the service was back for good when the observation ended."""
        return all(outage.recovered for outage in self.outages) and self.upper < _NEVER

    @property
    def worst(self) -> Outage | None:
        """The outage with the longest certain time, None when no attempt failed."""
        return max(self.outages, key=lambda outage: (outage.lower, outage.upper), default=None)


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest time in which no attempt was confirmed."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


def downtime(
    attempts: Iterable[Attempt], since: float, hold: float = HOLD_S, patience: float = _NEVER, until: float = _NEVER
) -> Downtime:
    """Bounds of the worst outage among attempts that ended at `since` or later and began before `until`.

    A success that took longer than `patience` seconds came too late for its customer and counts as failed. Attempts
    before `since` only tell what the last success was. Give the attempts of one probe.
    """
    settled = [attempt for attempt in attempts if attempt.outcome != "open" and attempt.start < until]
    good = sorted((one for one in settled if _good(one, patience)), key=lambda attempt: attempt.end)
    bad = sorted((one for one in settled if not _good(one, patience)), key=lambda attempt: attempt.start)
    bad_after = [attempt for attempt in bad if attempt.end >= since]
    seen_until = max((attempt.start for attempt in settled), default=since)
    outages = [_outage(stretch, good, hold, seen_until) for stretch in _stretches(bad_after, good, hold)]
    silences = [_silence(before, after) for before, after in _neighbours(good, since)]
    lower = max((outage.lower for outage in outages), default=0.0)
    upper = max([*(outage.upper for outage in outages), *silences], default=_NEVER)
    return Downtime(lower, upper, outages, len(bad) - len(bad_after))


def longest_gap(attempts: Iterable[Attempt], since: float, until: float) -> Gap:
    """The longest time between two confirmations in a window; its edges count as confirmations."""
    ends = sorted(attempt.end for attempt in attempts if attempt.ok and since <= attempt.end <= until)
    edges = [since, *ends, until]
    pairs = pairwise(edges)
    return max((Gap(start, end) for start, end in pairs), key=lambda gap: gap.seconds)


def _good(attempt: Attempt, patience: float) -> bool:
    return attempt.ok and attempt.seconds <= patience


def _stretches(bad: Sequence[Attempt], good: Sequence[Attempt], hold: float) -> list[list[Attempt]]:
    """Failures grouped into outages: between two outages lies success that held.

    An attempt counts at its start: one that hangs on after the service is back belongs to the outage it began in.
    """
    found: list[list[Attempt]] = []
    for attempt in bad:
        if not found or _held(good, found[-1][-1].start, attempt.start, hold):
            found.append([])
        found[-1].append(attempt)
    return found


def _held(good: Sequence[Attempt], after: float, before: float, hold: float) -> bool:
    """Whether between two failures there were `hold` seconds that begin with a success."""
    first = min((attempt.end for attempt in good if attempt.start >= after), default=_NEVER)
    return before - first >= hold


def _outage(bad: Sequence[Attempt], good: Sequence[Attempt], hold: float, seen_until: float) -> Outage:
    first_start, last_start = bad[0].start, bad[-1].start
    before = (attempt.start for attempt in good if attempt.end <= first_start)
    # Of the successes that began after the last failure the first to arrive bounds the return.
    back = min((attempt.end for attempt in good if attempt.start >= last_start), default=_NEVER)
    if seen_until - back < hold:
        back = _NEVER  # not seen to hold
    first_failed = min(attempt.end for attempt in bad)
    return Outage(max(before, default=-_NEVER), first_failed, last_start, back, len(bad))


def _neighbours(good: Sequence[Attempt], since: float) -> list[tuple[Attempt, Attempt]]:
    return [(before, after) for before, after in pairwise(good) if after.end >= since]


def _silence(before: Attempt, after: Attempt) -> float:
    """How long the service can have been away between two confirmations that followed each other."""
    return after.end - before.start
