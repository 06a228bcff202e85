"""Every refusal in one place: which exception becomes which answer."""

import logging
import sys
from typing import Any

import psycopg
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_redis.exceptions import ConnectionInterrupted
from psycopg_pool import PoolTimeout, TooManyRequests
from redis.exceptions import RedisError

from shop import metrics
from shop.config import config
from shop.database.connection import DeadlineExceededError
from shop.health.checker import database_reason
from shop.logs import log_event
from shop.request import present_request


class Refusal(Exception):
    """An answer that ends the request: a status and a JSON body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def refused(detail: str) -> Refusal:
    """400 with a sentence."""
    return Refusal(400, {"detail": detail})


def unavailable(error: str, reason: str) -> HttpResponse:
    """503; the outcome is unknown from the moment on that COMMIT was sent."""
    state = present_request()
    outcome, request_id = "not_done", ""
    if state is not None:
        state.error = error
        outcome = "unknown" if state.commit_sent else "not_done"
        request_id = state.request_id
    metrics.REFUSALS.labels(error).inc()
    log_event("refused", reason, logging.WARNING, error=error, outcome=outcome)
    body = {"error": error, "reason": reason, "outcome": outcome, "request_id": request_id}
    return JsonResponse(body, status=503, headers={"Retry-After": "1"})


def answer_to(error: BaseException) -> HttpResponse | None:
    """The answer for an exception that the shop expects, else None."""
    if isinstance(error, Refusal):
        return JsonResponse(error.body, status=error.status)
    if isinstance(error, IntegrityError) or not isinstance(error, DatabaseError | psycopg.Error):
        return _cache_answer(error)
    return _database_answer(error)


def _database_answer(error: BaseException) -> HttpResponse | None:
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return unavailable("database_read_only", "connected to a follower: read-only transaction")
    if isinstance(cause, PoolTimeout | TooManyRequests):
        return unavailable("database_unavailable", database_reason() or "all connections to the database are in use")
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | type(None)):
        return None
    return unavailable("database_unavailable", _database_reason(cause))


def _database_reason(cause: BaseException | None) -> str:
    if isinstance(cause, DeadlineExceededError):
        return f"no answer from the database within {config.db_deadline_s:g} s"
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "another sale holds the goods for too long"
    first_line = str(cause).strip().splitlines()
    return first_line[0] if first_line else "no connection to the database"


def _cache_answer(error: BaseException) -> HttpResponse | None:
    if isinstance(error, ConnectionInterrupted | RedisError):
        return unavailable("cache_unavailable", "no cache master answers")
    return None


def not_found(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """JSON for unknown paths too."""
    return JsonResponse({"detail": "Not found."}, status=404)


def bad_request(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An unknown host name, for example."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return JsonResponse({"detail": "The request cannot be accepted as sent."}, status=status)


def internal(_request: HttpRequest) -> HttpResponse:
    """Django's last resort; exceptions of other middleware arrive here, so the expected ones are looked at again."""
    error = sys.exc_info()[1]
    answer = answer_to(error) if error is not None else None
    if answer is not None:
        return answer
    state = present_request()
    if state is not None:
        state.error = "internal"
    log_event("defect", "a defect of the application", logging.ERROR, error="internal", exc_info=True)
    request_id = state.request_id if state is not None else ""
    return JsonResponse({"error": "internal", "request_id": request_id}, status=500)
