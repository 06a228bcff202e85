"""Shops of the suite's own that nobody will remove any more: their run has died, or they are older than a day."""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import UTC, datetime, timedelta

from support.clients.sql import QuestionFailed
from support.cluster import ApiError, Cluster
from support.evidence.attach import attach_text
from support.faults import history
from support.faults.lease import RunLease
from support.observers.observer import ObserverError
from support.systems.jewelry_shop import shops
from support.systems.jewelry_shop.api import Body, Session
from support.systems.jewelry_shop.probe_rows import ProbeRows
from support.waiting import Broken, Unknown

_PREFIX = "e2e-"  # no other shop is ever touched, and the shop itself would refuse it
_OLD = timedelta(days=1)  # as agreed; no run lasts that long
_NAME = re.compile(r"e2e-(?P<run>.+)-[a-z]+\d*w\d*n\d+-[a-z]{4}")  # see Naming and lifecycle.begin


def remove(cluster: Cluster, session: Session, rows: ProbeRows, run: str) -> None:
    """Removes what dead runs left behind, as the platform administrator.

    What cannot be removed now is no fault of the scenario that is about to begin: it is told, and the next run tries
    again.
    """
    dead, now = dead_runs(cluster, run), datetime.now(UTC)
    try:
        found = [row for row in session.rows(f"/api/platform/shops/?prefix={_PREFIX}") if is_left(row, dead, now)]
        told = [f"shop {row['slug']}: answered {shops.delete(session, row).status}" for row in found]
        number = rows.forget_left_overs(dead)
    except (Unknown, QuestionFailed, ObserverError, Broken, ApiError) as error:
        attach_text("Left-overs of dead runs could not be removed", str(error))
        return
    told += [f"{number} rows of probes"] if number else []
    if told:
        attach_text("Left-overs of dead runs, removed", "\n".join(told))


def dead_runs(cluster: Cluster, run: str) -> set[str]:
    """Runs that have broken something, have not ended well, and show no life sign that the janitor still cares for.

    Empty where the account may not look; then only the age of a shop decides.
    """
    try:
        unfinished = history.unfinished_runs(cluster) - {run}
        cared_for = RunLease(cluster, run).leases() if unfinished else set()
    except ApiError:
        return set()
    return {name for name in unfinished if f"run-{name}" not in cared_for}


def is_left(row: Body, dead: Set[str], now: datetime) -> bool:
    """Whether a shop is one of the suite's own and nobody else will remove it."""
    slug, known = str(row["slug"]), _NAME.fullmatch(str(row["slug"]))
    if not slug.startswith(_PREFIX):
        return False
    return bool(known and known["run"] in dead) or now - datetime.fromisoformat(str(row["created_at"])) > _OLD
