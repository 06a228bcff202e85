"""The lint of the features: what a product owner could not read, and what would be green without testing anything.

`python -m support.running.lint` prints one line per finding and ends with 1 if there is any; it needs no cluster.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file

from support.paths import project_dir
from support.running.step_lint import check_steps
from support.running.tags import find, promise_ids

_KEYWORDS = (
    "Given",
    "When",
    "Then",
    "And",
    "But",
    "Scenario:",
    "Scenario Outline:",
    "Examples:",
    "Rule:",
    "Background:",
)
_LIKENESS = 0.75  # how alike a word and a keyword are before it is called misspelt: "Gven" is 0.89, "The" 0.67
_FILE_LINES = 170  # a capability that needs more is two capabilities
_DESCRIPTION_LINES = range(2, 6)  # who cares, what is promised, what it costs when broken
_RULE_SCENARIOS = 6  # more of them are two rules
_STEPS, _STORY_STEPS = 7, 10  # steps of a scenario; of a real story with two events
_BACKGROUND_STEPS = 3
_TABLE_COLUMNS = 5
_OTHER_TAGS = 5  # beside the ids of promises
_NAME_WORDS = 4  # a full sentence has at least so many
_SMOKE_PER_FEATURE = 2

_TECHNICAL = re.compile(
    r"\b(pods?|kubectl|namespaces?|containers?|endpoints?|statefulsets?|deployments?|configmaps?|sql|json|yaml|https?|"
    r"url|api|uid|regex|grep|postgres(ql)?|patroni|redis|sentinel|nginx|django|gunicorn|celery)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(should|correctly|properly|waits?|if)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One offence: where, and what to do about it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def check_features(folder: Path) -> list[Finding]:
    """All findings in all feature files under a folder; a folder without features is a finding too."""
    files = sorted(folder.rglob("*.feature"))
    if not files:
        return [Finding(folder.name, 0, "there is no feature here")]
    found: list[Finding] = []
    names: dict[str, str] = {}
    for file in files:
        try:
            feature = parse_file(str(file))
        except ParserError as error:
            found.append(Finding(file.name, error.line or 0, f"cannot be read: {str(error).splitlines()[0]}"))
            continue
        found += _Check(file, feature, names).findings() if feature else [Finding(file.name, 1, "the file is empty")]
    return found


class _Check:
    """The findings of one file."""

    def __init__(self, file: Path, feature: Any, names: dict[str, str]) -> None:
        self.file, self.feature, self.names = file, feature, names
        self.scenarios: list[Any] = list(feature.walk_scenarios(with_outlines=True))
        # The walk gives outlines and, after each, the scenarios made of its rows: the rows repeat the outline's faults.
        self.written = [item for item in self.scenarios if not _is_row(item)]

    def findings(self) -> list[Finding]:
        parts = [self._header(), self._rules(), self._smoke(), self._misspelt()]
        parts += [self._background(holder) for holder in (self.feature, *self.feature.rules) if holder.background]
        for scenario in self.written:
            parts += [self._name(scenario), self._steps(scenario), self._tags(scenario), self._outline(scenario)]
            parts += [self._words(step.line, step.name) for step in scenario.steps]
            parts.append(self._words(scenario.line, scenario.name))
        return [finding for part in parts for finding in part]

    def _found(self, line: int, text: str) -> Finding:
        return Finding(self.file.name, line, text)

    def _header(self) -> Iterator[Finding]:
        if len(self.feature.description) not in _DESCRIPTION_LINES:
            yield self._found(self.feature.line, "say in two to five lines who cares, what is promised, what it costs")
        if len(self.file.read_text(encoding="utf-8").splitlines()) > _FILE_LINES:
            yield self._found(1, f"is longer than {_FILE_LINES} lines: this is more than one capability")
        if not self.written:
            yield self._found(self.feature.line, "has no scenario")

    def _rules(self) -> Iterator[Finding]:
        if not self.feature.rules:
            yield self._found(self.feature.line, "has no Rule: say which business rules hold")
        for rule in self.feature.rules:
            written = [item for item in rule.walk_scenarios(with_outlines=True) if not _is_row(item)]
            if not written or len(written) > _RULE_SCENARIOS:
                yield self._found(rule.line, f"a Rule has one to {_RULE_SCENARIOS} scenarios, this one {len(written)}")
            if len(rule.name.split()) < _NAME_WORDS:
                yield self._found(rule.line, "a Rule is a sentence that can be tested")

    def _background(self, holder: Any) -> Iterator[Finding]:
        steps = holder.background.steps
        if len(steps) > _BACKGROUND_STEPS:
            yield self._found(holder.background.line, f"a Background has at most {_BACKGROUND_STEPS} steps")
        for step in steps:
            if step.step_type != "given":
                yield self._found(step.line, f"a Background has no {step.keyword}")
            yield from self._words(step.line, step.name)

    def _name(self, scenario: Any) -> Iterator[Finding]:
        if len(scenario.name.split()) < _NAME_WORDS:
            yield self._found(scenario.line, "name the outcome in a full sentence")
        before = self.names.setdefault(scenario.name, f"{self.file.name}:{scenario.line}")
        if before != f"{self.file.name}:{scenario.line}":
            yield self._found(scenario.line, f"has the same name as {before}")

    def _steps(self, scenario: Any) -> Iterator[Finding]:
        kinds = [step.step_type for step in scenario.steps]
        whens = kinds.count("when") - sum(1 for step in scenario.steps if step.step_type == "when" and _joined(step))
        limit = _STORY_STEPS if whens > 1 else _STEPS
        if not kinds:
            yield self._found(scenario.line, "has no steps: it would be green without testing anything")
        elif "then" not in kinds:
            yield self._found(scenario.line, "has no Then: it would be green without checking anything")
        if len(kinds) > limit:
            yield self._found(scenario.line, f"has {len(kinds)} steps, more than {limit}")
        if whens > 2:  # one event, or the two of a real story
            yield self._found(scenario.line, "has more than two Whens")
        order = [kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1]]
        if order and order not in (["given", "then"], ["when", "then"], *_orders_with_when()):
            yield self._found(scenario.line, f"steps go Given, When, Then, not {', '.join(order)}")
        for step in scenario.steps:
            if step.keyword == "*":
                yield self._found(step.line, "write Given, When or Then instead of *")
            if step.table and len(step.table.headings) > _TABLE_COLUMNS:
                yield self._found(step.line, f"a table has at most {_TABLE_COLUMNS} columns")

    def _tags(self, scenario: Any) -> Iterator[Finding]:
        tables = list(getattr(scenario, "examples", []))
        own = [str(tag) for holder in (self.feature, scenario, *tables) for tag in holder.tags]
        for word in own:
            if not find(word):
                yield self._found(scenario.line, f"@{word} is no known tag")
        if not promise_ids(own):
            yield self._found(scenario.line, "names no promise: which one does it keep?")
        for table in tables or [None]:
            words = {str(tag) for tag in scenario.effective_tags} | {str(tag) for tag in (table.tags if table else [])}
            if "smoke" in words and words & {"disruptive", "destructive", "nightly"}:
                yield self._found(scenario.line, "@smoke is read-only and quick, never disruptive")
            if len(words - {"wip"}) - len(promise_ids(words)) > _OTHER_TAGS:  # a scenario in work will lose that one
                yield self._found(scenario.line, f"has more than {_OTHER_TAGS} tags beside the ids of promises")
            if any(word.startswith("quarantine") for word in words) and not any(w.startswith("issue.") for w in words):
                yield self._found(scenario.line, "a quarantine names its @issue")

    def _outline(self, scenario: Any) -> Iterator[Finding]:
        if not hasattr(scenario, "examples"):
            return
        rows = [row for table in scenario.examples for row in (table.table.rows if table.table else [])]
        if not rows:
            yield self._found(scenario.line, "an outline without Examples is green without testing anything")
        if any(not table.name for table in scenario.examples):
            yield self._found(scenario.line, "name the table of Examples")
        if "<" not in scenario.name:
            yield self._found(scenario.line, "put the value that varies into the name")

    def _smoke(self) -> Iterator[Finding]:
        quiet = [item for item in self.written if not {"disruptive", "destructive"} & _words_of(item)]
        smoke = [item for item in self.written if "smoke" in _words_of(item)]
        if len(smoke) > _SMOKE_PER_FEATURE or (quiet and not smoke):
            yield self._found(self.feature.line, f"a capability has one or two @smoke scenarios, this has {len(smoke)}")

    def _misspelt(self) -> Iterator[Finding]:
        holders = [self.feature, *self.feature.rules, *self.written]
        for line in (text for holder in holders for text in holder.description):
            first = line.split()[0] if line.split() else ""
            close = difflib.get_close_matches(first, _KEYWORDS, n=1, cutoff=_LIKENESS)
            if close and first not in _ORDINARY:
                yield self._found(holders[0].line, f'"{line}" is read as description: is "{first}" to be {close[0]}?')

    def _words(self, line: int, text: str) -> Iterator[Finding]:
        technical, vague = _TECHNICAL.search(text), _VAGUE.search(text)
        if technical:
            yield self._found(line, f'"{technical[0]}" is not said in a review meeting')
        if vague:
            yield self._found(line, f'"{vague[0]}" promises nothing that can be tested')


_ORDINARY = {"Then", "When", "Even", "Any", "An", "But", "And"}  # words that start sentences of a description, too


def _is_row(scenario: Any) -> bool:
    return hasattr(scenario.parent, "examples")


def _joined(step: Any) -> bool:
    return str(step.keyword).strip() in ("And", "But")


def _words_of(scenario: Any) -> set[str]:
    tables = [tag for table in getattr(scenario, "examples", []) for tag in table.tags]
    return {str(tag) for tag in [*scenario.effective_tags, *tables]}


def _orders_with_when() -> list[list[str]]:
    once = ["given", "when", "then"]
    return [once, [*once, "when", "then"], ["when", "then", "when", "then"]]


def main(arguments: Sequence[str] = ()) -> int:
    """Checks features and steps of the project, or of the folder given; 1 if anything was found."""
    root = Path(arguments[0]) if arguments else project_dir()
    found = [str(finding) for finding in check_features(root / "features")]
    found += check_steps(root / "steps")
    for text in found:
        sys.stdout.write(text + "\n")
    sys.stdout.write(f"{len(found)} findings in features and steps\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
