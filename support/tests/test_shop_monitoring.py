"""Health pages, counters, figures of use and journals as they are judged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from support.clients.http import Answer
from support.systems.jewelry_shop import counting, health, secrecy, usage
from support.waiting import Unknown, mismatch

OK: dict[str, Any] = {"status": "ok"}
AWAY = {"status": "unavailable", "reason": "no answer", "message": "no answer"}
BODIES: dict[str, dict[str, Any]] = {
    "/health/": {"status": "ok", "version": "1.0.0", "environment": "reference", "pod": "django-a"},
    "/health/live/": {"status": "alive"},
    "/health/startup/": {"status": "started"},
    "/health/ready/": {"status": "ready", "database": {**OK, "writable": True, "age_ms": 4}, "cache": OK},
    "/health/detailed/": {
        "status": "healthy",
        "checks": {"database": OK, "cache": OK, "celery": {**OK, "workers": ["worker-b", "worker-a"]}},
    },
}
DETAILED, READY = "/health/detailed/", "/health/ready/"


def pages(*changes: tuple[str, int, Mapping[str, Any]], seconds: float = 0.1) -> health.Health:
    """The pages of one instance, all well but for the changed ones."""
    told = {path: (200, body) for path, body in BODIES.items()}
    told |= {path: (status, {**BODIES[path], **body}) for path, status, body in changes}
    answers = {
        path: Answer("GET", path, status, json.dumps(body), seconds=seconds) for path, (status, body) in told.items()
    }
    return health.Health([health.Pages("django-a", answers)], "1.0.0", ["worker-a", "worker-b"])


def checks(**changes: Any) -> dict[str, Any]:
    return {"status": "unhealthy", "checks": {**BODIES[DETAILED]["checks"], **changes}}


NOT_READY = (READY, 503, {"status": "not_ready", "database": AWAY})


@pytest.mark.parametrize(
    ("missing", "seen"),
    [
        ("", pages()),
        ("worker", pages((DETAILED, 503, checks(celery=AWAY)))),
        ("cache", pages((DETAILED, 503, checks(cache=AWAY, celery=AWAY)), (READY, 200, {"cache": AWAY}))),
        ("cache", pages((DETAILED, 503, checks(cache=AWAY)), (READY, 200, {"cache": AWAY}))),
        ("database", pages((DETAILED, 503, checks(database=AWAY)), NOT_READY)),
    ],
)
def test_pages_that_tell_the_truth_are_accepted(missing: str, seen: health.Health) -> None:
    matcher = health.tells_the_truth(3, missing)
    assert matcher.matches(seen), mismatch(matcher, seen)


@pytest.mark.parametrize(
    ("missing", "seen", "words"),
    [
        ("", replace(pages(), pages=[]), "no instance of the application is ready"),
        ("", pages(seconds=3.2), "took 3.2 s"),
        ("", pages(("/health/", 500, {})), "/health/ was answered 500 instead of 200"),
        ("", pages(("/health/", 200, {"version": "0.9.0"})), "version is '0.9.0' instead of '1.0.0'"),
        ("", pages(("/health/", 200, {"pod": "other"})), "pod is 'other'"),
        ("", pages(("/health/live/", 200, {"more": 1})), "has the fields ['more', 'status']"),
        ("", pages((READY, 200, {"database": {**OK, "writable": False, "age_ms": 4}})), "says of the database"),
        ("", pages((READY, 200, {"cache": AWAY})), "the cache is called"),
        ("", replace(pages(), workers=["worker-a"]), "names the workers"),
        ("", pages((DETAILED, 503, checks(celery=AWAY))), "503 instead of 200: celery unavailable (no answer)"),
        ("worker", pages(), "health page said ok while the workers were away"),
        ("cache", pages(), "health page said ok while the cache was away"),
        ("database", pages(), "health page said ok while the database was away"),
        ("database", pages((DETAILED, 503, checks(database=AWAY))), "was away (readiness)"),
        ("worker", pages((DETAILED, 503, checks(cache=AWAY))), "the cache is called"),
        ("worker", pages((DETAILED, 503, checks(celery={"status": "unavailable"}))), "not said why"),
        ("worker", pages((DETAILED, 503, checks(celery=AWAY)), NOT_READY), "/health/ready/ was answered 503"),
        ("database", pages((DETAILED, 503, checks(database=OK)), NOT_READY), "the database is away and is called"),
    ],
)
def test_pages_that_do_not_are_refused(missing: str, seen: health.Health, words: str) -> None:
    matcher = health.tells_the_truth(3, missing)
    assert not matcher.matches(seen)
    assert words in mismatch(matcher, seen)


METRICS = """# HELP x text
# TYPE django_http_responses_total_by_status_view_method_total counter
django_http_responses_total_by_status_view_method_total{method="GET",status="200",view="shop.core.Profile"} %d
django_http_responses_total_by_status_view_method_total{method="GET",status="200",view="shop.health.pages.live"} %d
django_http_responses_total_by_status_view_method_total{method="POST",status="201",view="shop.sales.NewSale"} %d
# TYPE shop_sales_confirmed_total counter
shop_sales_confirmed_total %d
# TYPE shop_db_pool_connections gauge
shop_db_pool_connections{state="free"} 3
"""


def readings(*figures: tuple[int, int, int, int]) -> Sequence[counting.Reading]:
    return [counting.read_text(METRICS % one) for one in figures]


COUNTED = counting.Counted(
    200, 20, {"a": readings((5, 1, 0, 0), (105, 9, 8, 8)), "b": readings((0, 1, 1, 1), (100, 4, 13, 13))}
)


def test_counters_are_compared_without_probes() -> None:
    assert counting.match_the_traffic().matches(COUNTED)
    assert counting.never_go_back().matches(COUNTED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((104, 9, 8, 8), "answered requests rose by 199 instead of 200"),
        ((105, 9, 9, 8), "answered sales rose by 21 instead of 20"),
        ((105, 9, 8, 7), "confirmed sales rose by 19 instead of 20"),
    ],
)
def test_counters_that_differ_are_named(change: tuple[int, int, int, int], words: str) -> None:
    counted = replace(COUNTED, readings={**COUNTED.readings, "a": readings((5, 1, 0, 0), change)})
    assert f"counters differ from the traffic served: {words}" in mismatch(counting.match_the_traffic(), counted)


def test_counters_that_go_back_are_named() -> None:
    counted = replace(COUNTED, readings={"a": readings((5, 5, 5, 5), (6, 4, 5, 5), (7, 4, 5, 5))})
    assert "counters of a went back 1 times" in mismatch(counting.never_go_back(), counted)
    gone = replace(COUNTED, readings={"a": [*readings((5, 5, 5, 5)), {}]})
    assert not counting.never_go_back().matches(gone)


def test_without_readings_nothing_is_said_of_counters() -> None:
    for none in ({}, {"a": readings((1, 1, 1, 1))}):
        with pytest.raises(Unknown):
            counting.never_go_back().matches(replace(COUNTED, readings=none))
    with pytest.raises(Unknown):
        counting.match_the_traffic().matches(replace(COUNTED, readings={}))


FIGURE = usage.Figure("a", 12.0, {"django": (Decimal("0.01"), Decimal(1024))})
USAGE = usage.Usage({"a": frozenset({"django"})}, [FIGURE], "", own=frozenset("a"))


def test_figures_of_exactly_the_running_instances_are_accepted() -> None:
    assert usage.is_known(60).matches(USAGE)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(USAGE, announced="MissingEndpoints"), "autoscaler has no metrics: metrics API not available"),
        (replace(USAGE, error="503"), "metrics API not available (503)"),
        (replace(USAGE, figures=[]), "nothing is known of a"),
        (replace(USAGE, running={}), "nothing runs"),
        (replace(USAGE, running={}), "a is told of and does not run"),
        (replace(USAGE, figures=[replace(FIGURE, age=61.0)]), "the figures of a are 61 s old"),
        (replace(USAGE, figures=[replace(FIGURE, age=-9.0)]), "are -9 s old"),
        (replace(USAGE, figures=[replace(FIGURE, containers={})]), "django is missing"),
        (replace(USAGE, figures=[replace(FIGURE, containers={"django": (Decimal(0), Decimal(9))})]), "uses 0 proc"),
    ],
)
def test_other_figures_are_refused(seen: usage.Usage, words: str) -> None:
    assert not usage.is_known(60).matches(seen)
    assert words in mismatch(usage.is_known(60), seen)


def test_an_idle_guest_of_the_namespace_is_no_lack() -> None:
    idle = replace(FIGURE, containers={"django": (Decimal(0), Decimal(9))})
    assert usage.is_known(60).matches(replace(USAGE, figures=[idle], own=frozenset()))


def test_figures_are_read_as_the_cluster_writes_them() -> None:
    assert usage.quantity("7879525n") == Decimal("0.007879525")
    assert usage.quantity("46732Ki") == 46732 * 1024
    assert [usage.quantity(text) for text in ("5m", "2", "0")] == [Decimal("0.005"), Decimal(2), Decimal(0)]
    used = {"name": "django", "usage": {"cpu": "5m", "memory": "1Ki"}}
    body = {"metadata": {"name": "a"}, "timestamp": "2026-01-01T00:00:00Z", "containers": [used]}
    figure = usage.figure_of(body, datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC))
    assert (figure.age, figure.containers) == (30.0, {"django": (Decimal("0.005"), Decimal(1024))})


LINE: dict[str, Any] = {
    "ts": "2026-01-01T00:00:00.000+00:00",
    "level": "INFO",
    "service": "django",
    "pod": "django-a",
    "version": "1.0.0",
    "event": "started",
    "msg": "x",
}
ASKED = {"event": "request", "request_id": "r", "method": "GET", "path": "/", "status": 200}
SERVICES = {"django": "django"}


def journal(*lines: Any, word: str = "django") -> secrecy.Journal:
    text = "\n".join(line if isinstance(line, str) else json.dumps({**LINE, **line}) for line in lines)
    return secrecy.Journal(word, "django-a", word in ("django", "nginx", "worker"), text)


def test_lines_with_the_agreed_fields_are_accepted() -> None:
    matcher = secrecy.have_the_agreed_fields("1.0.0", SERVICES)
    good = journal({}, {**ASKED, "route": "", "duration_ms": 1.0})
    assert matcher.matches([good, journal("any text", word="database")]), mismatch(matcher, [good])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Traceback (most recent call last):", "a line of Django is no JSON object"),
        ("[1]", "is no JSON object"),
        (ASKED, "a line request lacks route"),
        ({"pod": "other"}, "pod is not django-a"),
        ({"version": "0"}, "version is not 1.0.0"),
        ({"level": "LOUD"}, "LOUD is no level"),
        ({"ts": "yesterday"}, "a line without a moment"),
        ({"event": "job_started"}, "lacks job_id"),
        (json.dumps({"ts": LINE["ts"], "level": "INFO"}), "lacks msg"),
    ],
)
def test_other_lines_are_refused(line: Any, words: str) -> None:
    matcher = secrecy.have_the_agreed_fields("1.0.0", SERVICES)
    assert words in mismatch(matcher, [journal({}, line)])


def test_the_fronts_own_troubles_are_in_a_form_of_their_own() -> None:
    line = "2026/11/21 15:43:56 [error] 10#10: *11 upstream timed out"
    assert secrecy.have_the_agreed_fields("1.0.0", SERVICES).matches([journal({}), journal(line, word="nginx")])


def test_a_service_without_lines_says_nothing() -> None:
    with pytest.raises(Unknown, match="no line of django"):
        secrecy.have_the_agreed_fields("1.0.0", SERVICES).matches([journal(word="django")])


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxMjM0NTY3ODkw.c2lnbmF0dXJlc2lnbmF0dXJl"
SECRETS = {"correct-horse": "password", TOKEN: "token"}


def test_journals_without_secrets_are_accepted() -> None:
    assert secrecy.keep_secrets(SECRETS).matches([journal({}, "horse")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            {"body": {"password": "correct-horse"}},
            "password found in the log of a Django pod (django-a, event started)",
        ),
        ("Y29ycmVjdC1ob3JzZQ==", "password found"),
        (TOKEN.split(".")[2], "token found in the log of a Django pod (django-a, a line of its own form)"),
        ("eyJhbGciOiJ.eyJzdWIiOiJ4.abcdefgh", "token found"),
    ],
)
def test_a_secret_in_any_spelling_is_found_and_not_shown(text: Any, words: str) -> None:
    matcher = secrecy.keep_secrets(SECRETS)
    said = mismatch(matcher, [journal({}, text)])
    assert words in said
    assert "correct-horse" not in said


def test_without_journals_or_secrets_nothing_is_said() -> None:
    for journals, secrets in (([], SECRETS), ([journal({})], {})):
        with pytest.raises(Unknown):
            secrecy.keep_secrets(secrets).matches(journals)


def test_requests_are_followed_from_the_front_to_the_worker() -> None:
    both = {"nginx": {"request"}, "django": {"request"}}
    known = {"a sale": both, "an order for a valuation": {**both, "worker": {"job_started", "job_finished"}}}
    good = secrecy.Found(known, True)
    assert secrecy.can_be_followed().matches(good)
    for found, words in (
        (replace(good, traced=False), "the trace that a customer sends"),
        (
            replace(good, known={**known, "a sale": {"nginx": {"request"}}}),
            "a sale cannot be found in the journal of Dj",
        ),
        (replace(good, known={"a sale": both}), "an order for a valuation cannot be found"),
        (
            replace(good, known={**known, "an order for a valuation": {**both, "worker": {"job_started"}}}),
            "the worker's job_finished lack",
        ),
    ):
        assert words in mismatch(secrecy.can_be_followed(), found)
