"""What the worker does with each kind of message."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from celery.exceptions import Reject
from django.db import Error as DatabaseError
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shop.jobs import sweeps
from shop.jobs.app import app
from shop.jobs.valuation import GiveBackError, run_valuation
from shop.logs import log_event


@app.task(name="shop.valuation")
def valuation(job_id: str, tenant_id: str, request_id: str) -> None:
    """Run or continue a valuation."""
    try:
        run_valuation(job_id, tenant_id, request_id)
    except GiveBackError as error:
        raise Reject(str(error), requeue=True) from error


@app.task(name="shop.receipts")
def receipts() -> None:
    """Receipts for new sales."""
    _sweep("receipts", sweeps.make_receipts)


@app.task(name="shop.resend")
def resend() -> None:
    """Jobs that never started."""
    _sweep("resend", sweeps.resend_jobs)


@app.task(name="shop.gold", bind=True)
def gold(self: Any) -> None:
    """The gold price of this period."""
    _sweep("gold", partial(sweeps.set_gold_price, self.request.id))


def _sweep(name: str, work: Callable[[], Any]) -> None:
    # The next sweep does what this one could not: an outage is a line in the log, not a failed task.
    try:
        work()
    except (DatabaseError, OSError, OperationalError, RedisError) as error:
        log_event("sweep_failed", f"{name}: {error}".splitlines()[0], logging.WARNING, error=type(error).__name__)
