"""Attempts as the agent wrote them down, and the journal of one run read from its lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

Outcome = Literal["ok", "fail", "info", "uncopied", "open"]

_NEIGHBOURS = 1.5  # slots between two attempts that are half a slot late and punctual
_PERCENTILE = 0.99  # of lateness, as the verdict asks for
# Seconds: a quarter of the shortest gap in service that a promise speaks of (JS-802). A busy machine makes many pauses
# of a few hundredths; no instance is lost, and out of service again, within one of them.
_HIDES_S = 0.25
_MOST_UNWATCHED = 0.05  # of the time: with more of it the pace was not the one that was asked for
_NO_LINE = "the observer wrote no outcome"


@dataclass(slots=True)  # not frozen: a million of them are made for one verdict, and that would double the time
class Attempt:
    """One attempt. Times are seconds on the agent's monotonic clock.

    `ok`: confirmed. `fail`: surely not applied. `info`: nobody can know. `uncopied`: applied, but on one cache server
    only. `open`: still under way when the lines were read.
    """

    probe: str
    seq: int
    planned: float
    start: float
    end: float
    outcome: Outcome
    error: str = ""
    status: int = 0
    answered_by: str = ""
    timeline: str = ""
    instance: str = ""
    checksum: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the client was told that it is done."""
        return self.outcome == "ok"

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start

    def moved(self, by: float) -> Attempt:
        """The same attempt on a clock that shows `by` seconds more."""
        return replace(self, planned=self.planned + by, start=self.start + by, end=self.end + by)


class Journal:
    """The lines of one run, fed piece by piece."""

    def __init__(self) -> None:
        self.bytes_read = 0
        self.begin = 0.0
        self.rates: dict[str, float] = {}
        self.marks: dict[str, float] = {}
        self.end_reason = ""  # empty while the run goes on
        self.steady_since = float("-inf")  # attempts that began earlier say nothing of a fault: they warmed up
        self._last = 0.0
        self._attempts: dict[tuple[str, int], Attempt] = {}

    def feed(self, lines: bytes) -> None:
        """Takes in the next whole lines."""
        self.bytes_read += len(lines)
        for line in lines.splitlines():
            told: dict[str, Any] = json.loads(line)
            self._take(str(told.pop("event")), told)

    def _take(self, event: str, told: dict[str, Any]) -> None:
        if event == "begin":
            self.begin, self.rates = told["at"], told["rates"]
        elif event == "mark":
            self.marks[told["name"]] = told["at"]
        elif event == "end":
            self.end_reason = told["reason"]
        elif event == "intent":
            self._last = max(self._last, told["start"])
            key = (told["probe"], told["seq"])
            self._attempts[key] = Attempt(**told, end=float("inf"), outcome="open")
        elif event == "outcome":
            self._last = max(self._last, told["end"])
            key = (told.pop("probe"), told.pop("seq"))
            self._attempts[key] = replace(self._attempts[key], **told)

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return bool(self.end_reason)

    @property
    def interrupted(self) -> bool:
        """Whether it ended otherwise than by its plan: the observer itself was lost."""
        return self.ended and self.end_reason != "over"

    def attempts(self, probe: str = "") -> list[Attempt]:
        """All attempts, or those of one probe, by planned time. After the end an open one counts as unknown."""
        found = (attempt for attempt in self._attempts.values() if probe in ("", attempt.probe))
        return sorted(self._settled(found), key=lambda attempt: attempt.planned)

    def failed_unsteady(self, probe: str) -> list[Attempt]:
        """What was not confirmed while the probe warmed up, and is left out of verdicts therefore."""
        return [one for one in self.attempts(probe) if one.start < self.steady_since and not one.ok]

    def _settled(self, attempts: Iterator[Attempt]) -> Iterator[Attempt]:
        for attempt in attempts:
            if attempt.outcome == "open" and self.ended:
                yield replace(attempt, outcome="info", end=max(self._last, attempt.start), error=_NO_LINE)
            else:
                yield attempt

    def lateness_p99(self, probe: str = "") -> float:
        """Seconds by which the observer itself was late, 99th percentile; 0 without attempts."""
        return lateness(self.attempts(probe)).p99


@dataclass(frozen=True, slots=True)
class Row:
    """The newest attempts of a probe that were all confirmed, one after the other."""

    confirmed: int
    since: float  # start of the first of them, or of what was looked at when there is none
    horizon: float  # start of the first attempt that is still open, infinite without one: nothing later was looked at


def newest_row(attempts: Sequence[Attempt], since: float = float("-inf")) -> Row:
    """The row among attempts that began at `since` or later; what began after one that still hangs is not known yet."""
    begun = [one for one in attempts if one.start >= since]
    horizon = min((one.start for one in begun if one.outcome == "open"), default=float("inf"))
    settled = [one for one in begun if one.start < horizon]
    last_bad = max((one.start for one in settled if not one.ok), default=since)
    starts = [one.start for one in settled if one.ok and one.start >= last_bad]
    return Row(len(starts), min(starts, default=last_bad), horizon)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How well the observer kept its own plan, in seconds."""

    p99: float = 0.0
    worst: float = 0.0
    worst_at: float = 0.0  # when the latest attempt was planned, on the agent's clock


def lateness(attempts: Sequence[Attempt]) -> Lateness:
    """How late attempts began; nothing is late without attempts."""
    if not attempts:
        return Lateness()
    late = sorted((attempt.start - attempt.planned, attempt.planned) for attempt in attempts)
    p99 = late[min(len(late) - 1, int(len(late) * _PERCENTILE))][0]
    return Lateness(p99, *late[-1])


@dataclass(frozen=True, slots=True)
class Unwatched:
    """The time in which nobody could have been refused, because nobody asked."""

    share: float = 1.0  # of the whole time, 0 to 1
    longest: float = float("inf")  # seconds between two attempts

    @property
    def too_much(self) -> bool:
        """Whether requests say too little: one attempt in a hundred may be late, so may be the time.

        More of it, up to a twentieth, says enough when no pause is long enough to hide what customers notice.
        """
        return self.share > 1 - _PERCENTILE and (self.share > _MOST_UNWATCHED or self.longest > _HIDES_S)

    def __str__(self) -> str:
        return f"{self.share:.1%} of the time unwatched, {self.longest * 1000:.0f} ms at worst"  # milliseconds


def unwatched(attempts: Sequence[Attempt], slot: float) -> Unwatched:
    """How well a steady stream of attempts, one per `slot` seconds, covered the time; two attempts at least.

    Attempts that are all late by the same time cover it as well as punctual ones. Two neighbours of which each keeps
    its own planned moment to within half a slot are at most one and a half slots apart; what is beyond is unwatched.
    """
    starts = sorted(attempt.start for attempt in attempts)
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    if not pauses:
        return Unwatched()
    beyond = sum(max(0.0, pause - _NEIGHBOURS * slot) for pause in pauses)
    return Unwatched(beyond / max(slot, starts[-1] - starts[0]), max(pauses))
