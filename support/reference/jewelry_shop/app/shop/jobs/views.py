"""Asking for a valuation and looking after it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop import metrics
from shop.api import moment, money
from shop.database.tenancy import open_shop
from shop.inventory.models import Item
from shop.jobs.models import Job
from shop.jobs.queue import send_valuation
from shop.request import present_request


class ValuationBody(serializers.Serializer):
    """How slowly the work is to be done (for tests that need a job in progress)."""

    pace_ms = serializers.IntegerField(min_value=0, max_value=1000, required=False, default=0)


class Valuations(APIView):
    """POST /api/jobs/valuations/"""

    def post(self, request: Request) -> Response:
        """202 as soon as the job is stored, whether or not the queue has it already."""
        body = ValuationBody(data=request.data)
        body.is_valid(raise_exception=True)
        with open_shop(request.user) as shop:
            # The number of steps is fixed now: goods that come later belong to the next valuation.
            steps = Item.objects.filter(tenant_id=shop.id).count()
            job = Job.objects.create(
                tenant_id=shop.id, params={"pace_ms": body.validated_data["pace_ms"], "steps": steps}
            )
        state = present_request()
        if send_valuation(job.id, shop.id, state.request_id if state else ""):
            with open_shop(request.user) as shop:
                Job.objects.filter(tenant_id=shop.id, id=job.id).update(sent_at=datetime.now(UTC))
        metrics.JOBS.labels(Job.QUEUED).inc()
        return Response({"id": job.id, "status": Job.QUEUED}, status=202)


class OneJob(APIView):
    """GET /api/jobs/{id}/"""

    def get(self, request: Request, job_id: UUID) -> Response:
        """How far one of the shop's jobs is."""
        with open_shop(request.user) as shop:
            job = Job.objects.filter(tenant_id=shop.id, id=job_id).first()
            if job is None:
                raise NotFound
            done = job.lines.values("step").distinct().count()
        return Response(_as_dict(job, done))


def _as_dict(job: Job, done: int) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.status,
        "worker": job.worker,
        "deliveries": job.deliveries,
        "steps_done": done,
        "steps_total": job.params["steps"],
        "total": money(job.total) if job.total is not None else None,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
    }
