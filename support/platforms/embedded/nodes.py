"""The machines of the embedded cluster: podman containers whose disks are folders of the state."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.locks import alone
from support.platforms.commands import run
from support.platforms.embedded import network
from support.platforms.embedded.layout import HERE, RUN_DIR, Folders, Node
from support.platforms.embedded.podman import Container, Podman

# What a machine keeps without power: everything that Kubernetes writes. The rest of its root comes fresh at each start.
DISKS = {
    "containerd": "/var/lib/containerd",
    "kubelet": "/var/lib/kubelet",
    "etcd": "/var/lib/etcd",
    "kubernetes": "/etc/kubernetes",
    "volumes": "/opt/local-path-provisioner",
    "log": "/var/log",
}
# The control group of all machines, and its share of the processors against everything else of the host: twenty times
# that of a program in the root group, in the units of version 1 (stock 1024) and version 2 (stock 100).
GROUP = "holdfast"
WEIGHTS = {f"cpu/{GROUP}/cpu.shares": 20 * 1024, f"{GROUP}/cpu.weight": 20 * 100}
# Files of node/ that a node reads while it starts.
NODE_FILES = ("init.sh", "cni.conflist", "containerd.toml", "resolv.conf", "closed.nft", "volume.sh", "audit.yaml")


@dataclass(frozen=True)
class Machines:
    """Starts and ends the nodes. Containers are throw-away; a node is what its disks hold."""

    folders: Folders
    root: Path
    kube: Path
    nodes: Sequence[Node]

    @property
    def podman(self) -> Podman:
        return Podman(root=self.folders.state / "podman", run_root=RUN_DIR / "nodes")

    def container(self, node: Node) -> Container | None:
        """The node's container, if there is one."""
        return self.podman.container(node.name)

    def running(self) -> list[Node]:
        """Nodes whose first process really lives."""
        alive = {c.name for c in self.podman.containers() if c.alive}
        return [node for node in self.nodes if node.name in alive]

    def start(self, nodes: Sequence[Node]) -> None:
        """Start machines (power on), each with its network; one that runs and has its network is left alone."""
        with alone(RUN_DIR / "start.lock"):  # a fault's guard and its run may both give the power back
            running = self.running()
            with ThreadPoolExecutor(max_workers=len(nodes) or 1) as pool:
                list(pool.map(lambda node: self._start(node, runs=node in running), nodes))
            give_weight()

    def _start(self, node: Node, *, runs: bool) -> None:
        if not runs:
            self.podman("rm", "--force", "--ignore", "--time", "0", node.name)
            self.podman(*self._create(node))
        container = self.container(node)
        if container is None or not container.alive:
            raise RuntimeError(f"the machine {node.name} ended as soon as it was started")
        # Whoever started it may have been killed before it had its network: it would wait for that for ever.
        if not runs or not network.is_attached(node, container.pid):
            network.attach(node, container.pid)

    def _create(self, node: Node) -> list[str]:
        disks = self.folders.node(node)
        mounts: list[str] = []
        for name, inside in DISKS.items():
            (disks / name).mkdir(parents=True, exist_ok=True)
            mounts += ["--volume", f"{disks / name}:{inside}"]
        self.folders.archives.mkdir(parents=True, exist_ok=True)
        read_only = {
            self.folders.archives: "/opt/archives",
            self.kube: "/opt/holdfast/kube",
            **{HERE / "node" / name: f"/opt/holdfast/{name}" for name in NODE_FILES},
        }
        for outside, inside_path in read_only.items():
            mounts += ["--volume", f"{outside}:{inside_path}:ro"]
        init = ["/usr/bin/tini", "--", "/opt/holdfast/init.sh", str(node.number), str(len(self.nodes))]
        return [
            "run", "--detach", "--name", node.name, "--hostname", node.name,
            "--privileged", "--cgroupns=private", "--cgroup-parent", f"/{GROUP}",
            "--network", "none", "--pids-limit", "-1",
            "--tmpfs", "/run:exec,size=512m", "--tmpfs", "/tmp:exec,size=512m", *mounts,  # noqa: S108
            "--rootfs", f"{self.root}:O", *init,
        ]  # fmt: skip

    def kill(self, nodes: Sequence[Node]) -> None:
        """Cut the power of machines at once; returns when nothing of them runs any more."""
        names = [node.name for node in nodes]
        if names:
            self.podman("kill", *names, check=False)
            self.podman("wait", *names, check=False)

    def remove(self) -> None:
        """Remove every container, also those that podman only believes to run, and their left-overs."""
        names = [container.name for container in self.podman.containers() if container.alive]
        if names:
            self.podman("kill", *names, check=False)
        self.podman("rm", "--all", "--force", "--time", "0", check=False)
        self.forget()

    def forget(self) -> None:
        """Clear podman's memory as a reboot would: for containers that were killed together with their keeper.

        Nothing is lost: a node is what its disks hold, and containers are made anew at each start.
        """
        self._end_leftovers()
        for folder in (self.podman.root, self.podman.run_root):
            unmount_below(folder)
            shutil.rmtree(folder, ignore_errors=True)
        remove_cgroups()

    def _end_leftovers(self) -> None:
        """End what still lives in a node's namespaces: found by the folder of the node's root in its mounts."""
        marker = str(self.podman.run_root)
        for process in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # ended meanwhile
            if "conmon" in arguments and marker in arguments:
                os.kill(int(process.name), signal.SIGKILL)


def unmount_below(folder: Path) -> None:
    """Lazily unmount everything mounted below a folder, deepest first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    # Field 2 of a line is the mount point, with spaces written as \\040.
    points = [line.split()[1].replace("\\040", " ") for line in lines]
    for point in sorted((p for p in points if Path(p).is_relative_to(folder)), key=len, reverse=True):
        run(["umount", "--lazy", point], check=False)


def give_weight() -> None:
    """Let the machines go before other programs of the host: what else runs there must not look like a slow shop."""
    for name, weight in WEIGHTS.items():
        path = Path("/sys/fs/cgroup") / name
        if path.exists():
            path.write_text(str(weight))


def remove_cgroups() -> None:
    """Remove empty control groups that containers left behind; a group that is in use refuses and stays."""
    for parent in [*Path("/sys/fs/cgroup").glob(f"*/{GROUP}"), Path("/sys/fs/cgroup") / GROUP]:
        for folder in sorted(parent.rglob("*"), key=lambda p: len(p.parts), reverse=True):
            if folder.is_dir():
                _remove_empty(folder)
        if parent.exists():
            _remove_empty(parent)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # in use by a living container, perhaps of somebody else
        return
