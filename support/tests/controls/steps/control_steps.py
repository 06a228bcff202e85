"""The one step of the controls' own; all others are the real ones."""

from __future__ import annotations

from typing import Any

from behave import given
from behave.runner_util import load_step_modules

from support.paths import project_dir

load_step_modules([str(project_dir() / "steps")])


@given('a shop whose "{name}" is "{state}"')  # type: ignore[untyped-decorator]
def fake_shop(context: Any, name: str, state: str) -> None:
    """Nothing is asked of a real shop."""
    context.world.set_up(name, broken=state == "broken")
