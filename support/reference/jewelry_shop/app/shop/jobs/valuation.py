"""The valuation of a shop's goods: one step per item, each step takes effect once, however often it is delivered."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Sum

from shop.config import config
from shop.database.tenancy import shop_transaction
from shop.inventory.models import Item
from shop.jobs import tick
from shop.jobs.models import Job
from shop.logs import log_event
from shop.sabotage import sabotaged

_TRY_FOR_S = 60  # a step that finds no database is tried again for so long
_TRY_EVERY_S = 1


T = TypeVar("T")


class GiveBackError(Exception):
    """The job is not complete: the message must go back to the queue."""


def run_valuation(job_id: str, tenant_id: str, request_id: str) -> None:
    """Do what is left of the job; GiveBackError if it has to be continued later."""
    job = _patiently(lambda: _begin(job_id, tenant_id, request_id))
    if job is None:
        return
    step = _first_step(job)
    while step < job.params["steps"]:
        if tick.stopping():
            raise GiveBackError("the worker is asked to end")
        _patiently(lambda number=step: _do_step(job, number))
        step += 1
        time.sleep(job.params["pace_ms"] / 1000)
    _patiently(lambda: _finish(job, request_id))


def _begin(job_id: str, tenant_id: str, request_id: str) -> Job | None:
    with shop_transaction(tenant_id):
        job = Job.objects.select_for_update().filter(id=job_id).first()
        if job is None or job.status in {Job.DONE, Job.FAILED}:
            return None
        event = "job_continued" if job.deliveries else "job_started"
        job.deliveries += 1
        job.status = Job.RUNNING
        job.worker = config.pod_name
        job.started_at = job.started_at or datetime.now(UTC)
        job.save(update_fields=["deliveries", "status", "worker", "started_at"])
    _log(event, job, request_id)
    return job


def _first_step(job: Job) -> int:
    # Steps that are there already are skipped one by one; this only spares the look at each.
    if sabotaged("run_job_blindly"):
        return 0

    def count() -> int:
        with shop_transaction(job.tenant_id):
            return job.lines.count()

    return _patiently(count)


def _do_step(job: Job, step: int) -> None:
    # Always the same item for a step: goods are never removed, and later ones sort behind.
    delivery = job.deliveries - 1 if sabotaged("run_job_blindly") else 0
    with shop_transaction(job.tenant_id):
        item = Item.objects.filter(tenant_id=job.tenant_id).order_by("created_at", "id")[step]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO job_lines (job_id, step, delivery, tenant_id, item_id, amount, worker, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
                [job.id, step, delivery, job.tenant_id, item.id, item.cost_price * item.quantity, config.pod_name],
            )


def _finish(job: Job, request_id: str) -> None:
    with shop_transaction(job.tenant_id):
        total = job.lines.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")
        Job.objects.filter(id=job.id).update(status=Job.DONE, total=total, finished_at=datetime.now(UTC))
    _log("job_finished", job, request_id)


def _patiently(work: Callable[[], T]) -> T:
    end = time.monotonic() + _TRY_FOR_S
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            problem: DatabaseError = error
        except DatabaseError as error:
            if not isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                raise
            problem = error
        if time.monotonic() > end or tick.stopping():
            raise GiveBackError("no database") from problem
        time.sleep(_TRY_EVERY_S)


def _log(event: str, job: Job, request_id: str) -> None:
    fields: dict[str, Any] = {"job_id": str(job.id), "delivery": job.deliveries, "request_id": request_id}
    log_event(event, f"valuation {job.id}, delivery {job.deliveries}", logging.INFO, **fields)
