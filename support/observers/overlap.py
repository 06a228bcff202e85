"""Whether two database members ever confirmed writes at the same time, from what they told with each confirmation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from support.observers.attempts import Attempt
from support.observers.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """Attempts of one observer on the suite's clock, right to within `uncertainty` seconds."""

    attempts: Sequence[Attempt]
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Term:
    """One member leading on one timeline, as its confirmations show. Seconds on the suite's clock."""

    member: str
    timeline: int
    first_done: float  # latest moment of its first confirmation
    last_begun: float  # earliest moment of its last confirmation
    first_begun: float
    last_done: float
    confirmed: int

    def __str__(self) -> str:
        return f"{self.member} on timeline {self.timeline} ({self.confirmed} confirmed)"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two terms that confirmed at the same time: certainly for `lower` seconds, possibly for `upper`."""

    former: Term
    later: Term
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.former} and {self.later} overlap by {max(0.0, self.lower):.3f} to {self.upper:.3f} s"


def terms(seen: Iterable[Seen]) -> list[Term]:
    """The terms in which members confirmed, in the order of their timelines."""
    acks: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for one in seen:
        for attempt in one.attempts:
            if attempt.ok and attempt.timeline:
                key = (int(attempt.timeline, 16), attempt.answered_by)
                times = (attempt.start - one.uncertainty, attempt.end + one.uncertainty)
                acks.setdefault(key, []).append(times)
    return [_term(member, timeline, times) for (timeline, member), times in sorted(acks.items())]


def overlaps(found: Sequence[Term]) -> list[Overlap]:
    """Pairs of terms of which the former may have confirmed after the later one had begun to.

    A confirmation happens somewhere between its attempt's start and end, widened by the clock's uncertainty. Two
    members on one timeline always overlap: a member that takes over begins a timeline of its own.
    """
    pairs = [(former, later) for place, former in enumerate(found) for later in found[place + 1 :]]
    return [overlap for former, later in pairs if (overlap := _overlap(former, later)) is not None]


def judge_overlap(found: Sequence[Term], nothing_lost: Callable[[], bool] = lambda: False) -> Verdict:
    """Kept when no two members can have confirmed at the same time, broken when two certainly have.

    Where clocks leave it open, what is stored decides: a member that begins a timeline takes in nothing of others from
    then on. So when `nothing_lost` (asked only then) says that whoever leads now has every confirmed write, all those
    of the former member were stored before the later one could confirm its first.
    """
    if not found:
        return Verdict("unknown", "no confirmation names the member that gave it")
    doubts = overlaps(found)
    certain = [one for one in doubts if one.lower > 0]
    if certain:
        return Verdict("broken", f"two members confirmed at the same time: {certain[0]}")
    order = "one member after the other: " + ", then ".join(str(term) for term in found)
    if not doubts:
        return Verdict("kept", order)
    if nothing_lost():
        return Verdict("kept", f"{order}; the clocks leave {doubts[0].upper:.3f} s open, what is stored does not")
    return Verdict("inconclusive", f"the clocks are not exact enough: {doubts[0]}")


def _term(member: str, timeline: int, times: Sequence[tuple[float, float]]) -> Term:
    begun, done = [begin for begin, _ in times], [end for _, end in times]
    return Term(member, timeline, min(done), max(begun), min(begun), max(done), len(times))


def _overlap(former: Term, later: Term) -> Overlap | None:
    if former.timeline == later.timeline:
        span = max(former.last_done, later.last_done) - min(former.first_begun, later.first_begun)
        return Overlap(former, later, max(span, 1e-9), span)  # above zero: certain whatever the clocks say
    lower, upper = former.last_begun - later.first_done, former.last_done - later.first_begun
    return Overlap(former, later, lower, upper) if upper > 0 else None
