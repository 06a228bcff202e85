"""The shell fragments on real processes: stopped with their end armed first, going on, killed; never process 1."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hamcrest import equal_to

from support.faults import scripts
from support.faults.scripts import Processes
from support.waiting import Deadline, eventually

NAME = "redis-server"
# The scripts act on a whole container; here they get a name of their own and see no process but the test's.
OTHER = "hf-frozen-cup"
EVERYONE = "/proc/[0-9]*/status"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.copy(shutil.which("sleep") or "/bin/sleep", tmp_path / OTHER)
    process = subprocess.Popen([program, "60"])
    yield process
    process.kill()
    process.wait()


def run(command: list[str], *pids: int) -> subprocess.CompletedProcess[str]:
    ours = [word.replace(f"pgrep -x {NAME}", f"pgrep -x {OTHER}") for word in command]
    ours = [word.replace(EVERYONE, " ".join(f"/proc/{pid}/status" for pid in pids)) for word in ours]
    return subprocess.run(ours, capture_output=True, text=True, timeout=10, check=False)


def state(pid: int) -> str:
    return run(scripts.states([pid])).stdout.split()[1]


def test_a_frozen_process_goes_on_by_itself(sleeper: subprocess.Popen[bytes]) -> None:
    told = run(scripts.freeze([Processes.CACHE], 0.5), sleeper.pid)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [str(sleeper.pid)]
    assert state(sleeper.pid) == "T"

    def look(_: Deadline) -> str:
        return state(sleeper.pid)

    eventually(look, equal_to("S"), 5.0, "the end that was armed before the stop")


def test_a_frozen_process_is_let_go_on_at_once(sleeper: subprocess.Popen[bytes]) -> None:
    run(scripts.freeze([Processes.CACHE], 2.0), sleeper.pid)
    assert state(sleeper.pid) == "T"
    assert run(scripts.resume(), sleeper.pid).returncode == 0
    assert state(sleeper.pid) == "S"


def test_a_killed_process_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    assert run(scripts.kill([Processes.CACHE])).returncode == 0
    assert sleeper.wait(timeout=5) == -9
    assert state(sleeper.pid) == "gone"


@pytest.mark.parametrize("make", [scripts.kill, lambda which: scripts.freeze(which, 5.0)])
def test_without_the_process_nothing_is_touched(make: object) -> None:
    told = run(make([Processes.CACHE]))  # type: ignore[operator]
    assert told.returncode == 65
    assert "no such process: cache" in told.stderr


@pytest.mark.parametrize("make", [scripts.kill, lambda which: scripts.freeze(which, 5.0)])
def test_process_1_is_never_a_target(make: object) -> None:
    command = [word.replace("pgrep -x redis-server", "echo 1") for word in make([Processes.CACHE])]  # type: ignore[operator]
    told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert told.returncode == 64
    assert "process 1 is never a target" in told.stderr


def test_a_tree_is_stopped_from_its_root(tmp_path: Path) -> None:
    program = shutil.copy(shutil.which("bash") or "/bin/bash", tmp_path / OTHER)
    parent = subprocess.Popen([program, "-c", "sleep 60 & sleep 60 & wait"], start_new_session=True)
    try:
        pid_file = tmp_path / "main.pid"
        pid_file.write_text(f"{parent.pid}\n")

        def children(_: Deadline) -> int:
            listed = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True, check=False)
            return len(listed.stdout.split())

        eventually(children, equal_to(2), 5.0, "the children have started")
        command = [
            word.replace("/run/shop/main.pid", str(pid_file)) for word in scripts.freeze([Processes.APPLICATION], 2)
        ]
        pids = [int(word) for word in run(command, parent.pid).stdout.split()]
        assert pids[0] == parent.pid
        assert len(pids) == 3
        assert {state(pid) for pid in pids} == {"T"}
        run(scripts.resume(), *pids)
        assert {state(pid) for pid in pids} == {"S"}
    finally:
        subprocess.run(["pkill", "-KILL", "-s", str(parent.pid)], check=False)
        parent.wait()


def test_only_a_child_of_the_main_process_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(["bash", "-c", "sleep 60 & sleep 60 & wait"], start_new_session=True)
    try:
        pid_file = tmp_path / "main.pid"
        pid_file.write_text(f"{parent.pid}\n")

        def children() -> list[int]:
            listed = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True, check=False)
            return [int(word) for word in listed.stdout.split()]

        def both(_: Deadline) -> bool:
            return len(children()) == 2

        eventually(both, equal_to(True), 5.0, "the children have started")
        first, other = children()

        def killing(pid: int) -> subprocess.CompletedProcess[str]:
            return run([word.replace("/run/shop/main.pid", str(pid_file)) for word in scripts.kill_child(pid)])

        assert killing(parent.pid).returncode == 65
        assert killing(first).returncode == 0
        assert state(first) in ("gone", "Z")
        assert state(other) == "S"
        assert parent.poll() is None
    finally:
        subprocess.run(["pkill", "-KILL", "-s", str(parent.pid)], check=False)
        parent.wait()
