"""How a scenario ended, as it travels from a worker to the parent: plain data, put into the parent's own model."""

from __future__ import annotations

from typing import Any

from behave.capture import Captured
from behave.model_core import Status

Json = dict[str, Any]

_TROUBLE = (Status.hook_error, Status.cleanup_error)


def pack(feature: Any, scenario: Any) -> Json:
    """All that the summary, JUnit and the exit code read of a scenario, and of the containers around it."""
    containers = [item for item in (feature, *feature.run_items) if item.type in ("feature", "rule")]
    return {
        "scenario": _packed(scenario) | {"skip": scenario.skip_reason, "skipped": scenario.should_skip},
        "steps": [_packed(step) | {"seconds": step.duration} for step in scenario.all_steps],
        "captured": [(part.stdout, part.stderr, part.log) for part in scenario.captured.captures],
        "around": {item.type: _packed(item) for item in containers if _in_trouble(item)},
    }


def unpack(feature: Any, scenario: Any, told: Json) -> None:
    """Puts the end of a scenario into the model that the reporters read."""
    for step, known in zip(scenario.all_steps, told["steps"], strict=True):
        _restore(step, known)
        step.status, step.duration = Status.from_name(known["status"]), known["seconds"]
    _restore(scenario, told["scenario"])
    scenario.skip_reason, scenario.should_skip = told["scenario"]["skip"], told["scenario"]["skipped"]
    scenario.set_status(Status.from_name(told["scenario"]["status"]))
    scenario.hook_failed = told["scenario"]["hook_failed"]
    for out, error, log in told["captured"]:
        scenario.captured.add_captured(Captured(out, error, log))
    for kind, known in told["around"].items():
        container = feature if kind == "feature" else rule_around(scenario)
        _restore(container, known)
        container.hook_failed = container.hook_failed or known["hook_failed"]
        container.set_status(Status.from_name(known["status"]))


def mark_lost(scenario: Any, words: str) -> None:
    """A scenario whose worker died: nothing is known of it, and that is an error."""
    scenario.set_status(Status.error)
    scenario.error_message = words
    for step in scenario.all_steps:
        step.status = Status.untested


def rule_around(scenario: Any) -> Any:
    """The rule that holds a scenario, also one of an outline's row; None outside of rules."""
    above = scenario.parent
    while above is not None and above.type != "rule":
        above = above.parent
    return above


def _in_trouble(container: Any) -> bool:
    return bool(container.hook_failed) or container.status in _TROUBLE


def _packed(statement: Any) -> Json:
    error = statement.exception
    return {
        "status": statement.status.name,
        "hook_failed": bool(getattr(statement, "hook_failed", False)),
        "message": statement.error_message,
        "error": (type(error).__name__, str(error)) if error is not None else None,
    }


def _restore(statement: Any, known: Json) -> None:
    statement.error_message = known["message"]
    if known["error"] is not None:
        name, words = known["error"]
        statement.exception = type(name, (Exception,), {})(words)  # JUnit shows the name of the class
