"""Whether a container's first process lives is asked of the kernel, not of podman."""

from __future__ import annotations

import os

from support.platforms.embedded.podman import Container


def test_a_process_that_runs_is_alive() -> None:
    assert Container("node", "running", os.getpid()).alive


def test_a_container_that_never_started_is_not_alive() -> None:
    assert not Container("node", "created", 0).alive


def test_a_process_that_has_ended_is_not_alive_although_nobody_has_read_its_end() -> None:
    ended = os.fork()
    if ended == 0:
        os._exit(0)
    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)  # it has ended, and stays listed
    assert os.path.exists(f"/proc/{ended}")
    assert not Container("node", "running", ended).alive
    os.waitpid(ended, 0)
    assert not Container("node", "running", ended).alive, "nobody has this number any more"
