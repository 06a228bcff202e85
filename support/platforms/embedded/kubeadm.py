"""Settings of the cluster as kubeadm, the kubelet and kube-proxy read them."""

from __future__ import annotations

import os
from typing import Any

import yaml

from support.platforms.embedded import machine, programs
from support.platforms.embedded.layout import API_PORT, DNS_SERVICE, POD_RANGE, SERVICE_RANGE, Node

Document = dict[str, Any]

SOCKET = "unix:///run/containerd/containerd.sock"
# Seconds without a sign of life after which a machine counts as not ready (stock: 50; measured here: noticed after 21).
NOT_READY_AFTER_S = 16
# Seconds that pods stay bound to a machine that is not ready (stock: 300), short so that a run can watch the move.
EVICT_AFTER_S = 30
# Millicores that the parts beside the control plane ask for: with an even share for each machine this one was full when
# another was lost, and an instance that had to come to it found no room.
_CONTROL_PLANE_M = 220
# Where the API server finds its audit policy, and the folder of its log: on the machine's disk that holds all logs.
_AUDIT_POLICY = "/opt/holdfast/audit.yaml"
_AUDIT_FOLDER = "/var/log/kubernetes"
_AUDIT_LOG = f"{_AUDIT_FOLDER}/audit.log"
_MAKE_IT = "DirectoryOrCreate"


def _arguments(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def _registration(node: Node) -> Document:
    return {
        "name": node.name,
        "criSocket": SOCKET,
        "imagePullPolicy": "Never",
        "taints": [],  # the control plane carries pods too: on three machines there is nowhere else to go
        "kubeletExtraArgs": _arguments(node_ip=node.address),
    }


def init_settings(node: Node, token: str) -> str:
    """Configuration of `kubeadm init` for the first machine."""
    init = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "InitConfiguration",
        "localAPIEndpoint": {"advertiseAddress": node.address, "bindPort": API_PORT},
        "bootstrapTokens": [
            {
                "token": token,
                "ttl": "0s",  # machines may be added at any time; the token only opens a cluster without a way in
                "groups": ["system:bootstrappers:kubeadm:default-node-token"],
                "usages": ["signing", "authentication"],
            }
        ],
        "nodeRegistration": _registration(node),
        "patches": {"directory": "/etc/kubernetes/patches"},
    }
    cluster = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "clusterName": "holdfast",
        "kubernetesVersion": programs.KUBERNETES,
        "imageRepository": "localhost/holdfast",
        "controlPlaneEndpoint": f"{node.address}:{API_PORT}",
        "networking": {"serviceSubnet": SERVICE_RANGE},
        "apiServer": {
            "certSANs": ["127.0.0.1", "localhost"],
            "extraArgs": _arguments(
                kubelet_preferred_address_types="InternalIP",
                enable_aggregator_routing="true",
                default_not_ready_toleration_seconds=str(EVICT_AFTER_S),
                default_unreachable_toleration_seconds=str(EVICT_AFTER_S),
                audit_policy_file=_AUDIT_POLICY,
                audit_log_path=_AUDIT_LOG,
                audit_log_maxsize="50",  # megabytes; a whole run writes about that much
                audit_log_maxbackup="1",
            ),
            "extraVolumes": [
                {"name": "audit-policy", "hostPath": _AUDIT_POLICY, "mountPath": _AUDIT_POLICY, "readOnly": True},
                {"name": "audit-log", "hostPath": _AUDIT_FOLDER, "mountPath": _AUDIT_FOLDER, "pathType": _MAKE_IT},
            ],
        },
        # The disk is the host's, where any other program may hold up a write for a second: what is written is in the
        # memory of the host, which outlives every machine (see node/volume.sh).
        "etcd": {"local": {"extraArgs": _arguments(unsafe_no_fsync="true")}},
        "controllerManager": {"extraArgs": _arguments(node_monitor_grace_period=f"{NOT_READY_AFTER_S}s")},
    }
    return yaml.safe_dump_all([init, cluster, kubelet_settings()])


def _reserved(nodes: int, own: int = 0) -> dict[str, str]:
    """What a machine does not offer, so that all together offer what the host really has; `own` in millicores."""
    cores = (os.cpu_count() or 1) * 1000  # a core has 1000 millicores
    memory = int(machine.memory_gib() * 1024)
    share = (cores - _CONTROL_PLANE_M) // nodes + own
    return {"cpu": f"{cores - share}m", "memory": f"{memory - memory // nodes}Mi"}


def kubelet_patch(nodes: int) -> Document:
    """What the control plane's machine offers beyond the share of every machine: what its own parts ask for."""
    return {"systemReserved": _reserved(nodes, _CONTROL_PLANE_M)}


def kubelet_settings(nodes: int = 1) -> Document:
    """Configuration of every kubelet; each machine offers its share of what the host really has."""
    reserved = _reserved(nodes)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "failSwapOn": False,
        "failCgroupV1": False,
        "imageGCHighThresholdPercent": 100,  # never: there is no registry to get an image back from
        "imageGCLowThresholdPercent": 99,
        # The disk is the host's: a full one is the host's matter. Memory as the stock setting says.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        "nodeStatusUpdateFrequency": "4s",  # four signs of life within the 16 s above
        "systemReserved": reserved,
        # A container that was killed comes back after 5 s at most, however often (stock: 10 s, doubling to 5 min): the
        # tests kill on purpose, and a back-off earned by an earlier run would be measured as the shop's slowness.
        "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
        "serializeImagePulls": False,
        "shutdownGracePeriod": "0s",
        "resolvConf": "/opt/holdfast/resolv.conf",
        "registryPullQPS": 0,
        "registryBurst": 0,
        "kubeAPIQPS": 50,
        "kubeAPIBurst": 100,
    }


def join_settings(node: Node, first: Node, token: str, ca_hash: str) -> str:
    """Configuration of `kubeadm join` for a further machine."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "JoinConfiguration",
            "discovery": {
                "bootstrapToken": {
                    "token": token,
                    "apiServerEndpoint": f"{first.address}:{API_PORT}",
                    "caCertHashes": [f"sha256:{ca_hash}"],
                }
            },
            "nodeRegistration": _registration(node),
        }
    )


def proxy_settings() -> str:
    """Configuration of kube-proxy, which runs beside the kubelet."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": "/etc/kubernetes/kubelet.conf"},
            "mode": "nftables",
            "clusterCIDR": POD_RANGE,
            "conntrack": {"maxPerCore": 0},  # the table's size is the host's matter
            "nftables": {"minSyncPeriod": "0s"},  # at once: endpoints of a dead instance must go quickly
        }
    )
