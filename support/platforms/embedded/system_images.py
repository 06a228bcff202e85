"""Images of a reference system and of the suite's own pods, as one archive in which they share their layers."""

from __future__ import annotations

from pathlib import Path

import yaml

from support.paths import project_dir
from support.platforms.base import ImageArchive
from support.platforms.embedded import images
from support.platforms.embedded.cache import digest
from support.platforms.embedded.layout import HERE, Folders
from support.progress import Steps


def _recipe(folder: Path, entry: dict[str, object]) -> images.Recipe:
    names, files = entry["names"], entry.get("files", {})
    assert isinstance(names, list)
    assert isinstance(files, dict)
    requirements = entry.get("requirements")
    return images.Recipe(
        names=[str(name) for name in names],
        containerfile=(folder / str(entry["containerfile"])).read_text(),
        files={str(inside): folder / str(source) for inside, source in files.items()},
        requirements=folder / str(requirements) if requirements else None,
    )


def recipes(folder: Path) -> list[images.Recipe]:
    """What images.yaml of a folder lists, and the observer's image."""
    observers = project_dir() / "support" / "observers"
    found = []
    for place in (folder, observers):
        entries = yaml.safe_load((place / "images.yaml").read_text())
        found += [_recipe(place, entry) for entry in entries]
    return found


def archive(folder: Path, steps: Steps) -> ImageArchive:
    """Build the images of a system unless an archive of the same content is there."""
    wanted = recipes(folder)
    key = digest([*(recipe.key() for recipe in wanted), HERE / "images.py"])
    name = folder.name.replace("_", "-")
    return images.archive(name, lambda: wanted, key, Folders.of_user(), steps, usually_s=150)
