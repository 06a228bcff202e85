"""How large a rush must be: as many requests a second as ask for one instance more on the machine at hand.

Not for the largest size: on two cores that takes what the smaller sizes need to answer while another instance starts.
Whether the largest size would be let in is asked of the budget instead.

A fixed rate asks for nothing on a quick machine and takes all processors of a slow one, so it is weighed first what a
lighter load costs: what few customers cost tells little, because an instance uses something at rest, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from support.profiles import Autoscaler
from support.systems.jewelry_shop.autoscaler import CPU
from support.systems.jewelry_shop.samples import Sample
from support.systems.jewelry_shop.traffic import Traffic

WEIGHING_S = 50.0  # 25 until figures are of the load alone (kubelet's 15, metrics-server's 10), then more than two
_SETTLED_S = 24.0  # seconds at the end of it that are looked at
_LIGHTER = 4  # times less than the usual rush: the smallest size can do it, so nothing starts while it is weighed
# Instances above the smallest size, at the cost of the lighter load. Busy processors do less: in the rush itself a
# request cost 0.95 to 1.25 times as much on two cores, so 3.6 become 3.4 to 4.5; 3.3 ask for a fourth.
_ABOVE = 0.6
# Likewise, when a rush is under way: less than 3.4 is lifted to 3.7.
_ENOUGH, _AIM = 0.4, 0.7
_JUST_NOW_S = 6.0  # seconds: the last figure
_AT_MOST = 4  # times the usual rate: a figure that is wrong must not become a flood


def requests_per_s(use: float, customers: float, lighter: float, wanted: float, usual: int) -> int:
    """Requests per second beside those of the customers, so that the use becomes `wanted`; `usual` where nobody knows.

    `use`, `wanted`: cores of all instances together. `customers`, `lighter`: requests per second of both at that use.
    What an instance uses at rest is taken for the cost of requests.
    """
    served = customers + lighter
    if use <= 0 or served <= 0:
        return usual
    return max(1, round(min(wanted * served / use - customers, usual * _AT_MOST)))  # a load of nothing is none


def weighing_rate(agreed: Autoscaler) -> int:
    """Requests per second by which it is weighed what a request costs."""
    return max(1, agreed.rush_per_s // _LIGHTER)


def weighed(samples: Sequence[Sample], traffic: Traffic, lighter: float, request: float, agreed: Autoscaler) -> int:
    """The rate that the last samples, and who was served in the same seconds, give.

    `lighter`: requests per second beside those of the customers. `request`: cores that one instance asks for.
    """
    use, customers = _seen(samples, traffic, _SETTLED_S)
    return requests_per_s(use, customers, lighter, _cores(agreed.min + _ABOVE, request, agreed), agreed.rush_per_s)


def missing(samples: Sequence[Sample], traffic: Traffic, rate: float, request: float, agreed: Autoscaler) -> int:
    """Requests per second that a rush of `rate` lacks until one instance more is asked for; 0 if it is, or has been."""
    if samples[-1].desired > agreed.min:
        return 0
    use, customers = _seen(samples, traffic, _JUST_NOW_S)
    if not use or use >= _cores(agreed.min + _ENOUGH, request, agreed):
        return 0
    whole = requests_per_s(use, customers, rate, _cores(agreed.min + _AIM, request, agreed), agreed.rush_per_s)
    return max(0, whole - round(rate))


def _cores(instances: float, request: float, agreed: Autoscaler) -> float:
    """What so many instances are meant to use."""
    return instances * request * agreed.cpu_percent / 100  # percent


def _seen(samples: Sequence[Sample], traffic: Traffic, seconds: float) -> tuple[float, float]:
    """Cores of all instances (0 when nobody tells), and requests per second of the customers, in the last seconds."""
    until = samples[-1].at
    since = until - seconds
    uses = [one.use[CPU] for one in samples if one.at >= since and CPU in one.use]
    starts = [traffic.run.to_suite_time(one.start) for one in traffic.run.attempts(traffic.leading)]
    return median(uses) if uses else 0.0, sum(since <= start <= until for start in starts) / seconds
