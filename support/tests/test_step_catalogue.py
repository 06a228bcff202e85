"""`holdfast steps`: every sentence of the vocabulary with an explanation and an example from a feature."""

from __future__ import annotations

import subprocess
import sys

from support.paths import project_dir


def test_every_sentence_has_an_explanation_and_an_example() -> None:
    command = [sys.executable, "-m", "support.cli", "steps"]
    told = subprocess.run(command, cwd=project_dir(), capture_output=True, text=True, check=True).stdout
    entries = [entry.splitlines() for entry in told.strip().split("\n\n")]
    assert len(entries) > 250  # sentences; there are some 290
    for sentence, *about in entries:
        word = sentence.partition(" ")[0]
        assert word in ("Given", "When", "Then"), sentence
        assert len(about) >= 2, f"{sentence}: an explanation and an example"
        assert about[-1].startswith(f"    e.g. {word} "), sentence
        assert ".feature:" in about[-1]
        assert "<" not in about[-1].partition("(")[0], "an example has values, not names of columns"
