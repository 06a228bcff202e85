"""What a control is; the tables of controls say what each of them puts in the place of the shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


def thing(well: Any, broken: Any, **beside: Any) -> Control:
    """A control of something that an earlier step has recorded."""
    return Control(THING, lambda: well, lambda: broken, (), beside)


def fake(where: str, well: Any, broken: Any, *things: Any, **beside: Any) -> Control:
    """A control of something that the step looks at, beside things that earlier steps have recorded."""
    return Control(where, lambda: well, lambda: broken, things, beside)
