"""behave's three words with their types: what a step is decorated with keeps its own signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import behave

Step = TypeVar("Step", bound=Callable[..., None])


class Decorator(Protocol):
    """Registers a function under its sentence and gives it back as it is."""

    def __call__(self, step: Step) -> Step:
        """The function itself."""


def given(sentence: str) -> Decorator:
    """A state, in the present tense."""
    return cast(Decorator, behave.given(sentence))


def when(sentence: str) -> Decorator:
    """One actor does one thing; it records what came of it and judges nothing."""
    return cast(Decorator, behave.when(sentence))


def then(sentence: str) -> Decorator:
    """Something that can be seen from outside, and that can be wrong."""
    return cast(Decorator, behave.then(sentence))
