"""Periodic work over all shops, as the platform."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connections
from django.db.models.functions import Coalesce

from shop.config import config
from shop.database.tenancy import platform_transaction
from shop.jobs.models import Job
from shop.jobs.queue import send_valuation_now, waiting
from shop.logs import log_event

_BATCH = 200  # sales of one transaction: keeps it short
_LONG_QUEUE = 20  # messages; what has not started waits there, and sending it again would make the queue longer
_BASE_PRICE = Decimal("70.00")  # per gram; the figures are invented
_PRICE_STEP = Decimal("0.01")
_PRICE_STEPS = 500

# A shop that is being removed is locked: leaving its sales out avoids waiting for each other in a circle.
_RECEIPTS = """
WITH due AS (
    SELECT s.id, s.tenant_id, s.sale_number, s.total, (s.created_at AT TIME ZONE 'UTC')::date AS day
    FROM sales s JOIN tenants t ON t.id = s.tenant_id
    WHERE s.status = 'COMPLETED' AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.sale_id = s.id)
    ORDER BY s.created_at LIMIT %s
    FOR KEY SHARE OF t SKIP LOCKED FOR UPDATE OF s SKIP LOCKED
), made AS (
    INSERT INTO receipts (id, tenant_id, sale_id, number, created_at)
    SELECT gen_random_uuid(), tenant_id, id, replace(sale_number, 'SALE-', 'RCPT-'), now() FROM due
    ON CONFLICT (sale_id) DO NOTHING RETURNING sale_id
), counted AS (
    INSERT INTO day_totals (tenant_id, day, sales, total)
    SELECT tenant_id, day, count(*), sum(total) FROM due JOIN made ON made.sale_id = due.id
    GROUP BY tenant_id, day ORDER BY tenant_id, day
    ON CONFLICT (tenant_id, day) DO UPDATE
    SET sales = day_totals.sales + excluded.sales, total = day_totals.total + excluded.total
)
SELECT count(*) FROM made
"""


def make_receipts() -> int:
    """Receipts and day totals for all sales without one, in batches; returns how many were made."""
    made = 0
    while True:
        with platform_transaction(), connections["platform"].cursor() as cursor:
            cursor.execute(_RECEIPTS, [_BATCH])
            batch = cursor.fetchone()[0]
        made += batch
        if batch < _BATCH:
            return made


def resend_jobs() -> int:
    """Send again what was accepted but never started; a started job belongs to the queue's own redelivery.

    Not while the queue is long: with a message more for each job every few seconds it would never become shorter.
    """
    if waiting() > _LONG_QUEUE:
        return 0
    now = datetime.now(UTC)
    due = Coalesce("sent_at", "created_at")
    with platform_transaction():
        jobs = list(
            Job.objects.using("platform")
            .alias(due=due)
            .filter(status=Job.QUEUED, due__lt=now - timedelta(seconds=config.job_resend_after_s))
            .values_list("id", "tenant_id")[:_BATCH]
        )
    for job_id, tenant_id in jobs:
        send_valuation_now(job_id, tenant_id, "")
        with platform_transaction():
            Job.objects.using("platform").filter(id=job_id).update(sent_at=now)
        log_event("resent", f"valuation {job_id} sent again", job_id=str(job_id))
    return len(jobs)


def set_gold_price(sent_as: str) -> None:
    """The price of the present period. The count shows whether two schedulers are at work.

    A message whose acknowledgement got lost with the connection comes again at once; it is known by its id.
    """
    now = datetime.now(UTC)
    start = datetime.fromtimestamp(int(now.timestamp()) // config.gold_period_s * config.gold_period_s, UTC)
    price = _BASE_PRICE + _PRICE_STEP * (int(start.timestamp()) // config.gold_period_s % _PRICE_STEPS)
    with platform_transaction(), connections["platform"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO gold_prices (period_start, price, run_count, produced_at, sent_as) VALUES (%s, %s, 1, %s, %s)"
            " ON CONFLICT (period_start) DO UPDATE SET run_count = gold_prices.run_count + 1,"
            " produced_at = excluded.produced_at, sent_as = excluded.sent_as"
            " WHERE gold_prices.sent_as <> excluded.sent_as",
            [start, price, now, sent_as],
        )
