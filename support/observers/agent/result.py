"""What one attempt came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# ok: confirmed. fail: surely not applied. info: nobody can know. uncopied: applied on one cache server only.
Outcome = Literal["ok", "fail", "info", "uncopied"]


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one attempt, with what the other side told about itself."""

    outcome: Outcome
    error: str = ""
    status: int = 0  # of HTTP, 0 where there is none
    answered_by: str = ""  # database member or cache master that confirmed
    timeline: str = ""  # of the database, eight hexadecimal digits
    instance: str = ""  # application instance that answered
    facts: Mapping[str, str] = field(default_factory=dict)  # what was confirmed, to be compared with what is stored
    start: float = 0.0  # when it really began, if that was not told before

    def line(self) -> dict[str, Any]:
        """The fields that say something, for one JSON line."""
        told = {
            "outcome": self.outcome,
            "error": self.error[:200],  # characters: enough for any message, and the journal stays small
            "status": self.status,
            "answered_by": self.answered_by,
            "timeline": self.timeline,
            "instance": self.instance,
            "start": self.start,
            "facts": dict(self.facts),
        }
        return {name: value for name, value in told.items() if value}
