"""How long after some moment of an incident sales hold again, and how customers were refused until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt, Journal, lateness
from support.observers.downtime import Downtime, downtime
from support.observers.verdicts import Evidence, Verdict, errors_before, judge
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.traffic import INSTANCES, SALES
from support.waiting import Unknown
from support.world import World

_SLACK_S = 0.5  # seconds by which the observer may see an answer later than the promise counts it
_UNAVAILABLE = 503
_SHOWN = 3  # different answers that show the pattern


@dataclass(frozen=True, slots=True)
class Moment:
    """Something happened between these two times, on the customers' clock."""

    after: float
    before: float


def back_since(attempts: Sequence[Attempt], moment: Moment, fault: float) -> Downtime:
    """Bounds of the time from a moment, at or after the fault, until sales hold again.

    It has certainly lasted until the start of the last failed sale; it was over at the latest when the first sale
    after that one that holds was confirmed. A sale that failed before the fault spoils the measurement.
    """
    later = [one for one in attempts if one.start >= min(moment.after, fault) or one.end >= moment.after]
    seen = downtime(later, min(moment.after, fault))
    lower = max([0.0, *(outage.last_failed - moment.before for outage in seen.outages)])
    upper = max([0.0, *(outage.back - moment.after for outage in seen.outages)])
    before = sum(not one.ok and one.outcome != "open" and one.end < fault for one in attempts)
    return Downtime(lower, upper if later else float("inf"), seen.outages, before)


def judge_back(story: Failover, journal: Journal, moment: Moment, limit: float) -> tuple[Verdict, Downtime]:
    """Whether sales held again `limit` seconds after a moment of an incident."""
    fault = story.fault
    until = story.traffic.settled_until
    attempts = [one for one in journal.attempts(SALES) if journal.steady_since <= one.start < until]
    bounds = back_since(attempts, moment, fault)
    over = max((outage.last_failed for outage in bounds.outages), default=moment.before)
    evidence = Evidence(
        confirmed_before=sum(one.ok and one.end <= fault for one in attempts),
        confirmed_after=sum(one.ok and one.start >= over for one in attempts),
        late=lateness(attempts),
        slot=1 / journal.rates[SALES],
        interrupted=journal.end_reason if journal.interrupted else "",
        failed_before=bounds.failed_before,
        told_before=errors_before(attempts, fault),
    )
    return judge(bounds, limit, evidence), bounds


def told(attempts: Sequence[Attempt], since: float) -> list[str]:
    """What customers were told instead of a confirmation, as causes of a broken promise."""
    errors = sorted({one.error for one in attempts if not one.ok and one.start >= since} - {""})
    return [f"customers were told: {text}" for text in errors[:_SHOWN]]


@dataclass(frozen=True, slots=True)
class Refusals:
    """The sales that were not confirmed, and how the customers learnt of it."""

    attempts: Sequence[Attempt]

    def __str__(self) -> str:
        return f"{len(self.attempts)} sales not confirmed"


def refusals(world: World) -> Refusals:
    """Every sale from the fault on that was not confirmed. Raises Unknown when there was none: nothing was broken."""
    story = world.things.get(Failover)
    story.traffic.stop_all()
    found = [one for one in story.traffic.attempts(SALES, INSTANCES) if not one.ok and one.end >= story.fault]
    if not found:
        raise Unknown("every sale was confirmed all the time: nobody had to be refused")
    return Refusals(found)


def are_clear(limit: float) -> ComplaintMatcher[Refusals]:
    """Matches when each was refused with 503 and a reason, in time."""

    def complaints(seen: Refusals) -> list[str]:
        answered = [one for one in seen.attempts if one.status]
        silent = [one for one in seen.attempts if not one.status]
        late = [one.seconds for one in answered if one.seconds > limit + _SLACK_S]
        unclear = [f"{one.status} {one.error}" for one in answered if not _clear(one)]
        found = [f"{len(silent)} customers got no answer: {silent[0].error}"] if silent else []
        found += [f"{len(late)} customers waited for up to {max(late):.1f} s"] if late else []
        shown = "; ".join(sorted(set(unclear))[:_SHOWN])
        return found + ([f"{len(unclear)} customers were refused without a reason: {shown}"] if unclear else [])

    return without_complaints(f"every refusal with its reason within {limit:g} s", complaints)


def _clear(attempt: Attempt) -> bool:
    return attempt.status == _UNAVAILABLE and '"error"' in attempt.error and '"reason"' in attempt.error
