"""Where holdfast keeps what outlives a command: build results (cache) and the embedded cluster's state."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Folder of everything that can be built again: $HOLDFAST_CACHE, else `holdfast` in the user's cache folder."""
    own = os.environ.get("HOLDFAST_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast"


def state_dir() -> Path:
    """Folder of the embedded cluster (kubeconfig, disks): $HOLDFAST_STATE, else `holdfast` in the user's data."""
    own = os.environ.get("HOLDFAST_STATE")
    return Path(own) if own else Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "holdfast"


def project_dir() -> Path:
    """The checkout: the folder that holds `support/`, `features/` and `pyproject.toml`."""
    return Path(__file__).resolve().parent.parent
