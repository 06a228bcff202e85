"""`holdfast prove`: breaks a reference system on purpose and demands that its promises turn red, cause named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support import locks, platforms
from support.errors import ExitCode, Refusal
from support.evidence import places
from support.evidence.proofs import keep_proof
from support.paths import project_dir
from support.platforms import delivery
from support.platforms.base import Platform
from support.platforms.sabotage import Sabotage, Saboteur, catalogue
from support.progress import Steps
from support.running import run
from support.running.tags import promise_ids
from support.settings import settings_from

# Length of a message in the table; the whole one is in the report.
SHOWN = 300
# A cause that stands further down is one that a person still has to search for (JS-1202).
FIRST_LINES = 10


@dataclass
class Outcome:
    """What the scenarios of one promise said while the system was broken."""

    statuses: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def red(self) -> bool:
        """Some scenario failed: an error of the suite or a skip is not red."""
        return "failed" in self.statuses


def outcomes(results: Path) -> dict[str, Outcome]:
    """Statuses and messages per promise, read from a folder of Allure results."""
    found: dict[str, Outcome] = {}
    for path in sorted(results.glob("*-result.json")):
        result = json.loads(path.read_text())
        for promise in {label["value"] for label in result.get("labels", []) if label["name"] == "requirement"}:
            outcome = found.setdefault(promise, Outcome())
            outcome.statuses.append(result["status"])
            if result["status"] == "failed":
                outcome.messages.append(result.get("statusDetails", {}).get("message", ""))
    return found


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _first(message: str) -> str:
    return "\n".join(message.splitlines()[:FIRST_LINES])


def judge(sabotage: Sabotage, seen: dict[str, Outcome], promises: Iterable[str]) -> list[str]:
    """What is missing from a proof: promises that stayed green, and a cause that nobody named; empty when proved."""
    complaints = [
        f"{promise} stayed {'/'.join(seen[promise].statuses) if promise in seen else 'unchecked'}"
        for promise in promises
        if promise not in seen or not seen[promise].red
    ]
    messages = [_first(message) for outcome in seen.values() for message in outcome.messages]
    if not any(_plain(sabotage.named_cause) in _plain(message) for message in messages):
        complaints.append(f"no message names the cause {sabotage.named_cause!r} in its first {FIRST_LINES} lines")
    return complaints


def prove(wanted: Sequence[str]) -> int:
    """Prove sabotages by their ids, or `all`; 0 when every one was caught with its cause named, else 1."""
    settings, steps = settings_from(), Steps()
    platform = platforms.chosen()
    if platform.name == "existing":
        raise Refusal(
            "Sabotages are for the reference systems only: this cluster is somebody else's.",
            "Use the embedded platform: HOLDFAST_PLATFORM=embedded.",
            ExitCode.UNSAFE_TARGET,
        )
    system = delivery.System(settings.profile)
    known = catalogue(system)
    ids = list(known) if "all" in wanted else list(wanted)
    if unknown := [name for name in ids if name not in known]:
        raise Refusal(f"There is no sabotage {', '.join(unknown)}.", f"Known: {', '.join(known)}.", ExitCode.USAGE)
    with locks.cluster_for(f"the proof of {' '.join(wanted)}", platform.name, steps.say):
        platform.up(len(platform.status().nodes) or 3, lambda: delivery.archives(system.name, platform, steps))
        saboteur = Saboteur(system, platform, steps)
        proved = [_prove(known[name], saboteur, steps, platform) for name in ids]
    return ExitCode.OK if all(proved) else ExitCode.PROMISE_BROKEN


def _prove(sabotage: Sabotage, saboteur: Saboteur, steps: Steps, platform: Platform) -> bool:
    delivery.deliver(saboteur.system.name, platform, steps)
    promises = [promise for promise in sabotage.must_fail if promise in checked_promises()]
    if not promises:
        steps.say(f"{sabotage.id}: none of {', '.join(sabotage.must_fail)} is checked by a feature yet")
        return False
    run_dir = places.new_run_dir(sabotage.id.lower())
    try:
        saboteur.apply(sabotage)
        tags = " or ".join(f"@{promise}" for promise in promises)
        if run.behave(platform, ["--tags", tags], {places.RUN_DIR_VARIABLE: str(run_dir)}) == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
    finally:
        saboteur.remove(sabotage)
    seen = outcomes(run_dir / "results")
    complaints = judge(sabotage, seen, promises)
    _tell(sabotage, seen, complaints, steps)
    red = [f"{promise}: {message}" for promise, outcome in sorted(seen.items()) for message in outcome.messages]
    keep_proof(sabotage.id, not complaints, complaints or [_naming(sabotage, red)])
    if not complaints:
        shutil.rmtree(run_dir, ignore_errors=True)  # the newest run is that of a healthy system again
    return not complaints


def _naming(sabotage: Sabotage, red: Sequence[str]) -> str:
    """Of the red messages the one that names the cause."""
    return next((words for words in red if _plain(sabotage.named_cause) in _plain(words)), "")


def checked_promises() -> set[str]:
    """Ids of promises that some feature of this checkout carries."""
    texts = [path.read_text() for path in (project_dir() / "features").rglob("*.feature")]
    return set(promise_ids({word.removeprefix("@") for text in texts for word in text.split() if word.startswith("@")}))


def _tell(sabotage: Sabotage, seen: dict[str, Outcome], complaints: list[str], steps: Steps) -> None:
    steps.say(
        f"{sabotage.id} ({sabotage.change}): {'caught' if not complaints else 'NOT PROVED: ' + '; '.join(complaints)}"
    )
    for promise, outcome in sorted(seen.items()):
        for message in outcome.messages:
            steps.say(f"  {promise} red: {' | '.join(message.strip().splitlines())[:SHOWN]}")
