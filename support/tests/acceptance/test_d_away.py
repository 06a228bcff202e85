"""What goes away and comes back: power of everything, and `down`, which leaves nothing on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from support.platforms.embedded.platform import EmbeddedPlatform
from support.tests.acceptance.conftest import HOLDFAST, Run, ask_database, within

pytestmark = pytest.mark.acceptance


_WRITTEN = "insert into probe.ledger (ledger_id, client, seq, payload, checksum) values ('power', '', 1, '', '')"
_READ = "select count(*) from probe.ledger where ledger_id = 'power'"


def test_after_a_power_cut_up_brings_everything_back_with_its_data(run: Run) -> None:
    ask_database(run, _WRITTEN)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # ended meanwhile
        # Keepers and first processes of the nodes, all of them ours: as when a login session is ended.
        if ("conmon" in words[0] and any("holdfast-" in word for word in words)) or "/opt/holdfast/init.sh" in words:
            with suppress(ProcessLookupError):  # the death of its keeper has ended it meanwhile
                os.kill(int(process.name), signal.SIGKILL)
    assert within(20, lambda: not EmbeddedPlatform()._machines().running())  # seconds until the kernel has ended all
    up = run(HOLDFAST, "up")
    assert up.code == 0, up.text
    assert ask_database(run, _READ) == "1"


def _traces() -> dict[str, str]:
    """What a cluster could leave on a machine: disks, mounts, links, routes, tables, groups, processes."""

    def asked(*words: str) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout

    disks = [
        line for line in asked("losetup", "--list", "--noheadings").splitlines() if "local-path-provisioner" in line
    ]
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob("*/holdfast")]
    ours = ("conmon", "/opt/holdfast/init.sh", "containerd", "kubelet")
    # A process that has ended and was not yet read by whoever adopted it (state Z) is init's to clear, not ours.
    states = [line.split(None, 1) for line in asked("ps", "-eo", "stat=,args=").splitlines()]
    processes = [args for state, args in states if "Z" not in state and any(word in args for word in ours)]
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if "holdfast" in line]
    return {
        "disks": "\n".join(disks),
        "mounts": "\n".join(mounts),
        "links": "\n".join(
            line for line in asked("ip", "-brief", "link").splitlines() if line.startswith(("holdfast", "hf-"))
        ),
        "routes": "\n".join(line for line in asked("ip", "route").splitlines() if "198.1" in line),
        "tables": asked("nft", "list", "tables"),
        "groups": "\n".join(groups),
        "processes": "\n".join(processes),
    }


def test_down_leaves_nothing(run: Run) -> None:
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
    down = run(HOLDFAST, "down")
    assert down.code == 0, down.text
    left = _traces()
    assert left.pop("tables") == tables, "the cluster's tables live in its machines only"
    assert not any(left.values()), left
