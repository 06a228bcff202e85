"""The machine that the agent works for: which pod is behind which address on it, and its nftables."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .table import TABLE, Fences, frame_mark, is_rules_chain, new_frame

# Where the container runtime keeps what it gave to each pod, from before the pod's first process until after its last;
# seen from the agent, which shares the machine's list of processes.
GIVEN = Path("/proc/1/root/var/lib/cni/results")
_NFT = ("nsenter", "--target", "1", "--mount", "--", "nft")  # the machine's own program
_STEP_NS = 1_000_000_000  # far more than the steps of any file system's clock (4 ms)
_NFT_S = 20.0  # seconds for one transaction; it takes 0.02


class Addresses:
    """Addresses that the machine has given to pods. A file that has been read is not read again."""

    def __init__(self, folder: Path = GIVEN) -> None:
        self._folder = folder
        self._known: dict[str, tuple[str, tuple[str, ...]] | None] = {}  # file -> uid and addresses, if about a pod
        self._listed = -1  # the folder's last change when everything in it had been read; nanoseconds
        self._here: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        """The uid of the pod behind each address. Twenty times a second, so nothing is done while nothing changes."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._listed:
                return self._here
            present = {path.name: path for path in self._folder.iterdir()}
        except FileNotFoundError:  # no pod has been started yet
            changed, present = -1, {}
        unread: list[str] = []
        known = {name: entry for name, entry in self._known.items() if name in present}
        for name in present.keys() - known.keys():
            try:
                known[name] = _read(present[name])
            except (OSError, ValueError):  # gone, or being written just now
                unread.append(name)
        self._known = known
        # The clock of files moves in steps: what comes within one of them would not be seen as a change.
        settled = time.time_ns() - changed > _STEP_NS
        self._listed = changed if settled and not unread else -1
        self._here = {address: entry[0] for entry in known.values() if entry for address in entry[1]}
        return self._here


def _read(path: Path) -> tuple[str, tuple[str, ...]] | None:
    """Uid and addresses in one of the runtime's notes; None when it is about no pod's own address.

    Raises OSError or ValueError while it is not whole.
    """
    note = json.loads(path.read_text(encoding="utf-8"))
    if note.get("ifName") == "lo":
        return None
    arguments = dict(note.get("cniArgs") or [])
    addresses = tuple(str(one["address"]).partition("/")[0] for one in note.get("result", {}).get("ips", []))
    uid = arguments.get("K8S_POD_UID", "")
    return (uid, addresses) if uid and addresses else None


class Nft:
    """Puts fences into the kernel. Raises subprocess.CalledProcessError, and then nothing has changed."""

    def __init__(self, program: Iterable[str] = _NFT) -> None:
        self._program = tuple(program)

    def put(self, fences: Fences) -> None:
        """Makes the frame unless it is there, and changes what is in it, all or nothing."""
        present = self.chains()
        frame = "" if frame_mark() in present else new_frame()
        kept = [name for name in present if is_rules_chain(name)] if not frame else []
        self._run("-f", "-", text=frame + fences.transaction(kept))

    def chains(self) -> list[str]:
        """Names of the chains in the table; empty when there is no table."""
        listed = json.loads(self._run("-j", "list", "chains"))["nftables"]
        chains: list[dict[str, Any]] = [entry["chain"] for entry in listed if "chain" in entry]
        return [chain["name"] for chain in chains if f"{chain['family']} {chain['table']}" == TABLE]

    def _run(self, *words: str, text: str = "") -> str:
        done = subprocess.run(
            [*self._program, *words], input=text, capture_output=True, text=True, timeout=_NFT_S, check=False
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, " ".join(words), done.stdout, done.stderr)
        return done.stdout
