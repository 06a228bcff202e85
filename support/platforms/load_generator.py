"""Makes the load generator known to a cluster when somebody first needs load: `up` is not slowed by it."""

from __future__ import annotations

from support.platforms.base import Platform
from support.progress import Steps

IMAGE = "holdfast/k6:1"  # on a platform that is not ours its registry has to offer it


def provide(platform: Platform, steps: Steps) -> None:
    """Builds the image on the first call on a machine, gives it to the nodes that lack it. Raises Refusal."""
    if platform.name == "existing":
        return
    from support.platforms.embedded import load_image

    platform.load_images([load_image.archive(steps)])
