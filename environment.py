"""behave's hooks. Everything they do is in support.lifecycle."""

from __future__ import annotations

from typing import Any

from support import lifecycle
from support.errors import Refusal
from support.running import order, vocabulary

vocabulary.register()


def before_all(context: Any) -> None:
    """Makes the suite, or refuses the run with one sentence and its own exit code."""
    try:
        chosen = order.chosen_tags(context._runner.features, context.config)
        context.suite = lifecycle.start(context.config.tags or [], chosen, context.config)
    except Refusal as refusal:
        lifecycle.refuse(refusal)


def after_all(context: Any) -> None:
    """Gives the cluster free."""
    if "suite" in context:
        lifecycle.stop(context.suite)


def before_scenario(context: Any, scenario: Any) -> None:
    """Skips with a reason what cannot run here; gives every other scenario a new world."""
    tags = {str(tag) for tag in scenario.effective_tags}
    reason = lifecycle.reason_to_skip(context.suite, tags)
    if reason:
        scenario.skip(reason)
    else:
        context.world = lifecycle.begin(context.suite, tags)


def after_scenario(context: Any, scenario: Any) -> None:
    """Evidence, clean-up, invariants; what is wrong there fails the scenario."""
    if "world" in context:
        lifecycle.finish(context.world, failed=scenario.status.has_failed(), abort=context.abort)
