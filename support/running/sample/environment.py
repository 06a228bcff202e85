"""Hooks of the sample: a run of every kind of outcome, without any system below it."""

from typing import Any

from support.running.guard import NothingRunGuard


def before_all(context: Any) -> None:
    """As in the real suite, a run of nothing is not green."""
    context.config.reporters.append(NothingRunGuard(context.config))


def before_scenario(_: Any, scenario: Any) -> None:
    """What a platform lacks is skipped with its reason."""
    if "needs.exec" in scenario.effective_tags:
        scenario.skip("the profile says that exec is not available here")
