"""From bounds to a verdict: kept, broken, or one of three ways of not knowing, none of which is ever green."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from support.observers.attempts import Attempt, Journal, Lateness, lateness
from support.observers.downtime import Downtime, downtime, longest_gap

Kind = Literal["kept", "broken", "inconclusive", "unknown", "invalid"]

NEEDED = 200  # confirmed writes before the fault, and after it, without which nothing is said (contract section 15)
_LATE_SHARE = 0.5  # of a slot: an observer that is later than this (99 %) has not kept its own plan
# Slots: an observer that is as late as this (99 %) has made another demand than the one it is to report of.
_USELESS_SLOTS = 10
_PERCENTILE = 0.95
_SHOWN = 3  # different errors; more of them show nothing new


@dataclass(frozen=True, slots=True)
class Verdict:
    """kept and broken are statements about the promise; the others about the measurement, which is to be repeated."""

    kind: Kind
    reason: str

    @property
    def kept(self) -> bool:
        """Whether the promise is known to be kept."""
        return self.kind == "kept"

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How good a measurement is."""

    confirmed_before: int
    confirmed_after: int
    late: Lateness
    slot: float  # seconds between two attempts of the quickest probe
    interrupted: str = ""  # why the observer did not come to the end of its plan, empty when it did
    failed_before: int = 0
    told_before: Sequence[str] = ()  # what these were told


@dataclass(frozen=True, slots=True)
class Measurement:
    """The bounds of one probe around one fault, and how good they are."""

    probe: str
    bounds: Downtime
    evidence: Evidence

    def judge(self, limit: float, needed: int = NEEDED) -> Verdict:
        """Whether an interruption of at most `limit` seconds was promised and kept."""
        return judge(self.bounds, limit, self.evidence, needed)


def measure(
    journal: Journal,
    probe: str,
    fault: float,
    over: float | None = None,
    patience: float = float("inf"),
    until: float = float("inf"),
) -> Measurement:
    """The measurement of one probe; the fault was injected between `fault` and `over` (both on the agent's clock).

    Attempts that began at `until` or later, or before the journal's steady moment, are left out. Read the journal to
    its end first: attempts that are still open are not counted.
    """
    attempts = [attempt for attempt in journal.attempts(probe) if journal.steady_since <= attempt.start < until]
    bounds = downtime(attempts, fault, patience=patience)
    after = max(over or fault, *(outage.last_failed for outage in bounds.outages), fault)
    evidence = Evidence(
        confirmed_before=sum(attempt.ok and attempt.end <= fault for attempt in attempts),
        confirmed_after=sum(attempt.ok and attempt.start >= after for attempt in attempts),
        late=lateness(attempts),
        slot=1 / journal.rates[probe],
        interrupted=journal.end_reason if journal.interrupted else "",
        failed_before=bounds.failed_before,
        told_before=errors_before(attempts, fault),
    )
    return Measurement(probe, bounds, evidence)


def errors_before(attempts: Sequence[Attempt], fault: float) -> list[str]:
    """What those were told whose attempts had failed before the fault; the first three kinds show the pattern."""
    found = {one.error for one in attempts if not one.ok and one.outcome != "open" and one.end < fault}
    return sorted(found - {""})[:_SHOWN]


def judge(bounds: Downtime, limit: float, evidence: Evidence, needed: int = NEEDED) -> Verdict:
    """Kept only if the upper bound meets the limit, broken only if the lower one breaks it.

    What a late observer may have missed is at most as long as it was late at worst: when both bounds, moved by that,
    still say the same, it is said; otherwise the measurement is invalid.
    """
    doubt = _doubt(evidence, needed) or _lateness_doubt(bounds, limit, evidence)
    if doubt:
        return doubt
    if bounds.lower > limit:
        end = "" if bounds.recovered else ", and it was not over when the observation ended"
        return Verdict("broken", f"away for at least {bounds.lower:.2f} s, promised {limit:g} s{end}")
    if not bounds.recovered:
        return Verdict(
            "inconclusive", f"not seen to be back for good; away for at least {bounds.lower:.2f} s: observe longer"
        )
    if bounds.upper > limit:
        between = f"between {bounds.lower:.2f} s and {bounds.upper:.2f} s"
        return Verdict("inconclusive", f"away for {between}, promised {limit:g} s: ask at a higher rate")
    if evidence.confirmed_after < needed:
        return Verdict("unknown", f"only {evidence.confirmed_after} of {needed} writes confirmed after the fault")
    return Verdict("kept", f"away for {bounds.lower:.2f} to {bounds.upper:.2f} s, promised {limit:g} s")


def _doubt(evidence: Evidence, needed: int) -> Verdict | None:
    if evidence.interrupted:
        return Verdict("invalid", f"the observer did not come to its end: {evidence.interrupted}")
    if evidence.failed_before:
        told = f": {'; '.join(evidence.told_before)}" if evidence.told_before else ""
        return Verdict("invalid", f"{evidence.failed_before} attempts had failed before the fault already{told}")
    if evidence.confirmed_before < needed:
        return Verdict("unknown", f"only {evidence.confirmed_before} of {needed} writes confirmed before the fault")
    return None


def _lateness_doubt(bounds: Downtime, limit: float, evidence: Evidence) -> Verdict | None:
    late, slot = evidence.late, evidence.slot
    if late.p99 <= _LATE_SHARE * slot:
        return None
    certain = bounds.lower - late.worst > limit or bounds.upper + late.worst <= limit
    if certain and late.p99 <= _USELESS_SLOTS * slot:
        return None
    told = f"{late.p99 * 1000:.0f} ms late (99 %; at worst {late.worst * 1000:.0f} ms)"
    return Verdict("invalid", f"the observer itself was {told}, more than half a slot of {slot * 1000:.0f} ms")


@dataclass(frozen=True, slots=True)
class Service:
    """What customers got in a window: for promises of the kind "without a single failure"."""

    attempts: int
    failed: int  # all that were not confirmed
    p50: float  # seconds, of the confirmed ones
    p95: float
    slowest: float
    longest_gap: float  # seconds without any confirmation
    errors: Mapping[str, int]  # how often each error was told

    @property
    def failed_share(self) -> float:
        """Failed attempts of all, 0 to 1."""
        return self.failed / self.attempts if self.attempts else 1.0


def service(attempts: Sequence[Attempt], since: float, until: float) -> Service:
    """Figures of the attempts that began in a window and are settled."""
    inside = [one for one in attempts if since <= one.start <= until and one.outcome != "open"]
    lengths = sorted(one.seconds for one in inside if one.ok)
    failed = [one for one in inside if not one.ok]
    errors: dict[str, int] = {}
    for one in failed:
        errors[one.error] = errors.get(one.error, 0) + 1
    return Service(
        attempts=len(inside),
        failed=len(failed),
        p50=_percentile(lengths, 0.5),
        p95=_percentile(lengths, _PERCENTILE),
        slowest=lengths[-1] if lengths else 0.0,
        longest_gap=longest_gap(inside, since, max((one.end for one in inside), default=until)).seconds,
        errors=errors,
    )


def _percentile(lengths: Sequence[float], share: float) -> float:
    return lengths[min(len(lengths) - 1, int(len(lengths) * share))] if lengths else 0.0
