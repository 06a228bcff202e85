"""Waiting for the proof that a fault happened or ended; not seeing it says nothing about the promise under test."""

from __future__ import annotations

from typing import TypeVar

from hamcrest.core.matcher import Matcher

from support.cluster.errors import ApiError
from support.waiting import Broken, Observe, eventually

T = TypeVar("T")


class FaultFailed(Exception):
    """A fault could not be injected, was not seen to take effect, or did not end: nothing is known of the promise."""


def seen(observe: Observe[T], matcher: Matcher[T], within: float, reason: str) -> T:
    """What was seen when it was as it must be. Raises FaultFailed when it was not within `within` seconds."""
    try:
        return eventually(observe, matcher, within, reason, retrying=(ApiError,))
    except Broken as error:
        raise FaultFailed(str(error)) from error
