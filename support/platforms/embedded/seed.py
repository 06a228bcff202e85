"""Images for new machines without importing them again: one store is filled once, and machines start with a copy.

What an image consists of is never written to after the import (contents are named by their digest, layers are only read
by overlay mounts), so a copy shares these files by hard links; only the two small databases are copied for real.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from support.platforms.base import ImageArchive
from support.platforms.commands import run
from support.platforms.embedded.cache import build_once, digest, keep_newest
from support.platforms.embedded.layout import RUN_DIR, Folders
from support.platforms.embedded.podman import Podman

DATABASES = ("io.containerd.metadata.v1.bolt/meta.db", "io.containerd.snapshotter.v1.overlayfs/metadata.db")
IMPORT = """
containerd > /tmp/containerd.log 2>&1 &
until ctr version > /dev/null 2>&1; do sleep 0.1; done
for name in "$@"; do ctr --namespace k8s.io images import "/opt/archives/$name" || exit 1; done
kill %1 && wait
"""


def mark(archive: ImageArchive) -> str:
    """Name of the file by which a node's store says that it holds an archive."""
    return f".holdfast-{archive.path.stem}"


def outdated_by(archive: ImageArchive, store: Path) -> list[Path]:
    """Marks in a node's store of other archives with images of the same names, which this one replaces."""
    found = [path for path in store.glob(".holdfast-*") if path.name != mark(archive)]
    return [path for path in found if path.name.rpartition("-")[0] == f".holdfast-{archive.family}"]


def seed(archives: Sequence[ImageArchive], root: Path, folders: Folders) -> Path:
    """A containerd store that holds the images of the archives, filled once per set of archives."""
    target = folders.cache / "seeds" / digest([str(root), *(archive.path.name for archive in archives)])

    def fill(unfinished: Path) -> None:
        unfinished.mkdir(parents=True)
        podman = Podman(root=folders.cache / "seeding", run_root=RUN_DIR / "seeding")
        mounts = ["--volume", f"{unfinished}:/var/lib/containerd", "--volume", f"{folders.archives}:/opt/archives:ro"]
        flags = ["--rm", "--privileged", "--network", "none", "--tmpfs", "/run:exec", "--tmpfs", "/tmp:exec"]  # noqa: S108
        names = [archive.path.name for archive in archives]
        podman("run", *flags, *mounts, "--rootfs", f"{root}:O", "bash", "-c", IMPORT, "seed", *names, within=None)
        for archive in archives:
            (unfinished / mark(archive)).touch()

    build_once(target, fill)
    keep_newest(target, "[0-9a-f]*")
    return target


def plant(store: Path, target: Path) -> None:
    """Give a new machine the images of a store; a machine that has a store of its own keeps it."""
    if any(target.glob("io.containerd.*")):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    # Links need one file system; elsewhere a real copy does the same, slower.
    same = store.stat().st_dev == target.parent.stat().st_dev
    run(["cp", "--archive", *(["--link"] if same else []), store, target])
    for name in DATABASES:
        (target / name).unlink()
        shutil.copy2(store / name, target / name)
