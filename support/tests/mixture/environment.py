"""Hooks of the mixture: what test_formatter runs to compare the report with JUnit and the exit code."""

import os
from typing import Any

from support.evidence.attach import attach_text
from support.evidence.formatter import also_checked, report_run_error
from support.evidence.redaction import register

# In parts: the line of code that raises an error is shown in its trace.
SECRET = "password=" + "hunter" + "22"
REGISTERED = "hunter" + "22-registered"


def before_all(context: Any) -> None:
    register(REGISTERED)
    attach_text("attached before the first scenario", f"from before_all with {REGISTERED}")
    if os.environ.get("MIXTURE") == "before_all":
        error = RuntimeError("no platform answers")
        report_run_error("before_all", error)
        raise error
    if os.environ.get("MIXTURE") == "before_all_silent":
        raise RuntimeError("nobody reported this")


def after_all(context: Any) -> None:
    if os.environ.get("MIXTURE") == "after_all":
        raise RuntimeError("the run could not be ended")


def before_step(context: Any, step: Any) -> None:
    if os.environ.get("MIXTURE") == "stopped":
        raise KeyboardInterrupt


def before_feature(context: Any, feature: Any) -> None:
    if "hook.feature.before" in feature.tags:
        raise RuntimeError("the capability could not be prepared")
    if "hook.feature.cleanup" in feature.tags:
        context.add_cleanup(give_back_namespace)


def before_rule(context: Any, rule: Any) -> None:
    if "hook.rule.before" in rule.tags:
        raise RuntimeError("the rule could not be prepared")


def before_scenario(context: Any, scenario: Any) -> None:
    if "hook.before" in scenario.tags:
        raise RuntimeError(f"no room for this scenario, {SECRET}")
    if "skip.reason" in scenario.tags:
        scenario.skip("the platform cannot cut a machine off")
    if "skip.silent" in scenario.tags:
        scenario.skip()
    if "cleanup.fails" in scenario.effective_tags:
        context.add_cleanup(remove_shop, "e2e-shop")
        context.add_cleanup(close_probe)


def after_scenario(context: Any, scenario: Any) -> None:
    if "attach.after" in scenario.tags:
        attach_text("after the scenario", "invariants read")
    if "invariant" in scenario.tags:
        also_checked(["JS-1152", "JS-1152"])
        raise AssertionError("An instance was restarted without being asked.\njewelry-shop-db-0 restarted 1 time")
    if "hook.after" in scenario.tags:
        raise RuntimeError("events could not be read")


def after_step(context: Any, step: Any) -> None:
    if "breaks after" in step.name:
        raise RuntimeError("evidence could not be kept")


def remove_shop(slug: str) -> None:
    attach_text("clean-up", f"removing {slug}")
    raise RuntimeError(f"{slug} is still there")


def close_probe() -> None:
    raise OSError("probe does not answer")


def give_back_namespace() -> None:
    raise RuntimeError("the namespace is still there")
