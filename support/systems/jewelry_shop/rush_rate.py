"""How large a rush must be: as many requests a second as ask for one instance more on the machine at hand.

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

# From the customers' beginning: 25 s until figures are theirs alone (kubelet's 15, metrics-server's 10), then more.
WEIGHING_S = 55.0
_SETTLED_S = 24.0  # seconds at the end of it that are looked at: two figures at least
# Instances below the largest size. What a request costs was 0.95 to 1.4 times of this in the rush itself (processors
# that are busy do less): 4.2 instances then become 4 or 5, while 3.3 ask for the fourth.
_BELOW = 0.8
_AT_MOST = 4  # times the usual rate: a figure that is wrong must not become a flood


def requests_per_s(use: float, served: float, wanted: float, usual: int) -> int:
    """Requests per second beside those that are there, so that the use becomes `wanted`; `usual` where nobody knows.

    `use`, `wanted`: cores of all instances together. `served`: requests per second at that use. What an instance uses
    at rest is taken for the cost of requests.
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
