"""Hooks of the controls: a world that looks like the real one and reaches nothing."""

from __future__ import annotations

from typing import Any

from support.running import vocabulary
from support.tests.controls.world import ControlWorld

vocabulary.register()


def before_scenario(context: Any, _: Any) -> None:
    """A world of its own for each."""
    context.world = ControlWorld()
    context.suite = context.world.suite


def after_scenario(context: Any, _: Any) -> None:
    """Everything real stands in its place again."""
    context.world.restore()
