"""The suite's only assertion: a value, a matcher of ours, and the sentence that its reader gets when it is broken."""

from __future__ import annotations

from typing import TypeVar

from hamcrest.core.matcher import Matcher
from hamcrest.core.string_description import StringDescription

from support.waiting import Broken, mismatch

T = TypeVar("T")


def expect(actual: T, matcher: Matcher[T], reason: str, look_at: str = "") -> None:
    """Raises Broken when `actual` is not as promised: first the owner's sentence, then what an engineer needs.

    Raises TypeError when `matcher` is no matcher, which would otherwise pass for ever.
    """
    if not isinstance(matcher, Matcher):
        raise TypeError(f"expect() needs a matcher, not {type(matcher).__name__}: {matcher!r}")
    if matcher.matches(actual):
        return
    wanted = StringDescription()
    matcher.describe_to(wanted)
    lines = [f"{reason}.", f"Seen:      {mismatch(matcher, actual)}", f"Promised:  {wanted}"]
    raise Broken("\n".join(lines + ([f"Look at:   {look_at}"] if look_at else [])))
