"""A full volume: refused where it would fill a machine, proved, given back, and mended by whoever has it then."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support.cluster.execution import ExecResult
from support.errors import Refusal
from support.faults.halt import halt
from support.faults.intents import InContainer, read_all
from support.faults.processes import Place
from support.faults.proof import FaultFailed
from support.faults.volumes import VolumeFull, lacking
from support.tests.faults_fakes import FakeCluster, ready_pod, shop
from support.tests.test_faults_runner import OnPlatform, runner

GIB = 1 << 30
FOLDER = "/data"


class Disk:
    """A volume in memory, and what the commands of the fault do to it."""

    def __init__(self, size: int = GIB, *, takes: bool = True) -> None:
        self.size, self.free, self.full, self.takes, self.away = size, size // 2, False, takes, False

    def answer(self, pod: str, command: Sequence[str]) -> ExecResult:
        script = command[2]
        assert command[4] == FOLDER
        if self.away:
            return ExecResult("", "the container is not there", 137)
        if "fallocate" in script:
            self.full = self.takes
        elif script.startswith("rm "):
            self.full = False
        return ExecResult(f"{self.size} {0 if self.full else self.free}\n{2 if self.full else 0}\n", "", 0)


def with_volume(disk: Disk, claim: str | None = "data-db-0") -> FakeCluster:
    cluster = shop()
    pod: dict[str, Any] = ready_pod("db-0")
    volume: dict[str, Any] = {"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}}
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "data", "mountPath": FOLDER}]
    containers = [{"name": "other"}, {"name": "postgres", "volumeMounts": mounts}]
    pod["spec"] = {"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "data"} | volume], "containers": containers}
    cluster.put("pods", pod, "shop")
    status = {"capacity": {"storage": "1Gi"}}
    cluster.put("persistentvolumeclaims", {"metadata": {"name": "data-db-0"}, "status": status}, "shop")
    cluster.answer = disk.answer
    return cluster


def full() -> VolumeFull:
    return VolumeFull(Place("shop", "db-0", "postgres"), FOLDER, 30.0)


def test_a_volume_is_filled_and_its_space_given_back() -> None:
    disk = Disk()
    cluster = with_volume(disk)
    runs = runner(cluster)
    injection = runs.inject(full())
    assert disk.full
    assert injection.proof == f"0 of {GIB} bytes of data-db-0 are free"
    assert injection.original == f"{GIB // 2} of {GIB} bytes free"
    (intent,) = read_all(cluster.as_cluster())
    (remedy,) = intent.remedies
    assert isinstance(remedy, InContainer)
    assert remedy.uid == "", "the claim outlives the pod: its successor has to give the space back"
    assert runs.end(injection) == f"{GIB // 2} bytes are free"
    assert not disk.full


def test_a_volume_that_shares_the_disk_of_its_machine_is_never_filled() -> None:
    disk = Disk(size=80 * GIB)
    cluster = with_volume(disk)
    with pytest.raises(Refusal, match="no size of its own"):
        runner(cluster).inject(full())
    assert not disk.full
    assert read_all(cluster.as_cluster()) == []


def test_what_is_no_claimed_volume_is_never_filled() -> None:
    disk = Disk()
    with pytest.raises(Refusal, match="no claimed volume"):
        runner(with_volume(disk, claim=None)).inject(full())
    assert not disk.full


def test_a_volume_that_does_not_fill_is_no_fault() -> None:
    disk = Disk(takes=False)
    cluster = with_volume(disk)
    with pytest.raises(FaultFailed, match="was not filled"):
        runner(cluster).inject(full())
    assert read_all(cluster.as_cluster()) == []


def test_files_of_an_earlier_fault_are_noticed() -> None:
    disk = Disk()
    disk.full = True
    with pytest.raises(FaultFailed, match="earlier fault"):
        runner(with_volume(disk)).inject(full())


def test_only_a_volume_without_a_size_is_a_lack() -> None:
    place = Place("shop", "db-0", "postgres")
    assert "no size of its own" in lacking(with_volume(Disk(size=80 * GIB)).as_cluster(), place, FOLDER)
    left = Disk()
    left.full = True
    for disk in (Disk(), left):
        assert lacking(with_volume(disk).as_cluster(), place, FOLDER) == ""


def test_halt_waits_for_the_successor_of_a_pod_that_is_away() -> None:
    disk = Disk()
    cluster = with_volume(disk)
    runner(cluster).inject(full())
    pod = cluster.objects.pop(("pods", "shop", "db-0"))
    (told,) = halt(cluster.as_cluster(), OnPlatform(None))  # type: ignore[arg-type]
    assert "db-0 is away" in told
    assert len(read_all(cluster.as_cluster())) == 1
    pod["metadata"]["uid"] = "another"
    cluster.objects["pods", "shop", "db-0"] = pod
    (told,) = halt(cluster.as_cluster(), OnPlatform(None))  # type: ignore[arg-type]
    assert "db-0 goes on" in told
    assert not disk.full
    assert read_all(cluster.as_cluster()) == []


def test_the_commands_fill_a_real_volume_and_end_by_themselves(tmp_path: Path) -> None:
    """On a small file system in memory that nobody else sees."""
    fault, scripts = VolumeFull(Place("shop", "db-0", "postgres"), str(tmp_path), 1.0), []

    class Recorder(FakeCluster):
        def exec(self, namespace: str, pod: str, command: Sequence[str], **_: Any) -> ExecResult:
            scripts.append(command)
            return ExecResult("8388608 0\n2\n", "", 0)

    fault.inject(Recorder().as_cluster())
    (fill,) = scripts
    (remedy,) = fault.remedies()
    assert isinstance(remedy, InContainer)
    waits = f'for _ in $(seq 50); do [ -e "{tmp_path}/.holdfast-full" ] || break; sleep 0.1; done'  # five seconds
    lines = [
        f"mount -t tmpfs -o size=8m none {tmp_path}",
        "mine() { " + _words(fill) + "; }",
        "mine; echo x > " + f"{tmp_path}/more 2>/dev/null && [ -s {tmp_path}/more ] && echo written || echo refused",
        f"{waits}; ls -A {tmp_path} | grep -c holdfast",
        "mine; " + _words(remedy.command) + f"; ls -A {tmp_path} | grep -c holdfast",
    ]
    apart = ["unshare", "--map-root-user", "--mount", "sh", "-c", "\n".join(lines)]
    done = subprocess.run(apart, capture_output=True, text=True, timeout=30, check=False)
    told = done.stdout.split()
    # Size, nothing free, both files; nobody can write; the end comes by itself; full again, and given back.
    assert told == ["8388608", "0", "2", "refused", "0", "8388608", "0", "2", "0"], done.stderr


def _words(command: Sequence[str]) -> str:
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
