"""Controls of what the shop tells of itself: health pages, counters, figures of use, journals."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from support.systems.jewelry_shop.health import Silence
from support.systems.jewelry_shop.secrecy import Journal, Traces
from support.tests.controls.control import Control, looked_at, thing
from support.tests.test_shop_monitoring import (
    ASKED,
    AWAY,
    COUNTED,
    DETAILED,
    FIGURE,
    NOT_READY,
    SECRETS,
    SERVICES,
    USAGE,
    checks,
    journal,
    pages,
    readings,
)

_NEVER: Any = None  # what no step of these sentences looks at
_TRACES = Traces({"a sale": "r1", "an order for a valuation": "r2"}, _NEVER, "t1", SECRETS)
_WITHOUT_DATABASE = pages((DETAILED, 503, checks(database=AWAY)), NOT_READY)
_OVERDONE = pages((DETAILED, 503, checks(database=AWAY, celery=AWAY)), NOT_READY)
_SLOW = [
    replace(one, answers={path: replace(answer, seconds=3.1) for path, answer in one.answers.items()})
    for one in _WITHOUT_DATABASE.pages
]
_KEY = "k9-only-the-shop-knows-it"
_LINES = journal({}, {**ASKED, "route": "", "duration_ms": 1.0})


def followed(number_of_worker: str) -> list[Journal]:
    """Journals that know two requests from the front to the worker, who tells of the work under this number."""
    asked = [{**ASKED, "request_id": number, "trace_id": "t1"} for number in ("r1", "r2")]
    done = [{"event": event, "request_id": number_of_worker} for event in ("job_started", "job_finished")]
    return [journal(*asked, word="nginx"), journal(*asked), journal(*done, word="worker")]


CONTROLS: dict[str, Control] = {
    "health pages": thing(pages(), pages(("/health/", 200, {"version": "0.9.0"}))),
    "fields of the health pages": thing(pages(), pages(("/health/live/", 200, {"more": 1}))),
    "speed of the health pages": thing(pages(), pages(seconds=3.1)),
    "named lack": looked_at("health.ask_all", _WITHOUT_DATABASE, pages(), Silence("database")),
    "nothing else named": looked_at("health.ask_all", _WITHOUT_DATABASE, _OVERDONE, Silence("database")),
    "speed of a named lack": looked_at(
        "health.ask_all", _WITHOUT_DATABASE, replace(_WITHOUT_DATABASE, pages=_SLOW), Silence("database")
    ),
    "health pages afterwards": looked_at("health.ask_all", pages(), _WITHOUT_DATABASE),
    "counters of the traffic": thing(COUNTED, replace(COUNTED, asked=201)),
    "counters that only rise": thing(
        COUNTED, replace(COUNTED, readings={"a": readings((5, 5, 5, 5), (6, 4, 5, 5), (7, 4, 5, 5))})
    ),
    "known use": looked_at("usage.read", USAGE, replace(USAGE, figures=[])),
    "age of the known use": looked_at("usage.read", USAGE, replace(USAGE, figures=[replace(FIGURE, age=61.0)])),
    "requests in the journals": looked_at("secrecy.read_journals", followed("r2"), followed("r9"), _TRACES),
    "fields in the journals": looked_at(
        "secrecy.read_journals",
        [_LINES],
        [journal({}, ASKED)],
        **{"secrecy.services": SERVICES, "jewelry.configured": "1.0.0"},
    ),
    "secrets in the journals": looked_at(
        "secrecy.read_journals",
        [_LINES],
        [_LINES, journal({"msg": json.dumps({"password": "correct-horse"})}, word="worker")],
        _TRACES,
    ),
    "keys in the journals": looked_at(
        "secrecy.read_journals",
        [_LINES],
        [_LINES, journal(f"signed with {_KEY}", word="database")],
        _TRACES,
        **{"jewelry.cluster.list": [{"data": {"DJANGO_SECRET_KEY": base64.b64encode(_KEY.encode()).decode()}}]},
    ),
}
