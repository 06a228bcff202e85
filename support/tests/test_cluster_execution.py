"""What a command in a container wrote is read to its last byte, however its frames fall."""

from __future__ import annotations

from typing import Any

import pytest

from support.cluster import execution
from support.cluster.errors import Unreachable

SUCCESS = (3, b'{"status": "Success"}')
FAILED = (3, b'{"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}')


class Client:
    """A stream as the package's: each look takes in the frames that have come; the last ones come with the end."""

    def __init__(self, *looks: list[tuple[int, bytes]]) -> None:
        self._looks, self._channels = list(looks), dict[int, bytes]()

    def is_open(self) -> bool:
        return bool(self._looks)

    def update(self, timeout: float = 0) -> None:
        del timeout  # nothing is waited for
        for channel, data in self._looks.pop(0) if self._looks else []:
            self._channels[channel] = self._channels.get(channel, b"") + data

    def read_channel(self, channel: int) -> bytes:
        if channel not in self._channels:
            self.update()
        return self._channels.pop(channel, b"")

    def close(self) -> None:
        self._looks.clear()


def run(monkeypatch: pytest.MonkeyPatch, client: Any, within: float = 5.0) -> execution.ExecResult:
    monkeypatch.setattr(execution, "_open", lambda *_: client)
    transport: Any = None
    return execution.execute(transport, "shop", "pod", ["tell"], None, None, within)


@pytest.mark.parametrize(
    "looks",
    [
        [[(1, b"all"), (2, b"noise"), SUCCESS]],
        [[(1, b"a")], [(1, b"ll"), (2, b"noise"), SUCCESS]],
        [[(2, b"noise")], [(1, b"all"), SUCCESS]],
        [[(2, b"noi")], [(1, b"a")], [(2, b"se")], [(1, b"ll")], [SUCCESS]],
    ],
    ids=["at once", "in two looks", "the answer with the end", "in turns"],
)
def test_nothing_that_came_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, looks: list[list[tuple[int, bytes]]]
) -> None:
    assert run(monkeypatch, Client(*looks)) == execution.ExecResult("all", "noise", 0)


def test_the_exit_code_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, Client([(1, b"no"), FAILED])) == execution.ExecResult("no", "", 3)


def test_a_command_without_end_is_said_to_be_still_running(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match="still running after 0 s"):
        run(monkeypatch, Client([(1, b"")]), within=0.0)
