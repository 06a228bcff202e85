"""Around every request: its id, its deadline, its share of the process, its answer's headers and its log line."""

import logging
import re
import threading
import time
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from shop.config import config
from shop.errors import answer_to, bad_request, unavailable
from shop.health.checker import database_reason
from shop.logs import log_event
from shop.request import RequestState, enter_request, new_request_id

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class RequestMiddleware:
    """Counts the requests at work in this process and answers `busy` at once when there are too many."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._places = threading.BoundedSemaphore(config.web_concurrent_max)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        state = _state_of(request)
        enter_request(state)
        unlimited = request.path.startswith("/health/") or request.path == "/metrics"
        if not _host_allowed(request):
            answer = bad_request(request)
        elif unlimited:
            answer = self._get_response(request)
        else:
            answer = self._limited(request)
        if not answer.streaming:
            answer.headers["Content-Length"] = str(len(answer.content))
        answer.headers["X-Request-ID"] = state.request_id
        if config.shop_served_by:
            answer.headers["X-Served-By"] = config.pod_name
        _log(request, answer, state)
        return answer

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Expected refusals become answers; everything else goes on to `errors.internal`."""
        return answer_to(exception)

    def _limited(self, request: HttpRequest) -> HttpResponse:
        if not self._places.acquire(blocking=False):
            return unavailable("busy", database_reason() or "this instance has too many requests at work")
        try:
            if config.shop_delay_ms:
                time.sleep(config.shop_delay_ms / 1000)
            return self._get_response(request)
        finally:
            self._places.release()


def _state_of(request: HttpRequest) -> RequestState:
    given = request.headers.get("X-Request-ID", "")
    trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return RequestState(
        request_id=given if _GIVEN_ID.fullmatch(given) else new_request_id(),
        kubelet=not given,
        trace_id=trace[1] if trace else "",
    )


def _host_allowed(request: HttpRequest) -> bool:
    if request.path == "/metrics":  # scrapers use the pod's address
        return True
    try:
        host = request.get_host().partition(":")[0]
    except DisallowedHost:
        return False
    return host != "localhost" or request.path.startswith("/health/")


def _log(request: HttpRequest, answer: HttpResponse, state: RequestState) -> None:
    # Only the kubelet's probes and direct callers come without an id: the front gives everybody one.
    level = logging.DEBUG if state.kubelet else logging.INFO
    user = getattr(answer, "renderer_context", {}).get("request") if isinstance(answer, Response) else None
    token = getattr(user, "auth", None)
    resolved = request.resolver_match
    fields = {
        "method": request.method,
        "path": request.path,
        "route": resolved.route if resolved else "",
        "status": answer.status_code,
        "duration_ms": round((time.monotonic() - state.started) * 1000, 1),
    }
    if token is not None:
        fields |= {"tenant_id": token.get("tenant_id"), "user_id": token.get("user_id")}
    if state.error:
        fields["error"] = state.error
    log_event("request", f"{request.method} {request.path} {answer.status_code}", level, **fields)
