"""The kind platform: which commands it gives to docker and kind. The commands themselves need Docker."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.errors import ExitCode, Refusal
from support.platforms import kind
from support.platforms.base import ImageArchive

MACHINES = "holdfast-control-plane\nholdfast-worker\n"
STARTED = "2026-03-02T10:00:00.123456789Z\n2026-03-02T10:00:05Z\n"  # as docker writes it, in nanoseconds


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Every command that would have been run; docker knows two machines."""
    commands: list[str] = []

    def run(words: list[str], **_: object) -> CompletedProcess[str]:
        commands.append(" ".join(words))
        answers = {"ps": MACHINES, "inspect": STARTED}
        answer = answers.get(words[1], "") if words[0] == "docker" else ""
        return CompletedProcess(words, 0, answer, "")

    monkeypatch.setattr(kind, "run", run)
    monkeypatch.setenv("HOLDFAST_STATE", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda tool: f"/bin/{tool}")
    return commands


def test_power_is_cut_by_kill_and_waited_for(asked: list[str]) -> None:
    kind.DockerEngine().kill(["holdfast-worker"])
    assert asked == ["docker kill holdfast-worker", "docker wait holdfast-worker"]


def test_images_are_loaded_once_per_cluster(asked: list[str], tmp_path: Path) -> None:
    archive = ImageArchive(tmp_path / "platform-1.tar", "1")
    kind.KindPlatform().load_images([archive])
    kind.KindPlatform().load_images([archive])
    assert len([command for command in asked if command.startswith("kind load image-archive")]) == 1


def test_it_is_known_since_when_each_machine_has_its_power(asked: list[str]) -> None:
    nodes = kind.KindPlatform().status().nodes
    assert [node.name for node in nodes] == MACHINES.split()
    assert nodes[1].since - nodes[0].since == pytest.approx(5 - 0.123456)  # seconds


def test_an_unknown_machine_is_refused(asked: list[str]) -> None:
    with pytest.raises(Refusal, match="holdfast-worker"):
        kind.KindPlatform().node_faults.is_powered("moon")


def test_the_control_plane_is_one_of_the_machines() -> None:
    settings = kind.cluster_settings(3)
    assert settings["nodes"] == [{"role": "control-plane"}, {"role": "worker"}, {"role": "worker"}]


def test_without_docker_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Refusal, match="docker and kind") as refused:
        kind.KindPlatform().status()
    assert refused.value.exit_code == ExitCode.NO_PLATFORM
