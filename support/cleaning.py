"""What a scenario has to undo: registered at the line after it came into being, undone in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Undone:
    """One clean-up that was tried."""

    name: str
    seconds: float
    error: Exception | None = None
    kept: bool = False

    def __str__(self) -> str:
        end = "kept" if self.kept else f"failed: {self.error}" if self.error else "done"
        return f"{self.seconds:6.2f} s  {self.name}: {end}"


class CleanUpFailed(Exception):
    """Something could not be undone; the first line names it, the others follow."""


@dataclass(frozen=True, slots=True)
class _Registered:
    name: str
    action: Action
    keepable: bool


class CleanUps:
    """The stack of one scenario."""

    def __init__(self) -> None:
        self._stack: list[_Registered] = []

    def add(self, name: str, action: Action, *, keepable: bool = False) -> None:
        """Registers an action under a name; `keepable` is left out when the user wants to look at what remains."""
        self._stack.append(_Registered(name, action, keepable))

    def renew(self, name: str, action: Action) -> None:
        """Registers an action in the place of an earlier one of that name, so that it comes before all others."""
        self._stack = [entry for entry in self._stack if entry.name != name]
        self.add(name, action)

    def run(self, *, keep: bool = False) -> list[Undone]:
        """Undoes everything, last first; an action that fails does not stop the others."""
        done: list[Undone] = []
        while self._stack:
            entry = self._stack.pop()
            if keep and entry.keepable:
                done.append(Undone(entry.name, 0.0, kept=True))
                continue
            done.append(_try(entry))
        return done


def raise_first(done: list[Undone]) -> None:
    """Raises what went wrong: a broken promise as it is, anything else as CleanUpFailed; nothing when all went well."""
    errors = [(entry.name, entry.error) for entry in done if entry.error]
    for _, error in errors:
        if isinstance(error, AssertionError):
            raise error
    if errors:
        lines = [f"could not {name}: {error}" for name, error in errors]
        raise CleanUpFailed("\n".join(lines)) from errors[0][1]


def _try(entry: _Registered) -> Undone:
    started = time.monotonic()
    try:
        entry.action()
    except Exception as error:  # kept and raised when the others have had their turn
        return Undone(entry.name, time.monotonic() - started, error)
    return Undone(entry.name, time.monotonic() - started)
