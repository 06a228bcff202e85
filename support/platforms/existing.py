"""A cluster that somebody else runs: holdfast neither makes nor removes it, and cannot harm its machines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from support.cluster.client import Cluster
from support.errors import ExitCode, Refusal
from support.platforms.base import Archives, ImageArchive, Need, NodeFaults, PlatformStatus


class ExistingPlatform:
    """Any context of a kubeconfig."""

    name = "existing"

    @property
    def kubeconfig(self) -> Path | None:
        own = os.environ.get("HOLDFAST_KUBECONFIG")
        return Path(own) if own else None

    @property
    def node_faults(self) -> NodeFaults | None:
        return None  # nobody hands out the power switches of a real data centre

    def _connect(self) -> Cluster:
        return Cluster.connect(self.kubeconfig, os.environ.get("HOLDFAST_CONTEXT"))

    def up(self, nodes: int, archives: Archives = tuple) -> None:  # noqa: ARG002 - it is as it is
        self._connect()

    def down(self, *, purge: bool = False) -> None:  # noqa: ARG002
        raise Refusal(
            "This cluster is not holdfast's, so holdfast does not remove it.",
            "`holdfast halt` reverts what the suite has left in it.",
            ExitCode.UNSAFE_TARGET,
        )

    def status(self) -> PlatformStatus:
        cluster = self._connect()
        return PlatformStatus(self.name, running=True, summary=f"context {cluster.context} at {cluster.server} answers")

    def doctor(self) -> list[Need]:
        try:
            cluster = self._connect()
        except Refusal as refusal:
            return [Need("cluster", False, refusal.sentence, refusal.remedy)]
        return [Need("cluster", True, f"context {cluster.context} at {cluster.server}")]

    def load_images(self, archives: Sequence[ImageArchive]) -> None:
        names = [name for archive in archives for name in archive.names]
        raise Refusal(
            "Images cannot be loaded into a cluster of somebody else.",
            f"Push them to its registry: {', '.join(names) or 'see the images of the reference system'}.",
            ExitCode.USAGE,
        )
