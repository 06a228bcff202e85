"""Does a part fail silently? Every container's restarts and last end, now and throughout a watched time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from support.cluster import Json
from support.faults import history
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.parts import PartState
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_OUT_OF_MEMORY = "OOMKilled"
# How a machine's runtime tells that a container went away together with its machine: nobody saw it end.
_UNSEEN = ("Unknown", 255)
# Ordinary steps on the way to a running container; every other reason to wait is a failure.
_STARTING = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True, slots=True)
class End:
    """How a container's last run ended."""

    reason: str
    code: int
    at: datetime | None

    @property
    def bad(self) -> bool:
        """Whether it was no orderly end."""
        return (self.reason, self.code) != _UNSEEN and (self.reason == _OUT_OF_MEMORY or self.code != 0)


@dataclass(frozen=True, slots=True)
class Life:
    """One container of one instance."""

    part: str  # the workload's name
    pod: str
    uid: str
    container: str
    restarts: int
    waiting: str  # why it does not run, empty when it does
    last: End | None

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same over restarts, and does not when the instance is replaced."""
        return self.uid, self.container


@dataclass(frozen=True, slots=True)
class Lives:
    """All containers of all parts at one moment, and how many instances each part is set to."""

    lives: Sequence[Life]
    desired: Mapping[str, int]
    delivered: Mapping[str, datetime]
    faults: Sequence[history.Span]

    def __str__(self) -> str:
        return f"{len(self.lives)} containers, {sum(one.restarts for one in self.lives)} restarts"

    def by_key(self) -> dict[tuple[str, str], Life]:
        """Each container by what identifies it."""
        return {one.key: one for one in self.lives}


def read_lives(system: JewelryShop) -> Lives:
    """Every container of every part. Raises Unknown when a part has no instance at all."""
    states = system.parts.states()
    lives = [life for state in states for life in _of_part(system, state)]
    missing = {state.name for state in states} - {life.part for life in lives}
    if missing or not lives:
        raise Unknown(f"{', '.join(sorted(missing)) or 'the shop'} has no instance that could be watched")
    desired = {state.name: state.desired for state in states}
    delivered = {state.name: state.changed for state in states if state.changed}
    return Lives(lives, desired, delivered, history.spans(system.cluster))


def _of_part(system: JewelryShop, state: PartState) -> Iterator[Life]:
    selector = system.profile.part(state.word).selector
    for body in system.cluster.list("pods", system.namespace, selector):
        status = body.get("status", {})
        if status.get("phase") == "Succeeded" or "deletionTimestamp" in body["metadata"]:
            continue
        for entry in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            yield read_life(state.name, body["metadata"], entry)


def read_life(part: str, metadata: Json, entry: Json) -> Life:
    """One container from what Kubernetes tells of it."""
    waiting = str(entry.get("state", {}).get("waiting", {}).get("reason", ""))
    last = _end(entry.get("lastState", {})) or _end(entry.get("state", {}))
    number = int(entry.get("restartCount", 0))
    return Life(part, metadata["name"], metadata["uid"], entry["name"], number, waiting, last)


def _end(state: Json) -> End | None:
    ended = state.get("terminated")
    if not ended:
        return None
    at = ended.get("finishedAt")
    return End(str(ended.get("reason", "")), int(ended.get("exitCode", 0)), datetime.fromisoformat(at) if at else None)


def have_not_failed() -> ComplaintMatcher[Lives]:
    """Matches when no container waits in vain, and none has ended badly since delivery but by a fault of the suite."""

    def complaints(seen: Lives) -> list[str]:
        return [*_stuck(seen), *(text for one in seen.lives for text in _past(one, seen))]

    return without_complaints("no part that has failed since delivery or is kept from starting", complaints)


def _past(one: Life, seen: Lives) -> Iterator[str]:
    if one.last is None or not one.last.bad:
        return
    at, delivered = one.last.at, seen.delivered.get(one.part)
    if at and ((delivered and at <= delivered) or any(span.covers(at) for span in seen.faults)):
        return
    yield f"{one.container} of {one.pod} ended with {one.last.reason} ({one.last.code}) at {at or 'an unknown time'}"


def _stuck(seen: Lives) -> list[str]:
    waiting = [one for one in seen.lives if one.waiting and one.waiting not in _STARTING]
    return [f"{one.container} of {one.pod} is kept from running: {one.waiting}" for one in waiting]


def go_on_undisturbed(before: Lives) -> ComplaintMatcher[Lives]:
    """Matches when since `before` nothing was restarted, replaced, or kept from running."""

    def complaints(now: Lives) -> list[str]:
        known = before.by_key()
        found = [
            f"{one.container} of {one.pod} was restarted during the watched minute{_why(one)}"
            for one in now.lives
            if one.restarts > (known[one.key].restarts if one.key in known else 0)
        ]
        return [*found, *_stuck(now), *_replaced(before, now)]

    return without_complaints("every container running on, without one restart", complaints)


def _why(one: Life) -> str:
    return f" (ended with {one.last.reason}, {one.last.code})" if one.last else ""


def _replaced(before: Lives, now: Lives) -> Iterator[str]:
    present = now.by_key().keys()
    for part, desired in before.desired.items():
        gone = sorted({one.pod for one in before.lives if one.part == part and one.key not in present})
        # What an autoscaler gives back is no failure.
        if len(gone) > max(0, desired - now.desired.get(part, 0)):
            yield f"{', '.join(gone)} is gone and was replaced"
