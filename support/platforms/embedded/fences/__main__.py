"""Keeps the fences of one machine as the policies say, within a moment of every change."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from pathlib import Path

from .api import PATHS, Follower, State
from .machine import Addresses, Nft
from .table import Fences, frame_mark, render

_LOOK_S = 0.05  # seconds between two looks at the machine's addresses: less than a container needs to start
_CHECK_S = 5.0  # seconds between two looks whether the table is still there
_AGAIN_S = 1.0  # seconds before the next attempt when the kernel has refused
READY = Path("/tmp/fenced")  # noqa: S108 (the agent's own container): there while the fences are as they should be


class Agent:
    """Renders whenever something has changed; what could not be put in place is tried again."""

    def __init__(self, node: str, state: State, addresses: Addresses, nft: Nft) -> None:
        self._node, self._state, self._addresses, self._nft = node, state, addresses, nft
        self._rendered: tuple[int, dict[str, str]] | None = None
        self._placed: Fences | None = None
        self._checked = 0.0
        self._ready = False

    def step(self, now: float) -> None:
        """One look, and what follows from it. Until the API has told everything, the table stays as it is."""
        if not self._state.complete:
            return
        here = self._addresses.read()
        with self._state.changed:
            if not self._state.current and self._placed:
                # A policy may exist that nobody has told us of: who is new stays outside until we are told again.
                here = {address: uid for address, uid in here.items() if address in self._placed.sending}
            seen = (self._state.revision, here)
            fences = self._placed if seen == self._rendered else None
            fences = fences or render(self._state.cluster, self._node, here)
        if fences != self._placed or self._lost(now):
            self._nft.put(fences)
            self._placed = fences
            fenced = sum(verdict.startswith("jump") for verdict in fences.receiving.values())
            logging.info("%d pods, %d of them fenced, %d chains", len(fences.sending), fenced, len(fences.chains))
        self._rendered = seen
        if not self._ready:
            READY.touch()
            self._ready = True

    def not_ready(self) -> None:
        """The fences are not as they should be."""
        READY.unlink(missing_ok=True)
        self._ready = False

    def _lost(self, now: float) -> bool:
        """Whether somebody has taken the table away; looked at every few seconds."""
        if now - self._checked < _CHECK_S:
            return False
        self._checked = now
        return frame_mark() not in self._nft.chains()


def main() -> None:
    """Runs for ever."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    state = State()
    for kind in PATHS:
        Follower(kind, state).start()
    agent = Agent(os.environ["NODE_NAME"], state, Addresses(), Nft())
    pause = _LOOK_S
    while True:
        with state.changed:
            state.changed.wait(pause)
        try:
            agent.step(time.monotonic())
            pause = _LOOK_S
        except (OSError, subprocess.SubprocessError) as error:
            pause = _AGAIN_S
            agent.not_ready()
            logging.error("the fences could not be put in place: %s %s", error, getattr(error, "stderr", ""))


if __name__ == "__main__":
    main()
