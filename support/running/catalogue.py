"""The catalogue of promises under features/requirements: which ids exist, and what each one says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support.paths import project_dir


@dataclass(frozen=True, slots=True)
class Promise:
    """One requirement of the catalogue."""

    id: str
    title: str
    capability: str
    harm: str  # none | disruptive | destructive
    source: str = ""  # where the owner asked for it
    priority: str = ""
    limit: str = ""
    sabotages: tuple[str, ...] = ()  # ids of the breakages that must turn it red


@cache
def promises(folder: Path | None = None) -> Mapping[str, Promise]:
    """All promises by id, of every system that has a catalogue."""
    found: dict[str, Promise] = {}
    for file in sorted((folder or project_dir() / "features" / "requirements").glob("*.yaml")):
        # The C loader: a catalogue of a thousand lines takes the other one half a second of each start.
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)["requirements"]  # noqa: S506 (safe loader)
        for entry in entries:
            promise = Promise(
                entry["id"],
                entry["title"],
                entry["capability"],
                entry["harm"],
                source=entry.get("source", ""),
                priority=entry.get("priority", ""),
                limit=entry.get("limit", ""),
                sabotages=tuple(entry.get("sabotage", ())),
            )
            if promise.id in found:
                raise ValueError(f"{file.name}: {promise.id} occurs twice")
            found[promise.id] = promise
    return found
