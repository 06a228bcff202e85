"""One at a time: who waits, who is refused, and what a lock leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.errors import ExitCode, Refusal
from support.locks import UP, alone, cluster_for

HOLDER = """
import sys
from support.locks import cluster_for
with cluster_for(sys.argv[1], "embedded", print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def holder(doing: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", HOLDER, doing]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_nobody_repairs_the_platform_under_a_run(state: Path) -> None:
    run = holder("the run abc123")
    with (
        pytest.raises(Refusal, match=rf"the run abc123 \(process {run.pid}\) is at work, and holdfast up") as refused,
        cluster_for(UP, "embedded", print),
    ):
        pytest.fail("two at once")
    assert refused.value.exit_code == ExitCode.IN_THE_WAY
    run.communicate()
    assert not state.exists(), "the lock is away with its holder"


def test_a_run_waits_for_an_up_that_is_at_work() -> None:
    up = holder(UP)
    told: list[str] = []

    def say(words: str) -> None:
        told.append(words)
        up.communicate()  # now it may end

    with cluster_for("the run abc123", "embedded", say):
        assert told == [f"{UP} (process {up.pid}) is at work; waiting for it"]


def test_a_lock_does_not_outlive_a_killed_holder() -> None:
    killed = holder("the run abc123")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with cluster_for(UP, "embedded", print):
        pass


def test_the_cluster_of_somebody_else_has_no_lock_here(state: Path) -> None:
    with cluster_for("the run abc123", "existing", print):
        assert not state.exists()


def test_never_two_at_once_although_each_takes_its_file_away(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work(_: int) -> None:
        nonlocal inside, most
        with alone(tmp_path / "lock"):
            inside += 1
            most = max(most, inside)
            os.sched_yield()
            inside -= 1

    with ThreadPoolExecutor(8) as pool:  # more than there are processors
        list(pool.map(work, range(200)))
    assert most == 1
    assert not list(tmp_path.iterdir())


def test_a_file_that_somebody_else_has_made_meanwhile_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with alone(path):
        path.unlink()  # as `down` does
        path.write_text("of somebody else")
    assert path.read_text() == "of somebody else"
