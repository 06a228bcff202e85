"""The `holdfast` command: what is refused, how, and with which exit code."""

from __future__ import annotations

import pytest

from support import cli, platforms
from support.errors import ExitCode, Refusal


def test_a_refusal_is_one_line_with_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise Refusal("The disk is full.", "Free some space.", ExitCode.NO_DISK_SPACE)

    monkeypatch.setattr(platforms, "chosen", refuse)
    assert cli.main(["status"]) == ExitCode.NO_DISK_SPACE
    assert capsys.readouterr().err == "holdfast: The disk is full. Free some space.\n"


def test_an_unknown_system_is_refused_before_anything_is_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--system", "jewellery-shop"]) == ExitCode.UNKNOWN_SYSTEM
    assert "jewelry-shop" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(platforms, "chosen", interrupt)
    assert cli.main(["status"]) == ExitCode.INTERRUPTED
    assert "goes on where this one stopped" in capsys.readouterr().err


def test_what_test_does_not_know_goes_to_behave() -> None:
    options = cli._parse(["test", "--tags", "@smoke", "--stop"])
    assert options.behave == ["--tags", "@smoke", "--stop"]


def test_other_commands_do_not_swallow_unknown_arguments() -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["status", "--tags", "@smoke"])
    assert ended.value.code == ExitCode.USAGE


def test_kubectl_gets_its_arguments_as_they_are() -> None:
    assert cli._parse(["kubectl", "get", "pods", "-A", "--help"]).arguments == ["get", "pods", "-A", "--help"]


def test_a_full_disk_is_no_stack_trace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fill() -> None:
        raise OSError(28, "No space left on device", "some-file")  # 28: ENOSPC

    monkeypatch.setattr(platforms, "chosen", fill)
    assert cli.main(["status"]) == ExitCode.NO_DISK_SPACE
    assert "disk is full (some-file)" in capsys.readouterr().err
