"""The closed registry of tags: what each one means, where it may stand, and what it does.

A tag that is not in here refuses the run: a misspelt tag would otherwise select nothing, or let a scenario run that
should not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from behave.parser import parse_file

from support.errors import ExitCode, Refusal
from support.paths import project_dir
from support.profiles import Capabilities
from support.running.catalogue import promises

Place = Literal["feature", "rule", "scenario", "examples"]
_ANYWHERE: frozenset[Place] = frozenset({"feature", "rule", "scenario", "examples"})
_SCENARIO: frozenset[Place] = frozenset({"scenario", "examples"})


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, or a family of tags when `pattern` holds more than its name."""

    name: str
    family: Literal["when", "needs", "harm", "state", "trace", "report"]
    meaning: str
    where: frozenset[Place] = _ANYWHERE
    pattern: str = ""  # regular expression for a family; empty: the name itself

    def covers(self, word: str) -> bool:
        """Whether this entry stands for the tag `word` (without @)."""
        return re.fullmatch(self.pattern or re.escape(self.name), word) is not None


_PLATFORM_NEEDS = {
    "needs.nodes.2": "at least two machines",
    "needs.nodes.3": "at least three machines",
    "needs.node_power": "a platform that can cut the power of a machine",
    "needs.node_network": "a platform that can cut a machine off the network",
    "needs.metrics": "a metrics API that answers",
    "needs.ingress": "a public entrance",
    "needs.fences": "enforced network policies",
    "needs.sized_volumes": "volumes that are as large as their claims, not as the disk of their machine",
    "needs.cluster_for_itself": "nobody else on the cluster",
}


def _capability_needs() -> dict[str, str]:
    return {
        f"needs.{name}": f'the capability "{name}" of the profile'
        for name, field in Capabilities.model_fields.items()
        if field.annotation is bool and name != "fences"
    }


REGISTRY: tuple[Tag, ...] = (
    Tag("smoke", "when", "read-only, in seconds: one or two scenarios of each capability", _SCENARIO),
    Tag("nightly", "when", "too long for every change"),
    Tag("disruptive", "harm", "stops parts of the system; runs alone in its namespace"),
    Tag("destructive", "harm", "stops the whole system, or a machine under it; needs the cluster for itself"),
    Tag("wip", "state", "in work: skipped with this reason, whatever --tags says"),
    Tag("serial", "when", "must not run beside other scenarios"),
    Tag("critical", "report", "shown with the highest severity"),
    Tag("issue.NNN", "trace", "an issue that concerns the scenario", _ANYWHERE, r"issue\.\d+"),
    Tag(
        "allure.label.owner:x", "report", "who owns the capability", frozenset({"feature"}), r"allure\.label\.owner:\w+"
    ),
    Tag(
        "quarantine.until.2026-12-31",
        "state",
        "skipped until that day; needs an @issue; from then on it fails the run",
        _SCENARIO,
        r"quarantine\.until\.\d{4}-\d{2}-\d{2}",
    ),
    *(Tag(name, "needs", meaning) for name, meaning in (_PLATFORM_NEEDS | _capability_needs()).items()),
)


def find(word: str) -> Tag | None:
    """The registry's entry for a tag without @, or for the id of a promise; None when there is none."""
    if word in promises():
        return Tag(word, "trace", promises()[word].title, _SCENARIO)
    return next((tag for tag in REGISTRY if tag.covers(word)), None)


def needs(tags: Iterable[str]) -> list[Tag]:
    """Those of the tags that state a need."""
    return [tag for tag in map(find, sorted(tags)) if tag and tag.family == "needs"]


def promise_ids(tags: Iterable[str]) -> list[str]:
    """Those of the tags that are ids of promises, in order."""
    return sorted(tag for tag in tags if tag in promises())


def waived(tags: Collection[str], today: date) -> str:
    """Why a scenario is not to be run whatever the selection says; empty when nothing speaks against it.

    Raises Refusal when the day of a quarantine has passed: nobody may forget it.
    """
    if "wip" in tags:
        return "in work (@wip)"
    until = next((tag.removeprefix("quarantine.until.") for tag in tags if tag.startswith("quarantine.until.")), "")
    if not until:
        return ""
    if date.fromisoformat(until) < today:
        raise Refusal(f"A quarantine ended on {until}.", "Repair the scenario or give it a new day.", ExitCode.USAGE)
    issues = ", ".join(sorted(tag for tag in tags if tag.startswith("issue.")))
    return f"in quarantine until {until} ({issues})"


def refuse_unknown(words: Iterable[str], origin: str) -> None:
    """Raises Refusal UNKNOWN_TAG for the first word that is no known tag, with the closest known one."""
    for word in words:
        if find(word):
            continue
        known = [tag.name for tag in REGISTRY] + list(promises())
        close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)  # half alike: a slip, not another word
        remedy = f"Did you mean @{close[0]}?" if close else "support/running/tags.py lists the known ones."
        raise Refusal(f"The tag @{word} ({origin}) is not known.", remedy, ExitCode.UNKNOWN_TAG)


def words_of_selection(expressions: Iterable[str]) -> list[str]:
    """The tags in the values of --tags. Raises Refusal for the old syntax, which selects nothing and looks green."""
    found: list[str] = []
    for expression in expressions:
        for word in re.findall(r"[^\s()]+", expression):
            if word.startswith("~") or "," in word:
                remedy = 'Write "@a or @b", "not @c".'
                raise Refusal(f'"{expression}" is the old way to select tags.', remedy, ExitCode.UNKNOWN_TAG)
            if word.lower() not in ("and", "or", "not", "true", "false") and "*" not in word:
                found.append(word.removeprefix("@"))
    return found


def refuse_unknown_tags(selection: Iterable[str], features: Path | None = None) -> None:
    """Raises Refusal for the first unknown tag on the command line, then in any feature file of the project."""
    refuse_unknown(words_of_selection(selection), "in --tags")
    for file in sorted((features or project_dir() / "features").rglob("*.feature")):
        refuse_unknown(_tags_in(file), file.name)


def _tags_in(file: Path) -> list[str]:
    feature = parse_file(str(file))
    if feature is None:  # an empty file; the lint reports it
        return []
    outlines = [item for item in feature.walk_scenarios(with_outlines=True) if hasattr(item, "examples")]
    examples = [table for outline in outlines for table in outline.examples]
    holders = [feature, *feature.rules, *feature.walk_scenarios(with_outlines=True), *examples]
    return [str(tag) for holder in holders for tag in holder.tags]
