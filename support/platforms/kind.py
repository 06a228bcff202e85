"""kind: machines as Docker containers. Images are built by the means of the embedded platform, as root."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from support.errors import ExitCode, Refusal
from support.paths import state_dir
from support.platforms import freshness
from support.platforms.base import Archives, ImageArchive, Need, NodeState, PlatformStatus
from support.platforms.commands import CommandFailed, run
from support.platforms.embedded.layout import Folders
from support.platforms.node_faults import ContainerNodeFaults
from support.progress import Steps

CLUSTER = "holdfast"
LONGEST_S = 600.0  # seconds for one command of kind; making three machines takes about 60


def _docker(*words: str, check: bool = True) -> str:
    return run(["docker", *words], within=LONGEST_S, check=check).stdout


@dataclass(frozen=True)
class DockerEngine:
    """See support.platforms.node_faults.Engine."""

    platform: str = "kind"

    def _listed(self, *conditions: str) -> list[str]:
        filters = [word for condition in conditions for word in ("--filter", condition)]
        ours = ["--filter", f"label=io.x-k8s.kind.cluster={CLUSTER}"]
        return sorted(_docker("ps", "--all", *ours, *filters, "--format", "{{.Names}}").split())

    def names(self) -> Sequence[str]:
        return self._listed()

    def running(self) -> Collection[str]:
        return self._listed("status=running", "status=paused")

    def frozen(self) -> Collection[str]:
        return self._listed("status=paused")

    def kill(self, names: Sequence[str]) -> None:
        _docker("kill", *names)
        _docker("wait", *names)

    def start(self, names: Sequence[str]) -> None:
        _docker("start", *names)

    def pause(self, name: str) -> None:
        _docker("pause", name)

    def unpause(self, name: str) -> None:
        _docker("unpause", name, check=False)

    def started(self) -> dict[str, float]:
        """When each machine was last given power, in seconds of the wall clock."""
        names = self.names()
        if not names:
            return {}
        told = _docker("inspect", "--format", "{{.State.StartedAt}}", *names).split()
        return {name: freshness.seconds(when) for name, when in zip(names, told, strict=True)}

    def execute(self, name: str, script: str, *, detached: bool = False) -> str:
        return _docker("exec", *(["--detach"] if detached else []), name, "sh", "-c", script)


@dataclass
class KindPlatform:
    """A cluster made by `kind`, with the same add-ons as the embedded platform where kind has none of its own."""

    steps: Steps = field(default_factory=Steps)
    name: str = "kind"

    @property
    def kubeconfig(self) -> Path:
        return state_dir() / "kind-kubeconfig"

    @property
    def node_faults(self) -> ContainerNodeFaults:
        return ContainerNodeFaults(DockerEngine())

    def up(self, nodes: int, archives: Archives = tuple) -> None:
        self._require_tools()
        self.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        if CLUSTER not in self._kind("get", "clusters").split():
            with (
                self.steps.step("making a cluster with kind", usually_s=60),
                tempfile.NamedTemporaryFile("w") as config,
            ):
                yaml.safe_dump(cluster_settings(nodes), config)
                config.flush()
                self._kind("create", "cluster", "--name", CLUSTER, "--config", config.name, "--wait", "120s")
        else:
            DockerEngine().start(DockerEngine().names())  # those that lost power
            self._kind("export", "kubeconfig", "--name", CLUSTER)
        self.load_images([*self._add_on_images(), *archives()])
        self._add_ons()

    def _kind(self, *words: str) -> str:
        try:
            return run(["kind", *words], env={"KUBECONFIG": str(self.kubeconfig)}, within=LONGEST_S).stdout
        except CommandFailed as failed:
            raise Refusal(
                f"kind could not do its work: {failed}.",
                "Look whether `docker info` answers.",
                ExitCode.PLATFORM_FAILED,
            ) from failed

    @staticmethod
    def _require_tools() -> None:
        missing = [tool for tool in ("docker", "kind") if not shutil.which(tool)]
        if missing:
            raise Refusal(
                f"kind needs {' and '.join(missing)}.",
                "Install it, or let holdfast bring its own Kubernetes: HOLDFAST_PLATFORM=embedded.",
                ExitCode.NO_PLATFORM,
            )

    def _add_on_images(self) -> Sequence[ImageArchive]:
        from support.platforms.embedded.platform import EmbeddedPlatform

        return [EmbeddedPlatform(steps=self.steps).built_archive()]

    def _add_ons(self) -> None:
        from support.platforms import kubectl
        from support.platforms.embedded import addons

        text = addons.manifests(Folders.of_user(), own=("metrics-server.yaml",))
        kubectl.run(self, ["apply", "--server-side", "--force-conflicts", "-f", "-"], stdin=text)
        for workload in ("deployment/contour", "daemonset/envoy"):
            kubectl.run(
                self, ["-n", "projectcontour", "rollout", "status", workload, "--timeout=120s"], within=LONGEST_S
            )

    def down(self, *, purge: bool = False) -> None:  # noqa: ARG002 - what was built belongs to the embedded platform
        self._require_tools()
        with self.steps.step("removing the cluster", usually_s=5):
            self._kind("delete", "cluster", "--name", CLUSTER)
        self.kubeconfig.unlink(missing_ok=True)

    def status(self) -> PlatformStatus:
        self._require_tools()
        engine = DockerEngine()
        running, since = engine.running(), engine.started()
        nodes = [NodeState(name, name in running, "", when) for name, when in since.items()]
        summary = (
            "runs" if nodes and len(running) == len(nodes) else "there is no whole cluster; `holdfast up` makes one"
        )
        return PlatformStatus(self.name, running=summary == "runs", summary=summary, nodes=nodes)

    def doctor(self) -> list[Need]:
        tools = {"docker": "your distribution", "kind": "its project page, or `go install sigs.k8s.io/kind`"}
        return [
            Need(tool, shutil.which(tool) is not None, shutil.which(tool) or "not on PATH", f"from {source}")
            for tool, source in tools.items()
        ]

    def load_images(self, archives: Sequence[ImageArchive]) -> None:
        marks = state_dir() / "kind-archives.json"
        loaded: dict[str, str] = json.loads(marks.read_text()) if marks.exists() else {}
        for archive in archives:
            key = f"{archive.path.stem}@{self._made()}"
            if loaded.get(archive.family) != key:
                with self.steps.step(f"loading {archive.path.name} into the machines", usually_s=30):
                    self._kind("load", "image-archive", str(archive.path), "--name", CLUSTER)
                loaded[archive.family] = key
        marks.write_text(json.dumps(loaded))

    @staticmethod
    def _made() -> str:
        """When the first machine was made: a new cluster has none of the images of the old one."""
        return _docker("inspect", "--format", "{{.Created}}", f"{CLUSTER}-control-plane").strip()


def cluster_settings(nodes: int) -> dict[str, object]:
    """Configuration for `kind create cluster`: the first machine is the control plane and carries pods too."""
    roles = [{"role": "control-plane"}, *({"role": "worker"} for _ in range(nodes - 1))]
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": roles}
