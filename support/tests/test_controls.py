"""Every sentence of the controls passes over a fake that is well and turns red over one that breaks its promise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.tests.controls.table import CONTROLS

HOME = Path(__file__).parent / "controls"
FORMATTER = "support.evidence.formatter:HoldfastFormatter"
NEVER_FEWER = 208  # controls when this was written; the number may only grow


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    """Status and message of each control, by name and state."""
    folder = tmp_path_factory.mktemp("controls")
    command = [sys.executable, "-m", "behave", "-f", FORMATTER, "-o", "unused", "-f", "plain", "-o", "-", "features"]
    environment = {**os.environ, "HOLDFAST_RUN_DIR": str(folder)}
    ran = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, timeout=120, check=False)
    found = {}
    for file in folder.glob("results/*-result.json"):
        result = json.loads(file.read_text())
        state = next((row["value"] for row in result.get("parameters", [])), "")
        message = result.get("statusDetails", {}).get("message", "")
        found[result["name"].split(" (")[0].removeprefix("The "), state] = (result["status"], message)
    assert found, ran.stdout + ran.stderr
    return found


@pytest.mark.parametrize("name", CONTROLS)
def test_the_sentence_is_green_when_its_promise_is_kept(
    ended: dict[tuple[str, str], tuple[str, str]], name: str
) -> None:
    status, message = ended[name, "well"]
    assert status == "passed", message


@pytest.mark.parametrize("name", CONTROLS)
def test_the_sentence_is_red_when_its_promise_is_broken(
    ended: dict[tuple[str, str], tuple[str, str]], name: str
) -> None:
    status, message = ended[name, "broken"]
    assert status == "failed", f"{status}: {message}"
    assert message.strip()


def test_every_control_runs_and_their_number_only_grows(ended: dict[tuple[str, str], tuple[str, str]]) -> None:
    assert {name for name, _ in ended} == set(CONTROLS)
    assert len(CONTROLS) >= NEVER_FEWER


def test_every_sentence_has_a_control() -> None:
    """A new Then-sentence comes with a shop over which it turns red."""
    command = [sys.executable, "-m", "behave", "--dry-run", "--no-summary", "-f", "steps.usage"]
    told = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=60, check=False).stdout
    unused = told.split("UNUSED STEP DEFINITIONS")[1] if "UNUSED STEP DEFINITIONS" in told else ""
    without = re.findall(r"@then\((.*)\)\s+#", unused)
    assert not without, f"{len(without)} sentences without a control: {'; '.join(without)}"
