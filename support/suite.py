"""What a run has, made once and never changed: settings, profile, cluster, platform, limits, and the observer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from support.cluster import Cluster
from support.limits import Limits
from support.observers.observer import Observer
from support.platforms.base import Platform
from support.profiles import Profile
from support.settings import Settings


class LazyObserver:
    """The observer, installed in the cluster when somebody first asks for it: many scenarios never do."""

    def __init__(self, make: Callable[[], Observer]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Observer | None = None

    def __call__(self) -> Observer:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


@dataclass(frozen=True, slots=True)
class Suite:
    """The run's own."""

    settings: Settings
    profile: Profile
    cluster: Cluster
    platform: Platform
    limits: Limits
    observer: LazyObserver

    @property
    def run(self) -> str:
        """The name of this run, in everything that it creates."""
        return self.settings.run
