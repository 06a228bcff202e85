"""Steps of the sample, one for each way in which a promise can end."""

from typing import Any

from behave import then

from support.waiting import Broken, Unknown


@then("it is kept")  # type: ignore[untyped-decorator]
def is_kept(_: Any) -> None:
    """Holds."""


@then("it is broken")  # type: ignore[untyped-decorator]
def is_broken(_: Any) -> None:
    """Fails."""
    raise Broken("A ring is missing.")


@then("nobody knows")  # type: ignore[untyped-decorator]
def nobody_knows(_: Any) -> None:
    """Cannot be judged."""
    raise Unknown("Nobody could count the rings.")
