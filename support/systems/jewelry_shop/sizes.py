"""A size that somebody sets by hand, and its correction."""

from __future__ import annotations

from dataclasses import dataclass

from support.evidence.attach import attach_figures
from support.faults.sizes import SizeSet
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Autoscaler
from support.systems.jewelry_shop.autoscaler import requested_cores
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.samples import Sample, Sampler
from support.waiting import SYSTEM_CLOCK, Unknown
from support.world import World


@dataclass(frozen=True, slots=True)
class SizeByHand:
    """A size that was set."""

    size: int
    at: float  # on the suite's clock
    sampler: Sampler


def set_by_hand(world: World, side: str) -> SizeByHand:
    """Sets the application one instance below the smallest or above the largest agreed size."""
    system, agreed = world.jewelry, world.jewelry.profile.autoscaler
    size = agreed.min - 1 if side == "below" else agreed.max + 1
    if size < 1:
        raise Unknown(
            "the smallest agreed size is 1: without any instance the autoscaler is switched off, as documented"
        )
    sampler, at = Sampler(system, requested_cores(system)), SYSTEM_CLOCK.now()
    fault = SizeSet(system.namespace, system.profile.part("django").name, size)
    breaker(world).inject(fault, [], [])
    return SizeByHand(size, at, sampler)


def demand_correction(world: World, limit: float) -> None:
    """Raises Broken unless the size is within the agreed ones again, in instances that are ready, in time."""
    by_hand = world.things.get(SizeByHand)
    matcher = is_within(world.jewelry.profile.autoscaler)
    left = max(0.0, limit - (SYSTEM_CLOCK.now() - by_hand.at))
    reason = f"A size of {by_hand.size} set by hand was not corrected within {limit:g} s"
    seen = world.eventually(lambda _: by_hand.sampler.look(), matcher, left, reason)
    took = SYSTEM_CLOCK.now() - by_hand.at
    attach_figures(
        [("corrected after", f"{took:.1f} s", f"set to {by_hand.size}, now {seen.desired}; {limit:g} s promised")]
    )


def is_within(agreed: Autoscaler) -> ComplaintMatcher[Sample]:
    """Matches when desired, living and ready instances are within the agreed sizes and the same number."""

    def complaints(seen: Sample) -> list[str]:
        found = list(seen.trouble)
        if not agreed.min <= seen.desired <= agreed.max:
            found.append(f"{seen.desired} instances are desired, {agreed.min} to {agreed.max} are agreed")
        elif not len(seen.ready) == len(seen.living) == seen.desired:
            found.append(f"{len(seen.ready)} of {len(seen.living)} instances are ready, {seen.desired} are desired")
        return found

    return without_complaints(f"{agreed.min} to {agreed.max} instances, all ready", complaints)
