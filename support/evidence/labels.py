"""How a scenario is filed in the report: system, capability, business rule, promises, and the words around them."""
# allure-python has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from allure_commons.mapping import labels_set, parse_tag
from allure_commons.model2 import Label, Link
from allure_commons.utils import md5, platform_label

# The id of a promise as tags carry it: JS-205, JS-1202, JS-H-09, JS-S-28.
REQUIREMENT = re.compile(r"[A-Z]{2,3}(?:-[A-Z])?-\d{2,4}")
REQUIREMENT_LABEL = "requirement"  # under which a result carries it
# Tags for behave itself, not for readers.
_HIDDEN = ("fixture.", "use.with_", "not.with_", "active.with_")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_ROW_MARK = " -- @"  # what behave puts between the name of an outline and the number of the row


def system_of(filename: str) -> str:
    """The system that a feature file belongs to: the folder under `features`, else the folder it lies in."""
    parts = Path(filename).parts[:-1]
    if "features" in parts:
        below = parts[len(parts) - parts[::-1].index("features") :]
        return below[0] if below else "suite"
    return parts[-1] if parts else "suite"


def rule_of(scenario: Any) -> Any | None:
    """The rule around a scenario, also around the outline that made it; None outside of rules."""
    above = scenario.parent
    while above is not None and above.type != "rule":
        above = above.parent
    return above


def name_of(scenario: Any) -> str:
    """The scenario's name; rows of an outline that would look alike get their values behind it."""
    name = str(scenario.name or scenario.keyword).split(_ROW_MARK, 1)[0].rstrip()
    row = scenario._row
    if row is None or "<" in str(scenario.parent.name):
        return name
    return f"{name} ({', '.join(row.cells)})"


def tags_of(scenario: Any) -> list[str]:
    """All tags that hold for the scenario, outermost first, each once."""
    rule = rule_of(scenario)
    inherited = [*scenario.feature.tags, *(rule.tags if rule else ())]
    return list(dict.fromkeys(str(tag) for tag in [*inherited, *scenario.tags]))


def labels_of(scenario: Any) -> list[Label]:
    """Epic, feature, story, severity, the promises and the tags a reader cares about."""
    parsed = [_parse(tag) for tag in tags_of(scenario) if not tag.startswith(_HIDDEN)]
    labels = [Label(name="severity", value="normal"), *(label for label in parsed if isinstance(label, Label))]
    labels += [Label(name=REQUIREMENT_LABEL, value=tag) for tag in tags_of(scenario) if REQUIREMENT.fullmatch(tag)]
    rule = rule_of(scenario)
    return filed_under(scenario.feature, rule, labels)


def filed_under(feature: Any, rule: Any | None, labels: list[Label]) -> list[Label]:
    """These labels, and those that file a result under its system, capability and rule."""
    own_epic = any(label.name == "epic" for label in labels)
    filing = [] if own_epic else [Label(name="epic", value=system_of(str(feature.filename)))]
    filing.append(Label(name="feature", value=feature.name))
    if rule is not None:
        filing.append(Label(name="story", value=rule.name))
    filing += [Label(name="framework", value="behave"), Label(name="language", value=platform_label())]
    return [*filing, *labels_set(labels)]


def links_of(scenario: Any) -> list[Link]:
    """Links given by `@allure.link...` and `@allure.issue...` tags."""
    return [link for link in map(_parse, tags_of(scenario)) if isinstance(link, Link)]


def title_path_of(scenario: Any) -> list[str]:
    """Where the scenario stands, for trees without labels."""
    rule = rule_of(scenario)
    return [system_of(str(scenario.filename)), scenario.feature.name, *([rule.name] if rule else [])]


def full_name_of(scenario: Any) -> str:
    """A name that stays the same from run to run and is unique in the suite, for rows of an outline together."""
    bare = str(scenario.name or scenario.keyword).split(_ROW_MARK, 1)[0].rstrip()
    return " / ".join([*title_path_of(scenario), bare])


def history_id_of(scenario: Any) -> str:
    """What joins the results of one scenario over several runs."""
    row = scenario._row
    cells = [f"{heading}={cell}" for heading, cell in zip(row.headings, row.cells, strict=True)] if row else []
    return str(md5(full_name_of(scenario), *cells))


def description_of(scenario: Any) -> str:
    """Markdown: why this scenario, then the rule and the capability that it belongs to, in their authors' words."""
    rule = rule_of(scenario)
    parts = [_paragraphs(scenario.description)]
    if rule is not None:
        parts += [f"**Rule: {rule.name}**", _paragraphs(rule.description)]
    parts += [f"**Capability: {scenario.feature.name}**", _paragraphs(scenario.feature.description)]
    promises = [tag for tag in tags_of(scenario) if REQUIREMENT.fullmatch(tag)]
    if promises:
        parts.append(f"Promises checked here: {', '.join(promises)}")
    return "\n\n".join(part for part in parts if part)


def description_html(description: str) -> str:
    """The same description for a page that shows more than text."""
    paragraphs = [html.escape(paragraph) for paragraph in description.split("\n\n")]
    bold = [_BOLD.sub(r"<b>\1</b>", paragraph) for paragraph in paragraphs]
    return "".join(f"<p>{paragraph}</p>" for paragraph in bold)


def _paragraphs(lines: list[str] | None) -> str:
    return "\n".join(str(line) for line in lines or ()).strip()


def _parse(tag: str) -> Label | Link:
    parsed: Label | Link = parse_tag(tag)
    return parsed
