"""How large a rush must be: as many requests a second as ask for one instance more on the machine at hand.

Not for the largest size: on two cores that takes what the smaller sizes need to answer while another instance starts.
Whether the largest size would be let in is asked of the budget instead.

A fixed rate asks for nothing on a quick machine and takes all processors of a slow one, and what a request costs
changes by half within minutes where other machines share the processors. So a rush begins with what the smallest size
can do, and is made larger step by step, each time by what the figures of the step before say, until one instance more
is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from support.profiles import Autoscaler
from support.systems.jewelry_shop.autoscaler import CPU
from support.systems.jewelry_shop.samples import Sample
from support.systems.jewelry_shop.traffic import Traffic

_FIRST = 6  # times less than the usual rush: with the customers it uses about half of what the smallest size may
# Instances above the smallest size. The autoscaler asks for a fourth from 3.3 on, and for a fifth from 4.4 on. Where it
# asks for none, the use must stay above 3.3 until the end, or nobody could tell that it should have.
_ENOUGH, _AIM = 0.5, 0.6
# A step that would make the use more than a fifth larger ends at 3.2, just below what asks for a fourth; a small one is
# the last. When the machine becomes a third slower meanwhile, 3.2 becomes 4.3: one instance more is asked for and not
# two, which would start on processors that are full.
_BELOW, _SMALL = 0.2, 1.2
_LARGEST = 2.0  # times as many requests as before in one step: figures of small numbers say little of large ones
_JUST_NOW_S = 6.0  # seconds: the last figure


def first_rate(agreed: Autoscaler) -> int:
    """Requests per second beside those of the customers with which a rush begins."""
    return max(1, agreed.rush_per_s // _FIRST)


def missing(samples: Sequence[Sample], traffic: Traffic, rate: float, request: float, agreed: Autoscaler) -> int:
    """Requests per second that a rush of `rate` lacks until one instance more is asked for.

    0 if it is asked for, or use enough is told to ask for it, or nobody tells. What an instance uses at rest is taken
    for the cost of requests. `request`: cores that one instance asks for.
    """
    use, customers = _seen(samples, traffic)
    if asked_for(samples, agreed) or not use or use >= _cores(agreed.min + _ENOUGH, request, agreed):
        return 0
    wanted = _cores(agreed.min + _AIM, request, agreed) / use
    if wanted > _SMALL:
        wanted = min(_cores(agreed.min + _BELOW, request, agreed) / use, _LARGEST)
    return max(1, round((customers + rate) * (wanted - 1)))


def asked_for(samples: Sequence[Sample], agreed: Autoscaler) -> bool:
    """Whether the autoscaler has asked for more than the smallest size."""
    return samples[-1].desired > agreed.min


def _cores(instances: float, request: float, agreed: Autoscaler) -> float:
    """What so many instances are meant to use."""
    return instances * request * agreed.cpu_percent / 100  # percent


def _seen(samples: Sequence[Sample], traffic: Traffic) -> tuple[float, float]:
    """Cores of all instances (0 when nobody tells), and requests per second of the customers, just now."""
    until = samples[-1].at
    since = until - _JUST_NOW_S
    uses = [one.use[CPU] for one in samples if one.at >= since and CPU in one.use]
    starts = [traffic.run.to_suite_time(one.start) for one in traffic.run.attempts(traffic.leading)]
    return median(uses) if uses else 0.0, sum(since <= start <= until for start in starts) / _JUST_NOW_S
