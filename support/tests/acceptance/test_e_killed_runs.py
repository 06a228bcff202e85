"""A run is killed at random moments of the life of a fault; whatever it had broken is mended without it.

By hand, because it takes long: HOLDFAST_MOMENTS=20 pytest -m killed support/tests/acceptance
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from support.faults.base import _MENDED_AFTER_S
from support.faults.guards import is_ready
from support.faults.processes import Place
from support.paths import project_dir
from support.platforms import kubectl
from support.platforms.base import NodeFaults
from support.platforms.commands import CommandFailed
from support.platforms.embedded.platform import EmbeddedPlatform
from support.tests.acceptance.conftest import within
from support.tests.acceptance.killed_run import FAULTS, MACHINE, SERVER, STORE, VOLUME
from support.waiting import SYSTEM_CLOCK

pytestmark = [pytest.mark.acceptance, pytest.mark.killed]

MOMENTS = int(os.environ.get("HOLDFAST_MOMENTS", "2"))
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
HELD_S = 6.0  # seconds that a fault lasts when nobody ends it
PROMISED_S = 30.0  # seconds after a fault's deadline: everything is back
WHOLE_AGAIN_S = 180.0  # seconds until the next try may begin: machines and pods are ready again
Json = dict[str, Any]
_NUMBERS = count(1)


def start(kind: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "support.tests.acceptance.killed_run", kind, f"{HELD_S:g}", f"k{next(_NUMBERS)}"]
    process = subprocess.Popen(words, cwd=project_dir(), stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def listed(*words: str) -> list[Json]:
    found: list[Json] = json.loads(kubectl.run(EmbeddedPlatform(), [*words, "-o", "json"]))["items"]
    return found


def left() -> list[str]:
    """What of a fault is left: its record, stopped processes, a machine that is away, another template, a cut."""
    platform = EmbeddedPlatform()
    faults = platform.node_faults
    found = [
        f"record {one['metadata']['name']}"
        for one in listed("-n", "holdfast", "get", "configmaps", "-l", "holdfast.dev/intent=true")
    ]
    found += [f"machine: {state}"] if (state := _machine(faults)) else []
    template = kubectl.run(
        platform, ["-n", "jewelry-shop", "get", "deployment", "nginx", "-o", "jsonpath={.spec.template}"]
    )
    found += ["the release"] if "holdfast.dev/tried" in template else []
    # None of the shop's own policies says who is not let in.
    found += ["a cut"] if "NotIn" in json.dumps(listed("-n", "jewelry-shop", "get", "networkpolicies")) else []
    found += ["no space"] if there(STORE, f"ls -A {VOLUME} | grep holdfast || true") else []
    return found + (["stopped processes"] if stopped() else [])


def _machine(faults: NodeFaults) -> str:
    """What is wrong with the machine; one that is frozen or off cannot be asked for its network."""
    if not faults.is_powered(MACHINE):
        return "no power"
    if faults.is_frozen(MACHINE):
        return "frozen"
    return "" if faults.is_connected(MACHINE) else "cut off"


def stopped() -> bool:
    return there(SERVER, "grep -l '^State:.T' /proc/[0-9]*/status 2>/dev/null || true")


def there(place: Place, script: str) -> bool:
    """Whether a script finds something in a container."""
    words = ["-n", place.namespace, "exec", place.pod, "--", "sh", "-c", script]
    try:
        return bool(kubectl.run(EmbeddedPlatform(), words).strip())
    except CommandFailed:
        # A container that is away has nothing of the fault in it; one that is there and cannot be asked is no proof.
        found = listed("-n", place.namespace, "get", "pods", "--field-selector", f"metadata.name={place.pod}")
        return any(map(is_ready, found))


def whole() -> bool:
    pods = listed("-n", "jewelry-shop", "get", "pods", "--field-selector", "status.phase!=Succeeded")
    nodes = listed("get", "nodes")
    return all(map(is_ready, [*pods, *nodes]))


@pytest.mark.parametrize("kind", FAULTS)
def test_whenever_a_run_is_killed_everything_comes_back(kind: str) -> None:
    chance = random.Random(f"{SEED}-{kind}")
    assert within(WHOLE_AGAIN_S, lambda: whole() and not left())
    begun = SYSTEM_CLOCK.now()
    unharmed = start(kind)
    assert unharmed.wait(WHOLE_AGAIN_S) == 0
    life = SYSTEM_CLOCK.now() - begun
    # A machine that was away for seconds only is not missed: its instances are called ready before they can be asked.
    assert within(PROMISED_S, lambda: not left())
    took = []
    for _ in range(MOMENTS):
        assert within(WHOLE_AGAIN_S, lambda: whole() and not left())
        process, moment = start(kind), chance.uniform(0, life)
        SYSTEM_CLOCK.sleep(moment)
        os.killpg(process.pid, 9)
        process.wait()
        killed = SYSTEM_CLOCK.now()
        # A run that had come to its end left nothing; the fault's own deadline is the latest that a record tells.
        assert within(HELD_S + _MENDED_AFTER_S + PROMISED_S, lambda: not left()), (moment, left())
        took.append(f"{moment:.1f} s: {SYSTEM_CLOCK.now() - killed:.1f} s")
    print(f"{kind}: killed after, all back after: {'; '.join(took)}")  # noqa: T201 (the figures are what it is for)
