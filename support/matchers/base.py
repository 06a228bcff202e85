"""The form that our matchers share: a list of complaints, empty when the promise is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

T = TypeVar("T")

_SHOWN = 8  # complaints spelled out; more are counted, because a reader needs the pattern and not the list


class ComplaintMatcher(BaseMatcher[T], Generic[T]):
    """Matches when `complaints` finds none; the mismatch is the complaints themselves."""

    def __init__(self, promise: str, complaints: Callable[[T], Sequence[str]]) -> None:
        self._promise, self.complaints = promise, complaints

    def _matches(self, item: T) -> bool:
        return not self.complaints(item)

    def describe_to(self, description: Description) -> None:
        """The promise in the reader's words."""
        description.append_text(self._promise)

    def describe_mismatch(self, item: T, mismatch_description: Description) -> None:
        """What is wrong, worst first."""
        found = list(self.complaints(item))
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        mismatch_description.append_text("; ".join(found[:_SHOWN]) + more)


def without_complaints(promise: str, complaints: Callable[[T], Sequence[str]]) -> ComplaintMatcher[T]:
    """A matcher from a promise and the function that finds what speaks against it."""
    return ComplaintMatcher(promise, complaints)
