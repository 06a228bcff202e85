"""Background jobs with their lines, and the gold price."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from shop.core.models import Tenant
from shop.inventory.models import Item


class Job(models.Model):
    """A valuation that somebody has asked for."""

    QUEUED, RUNNING, DONE, FAILED = "QUEUED", "RUNNING", "DONE", "FAILED"
    VALUATION = "VALUATION"

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    kind = models.TextField(default=VALUATION)
    status = models.TextField(default=QUEUED)
    params = models.JSONField(default=dict)
    worker = models.TextField(null=True)
    deliveries = models.IntegerField(default=0)
    total = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "jobs"
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("QUEUED", "RUNNING", "DONE", "FAILED")), name="jobs_status_known"
            ),
        )


class JobLine(models.Model):
    """What one step of a job has found; `delivery` is 0 in every healthy run."""

    pk = models.CompositePrimaryKey("job_id", "step", "delivery")
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    job = models.ForeignKey(Job, models.RESTRICT, related_name="lines")
    step = models.IntegerField()
    delivery = models.IntegerField(default=0)
    item = models.ForeignKey(Item, models.RESTRICT)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    worker = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "job_lines"


class GoldPrice(models.Model):
    """The price of one period; `run_count` above 1 means that two schedulers were at work."""

    period_start = models.DateTimeField(primary_key=True)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    run_count = models.IntegerField(default=1)
    produced_at = models.DateTimeField()
    sent_as = models.TextField(default="", db_default="")  # id of the message: delivered again, it counts once

    class Meta:
        db_table = "gold_prices"
