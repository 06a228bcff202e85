"""The only place where the suite waits.

`eventually` ends as soon as what it looks at is as promised; `throughout` looks until the time is over. Both carry one
deadline down into every observation, so that no call blocks past it, and both keep what they saw, and when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from hamcrest.core.matcher import Matcher
from hamcrest.core.string_description import StringDescription

T = TypeVar("T")

_FIRST_PAUSE = 0.25  # seconds between two looks at first: what recovers quickly is seen quickly
_LONGEST_PAUSE = 2.0  # and at most: a long wait does not load what it watches
_GROWTH = 1.5  # factor from one pause to the next: 2 s are reached after six looks
_LAST_LOOK = 1.0  # seconds that the last look may take when the deadline has passed
_LATEST_LOOK = 5.0  # seconds after the deadline at which a look still tells about it: one look of every source
_SLOW_SHARE = 0.8  # of the limit: who needs more is close to breaking the promise, and the report says so
_KEPT_SIGHTS = 40  # distinct sights kept for the report; more would hide the story
_SIGHT_LENGTH = 300  # characters of one sight; the whole object belongs into an attachment


class Clock(Protocol):
    """Where time comes from; the unit tests put a clock here that does not wait."""

    def now(self) -> float:
        """Seconds that never go backwards."""

    def sleep(self, seconds: float) -> None:
        """Lets the time pass."""


class _SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = _SystemClock()


class Deadline:
    """A moment after which nothing may block any more."""

    def __init__(self, within: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self.end = clock.now() + within

    def left(self, at_most: float = float("inf")) -> float:
        """Seconds until the deadline, never below zero and never above `at_most`."""
        return max(0.0, min(at_most, self.end - self._clock.now()))

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return self._clock.now() >= self.end


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen, and from when on (seconds since the wait began)."""

    at: float
    text: str


