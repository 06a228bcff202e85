"""Steps of the mixture."""
# behave registers steps through decorators without annotations.
# mypy: disable-error-code="untyped-decorator"

import logging
from typing import Any

from behave import given, then, when

from support.cluster.errors import Unreachable
from support.evidence.attach import attach_json, attach_text
from support.waiting import Unknown

# In parts: the line of code that raises an error is shown in its trace.
SECRET = "hunter" + "22"
REGISTERED = f"{SECRET}-registered"


@given("the shop is open")
def shop_is_open(context: Any) -> None:
    """Holds."""


@given("a step with a {thing}")
def step_with(context: Any, thing: str) -> None:
    """Holds."""
    assert context.text or context.table


@when("{count} orders are placed")
def orders_are_placed(context: Any, count: str) -> None:
    """Holds, and leaves evidence."""
    logging.getLogger("shop").warning("placed %s with password=%s", count, SECRET)
    attach_text("request", f"Authorization: Bearer {REGISTERED}")
    attach_json("answer", {"token": SECRET, "orders": int(count)})


@then("every order is stored")
def orders_are_stored(context: Any) -> None:
    """Holds."""


@then("an order is missing")
def order_is_missing(context: Any) -> None:
    """The promise is broken."""
    raise AssertionError(f"1 confirmed order is missing.\nLast seen: password={SECRET} at jewelry-shop-db-1")


@then("the check says nothing")
def check_says_nothing(context: Any) -> None:
    """Broken without a word."""
    raise AssertionError


@then("the probe breaks")
def probe_breaks(context: Any) -> None:
    """The harness is broken."""
    try:
        raise OSError(f"no route to {REGISTERED}")
    except OSError as cause:
        raise RuntimeError("the probe did not start") from cause


@then("the platform is away")
def platform_is_away(context: Any) -> None:
    """The cluster does not answer."""
    try:
        raise Unreachable(0, "Unreachable", "no answer within 4 s")
    except Unreachable as cause:
        raise RuntimeError("the shop could not be found") from cause


@then("nothing is known")
def nothing_is_known(context: Any) -> None:
    """A verdict that is none."""
    raise Unknown("Nobody knows whether orders were lost: only 17 were confirmed before the fault.")


@then("this step breaks after its end")
def breaks_after(context: Any) -> None:
    """Holds, but its hook does not."""


@then("the rest is not needed")
def rest_not_needed(context: Any) -> None:
    """Skips the rest."""
    context.scenario.skip("nothing left to compare")
