"""How large a rush must be: as many requests a second as ask for nearly the largest size on the machine at hand.

A fixed rate asks for nothing on a quick machine and takes all processors of a slow one, so it is weighed first what the
customers cost that are there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from support.profiles import Autoscaler
from support.systems.jewelry_shop.autoscaler import CPU
from support.systems.jewelry_shop.samples import Sample
from support.systems.jewelry_shop.traffic import Traffic

WEIGHING_S = 45.0  # from the customers' beginning until figures are theirs alone: kubelet's 15 s, metrics-server's 10 s
_SETTLED_S = 12.0  # seconds at the end of it that are looked at: one figure at least
_BELOW = 0.5  # instances below the largest size: half of one asks for it, and the rest is left for those who start
_AT_MOST = 4  # times the usual rate: a figure that is wrong must not become a flood


def requests_per_s(use: float, served: float, wanted: float, usual: int) -> int:
    """Requests per second beside those that are there, so that the use becomes `wanted`; `usual` where nobody knows.

    `use`, `wanted`: cores of all instances together. `served`: requests per second at that use. What an instance uses
    at rest is taken for the cost of requests, so it becomes a little less than wanted, never more.
    """
    if use <= 0 or served <= 0:
        return usual
    return max(1, round(min((wanted - use) * served / use, usual * _AT_MOST)))  # a load of nothing is none


def weighed(samples: Sequence[Sample], traffic: Traffic, request: float, agreed: Autoscaler) -> int:
    """The rate that the last samples and the customers of the same seconds give.

    `request`: cores that one instance asks for.
    """
    until = samples[-1].at
    since = until - _SETTLED_S
    uses = [one.use[CPU] for one in samples if one.at >= since and CPU in one.use]
    starts = [traffic.run.to_suite_time(one.start) for one in traffic.run.attempts(traffic.leading)]
    served = sum(since <= start <= until for start in starts) / _SETTLED_S
    wanted = (agreed.max - _BELOW) * request * agreed.cpu_percent / 100  # percent
    return requests_per_s(median(uses) if uses else 0.0, served, wanted, agreed.rush_per_s)
