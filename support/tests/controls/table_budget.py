"""Controls of the budget, of settings and secrets, and of what the instances work with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.systems.jewelry_shop.need import Line, Need
from support.tests.controls.control import Control, thing
from support.tests.test_shop_budget import (
    KEPT,
    LONG,
    SECRETS,
    USED,
    budget_of,
    changed,
    kept,
    newcomer,
    quota,
    without_sizes,
)

AGREED = budget_of(quota())
_ROOM, _NO_ROOM = (Need([Line("pods", Decimal(need), Decimal(30))]) for need in (27, 28))

_STRICTER = {"spec": {"limits": [{"type": "Container", "max": {"memory": "512Mi"}}]}}

CONTROLS: dict[str, Control] = {
    "figures of the budget": thing(AGREED, budget_of(quota(pods="31"))),
    "second rule of sizes": thing(AGREED, replace(AGREED, ranges=[_STRICTER, *AGREED.ranges])),
    "refused newcomer": thing(newcomer(), newcomer(created={"spec": {}}, refusal="")),
    "rule of a refusal": thing(newcomer(), newcomer(refusal="exceeded quota: q")),
    "remains of a newcomer": thing(newcomer(), newcomer(left=["newcomer-1"])),
    "newcomer without sizes": thing(without_sizes(), without_sizes(requests=None)),
    "room in the budget": thing(_ROOM, _NO_ROOM),
    "settings and secrets": thing(KEPT, kept(secrets={"redis-secrets": {"password": "changeme"}})),
    "signing key": thing(KEPT, kept(secrets={"app-secrets": {"DJANGO_SECRET_KEY": LONG[:49]}})),
    "secrets in settings": thing(
        KEPT, kept(settings={"app-config": {"LOG_LEVEL": SECRETS["redis-secrets"]["password"]}})
    ),
    "secrets of the instances": thing(USED, changed(environment={"REDIS_PASSWORD": "older"})),
    "settings of the instances": thing(USED, changed(environment={"LOG_LEVEL": "DEBUG"})),
    "version of the instances": thing(USED, replace(USED, versions={"django-a": "1.0.0", "django-b": "0.9.0"})),
}
