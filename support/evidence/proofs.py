"""The last proof of each sabotage: kept on this machine, shown on the page of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from support.evidence.places import reports_dir
from support.evidence.redaction import redact


@dataclass(frozen=True, slots=True)
class Proof:
    """One attempt to catch a sabotage. Without a moment: it has never been tried here."""

    sabotage: str
    at: str = ""  # UTC
    caught: bool = False
    words: Sequence[str] = field(default_factory=tuple)  # what was red, or what is missing

    def __str__(self) -> str:
        if not self.at:
            return "never tried here"
        return f"{'caught' if self.caught else 'NOT PROVED'} on {self.at}"


def keep_proof(sabotage: str, caught: bool, words: Sequence[str], folder: Path | None = None) -> None:
    """Writes the outcome of an attempt down; it replaces the one before."""
    home = folder or reports_dir() / "proofs"
    home.mkdir(parents=True, exist_ok=True)
    proof = Proof(sabotage, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", caught, [redact(word) for word in words])
    (home / f"{sabotage}.json").write_text(json.dumps(asdict(proof), indent=1, ensure_ascii=False), encoding="utf-8")


def read_proofs(folder: Path | None = None) -> dict[str, Proof]:
    """All proofs that are kept here, by sabotage."""
    files = (folder or reports_dir() / "proofs").glob("*.json")
    read = [Proof(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(files)]
    return {proof.sabotage: proof for proof in read}
