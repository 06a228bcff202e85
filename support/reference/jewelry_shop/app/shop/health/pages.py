"""The five health pages. They answer from what the checkers have seen, never by looking themselves."""

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shop.config import config
from shop.health.checker import Look, state_of
from shop.sabotage import sabotaged

_PING_S = 1.0
_PING_LIMIT_S = 2.0  # with finding the master; the page promises an answer within 3 s
_pinging = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ping")


@csrf_exempt  # or a POST would be answered 403 instead of 405
@require_GET
def health(_request: HttpRequest) -> JsonResponse:
    """Who answers; never looks at what the application depends on."""
    return JsonResponse(
        {
            "status": "ok",
            "version": config.app_version,
            "environment": config.shop_environment,
            "pod": config.pod_name,
        }
    )


@csrf_exempt
@require_GET
def live(_request: HttpRequest) -> JsonResponse:
    """This process can still answer."""
    return JsonResponse({"status": "alive"})


@csrf_exempt
@require_GET
def startup(_request: HttpRequest) -> JsonResponse:
    """This process has begun to answer."""
    return JsonResponse({"status": "started"})


@csrf_exempt
@require_GET
def ready(_request: HttpRequest) -> JsonResponse:
    """Whether customers should be sent here. Only the database decides: without the cache the shop still sells."""
    database, cache = _seen("database"), _seen("cache")
    good = database.ok and (cache.ok or not sabotaged("ready_needs_cache"))
    body = {
        "status": "ready" if good else "not_ready",
        "database": _database_part(database),
        "cache": _part(cache),
    }
    return JsonResponse(body, status=200 if good else 503)


@csrf_exempt
@require_GET
def detailed(_request: HttpRequest) -> JsonResponse:
    """Every part that the application works with, for people."""
    database, cache = _seen("database"), _seen("cache")
    checks = {
        "database": _check(database, "answers" + ("" if database.writable else " (follower)")),
        "cache": _check(cache, "answers"),
        "celery": _celery(cache),
    }
    good = all(check["status"] == "ok" for check in checks.values())
    body = {"status": "healthy" if good else "unhealthy", "checks": checks}
    return JsonResponse(body, status=200 if good else 503)


def _seen(name: str) -> Look:
    if sabotaged("health_always_ok"):
        return Look(True, 0.0, writable=True)
    return state_of(name)


def _database_part(seen: Look) -> dict[str, Any]:
    if not seen.ok:
        return _part(seen)
    return {"status": "ok", "writable": seen.writable, "age_ms": round((time.monotonic() - seen.at) * 1000)}


def _part(seen: Look) -> dict[str, Any]:
    return {"status": "ok"} if seen.ok else {"status": "unavailable", "reason": seen.reason}


def _check(seen: Look, message: str) -> dict[str, Any]:
    return {"status": "ok" if seen.ok else "unavailable", "message": message if seen.ok else seen.reason}


def _celery(cache: Look) -> dict[str, Any]:
    if sabotaged("health_always_ok"):
        return {"status": "ok", "message": "answers", "workers": []}
    if not cache.ok:
        return {"status": "unavailable", "message": "the queue cannot be reached without the cache", "workers": []}
    try:
        answers = _pinging.submit(_ping).result(_PING_LIMIT_S)
    except (FutureTimeoutError, OperationalError, RedisError, OSError):
        return {"status": "unavailable", "message": "the queue does not answer", "workers": []}
    workers = sorted(name.partition("@")[2] for answer in answers for name in answer)
    if not workers:
        return {"status": "unavailable", "message": "no worker answers", "workers": []}
    return {"status": "ok", "message": f"{len(workers)} workers answer", "workers": workers}


def _ping() -> list[dict[str, Any]]:
    from shop.jobs.app import app

    try:
        return app.control.ping(timeout=_PING_S)
    except (OperationalError, RedisError, OSError):
        # The connection was kept since before the cache had another master: only using it shows that it is broken.
        return app.control.ping(timeout=_PING_S)
