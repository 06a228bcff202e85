"""What can go wrong between the suite and the API server."""

from __future__ import annotations


class ApiError(Exception):
    """The API server refused a call, or something between it and the target did."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{reason} ({status}): {message}" if status else f"{reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class NotFound(ApiError):
    """The object does not exist (404)."""


class Conflict(ApiError):
    """The object exists already, or has changed since it was read (409)."""


class Forbidden(ApiError):
    """The suite lacks the right to do this (403)."""


class Unreachable(ApiError):
    """Nobody answered within the time given; status is 0. The call may or may not have taken effect."""


class WatchExpired(ApiError):
    """The version that a watch starts from is gone (410): list again and watch from there."""


_BY_STATUS: dict[int, type[ApiError]] = {403: Forbidden, 404: NotFound, 409: Conflict, 410: WatchExpired}


def error_for(status: int, reason: str, message: str) -> ApiError:
    """The exception for an HTTP status: the narrow class where there is one, else plain ApiError."""
    return _BY_STATUS.get(status, ApiError)(status, reason, message)
