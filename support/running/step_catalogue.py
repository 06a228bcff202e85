"""The vocabulary of the features for who writes one: each sentence, what it does, and one from a feature."""

from __future__ import annotations

import inspect
from typing import Any

from behave.formatter.steps import StepsUsageFormatter

_ORDER = ("given", "when", "then")


class StepCatalogue(StepsUsageFormatter):  # type: ignore[misc]
    """A formatter of `behave --dry-run` over all features; a sentence that no feature uses is said to be so."""

    name = "steps.examples"
    description = "Shows each step with its explanation and an example."

    def report(self) -> None:
        """Writes it, in the order of the words Given, When, Then."""
        for kind in _ORDER:
            for definition in sorted(self.step_registry.steps[kind], key=lambda one: one.pattern):
                self.stream.write(self._entry(kind, definition))

    def _entry(self, kind: str, definition: Any) -> str:
        used = self.step_usage_database.get(definition, [])
        example = f"e.g. {kind.title()} {used[0].name}  ({used[0].location})" if used else "(no feature uses it)"
        about = inspect.getdoc(definition.func) or ""
        lines = [f"{kind.title()} {definition.pattern}", *(f"    {line}" for line in about.splitlines() if line)]
        return "\n".join([*lines, f"    {example}", "", ""])
