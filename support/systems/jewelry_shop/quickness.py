"""How quick the shop was for its customers while it grew and shrank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.evidence.attach import attach_figures, attach_table
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt, unwatched
from support.systems.jewelry_shop.rush import RushStory
from support.systems.jewelry_shop.samples import Sample, troubles
from support.systems.jewelry_shop.traffic import LOOKS
from support.waiting import Unknown
from support.world import World

_PERCENTILE = 0.95
_ENOUGH = 1000  # requests: a tenth of a percent of them is one
_SHOWN = 5  # failures in a message; the table has them all


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that was not answered well, and the instances that may have caused it."""

    at: float  # seconds from the beginning of the rush
    error: str
    suspects: str

    def __str__(self) -> str:
        return f"at {self.at:.1f} s {self.error} ({self.suspects})"


@dataclass(frozen=True, slots=True)
class Quickness:
    """What customers got at their fixed pace, times from the planned start of each request."""

    requests: int
    failures: Sequence[Failure]
    p95: float  # seconds
    troubles: Sequence[str]
    absent: Sequence[str] = ()  # instances that were sent customers before anybody listened there

    @property
    def failed_percent(self) -> float:
        """Share of the requests that failed."""
        return 100 * len(self.failures) / self.requests if self.requests else 100.0

    def __str__(self) -> str:
        return f"{len(self.failures)} of {self.requests} failed, 95 % within {self.p95:.2f} s"


def quickness(world: World) -> Quickness:
    """Ends the customers, and reads what they got from the beginning of the rush until now.

    Raises Unknown when there were too few or the observer did not keep its own pace.
    """
    story = world.things.get(RushStory)
    if story.injection is None:
        raise Unknown("there was no rush")
    journal = story.traffic.stop()
    since = journal.marks[story.injection.before]
    attempts = [one for one in journal.attempts(LOOKS) if one.planned >= since]
    watch = unwatched(journal.attempts(LOOKS), 1 / journal.rates[LOOKS])
    if journal.interrupted or watch.too_much:
        raise Unknown(f"the observer itself was late or interrupted ({watch}; {journal.end_reason})")
    seen = read_quickness(attempts, story.samples, story.began, story.traffic.run.to_suite_time)
    rows = [(f"{one.at:.1f} s", one.error, one.suspects) for one in seen.failures]
    attach_table("Failed requests", ["when", "error", "instances"], rows)
    pace = f"{journal.rates[LOOKS]:g} requests a second, timed from their planned start"
    attach_figures([("requests failed", f"{len(rows)} of {seen.requests}", pace), ("95 %", f"{seen.p95:.2f} s", pace)])
    return seen


def read_quickness(
    attempts: Sequence[Attempt], samples: Sequence[Sample], began: float, to_suite: Callable[[float], float]
) -> Quickness:
    """Figures of the attempts; each failure with what the samples around it show. `began` on the suite's clock."""
    lengths = sorted(one.end - one.planned for one in attempts if one.ok)
    failures = [
        Failure(to_suite(one.planned) - began, one.error or one.outcome, _suspects(one, samples, to_suite(one.end)))
        for one in attempts
        if not one.ok
    ]
    p95 = lengths[min(len(lengths) - 1, int(len(lengths) * _PERCENTILE))] if lengths else float("inf")
    absent = sorted({name for one in samples for name in one.absent})
    return Quickness(len(attempts), failures, p95, troubles(samples), absent)


def _suspects(attempt: Attempt, samples: Sequence[Sample], at: float) -> str:
    """The instance that answered; else those that did not answer, or that came or went, at that moment."""
    if attempt.instance:
        return attempt.instance
    before = next((one for one in reversed(samples) if one.at <= at), None)
    after = next((one for one in samples if one.at > at), None)
    around = [one for one in (before, after) if one]
    silent = sorted({name for one in around for name in one.silent})
    if silent:
        return f"silent: {', '.join(silent)}"
    moved = sorted(set(around[0].ready) ^ set(around[-1].ready)) if around else []
    return f"coming or going: {', '.join(moved)}" if moved else "no instance came, went or was silent"


def is_quick(percent: float, share: float, seconds: float) -> ComplaintMatcher[Quickness]:
    """Matches when at most `percent` of the requests failed and `share` percent (95) took at most so many seconds.

    Nor may an instance be sent customers before it listens: a front that asks the next one hides it until all is busy.
    """
    if share != 95:  # the share that is computed
        raise Unknown(f"the time of 95 % of the requests is known, not of {share:g} %")

    def complaints(seen: Quickness) -> list[str]:
        if seen.requests < _ENOUGH:
            raise Unknown(f"only {seen.requests} of {_ENOUGH} requests were made")
        found = []
        if seen.failed_percent > percent:
            shown = "; ".join(map(str, seen.failures[:_SHOWN]))
            found.append(f"{len(seen.failures)} of {seen.requests} requests failed: {shown}")
        if seen.p95 > seconds:
            found.append(f"95 % of the requests took up to {seen.p95:.2f} s")
        found += [f"{name} was in service before anybody listened there" for name in seen.absent]
        return [*seen.troubles, *found] if found else []

    return without_complaints(f"at most {percent:g} % failed, {share:g} % within {seconds:g} s", complaints)
