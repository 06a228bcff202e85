"""Bad input gets one clear sentence with the remedy, within five seconds, and an exit code of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from support.errors import ExitCode
from support.paths import state_dir
from support.tests.acceptance.conftest import BEHAVE, HOLDFAST, Ran, Run

pytestmark = pytest.mark.acceptance

WITHIN_S = 5.0  # the promise


def refused(ran: Ran, code: ExitCode, *words: str) -> None:
    assert ran.code == code, ran.text
    assert "Traceback" not in ran.text
    assert ran.seconds <= WITHIN_S, f"took {ran.seconds:.1f} s"
    for word in words:
        assert word in ran.text


def _kubeconfig(tmp_path: Path, server: str) -> Path:
    config = yaml.safe_load((state_dir() / "kubeconfig").read_text())
    config["clusters"][0]["cluster"]["server"] = server
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_no_kubeconfig(run: Run, tmp_path: Path) -> None:
    ran = run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_KUBECONFIG": str(tmp_path / "none")})
    refused(ran, ExitCode.NO_PLATFORM, "holdfast up")


def test_wrong_context(run: Run) -> None:
    refused(run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_CONTEXT": "moon"}), ExitCode.WRONG_CONTEXT, "moon")


def test_unreachable_cluster(run: Run, tmp_path: Path) -> None:
    # Port 9 of this machine: nobody listens there.
    config = _kubeconfig(tmp_path, "https://127.0.0.1:9")
    ran = run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_KUBECONFIG": str(config)})
    refused(ran, ExitCode.NO_PLATFORM, "127.0.0.1:9")


def test_silent_cluster(run: Run, tmp_path: Path) -> None:
    # An address of the cluster's own range that no machine has: packets vanish.
    config = _kubeconfig(tmp_path, "https://198.18.0.99:6443")
    ran = run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_KUBECONFIG": str(config)})
    refused(ran, ExitCode.NO_PLATFORM, "198.18.0.99")


def test_unknown_tag(run: Run) -> None:
    refused(run(BEHAVE, "--tags", "@smok"), ExitCode.UNKNOWN_TAG, "@smok", "@smoke")


def test_unknown_system(run: Run) -> None:
    refused(run(HOLDFAST, "up", "--system", "jewellery"), ExitCode.UNKNOWN_SYSTEM, "jewelry-shop")


def test_unknown_profile(run: Run) -> None:
    ran = run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_PROFILE": "jewellery"})
    refused(ran, ExitCode.UNKNOWN_SYSTEM, "jewelry-shop")


def test_a_run_of_nothing_is_not_green(run: Run) -> None:
    assert run(BEHAVE, "--tags", "@smoke and @destructive").code == ExitCode.NOTHING_RUN


def test_missing_rights(run: Run, tmp_path: Path) -> None:
    """A user of the cluster without any right: an identity that the cluster knows and trusts with nothing."""
    token = run(HOLDFAST, "kubectl", "-n", "default", "create", "token", "default").text.strip()
    config = yaml.safe_load((state_dir() / "kubeconfig").read_text())
    config["users"][0]["user"] = {"token": token}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    refused(run(BEHAVE, "--tags", "@smoke", env={"HOLDFAST_KUBECONFIG": str(path)}), ExitCode.MISSING_RIGHT)