@dataclass(slots=True)
class Timeline:
    """The distinct sights of one wait in their order."""

    sights: list[Sight] = field(default_factory=list)

    def add(self, at: float, text: str) -> None:
        """Keeps a sight unless it equals the one before."""
        short = text if len(text) <= _SIGHT_LENGTH else text[:_SIGHT_LENGTH] + "…"
        if self.sights and self.sights[-1].text == short:
            return
        self.sights.append(Sight(at, short))
        if len(self.sights) > _KEPT_SIGHTS:
            del self.sights[_KEPT_SIGHTS // 2]  # the beginning and the end tell most

    def __str__(self) -> str:
        return " | ".join(f"{sight.at:.1f} s {sight.text}" for sight in self.sights)


class Broken(AssertionError):
    """A promise was seen to be broken: behave and the report say "failed"."""

    def __init__(self, message: str, timeline: Timeline | None = None) -> None:
        super().__init__(message)
        self.timeline = timeline or Timeline()


class Unknown(Exception):
    """Nothing could be observed, so nothing is known: behave says "error", the report "broken", never green."""


Observe = Callable[[Deadline], T]


def eventually(
    observe: Observe[T],
    matcher: Matcher[T],
    within: float,
    reason: str,
    *,
    retrying: tuple[type[Exception], ...] = (),
    pause: Callable[[Deadline], None] | None = None,
    remark: Callable[[str], object] = lambda _: None,
    clock: Clock = SYSTEM_CLOCK,
) -> T:
    """Looks until `matcher` holds, `within` seconds at most, and returns what then was seen.

    `retrying` lists the exceptions that mean "look again"; any other ends the wait at once. `pause` waits between two
    looks (a watch that ends with the next change, for instance); without it the pauses grow from 0.25 s to 2 s.
    After the deadline one fresh look decides. Raises Broken with the timeline, or Unknown when every look failed or the
    last one came so late that it no longer tells about the deadline.
    """
    look: _Look[T] = _Look(observe, retrying, clock)
    deadline = Deadline(within, clock)
    wait = pause or _growing_pause(clock)
    while not deadline.over:
        if look.once(deadline) and matcher.matches(look.last):
            if look.elapsed > _SLOW_SHARE * within:
                remark(f"{reason}: took {look.elapsed:.1f} s of {within:g} s")
            return look.last
        wait(deadline)
    look.once(Deadline(_LAST_LOOK, clock))
    if look.seen and matcher.matches(look.last):
        if look.elapsed > within + _LATEST_LOOK:
            raise Unknown(
                f"{reason}: it was right after {look.elapsed:.1f} s, but nobody could look in time ({within:g} s)"
            )
        remark(f"{reason}: was only right at the last look, after {look.elapsed:.1f} s of {within:g} s")
        return look.last
    raise look.failure(matcher, reason, f"waited {look.elapsed:.1f} s")


def throughout(
    observe: Observe[T],
    matcher: Matcher[T],
    during: float,
    reason: str,
    *,
    every: float = _FIRST_PAUSE,
    clock: Clock = SYSTEM_CLOCK,
) -> T:
    """Looks every `every` seconds for `during` seconds; `matcher` must hold each time. Returns the last sight.

    Raises Broken at the first sight that does not match. An observation that fails ends the wait with its own
    exception: what could not be seen was not seen to hold.
    """
    look: _Look[T] = _Look(observe, (), clock)
    deadline = Deadline(during, clock)
    while True:
        last = deadline.over
        look.once(Deadline(max(_LAST_LOOK, deadline.left()), clock))
        if not matcher.matches(look.last):
            raise look.failure(matcher, reason, f"held for {look.elapsed:.1f} s of {during:g} s")
        if last:
            return look.last
        clock.sleep(deadline.left(at_most=every))


def mismatch(matcher: Matcher[T], value: T) -> str:
    """What a matcher says about a value that it does not accept."""
    text = StringDescription()
    matcher.describe_mismatch(value, text)
    return str(text)


def _growing_pause(clock: Clock) -> Callable[[Deadline], None]:
    pauses = [_FIRST_PAUSE]

    def wait(deadline: Deadline) -> None:
        clock.sleep(deadline.left(at_most=pauses[0]))
        pauses[0] = min(_LONGEST_PAUSE, pauses[0] * _GROWTH)

    return wait


class _Look(Generic[T]):
    """Observations of one wait: the last good one, the last error, and the timeline of both."""

    def __init__(self, observe: Observe[T], retrying: tuple[type[Exception], ...], clock: Clock) -> None:
        self._observe, self._retrying, self._clock = observe, retrying, clock
        self._start = clock.now()
        self._good: list[T] = []  # the last good observation, or nothing
        self._error: Exception | None = None
        self.timeline = Timeline()

    @property
    def elapsed(self) -> float:
        return self._clock.now() - self._start

    @property
    def seen(self) -> bool:
        return bool(self._good)

    @property
    def last(self) -> T:
        return self._good[0]

    def once(self, deadline: Deadline) -> bool:
        """One observation; False when it ended with an exception that allows another look."""
        try:
            self._good = [self._observe(deadline)]
        except self._retrying as error:
            self._error = error
            self.timeline.add(self.elapsed, f"({error})")
            return False
        self._error = None
        self.timeline.add(self.elapsed, str(self.last))
        return True

    def failure(self, matcher: Matcher[T], reason: str, duration: str) -> Exception:
        if not self.seen:
            return Unknown(f"{reason}: nothing could be observed ({duration}).\nLast error: {self._error}")
        lines = [f"{reason} ({duration}).", f"Seen:      {mismatch(matcher, self.last)}"]
        lines += [f"Last error: {self._error}"] if self._error else []
        wanted = StringDescription()
        matcher.describe_to(wanted)
        lines += [f"Promised:  {wanted}", f"Timeline:  {self.timeline}"]
        return Broken("\n".join(lines), self.timeline)
