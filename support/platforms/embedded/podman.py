"""Podman with storage and settings of our own: the user's podman is never touched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.platforms.commands import CommandFailed, run
from support.platforms.embedded import machine


@dataclass(frozen=True)
class Container:
    """A container as podman remembers it, and whether its first process really lives."""

    name: str
    state: str
    pid: int
    started: float = 0.0  # seconds of the wall clock

    @property
    def alive(self) -> bool:
        """Podman goes on saying "running" when conmon and the container were killed together: ask the kernel.

        A process that has ended is listed (state Z) until whoever adopted it reads its end, which on some machines
        is never: it does not live. Source of the states: proc(5), `stat`, the field after the name in brackets.
        """
        if self.pid <= 0:
            return False
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:  # no such process, or it went away while it was read
            return False
        return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


@dataclass(frozen=True)
class Podman:
    """Podman below one folder: `root` holds storage, `run_root` what a reboot would clear."""

    root: Path
    run_root: Path

    def _settings(self) -> Path:
        """Written anew where it differs, since limits depend on the machine."""
        limits = ", ".join(f'"{limit}"' for limit in machine.ulimits())
        text = (
            f"[containers]\ndefault_ulimits = [{limits}]\n"
            # crun refuses hybrid control groups; without systemd nobody but us manages them.
            '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        )
        path = self.root / "containers.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def storage_flags(self) -> list[str]:
        """The flags that podman and buildah share."""
        return [
            "--root",
            str(self.root / "storage"),
            "--runroot",
            str(self.run_root / "storage"),
            "--storage-driver",
            "overlay",
        ]

    def env(self) -> dict[str, str]:
        """Environment that points podman and buildah at our settings."""
        return {"CONTAINERS_CONF": str(self._settings())}

    def __call__(self, *args: str | Path, within: float | None = 120, check: bool = True) -> str:
        """Run podman; the limit of two minutes is ten times what its slowest call takes here."""
        flags = [*self.storage_flags(), "--tmpdir", str(self.run_root / "libpod")]
        return run(["podman", *flags, *args], env=self.env(), within=within, check=check).stdout

    def containers(self) -> list[Container]:
        """All containers of this storage; an unreadable storage counts as none."""
        try:
            rows = json.loads(self("ps", "--all", "--format", "json") or "[]")
        except (CommandFailed, ValueError):
            return []
        return [
            Container(row["Names"][0], row["State"], int(row.get("Pid") or 0), float(row.get("StartedAt") or 0))
            for row in rows
        ]

    def container(self, name: str) -> Container | None:
        """One container by name."""
        return next((c for c in self.containers() if c.name == name), None)

    def exec(self, name: str, command: Sequence[str], *, within: float | None = 120, check: bool = True) -> str:
        """Run a program in a container and return its standard output."""
        return self("exec", name, *command, within=within, check=check)
