"""What a run has, made once and never changed: settings, profile, cluster, platform, limits, and the observer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from support.cluster import Cluster
from support.faults.base import FaultRunner
from support.limits import Limits
from support.observers.observer import Observer
from support.platforms.base import Platform
from support.profiles import Profile
from support.settings import Settings

T = TypeVar("T")


class FaultDesk(Protocol):
    """Where faults are injected, for as long as the run has the cluster to itself."""

    @property
    def runner(self) -> FaultRunner:
        """Injects and ends."""

    def release(self) -> None:
        """Gives the cluster free for other runs."""


class Lazy(Generic[T]):
    """Something that is made when somebody first asks for it: many scenarios never do."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: T | None = None

    @property
    def made(self) -> T | None:
        """What was made, None while nobody has asked."""
        return self._made

    def __call__(self) -> T:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class Once:
    """Remembers what was done, for what a run does only once although every scenario could."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: set[str] = set()

    def first(self, what: str) -> bool:
        """Whether nobody has asked this before; of several who ask at the same time one is the first."""
        with self._lock:
            new = what not in self._done
            self._done.add(what)
            return new


@dataclass(frozen=True, slots=True)
class Suite:
    """The run's own."""

    settings: Settings
    profile: Profile
    cluster: Cluster
    platform: Platform
    limits: Limits
    observer: Lazy[Observer]  # installed in the cluster when it is first used
    faults: Lazy[FaultDesk]  # takes the cluster for this run when it is first used
    once: Once = field(default_factory=Once)

    @property
    def run(self) -> str:
        """The name of this run, in everything that it creates."""
        return self.settings.run
