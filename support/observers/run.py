"""One run of probes as the suite sees it: marks, attempts as they come, and waiting for confirmed writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hamcrest import equal_to, greater_than_or_equal_to

from support.observers.attempts import Attempt, Journal
from support.observers.clock import ClockReading
from support.waiting import SYSTEM_CLOCK, Broken, Clock, Deadline, Unknown, eventually

_MOST_PIECES = 200  # of 1 MB each: more lines than any run can write
_READ_S = 3.0  # seconds for one piece: reading is repeated anyway, and a machine that was cut off must not hold it up


class ObserverError(Exception):
    """The observer could not be reached, or refused: nothing was learnt about the system under test."""


class AgentLine(Protocol):
    """One agent, as a run needs it."""

    node: str

    def call(self, method: str, path: str, body: dict[str, Any] | None, within: float) -> dict[str, Any]:
        """One exchange of JSON. Raises ObserverError."""

    def lines(self, run: str, start: int, within: float) -> bytes:
        """Lines of a run from a byte on. Raises ObserverError."""

    def clock(self) -> ClockReading:
        """The agent's clock against the suite's. Raises ObserverError."""


class ProbeRun:
    """A run under way in the cluster. It goes on when the suite dies, and ends by its own deadline.

    Times are seconds on the monotonic clock of the agent's machine; `to_suite_time` makes runs on two machines
    comparable, right to within `clock.uncertainty` seconds.
    """

    def __init__(self, name: str, agent: AgentLine, within: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self.name = name
        self.clock = agent.clock()
        self._agent, self._within, self._suite_clock = agent, within, clock
        self._journal = Journal()

    @property
    def node(self) -> str:
        """The machine on which the agent runs."""
        return self._agent.node

    @property
    def journal(self) -> Journal:
        """What has been read so far."""
        return self._journal

    @property
    def marks(self) -> dict[str, float]:
        """The marks that have been set, by name."""
        return dict(self._journal.marks)

    def mark(self, name: str) -> float:
        """Writes a moment into the journal; the moment lies between this call's start and its end.

        What is done after it returns is later than the mark, what was done before the call is earlier: marks before
        and after an injection enclose it, whatever the clocks show.
        """
        answer = self._agent.call("POST", f"runs/{self.name}/mark", {"name": name}, self._within)
        self._journal.marks[name] = float(answer["at"])
        return float(answer["at"])

    def read(self) -> Journal:
        """Reads what has been written since the last time. Raises ObserverError."""
        for _ in range(_MOST_PIECES):
            piece = self._agent.lines(self.name, self._journal.bytes_read, min(self._within, _READ_S))
            if not piece:
                break
            self._journal.feed(piece)
        return self._journal

    def attempts(self, probe: str = "") -> list[Attempt]:
        """All attempts so far, or those of one probe, read anew. Raises ObserverError."""
        return self.read().attempts(probe)

    def confirmed(self, probe: str = "", since: float = float("-inf")) -> int:
        """How many attempts that began at `since` or later have been confirmed."""
        return sum(attempt.ok and attempt.start >= since for attempt in self.attempts(probe))

    def wait_confirmed(self, count: int, probe: str, within: float, since: float = float("-inf")) -> int:
        """Waits until so many attempts are confirmed; Unknown when they are not within `within` seconds."""
        reason = f"{count} confirmed {probe} attempts are needed for a verdict"
        return int(self._wait(lambda: self.confirmed(probe, since), greater_than_or_equal_to(count), within, reason))

    def wait_end(self, within: float) -> Journal:
        """Waits until the run is over and everything has been read; Unknown when it is not within `within` seconds."""
        self._wait(lambda: self.read().ended, equal_to(True), within, "The observer's run must come to its end")
        return self._journal

    def stop(self, within: float = 30.0) -> Journal:
        """No further attempts; waits for those under way (at most `within` seconds) and reads the rest."""
        self._agent.call("POST", f"runs/{self.name}/stop", {}, self._within)
        self.wait_end(within)
        self.clock = self.clock.joined(self._agent.clock())
        return self._journal

    def to_suite_time(self, moment: float) -> float:
        """A moment of this run on the suite's own monotonic clock."""
        return self.clock.to_ours(moment)

    @property
    def lateness_p99(self) -> float:
        """Seconds by which the observer itself was late, 99th percentile of what has been read."""
        return self._journal.lateness_p99()

    def _wait(self, observe: Callable[[], Any], matcher: Any, within: float, reason: str) -> Any:
        def look(_: Deadline) -> Any:
            return observe()

        # While its machine is cut off the agent cannot be reached; it goes on, and is read when it can be.
        try:
            return eventually(look, matcher, within, reason, retrying=(ObserverError,), clock=self._suite_clock)
        except Broken as error:
            raise Unknown(str(error)) from error
