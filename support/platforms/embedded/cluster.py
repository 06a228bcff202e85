"""Makes the machines a Kubernetes cluster: kubeadm on the first, join on the others, then the add-ons."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import yaml

from support.errors import ExitCode, Refusal
from support.platforms.base import ImageArchive
from support.platforms.commands import CommandFailed
from support.platforms.embedded import addons, kubeadm, readiness, seed
from support.platforms.embedded.layout import HERE, Node
from support.platforms.embedded.nodes import Machines
from support.waiting import SYSTEM_CLOCK

# Seconds for things that take one to ten on two free cores; ten times that on a busy machine.
SOON = 100.0
# Times that an image is imported when its layers vanish meanwhile: what clears away has come to an end by then.
_IMPORTS = 3


@dataclass(frozen=True)
class Cluster:
    """The cluster on the machines. Every method can be called again after an interruption."""

    machines: Machines

    @property
    def first(self) -> Node:
        return self.machines.nodes[0]

    def kubectl(self, *args: str, stdin: str | None = None, within: float = SOON, check: bool = True) -> str:
        """Run kubectl on this machine with the cluster's kubeconfig."""
        command = ["kubectl", "--kubeconfig", str(self.machines.folders.kubeconfig), *args]
        # One binary, called by the name of the program that it shall be.
        done = subprocess.run(
            command,
            executable=self.machines.kube,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        if check and done.returncode != 0:
            raise CommandFailed(command, done.returncode, done.stderr or done.stdout)
        return done.stdout

    def _in(self, node: Node, *command: str, within: float | None = SOON) -> str:
        return self.machines.podman.exec(node.name, command, within=within)

    def _write(self, node: Node, name: str, text: str) -> None:
        """Write a file below the node's /etc/kubernetes, which is a folder of ours."""
        path = self.machines.folders.node(node) / "kubernetes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    def _joined(self, node: Node) -> bool:
        return (self.machines.folders.node(node) / "kubernetes" / "kubelet.conf").exists()

    def load(self, archives: Sequence[ImageArchive]) -> list[str]:
        """Import archives into the nodes that lack them; returns the names of nodes that took one."""
        with ThreadPoolExecutor(max_workers=len(self.machines.nodes)) as pool:
            took = pool.map(lambda node: self._load(node, archives), self.machines.nodes)
        return [name for name in took if name]

    def _load(self, node: Node, archives: Sequence[ImageArchive]) -> str:
        took = ""
        for archive in archives:
            mark = self.machines.folders.node(node) / "containerd" / seed.mark(archive)
            if not mark.exists():
                self._wait_for_containerd(node)
                for other in seed.outdated_by(archive, mark.parent):
                    other.unlink()
                self._import(node, archive)
                mark.touch()
                took = node.name
        return took

    def _import(self, node: Node, archive: ImageArchive) -> None:
        """Clearing away what an image before has left may take a layer that this one was about to use."""
        command = ["ctr", "--namespace", "k8s.io", "images", "import", f"/opt/archives/{archive.path.name}"]
        for left in range(_IMPORTS - 1, -1, -1):
            try:
                self._in(node, *command, within=None)
            except CommandFailed as error:
                if not left or "parent snapshot" not in str(error):
                    raise
            else:
                return

    def _wait_for_containerd(self, node: Node) -> None:
        deadline = time.monotonic() + SOON
        while self.machines.podman("exec", node.name, "ctr", "version", check=False) == "":
            if time.monotonic() > deadline:
                raise Refusal(
                    f"containerd does not answer on {node.name}.",
                    f"Look at {self.machines.folders.node(node) / 'log'}, then run `holdfast up` again.",
                    ExitCode.PLATFORM_FAILED,
                )
            SYSTEM_CLOCK.sleep(0.1)  # seconds; containerd needs about one to start

    def init(self) -> None:
        """Set up the control plane on the first machine, unless it is there."""
        if not self._joined(self.first):
            settings = list(yaml.safe_load_all(kubeadm.init_settings(self.first, self._token())))
            settings[-1] = kubeadm.kubelet_settings(len(self.machines.nodes))
            self._write(self.first, "init.yaml", yaml.safe_dump_all(settings))
            patches = yaml.safe_load((HERE / "node" / "patches.yaml").read_text())
            patches["kubeletconfiguration+strategic.yaml"] = kubeadm.kubelet_patch(len(self.machines.nodes))
            for name, patch in patches.items():
                self._write(self.first, f"patches/{name}", yaml.safe_dump(patch))
            self._wait_for_containerd(self.first)
            flags = ["--ignore-preflight-errors=all", "--skip-phases=preflight,addon/kube-proxy,addon/coredns"]
            self._in(self.first, "kubeadm", "init", "--config", "/etc/kubernetes/init.yaml", *flags, within=3 * SOON)
        kubeconfig = self.machines.folders.kubeconfig
        admin = self.machines.folders.node(self.first) / "kubernetes" / "admin.conf"
        kubeconfig.write_text(admin.read_text().replace("kubernetes-admin@holdfast", "holdfast"))
        kubeconfig.chmod(0o600)
        self._proxy(self.first)

    def _token(self) -> str:
        """The bootstrap token, made once per cluster and kept beside the kubeconfig."""
        path = self.machines.folders.state / "bootstrap-token"
        if not path.exists():
            path.write_text(
                f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"
            )  # the format kubeadm demands: 6.16 characters
            path.chmod(0o600)
        return path.read_text()

    def _proxy(self, node: Node) -> None:
        """Let kube-proxy start on a machine; it goes to the API with the kubelet's certificate (see rights.yaml)."""
        self._write(node, "kube-proxy.yaml", kubeadm.proxy_settings())

    def join(self) -> None:
        """Add the other machines, all at once."""
        others = [node for node in self.machines.nodes[1:] if not self._joined(node)]
        if others:
            key = self._in(
                self.first, "sh", "-c",
                "openssl x509 -pubkey -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum",
            ).split()[0]  # fmt: skip
            with ThreadPoolExecutor(max_workers=len(others)) as pool:
                list(pool.map(lambda node: self._join(node, key), others))

    def _join(self, node: Node, ca_hash: str) -> None:
        self._write(node, "join.yaml", kubeadm.join_settings(node, self.first, self._token(), ca_hash))
        self._wait_for_containerd(node)
        self._in(
            node,
            "kubeadm",
            "join",
            "--config",
            "/etc/kubernetes/join.yaml",
            "--ignore-preflight-errors=all",
            "--skip-phases=preflight",
        )
        self._proxy(node)

    def grant(self) -> None:
        """Give the machines their rights; before the add-ons, which reach the API through kube-proxy."""
        self.kubectl("apply", "--server-side", "-f", str(HERE / "manifests" / "rights.yaml"))

    def add_ons(self) -> None:
        """Apply DNS, storage, metrics and entrance; what is there already stays as it is."""
        text = addons.manifests(self.machines.folders, control_plane=self.first.address)
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)

    def answers(self, within: float = 2.0) -> bool:
        """Whether the API server says that it is ready; `within` in seconds."""
        try:
            return (
                self.kubectl("get", "--raw", "/readyz", f"--request-timeout={within:.0f}s", within=within + 2).strip()
                == "ok"
            )
        except (CommandFailed, subprocess.TimeoutExpired):
            return False

    def wait_for_answer(self, within: float = SOON) -> None:
        """Wait until the API server answers; refuses after `within` seconds."""
        deadline = time.monotonic() + within
        while not self.answers():
            if time.monotonic() > deadline:
                raise Refusal(
                    f"The API server did not answer within {within:.0f} s.",
                    f"Look at {self.machines.folders.node(self.first) / 'log' / 'pods'}, then run `holdfast up` again.",
                    ExitCode.PLATFORM_FAILED,
                )
            SYSTEM_CLOCK.sleep(0.2)  # seconds between two looks

    def wait_until_ready(self, since: float = 0.0, within: float = 3 * SOON) -> None:
        """Wait until all machines and add-ons are ready; refuses naming what is not.

        `since` (seconds of the wall clock) is when the machines were started: what the API remembers from before a
        power cut does not count.
        """
        deadline = time.monotonic() + within
        missing = ["the API server"]
        while time.monotonic() < deadline:
            if self.answers() and not (missing := self.not_ready(since)):
                return
            SYSTEM_CLOCK.sleep(0.5)  # seconds between two looks
        raise Refusal(
            f"The cluster did not become ready within {within:.0f} s: {', '.join(missing[:5])}.",
            "Look at `holdfast kubectl get pods,events -A`, then run `holdfast up` again.",
            ExitCode.PLATFORM_FAILED,
        )

    def not_ready(self, since: float = 0.0) -> list[str]:
        """Machines and add-ons that are not ready, by name."""
        try:
            listed = self.kubectl(
                "get", "nodes,pods,deployments,daemonsets", "-A", "-o", "json", "--request-timeout=5s"
            )
        except (CommandFailed, subprocess.TimeoutExpired):
            return ["the API server"]
        return readiness.missing(json.loads(listed)["items"], [node.name for node in self.machines.nodes], since)
