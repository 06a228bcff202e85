"""Controls of who is let in, and of visitors who stay signed in."""

from __future__ import annotations

from dataclasses import replace

from support.clients.http import Answer
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.tests.controls.control import THING, Control, thing
from support.tests.controls.customers import BAR, INJECTION, attempts, customers
from support.tests.test_shop_admission import BEFORE, BOTH, LATER, NO, REFUSED, SIGN_IN, everywhere
from support.tests.test_shop_cache_promises import BEFORE as SIGNED_IN
from support.tests.test_shop_cache_promises import VISITS
from support.tests.test_shop_matchers import STORE
from support.tests.test_shop_views import CACHE, POD

STRANGER = replace(BOTH[1], answer=NO, recognised=False)
LET_IN = Answer("POST", SIGN_IN.path, 200, "{}")
PAGE = "page-0"
INCIDENT = CacheStory(None, customers([]), CACHE, POD, "redis-0", INJECTION, BAR, 0.0, {})  # type: ignore[arg-type]

CONTROLS: dict[str, Control] = {
    "sign-ins everywhere": thing(everywhere(), everywhere(BOTH[0], STRANGER)),
    "refusal of a stranger": thing(REFUSED, replace(REFUSED, answers=[LET_IN])),
    "books after a refusal": thing(REFUSED, replace(REFUSED, after=LATER)),
    "time of a sign-in": Control("admission.read_trace", lambda: LATER, lambda: BEFORE, (REFUSED, STORE)),
    "name of the visitor": Control(
        THING,
        lambda: customers(attempts(PAGE, 5.0, status=302), instances=["django-1"]),
        lambda: customers(attempts(PAGE, 20.0, status=302), instances=["django-1"]),
        (INCIDENT, SIGNED_IN),
        {"visitors.cache_causes": [], "visitors._stored": ("jewelry:c", "content")},
    ),
    "stored sign-in": thing(VISITS, replace(VISITS, after=("jewelry:c", "other"))),
}
