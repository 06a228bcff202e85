"""Reports a scenario whose process has died: nobody else is left to do it."""
# allure-python has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import allure_commons

from support.evidence.listener import HoldfastListener, RedactingLogger
from support.evidence.outcome import BROKEN, Outcome
from support.evidence.places import results_dir


def report_lost(config: Any, scenario: Any, words: str) -> None:
    """Writes the result that the scenario's own process did not live to write."""
    listener, logger = HoldfastListener(config), RedactingLogger(results_dir())
    allure_commons.plugin_manager.register(logger)
    try:
        listener.start_scenario(scenario)
        listener.close_scenario(scenario, Outcome(BROKEN, words))
    finally:
        allure_commons.plugin_manager.unregister(logger)
