"""A run inside a run: behave once more, in a process and folder of its own, judged as `holdfast test` judges itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.errors import ExitCode
from support.evidence import places
from support.evidence.verdict import STATES, Verdict, judge, read_results, seed_coverage
from support.matchers import ComplaintMatcher, without_complaints
from support.paths import project_dir
from support.running import conclusion
from support.running.catalogue import promises
from support.settings import new_run
from support.waiting import Unknown

SAMPLE = Path(__file__).parent / "sample"
# What the project's own settings say for its features; the sample has no settings. Named twice, all is written twice.
_FORMATS = ("-f", "support.evidence.formatter:HoldfastFormatter", "-o", "unused", "-f", "plain", "-o", "-")
_WITHIN_S = 300.0  # seconds; a run takes some of them, and 180 when a part never becomes ready
_SUMMARY = re.compile(r"^(\d+) scenarios? passed(.*)$", re.MULTILINE)
_STAMPED = re.compile(r"\d{8}T\d{6}Z-\w+")
_RED = ("failed", "error", "hook_error", "cleanup_error")


@dataclass(frozen=True, slots=True)
class OwnRun:
    """What a run told in each of its ways."""

    code: int
    text: str
    folder: str  # name of the folder with its results
    statuses: Mapping[str, int]  # results of its report, by status
    told: str  # what its report says of the promises
    verdict: Verdict

    @property
    def summary(self) -> Mapping[str, int]:
        """The scenarios as the summary on the console counts them. Raises Unknown when there is none."""
        found = _SUMMARY.search(self.text)
        if found is None:
            raise Unknown(f"the run ended without a summary, with {self.code}: {self.text[-300:]}")
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", found[2])}
        return {"passed": int(found[1]), **counts}


def run_promise(promise: str) -> OwnRun:
    """A run over this installation that judges one promise."""
    return _run(project_dir(), ["--tags", f"@{promise}"], {promise: len(conclusion.scenarios_by_promise()[promise])})


def run_sample() -> OwnRun:
    """A run that ends in every possible way, over no installation at all."""
    known = conclusion.scenarios_by_promise(SAMPLE / "features")
    written = {promise: len(names) for promise, names in known.items()}
    return _run(SAMPLE, _FORMATS, {**written, "JS-202": 0})  # of JS-202 the sample says nothing


def run_nothing() -> OwnRun:
    """A run that is asked for what nobody has written."""
    return _run(SAMPLE, [*_FORMATS, "--tags", "@JS-202"], {"JS-202": 0})


def agrees_with_itself() -> ComplaintMatcher[OwnRun]:
    """Matches when report, summary and exit code say the same of every promise and of the run."""

    def complaints(run: OwnRun) -> list[str]:
        red = sum(run.summary.get(word, 0) for word in _RED)
        in_report = run.statuses.get("failed", 0) + run.statuses.get("broken", 0)
        found = []
        if run.summary["passed"] != run.statuses.get("passed", 0):
            found.append(
                f"the summary counts {run.summary['passed']} passed, the report {run.statuses.get('passed', 0)}"
            )
        if red != in_report:
            found.append(f"the summary counts {red} red, the report {in_report}")
        if (run.code == ExitCode.OK) != run.verdict.green:
            found.append(f"the exit code is {run.code}, the verdict is {'' if run.verdict.green else 'not '}green")
        if run.verdict.lines()[0] not in run.told:
            found.append(f'the report says "{run.told}" instead of "{run.verdict.lines()[0]}"')
        return found

    return without_complaints("report, summary and exit code that agree", complaints)


def is_green() -> ComplaintMatcher[OwnRun]:
    """Matches a run in which something was checked and nothing was broken; otherwise the first lines of what was."""
    return without_complaints("a green run", lambda run: run.verdict.complaint.splitlines())


def is_kept_with_its_time() -> ComplaintMatcher[OwnRun]:
    """Matches results that lie in a folder which names the moment of the run."""
    return without_complaints(
        "a folder with the time of the run",
        lambda run: [] if _STAMPED.fullmatch(run.folder) else [f"it is {run.folder}"],
    )


def counts(wanted: Mapping[str, int]) -> ComplaintMatcher[OwnRun]:
    """Matches exactly these numbers of promises in each state."""

    def complaints(run: OwnRun) -> list[str]:
        seen = {state: run.verdict.count(state) for state in STATES}
        return [
            f"{count} are {state} instead of {wanted.get(state, 0)}"
            for state, count in seen.items()
            if count != wanted.get(state, 0)
        ]

    return without_complaints(", ".join(f"{count} {state}" for state, count in wanted.items()), complaints)


def has_rate(percent: float) -> ComplaintMatcher[OwnRun]:
    """Matches this share of promises that are known to be kept, of all that were agreed on."""

    def complaints(run: OwnRun) -> list[str]:
        return [] if abs(run.verdict.rate * 100 - percent) < 0.5 else [f"the rate is {run.verdict.rate:.0%}"]

    return without_complaints(f"a rate of {percent:g} %", complaints)


def says_nothing_was_checked() -> ComplaintMatcher[OwnRun]:
    """Matches a run that is red because it judged nothing, and says so."""

    def complaints(run: OwnRun) -> list[str]:
        found = [] if run.code == ExitCode.NOTHING_RUN else [f"the exit code is {run.code}"]
        found += [] if "no promise was checked" in run.text else ["it does not say so"]
        return found + (["its verdict is green"] if run.verdict.green else [])

    return without_complaints("a run that is not green because nothing was checked", complaints)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The earlier tests, each with the promises that stand for it and have a scenario."""

    checked: Mapping[tuple[str, int], Sequence[str]]


def look_up_earlier_tests() -> Coverage:
    """Sources of the catalogue against the scenarios of the features."""
    written = conclusion.scenarios_by_promise()
    known = seed_coverage({promise.id: promise.source for promise in promises().values()})
    return Coverage({test: [one for one in ids if written.get(one)] for test, ids in known.items()})


def covers(groups: int, steps: int) -> ComplaintMatcher[Coverage]:
    """Matches when so many groups and steps exist and each of them has a promise that a scenario checks."""

    def complaints(coverage: Coverage) -> list[str]:
        number = Counter(kind for kind, _ in coverage.checked)
        wanted = {"E2E group": groups, "Smoke step": steps}
        found = [
            f"{number[kind]} {kind}s are known instead of {count}"
            for kind, count in wanted.items()
            if number[kind] != count
        ]
        return found + [
            f"{kind} {one} has no promise that is checked" for (kind, one), ids in coverage.checked.items() if not ids
        ]

    return without_complaints(f"{groups} groups and {steps} steps with a checked promise each", complaints)


def _run(project: Path, selection: Sequence[str], written: Mapping[str, int]) -> OwnRun:
    with tempfile.TemporaryDirectory(prefix="holdfast-own-run-") as home:
        folder = places.new_run_dir(new_run(), Path(home))
        environment = {**os.environ, places.RUN_DIR_VARIABLE: str(folder), "HOLDFAST_RUN": folder.name.split("-")[1]}
        command = [sys.executable, "-m", "behave", *selection]
        try:
            ended = subprocess.run(
                command, cwd=project, env=environment, capture_output=True, text=True, timeout=_WITHIN_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Unknown(f"a run of its own did not end within {_WITHIN_S:g} s") from error
        results = read_results(folder / "results")
        verdict = judge(written, written, results)
        told = conclusion.tell(folder, verdict)
        statuses = Counter(result.status for result in results)
        return OwnRun(ended.returncode, ended.stdout + ended.stderr, folder.name, statuses, told, verdict)
