"""Objects as something to wait for: read them, then sleep until Kubernetes tells of a change."""

from __future__ import annotations

import time

from support.cluster.client import Cluster, Objects
from support.cluster.errors import Unreachable, WatchExpired
from support.waiting import SYSTEM_CLOCK, Clock, Deadline

_BREATH = 0.05  # seconds between two looks at least: a storm of changes must not become a storm of reads
_LONGEST_WATCH = 10.0  # seconds; then a fresh read, in case the stream has died without a word


class Changes:
    """The objects of one kind and selector: `observe` and `pause` are what `support.waiting.eventually` takes."""

    def __init__(
        self, cluster: Cluster, kind: str, namespace: str | None, labels: str = "", clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._cluster, self._kind, self._namespace, self._labels = cluster, kind, namespace, labels
        self._clock = clock
        self._version = ""

    def observe(self, deadline: Deadline) -> Objects:
        """A fresh list; it also sets the version from which the next pause watches."""
        del deadline  # the client bounds every call itself
        found, self._version = self._cluster.list_at(self._kind, self._namespace, self._labels)
        return found

    def pause(self, deadline: Deadline) -> None:
        """Returns at the next change, or when the deadline or the longest watch is over."""
        self._clock.sleep(deadline.left(at_most=_BREATH))
        within = deadline.left(at_most=_LONGEST_WATCH)
        if within <= _BREATH:
            return
        try:
            self._until_change(within)
        except (WatchExpired, Unreachable):
            return  # the next observation reads everything anew and says what is wrong

    def _until_change(self, within: float) -> None:
        started = time.monotonic()
        for event, _ in self._cluster.watch(self._kind, self._namespace, self._labels, self._version, within):
            if event != "BOOKMARK" or time.monotonic() - started > within:
                return
