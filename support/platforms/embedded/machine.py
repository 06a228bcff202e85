"""What the embedded platform needs of the machine it runs on, and how it gets it."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.locks import alone
from support.platforms.base import Need
from support.platforms.commands import CommandFailed, run
from support.platforms.embedded.layout import RUN_DIR, Folders
from support.progress import Steps

# Debian package -> the program by which its presence is known.
PACKAGES = {
    "podman": "podman",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "runc": "runc",
    "iproute2": "ip",
    "nftables": "nft",
    "util-linux": "nsenter",
    "gcc": "gcc",
    "libc6-dev": "/usr/include/stdio.h",
}
# GiB: build results 5, Go's caches 7, the nodes' disks 4, rounded up. With a warm cache only the nodes' disks are new.
DISK_COLD_GIB = 18
DISK_WARM_GIB = 5
MEMORY_GIB = 5  # an idle cluster with the jewelry-shop uses about 4


def _there(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None


def missing_packages() -> list[str]:
    """Debian packages that are not installed, by the programs they bring."""
    return [package for package, program in PACKAGES.items() if not _there(program)]


def require_root() -> None:
    """Refuse unless we are root: nodes are privileged containers with networks of their own."""
    if os.geteuid() != 0:
        raise Refusal(
            "The embedded platform needs root, because its nodes are privileged containers.",
            "Run it with sudo, or point holdfast at a cluster of yours: HOLDFAST_PLATFORM=existing.",
            ExitCode.NOT_ROOT,
        )


def free_gib(folder: Path) -> float:
    """Free space of the file system that holds the folder or its nearest existing parent, in GiB."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 2**30


def require_disk(folders: Folders, *, warm: bool) -> None:
    """Refuse when a build or the nodes' disks would not fit."""
    needed = DISK_WARM_GIB if warm else DISK_COLD_GIB
    for folder in (folders.cache, folders.state):
        if (free := free_gib(folder)) < needed:
            raise Refusal(
                f"There is no space for the cluster: {needed} GiB are needed below {folder}, {free:.1f} GiB are free.",
                "Free some, or choose other folders with HOLDFAST_CACHE and HOLDFAST_STATE.",
                ExitCode.NO_DISK_SPACE,
            )


def install_packages(steps: Steps) -> None:
    """Install the Debian packages that are missing; refuses where that cannot be done."""
    missing = missing_packages()
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Refusal(
            f"Programs are missing and this machine has no apt-get: {', '.join(missing)}.",
            "Install them by hand, or use a cluster of yours: HOLDFAST_PLATFORM=existing.",
            ExitCode.BUILD_FAILED,
        )
    with steps.step(f"installing Debian packages: {' '.join(missing)}", usually_s=40):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(["apt-get", "-q", "update"], env=quiet)
            run(["apt-get", "-qy", "install", "--no-install-recommends", *missing], env=quiet)
        except CommandFailed as failed:
            raise Refusal(
                f"Debian packages could not be installed: {failed}.",
                "Look whether the package servers answer (apt-get update), then run the same command again.",
                ExitCode.BUILD_FAILED,
            ) from failed


@contextmanager
def only_one(steps: Steps) -> Iterator[None]:
    """Hold the machine's lock for commands that change the cluster; a second one waits for the first."""
    with alone(RUN_DIR / "lock", met=lambda holder: steps.say(f"{holder} is at work; waiting for it")):
        yield


def ulimits() -> list[str]:
    """Limits for containers: 20000 open files and processes, never above the machine's own hard limits.

    Raising a hard limit needs CAP_SYS_RESOURCE, which may be missing even for root.
    """
    wanted = 20000
    kinds = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    limits = []
    for name, kind in kinds.items():
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        limits.append(f"{name}={value}:{value}")
    return limits


def cgroup_version() -> int:
    """2 where the unified hierarchy is mounted at /sys/fs/cgroup, else 1 (also for hybrid machines)."""
    return 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1


def memory_gib() -> float:
    """Memory of the machine in GiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def needs(folders: Folders) -> list[Need]:
    """What `holdfast doctor` says of this machine."""
    missing = missing_packages()
    root = os.geteuid() == 0
    free = min(free_gib(folders.cache), free_gib(folders.state))
    return [
        Need("root", root, "yes" if root else "no", "run with sudo"),
        Need(
            "Debian packages",
            not missing,
            f"missing: {', '.join(missing)}" if missing else "all there",
            f"`holdfast up` installs them, or: apt-get install {' '.join(missing)}",
        ),
        Need("disk", free >= DISK_WARM_GIB, f"{free:.0f} GiB free", f"free {DISK_COLD_GIB} GiB for a first `up`"),
        Need("memory", memory_gib() >= MEMORY_GIB, f"{memory_gib():.0f} GiB", f"{MEMORY_GIB} GiB are needed"),
        Need(
            "loop devices",
            True,
            "volumes are as large as their claims"
            if Path("/dev/loop-control").exists()
            else "none: volumes have no size",
        ),
        Need("control groups", True, f"version {cgroup_version()}", ""),
    ]
