"""What one control is, for every table of controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

THING = "thing"
Make = Callable[[], Any]


@dataclass(frozen=True)
class Control:
    """One sentence's fake: `well` and `broken` make what stands at `where`; `beside` is needed in both."""

    where: str
    well: Make
    broken: Make
    things: tuple[Any, ...] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)  # where -> value, as promised


def thing(well: Any, broken: Any, *things: Any, **beside: Any) -> Control:
    """A control of something that an earlier step has recorded, beside other such things."""
    return Control(THING, lambda: well, lambda: broken, things, beside)


def looked_at(where: str, well: Any, broken: Any, *things: Any, **beside: Any) -> Control:
    """A control of something that the step looks at, beside things that earlier steps have recorded."""
    return Control(where, lambda: well, lambda: broken, things, beside)


def fake(**has: Any) -> Any:
    """Something that has only what a step asks of it."""
    return SimpleNamespace(**has)


class Later:
    """What is as promised at the first look and no longer at any later one."""

    def __init__(self, first: Any, then: Any) -> None:
        self._sights = [then, first]

    def __call__(self) -> Any:
        """The next sight."""
        return self._sights.pop() if len(self._sights) > 1 else self._sights[0]
