"""The derived bars give the contract's figures with the reference's settings, and say how."""

from __future__ import annotations

import pytest

from support.observers import bars


@pytest.mark.parametrize(
    ("bar", "seconds"),
    [
        (bars.takeover(20, 2), 29),
        (bars.restart_in_place(2), 21),
        (bars.planned_handover(), 5),
        (bars.frozen_supervisor(10, 2), 17),
        (bars.lost_follower(5, 2), 8),
        (bars.full_strength(2, shrinking=105), 120),
        (bars.two_failures(20, 2), 58),
        (bars.cache_takeover(5), 10),
        (bars.cache_takeover(5, name_cache=30), 40),
        (bars.lost_worker(20, 5), 50),
        (bars.queue_after_cache_failover(5, 10, 5), 45),
        (bars.growth(15, 15, 20), 65),
        (bars.shrinking(30, 2, 15, 15), 105),
        (bars.delivered(), 180),
        (bars.hanging_instance_out(2, 2, 2), 8),
        (bars.hanging_instance_back(5, 3, 2, 5), 41),
        (bars.machine_lost(20, 2), 33),
        (bars.reconnected(3, 2), 7),
    ],
    ids=lambda value: value.id if isinstance(value, bars.Bar) else "",
)
def test_the_contracts_figures(bar: bars.Bar, seconds: float) -> None:
    assert bar.seconds == seconds


def test_a_bar_prints_its_formula() -> None:
    told = str(bars.takeover(20, 2))
    assert told == "B1 takeover: ttl 20 + loop_wait 2 + promotion 3 + reconnect 2 + readiness period 2 = 29 s"


def test_settings_that_exceed_the_promise_are_named() -> None:
    assert bars.takeover(20, 2).cause(30) == ""
    assert "largest part is ttl 80 s" in bars.takeover(80, 2).cause(30)
