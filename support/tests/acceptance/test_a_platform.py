"""The embedded platform as a user meets it: it comes up whatever was left, and nothing can leak out of it."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.platforms.embedded.layout import BRIDGE, TEST_RANGE
from support.platforms.embedded.platform import EmbeddedPlatform
from support.tests.acceptance.conftest import HOLDFAST, Run

pytestmark = pytest.mark.acceptance


def test_up_brings_everything_up_whatever_an_earlier_run_left(run: Run) -> None:
    up = run(HOLDFAST, "up")
    assert up.code == 0, up.text


def test_two_ups_at_once_do_not_hurt_each_other(run: Run) -> None:
    with ThreadPoolExecutor() as pool:
        ups = [pool.submit(run, HOLDFAST, "up") for _ in range(2)]
    assert [up.result().code for up in ups] == [0, 0]


def test_status_and_kubectl_answer(run: Run) -> None:
    assert "embedded: ready" in run(HOLDFAST, "status").text
    nodes = json.loads(run(HOLDFAST, "kubectl", "get", "nodes", "-o", "json").text)["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["holdfast-1", "holdfast-2", "holdfast-3"]


def test_nothing_of_the_cluster_can_leak_out() -> None:
    """No packet is sent: the kernel is asked where it would send one."""
    machines = EmbeddedPlatform()._machines()
    for node in machines.nodes:
        routes = machines.podman.exec(node.name, ["ip", "route"])
        assert "default" not in routes, f"{node.name} has a way out: {routes}"
        # 192.0.2.1 stands for any host of the world (RFC 5737).
        asked = machines.podman.exec(node.name, ["sh", "-c", "ip route get 192.0.2.1 2>&1 || true"])
        assert "unreachable" in asked
    holes = subprocess.run(
        ["ip", "route", "show", "type", "blackhole"], capture_output=True, text=True, check=True
    ).stdout
    assert TEST_RANGE in holes, (
        "without the black hole the cluster's addresses leave the machine while the bridge is gone"
    )
    forwarded = subprocess.run(
        ["ip", "-json", "link", "show", "master", BRIDGE], capture_output=True, text=True, check=True
    )
    assert {link["ifname"] for link in json.loads(forwarded.stdout)} == {"hf-1", "hf-2", "hf-3"}


def test_no_store_waits_for_the_disk_of_the_host(run: Run) -> None:
    """Otherwise a program that writes much, of whomever, holds up every confirmed write for a second."""
    machines = EmbeddedPlatform()._machines()
    mounts = [
        line
        for node in machines.nodes
        for line in machines.podman.exec(node.name, ["cat", "/proc/1/mounts"]).splitlines()
        if line.startswith("/dev/loop")
    ]
    assert len(mounts) == 9, "three members, three cache servers, three watchers"  # each with a volume of its own
    assert [line for line in mounts if "nobarrier" not in line] == []
    etcd = run(HOLDFAST, "kubectl", "get", "pods", "-n", "kube-system", "-l", "component=etcd", "-o", "yaml").text
    assert "--unsafe-no-fsync=true" in etcd


def test_an_unknown_outside_name_is_refused_at_once(run: Run) -> None:
    script = (
        "import socket, time\nt = time.monotonic()\n"
        "try: socket.getaddrinfo('www.example.org', 80)\nexcept OSError: print(time.monotonic() - t)"
    )
    asked = run(HOLDFAST, "kubectl", "-n", "jewelry-shop", "exec", "deploy/django", "--", "python3", "-c", script)
    assert float(asked.text.strip().splitlines()[-1]) < 2.0, asked.text  # seconds; forwarding to nobody would take 6
