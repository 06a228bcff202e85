"""The image of the load generator, built from its Go module; no part of the cluster or of a system."""

from __future__ import annotations

from support.platforms import toolchain
from support.platforms.base import ImageArchive
from support.platforms.embedded import images, programs
from support.platforms.embedded.cache import digest
from support.platforms.embedded.layout import Folders
from support.progress import Steps

NAME = "docker.io/holdfast/k6:1"
# A single static program: no shell, no library.
_CONTAINERFILE = 'FROM scratch\nCOPY k6 /usr/bin/k6\nENTRYPOINT ["/usr/bin/k6"]\n'


def archive(steps: Steps) -> ImageArchive:
    """Build the image unless an archive of the same content is there. Raises Refusal."""
    folders = Folders.of_user()
    key = digest([programs.path_of(programs.K6, folders).name, _CONTAINERFILE])
    return images.archive("k6", lambda: [_recipe(folders, steps)], key, folders, steps, usually_s=80)


def _recipe(folders: Folders, steps: Steps) -> images.Recipe:
    if not programs.go_root().exists():
        toolchain.fetch(steps)
    return images.Recipe([NAME], _CONTAINERFILE, {"k6": programs.build(programs.K6, folders, steps)})
