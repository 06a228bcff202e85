"""What the network policies' agent renders, judged by the kernel alone: no cluster is needed, only root and nft."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from support.paths import project_dir

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What the lab found, in namespaces that end with it."""
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = [*apart, sys.executable, "-m", "support.tests.acceptance.fences_lab"]
    done = subprocess.run(command, cwd=project_dir(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(f"{found}\n")
    return found


def test_every_connection_is_as_the_policies_say(seen: dict[str, Any]) -> None:
    assert seen["cells"] >= 60
    assert seen["wrong"] == []


def test_a_machine_that_has_just_started_is_closed(seen: dict[str, Any]) -> None:
    assert seen["open at the start"] == []


def test_nobody_slips_through_while_the_fences_are_replaced(seen: dict[str, Any]) -> None:
    assert seen["replaced"] > 20
    assert seen["denied"] > 50
    assert (seen["let in"], seen["kept out"]) == (0, 0)
