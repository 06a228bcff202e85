"""Names, addresses and folders of the embedded cluster, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.paths import cache_dir, state_dir

# 198.18.0.0/15 is set aside for tests of network devices (RFC 2544): no real host has such an address.
TEST_RANGE = "198.18.0.0/15"
NODE_RANGE = "198.18.0.0/24"
POD_RANGE = "198.19.0.0/17"
SERVICE_RANGE = "198.19.128.0/17"
DNS_SERVICE = "198.19.128.10"
HOST_ADDRESS = "198.18.0.1"
BRIDGE = "holdfast0"
API_PORT = 6443  # kubeadm's default

# One machine has room for one embedded cluster: its address range and bridge are fixed.
RUN_DIR = Path("/run/holdfast")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, by its number from 1; number 1 is the control plane."""

    number: int

    @property
    def name(self) -> str:
        return f"holdfast-{self.number}"

    @property
    def address(self) -> str:
        # .1 is the host's end of the bridge; the nodes begin at .11.
        return f"198.18.0.{10 + self.number}"

    @property
    def pod_range(self) -> str:
        return f"198.19.{self.number}.0/24"

    @property
    def control_plane(self) -> bool:
        return self.number == 1


@dataclass(frozen=True)
class Folders:
    """Where the embedded platform keeps its things."""

    cache: Path
    state: Path

    @classmethod
    def of_user(cls) -> Folders:
        return cls(cache=cache_dir(), state=state_dir())

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def cluster_file(self) -> Path:
        """What the cluster was made of: number of nodes and the digest of its parts."""
        return self.state / "cluster.json"

    @property
    def archives(self) -> Path:
        return self.cache / "archives"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def audit_log(self) -> Path:
        """What the suite's accounts have asked of the API, a line of JSON each (see node/audit.yaml)."""
        return self.node(Node(1)) / "log" / "kubernetes" / "audit.log"

    def node(self, node: Node) -> Path:
        """What a machine keeps when it loses power: its disks."""
        return self.state / "nodes" / node.name
