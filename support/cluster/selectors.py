"""Label selectors of Kubernetes: which objects they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def selects(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a selector with `matchLabels` and `matchExpressions` means an object with these labels; {} means all."""
    known = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return known and all(_fits(labels, term) for term in selector.get("matchExpressions") or [])


def from_text(text: str) -> dict[str, str]:
    """The labels that a selector such as "app=shop,component=web" asks for. Raises ValueError for other forms."""
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not equals or name.endswith("!") for name, equals, _ in pairs):
        raise ValueError(f'"{text}" asks for more than equal labels')
    return {name.strip(): value.lstrip("=").strip() for name, _, value in pairs}


def _fits(labels: Mapping[str, str], term: Json) -> bool:
    value, values = labels.get(term["key"]), term.get("values", [])
    answers = {"In": value in values, "NotIn": value not in values, "Exists": value is not None}
    return answers.get(term["operator"], value is None)  # the fourth: DoesNotExist
