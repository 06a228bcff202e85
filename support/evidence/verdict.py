"""What a run says of the promises: kept, broken, not known or not checked, read from its results and from nothing else.

A promise that was not checked never counts as kept, and one of which only some scenarios ran is kept in part only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

State = Literal["kept", "kept in part", "broken", "not known", "not checked"]
STATES: tuple[State, ...] = ("kept", "kept in part", "broken", "not known", "not checked")

# The tests that the owner had agreed on before: numbers in the catalogue's `source`.
SEED = {"E2E group": range(1, 19), "Smoke step": range(1, 9)}
_NUMBERS = r"s?\s+(\d+(?:(?:\s*,\s*|\s+and\s+)\d+)*)"


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a run: how a scenario ended, or what broke around scenarios."""

    name: str
    status: str  # passed | failed | broken | skipped
    promises: Sequence[str]
    message: str = ""
    stop: int = 0  # milliseconds since 1970

    @property
    def first_line(self) -> str:
        """What the owner reads first."""
        return next(iter(self.message.splitlines()), "")


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise and what its scenarios said. `written`: how many scenarios the features have for it."""

    id: str
    written: int
    results: Sequence[Result] = ()

    @property
    def state(self) -> State:
        """One failed scenario breaks a promise; otherwise one that could not be judged leaves it unknown."""
        statuses = Counter(result.status for result in self.results)
        if statuses["failed"]:
            return "broken"
        if statuses["broken"]:
            return "not known"
        if not statuses["passed"]:
            return "not checked"
        return "kept" if statuses["passed"] >= self.written and not statuses["skipped"] else "kept in part"

    @property
    def why(self) -> str:
        """The words behind a state that is not "kept"."""
        told = [result.first_line for result in self.results if result.status != "passed" and result.message]
        if self.state == "not checked" and not self.written:
            return "no scenario is written for it"
        ran = sum(result.status == "passed" for result in self.results)
        part = [f"{ran} of {self.written} scenarios were run"] if self.state == "kept in part" else []
        return "; ".join(dict.fromkeys(told + part)) or ("" if self.state == "kept" else "not run")

    @property
    def cause(self) -> str:
        """Behind a red state: the owner's line and the engineer's, of the first red scenario."""
        red = [result for result in self.results if result.status in ("failed", "broken")]
        return " ".join(" ".join(red[0].message.splitlines()[:2]).split()) if red else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All promises of a catalogue after one run, and what broke beside them."""

    judged: Mapping[str, Judged]
    around: Sequence[Result] = field(default_factory=tuple)  # red results that belong to no promise

    def count(self, *states: State) -> int:
        """How many promises are in one of these states."""
        return sum(one.state in states for one in self.judged.values())

    @property
    def checked(self) -> int:
        """Promises that were judged, for good or ill."""
        return self.count("kept", "kept in part", "broken")

    @property
    def rate(self) -> float:
        """Share of all agreed promises that are known to be kept: what was not checked is no success."""
        return self.count("kept") / len(self.judged) if self.judged else 0.0

    @property
    def green(self) -> bool:
        """Something was checked, and nothing is broken or unknown."""
        return bool(self.checked) and not self.count("broken", "not known") and not self.around

    @property
    def complaint(self) -> str:
        """Why it is not green; empty when it is."""
        red = [
            f"{one.id} {one.state}: {one.why}" for one in self.judged.values() if one.state in ("broken", "not known")
        ]
        red += [f"{result.name}: {result.first_line}" for result in self.around]
        return "\n".join(red) or ("" if self.checked else "no promise was checked")

    def lines(self) -> list[str]:
        """The result in words, the same on the console and in the report."""
        numbers = ", ".join(f"{self.count(state)} {state}" for state in STATES)
        return [f"{len(self.judged)} promises: {self.checked} checked; {numbers}", f"Known to be kept: {self.rate:.0%}"]


def read_results(folder: Path) -> list[Result]:
    """The results of a run's folder, in the order in which they ended."""
    found = [_result(json.loads(file.read_text(encoding="utf-8"))) for file in folder.glob("*-result.json")]
    return sorted(found, key=lambda result: (result.stop, result.name))


def judge(promises: Iterable[str], written: Mapping[str, int], results: Iterable[Result]) -> Verdict:
    """The verdict over these promises; `written` says how many scenarios the features have for each."""
    by_promise: dict[str, list[Result]] = {promise: [] for promise in promises}
    around: list[Result] = []
    for result in results:
        known = [promise for promise in result.promises if promise in by_promise]
        for promise in known:
            by_promise[promise].append(result)
        if not known and result.status not in ("passed", "skipped"):
            around.append(result)
    judged = {one: Judged(one, written.get(one, 0), found) for one, found in by_promise.items()}
    return Verdict(judged, around)


def seed_numbers(source: str) -> list[tuple[str, int]]:
    """The earlier tests that a promise stands for, such as ("E2E group", 4), from the words of its source."""
    found = []
    for kind in SEED:
        for numbers in re.findall(kind + _NUMBERS, source, re.IGNORECASE):
            found += [(kind, int(number)) for number in re.findall(r"\d+", numbers)]
    return found


def seed_coverage(sources: Mapping[str, str]) -> dict[tuple[str, int], list[str]]:
    """Each of the 18 groups and 8 smoke steps with the promises that stand for it, also those without any."""
    covered: dict[tuple[str, int], list[str]] = {(kind, one): [] for kind, numbers in SEED.items() for one in numbers}
    for promise, source in sources.items():
        for test in seed_numbers(source):
            covered.setdefault(test, []).append(promise)
    return covered


def _result(told: Mapping[str, Any]) -> Result:
    promises = sorted({label["value"] for label in told.get("labels", []) if label["name"] == "requirement"})
    message = str(told.get("statusDetails", {}).get("message", ""))
    return Result(str(told["name"]), str(told["status"]), promises, message, int(told.get("stop", 0)))
