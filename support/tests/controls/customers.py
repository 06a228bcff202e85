"""Customers of a control: what they got is made up; journal, traffic and the stories over it are the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from support.faults.base import Injection
from support.observers.attempts import Attempt, Journal
from support.observers.bars import takeover
from support.systems.jewelry_shop.effective import failover_settings
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.traffic import SALES, Traffic
from support.tests.controls.control import fake
from support.tests.test_shop_views import DATABASE, POD

FAULT, IN_EFFECT = 30.0, 30.5  # seconds into the run
RATE = 10.0  # attempts a second: 300 before the fault, more than any verdict asks for
REASON = '{"error": "database_unavailable", "reason": "last answer 6 s ago"}'
INJECTION = Injection(fake(kind="frozen", target="db-0", seconds=60.0), "", "", "seen", "before", "after", "ended")
BAR = takeover(20, 2)
_LASTS_S = 120.0


def attempts(probe: str, away: float = 0.0, since: float = FAULT, **bad: Any) -> list[Attempt]:
    """One attempt after the other; from `since` on they fail for `away` seconds, `bad` tells how."""
    failed = {"outcome": "fail", "status": 503, "error": REASON, **bad}
    starts = [(seq, seq / RATE) for seq in range(int(_LASTS_S * RATE))]
    good = [Attempt(probe, seq, at, at, at + 0.05, "ok", "", 200, "db-1", "5") for seq, at in starts]
    return [replace(one, **failed) if since <= one.start < since + away else one for one in good]


def journal(found: Sequence[Attempt]) -> Journal:
    """The journal of a run that came to its end."""
    made = Journal()
    made.rates, made.end_reason = {one.probe: RATE for one in found}, "over"
    made._attempts = {(one.probe, one.seq): one for one in found}
    return made


def ended(found: Sequence[Attempt]) -> Any:
    """A run that is over."""
    made = journal(found)
    return fake(
        journal=made,
        marks={"before": FAULT, "after": IN_EFFECT},
        attempts=made.attempts,
        read=lambda: made,
        to_suite_time=lambda at: at,
    )


def customers(
    found: Sequence[Attempt], *, store: Any = None, instances: Sequence[str] = (), beside: Sequence[Attempt] = ()
) -> Traffic:
    """Customers who have gone home; `beside` is what a second run has seen."""
    run, others = ended(found), [ended(beside)] if beside else []
    return Traffic(run, "ledger", SALES, store, run.journal, others, list(instances))


def failover(
    found: Sequence[Attempt], *, instances: Sequence[Pod] = (), beside: Sequence[Attempt] = (), system: Any = None
) -> Failover:
    """The story of a failover that customers saw so."""
    traffic = customers(found, instances=[pod.name for pod in instances], beside=beside)
    settings, before = failover_settings({"ttl": 20, "loop_wait": 2}, {}), {pod.name: pod for pod in instances}
    return Failover(system, traffic, DATABASE, POD, settings, INJECTION, BAR, before)
