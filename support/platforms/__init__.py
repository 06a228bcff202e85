"""Platforms: ways to have a Kubernetes cluster, behind one interface."""

from __future__ import annotations

import os

from support.errors import ExitCode, Refusal
from support.platforms.base import Platform

KNOWN = ("embedded", "kind", "existing")


def by_name(name: str) -> Platform:
    """The platform of that name; refuses an unknown one."""
    if name == "embedded":
        from support.platforms.embedded.platform import EmbeddedPlatform

        return EmbeddedPlatform()
    if name == "kind":
        from support.platforms.kind import KindPlatform

        return KindPlatform()
    if name == "existing":
        from support.platforms.existing import ExistingPlatform

        return ExistingPlatform()
    raise Refusal(f"There is no platform called {name!r}.", f"Choose one of: {', '.join(KNOWN)}.", ExitCode.USAGE)


def chosen() -> Platform:
    """The platform named by HOLDFAST_PLATFORM; without it, an own kubeconfig means `existing`, else `embedded`."""
    name = os.environ.get("HOLDFAST_PLATFORM", "auto")
    if name == "auto":
        name = "existing" if os.environ.get("HOLDFAST_KUBECONFIG") else "embedded"
    return by_name(name)


def current() -> Platform:
    """The platform under the tests: that of `chosen`."""
    return chosen()
