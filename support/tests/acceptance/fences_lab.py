"""The truth table without a cluster: machines and pods are networks of one kernel, the fences are the agent's.

Run by the test in namespaces of its own (network, mounts, processes), so that nothing outlives it. Prints a JSON
object: how many cells were tried, which were wrong, and what happened to connections while fences were replaced.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.platforms.embedded.fences.machine import Nft
from support.platforms.embedded.fences.model import Cluster, Pod, Port
from support.platforms.embedded.fences.table import new_frame, render
from support.tests.acceptance.fences_table import PODS, SITUATIONS, A, B, Situation, with_addresses

_PROGRAM = str(Path(__file__).with_name("fences_pod.py"))
_MACHINES = sorted(set(PODS.values()))
_SERVICE = "198.19.128.50"
_KUBELET = 10250
_ADDRESSES = {
    name: f"198.19.{machine}.{2 + sum(PODS[other] == machine for other in list(PODS)[:number])}"
    for number, (name, machine) in enumerate(PODS.items())
}
_FOLLOWED_S = 8  # seconds of attempts while the fences are replaced as fast as the machine can


def run(*lines: str) -> None:
    """Runs lines of a shell; the first that fails ends the lab."""
    for line in lines:
        subprocess.run(line, shell=True, check=True, stdout=subprocess.DEVNULL)


def _home(pod: str) -> str:
    return "pod-" + pod.replace("/", "-")


def _in(place: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", place, *words]


def build() -> None:
    """Two machines on a switch, their pods on links called veth, a Service in the place of kube-proxy's."""
    # A machine on which nobody has named a namespace yet does not have the folder.
    run("mkdir -p /run/netns", "mount -t tmpfs none /run/netns")
    run("ip link set lo up", "ip link add sw0 type bridge", "ip link set sw0 up")
    for one in _MACHINES:
        run(
            f"ip netns add m{one}",
            f"ip link add h{one} master sw0 type veth peer name eth0 netns m{one}",
            f"ip link set h{one} up",
            f"ip -n m{one} link set lo up",
            f"ip -n m{one} address add 198.18.0.1{one}/24 dev eth0",
            f"ip -n m{one} link set eth0 up",
            f"ip -n m{one} route add 198.19.0.0/16 dev eth0 metric 4096",
            f"ip netns exec m{one} sysctl -qw net.ipv4.ip_forward=1",
            *(f"ip -n m{one} route add 198.19.{n}.0/24 via 198.18.0.1{n}" for n in _MACHINES if n != one),
        )
        _serve(f"m{one}", "python3", "-m", "http.server", str(_KUBELET))
        _translate(f"m{one}")
    for name, machine in PODS.items():
        _plug(name, machine)


def _plug(name: str, machine: int) -> None:
    home, link, gateway = _home(name), "veth" + name.replace("/", ""), f"198.19.{machine}.1"
    run(
        f"ip netns add {home}",
        f"ip -n m{machine} link add {link} type veth peer name eth0 netns {home}",
        f"ip -n {home} link set lo up",
        f"ip -n {home} address add {_ADDRESSES[name]}/32 dev eth0",
        f"ip -n {home} link set eth0 up",
        f"ip -n m{machine} address add {gateway}/32 dev {link}",
        f"ip -n m{machine} link set {link} up",
        f"ip -n m{machine} route add {_ADDRESSES[name]}/32 dev {link}",
        f"ip -n {home} route add {gateway} dev eth0",
        f"ip -n {home} route add default via {gateway}",
    )
    _serve(home, "env", f"POD={name}", sys.executable, "-B", _PROGRAM, "serve")


def _translate(machine: str) -> None:
    server = _ADDRESSES["a/server"]
    lines = [
        "add table ip service",
        "add chain ip service before { type nat hook prerouting priority dstnat; }",
        "add chain ip service after { type nat hook postrouting priority srcnat; }",
        f"add rule ip service before ip daddr {_SERVICE} tcp dport 80 dnat to {server}:8080",
        f"add rule ip service before ip daddr {_SERVICE} udp dport 5353 dnat to {server}:5353",
        f"add rule ip service after ip saddr {server} ip daddr {server} masquerade",
    ]
    load(machine, "\n".join(lines) + "\n")


def load(machine: str, text: str) -> None:
    """Gives commands to a machine's nft."""
    subprocess.run(_in(machine, "nft", "-f", "-"), input=text, text=True, check=True)


def _serve(place: str, *words: str) -> None:
    subprocess.Popen(_in(place, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def impose(situation: Situation) -> None:
    """Puts the fences of a situation on every machine, as the agent would."""
    cluster = Cluster(namespaces={A: {"team": "a"}, B: {"team": "b"}})
    for name, machine in PODS.items():
        own = name.partition("/")[2]
        labels = {"app": situation.labels.get(name, own), "role": own}
        home = A if name.startswith("a/") else B
        ports = (Port("http", "TCP", 8080),)
        cluster.pods[name] = Pod(home, own, name, f"m{machine}", _ADDRESSES[name], labels, ports)
    for policy in with_addresses(situation.policies, _ADDRESSES.__getitem__):
        cluster.policies[A, policy["metadata"]["name"]] = policy
    for machine in _MACHINES:
        here = {_ADDRESSES[name]: name for name, home in PODS.items() if home == machine}
        Nft(_in(f"m{machine}", "nft")).put(render(cluster, f"m{machine}", here))


def _target(caller: str, text: str) -> str:
    whom, _, port = text.partition(":")
    if whom == "machine":
        return f"dial:198.18.0.1{PODS[caller]}:{port}"
    host = _SERVICE if whom == "server" else _ADDRESSES[whom]
    return f"udp:{host}:{port.removeprefix('udp')}" if port.startswith("udp") else f"tcp:{host}:{port}"


def _ask(caller: str, *words: str) -> Any:
    command = _in(_home(caller), "env", f"POD={caller}", sys.executable, "-B", _PROGRAM, *words)
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def try_cells(cells: list[str]) -> dict[str, bool]:
    """Whether an answer comes, for each cell."""
    callers: dict[str, dict[str, str]] = {}
    for cell in cells:
        caller, _, text = cell.partition(" > ")
        callers.setdefault(caller, {})[_target(caller, text)] = cell
    with ThreadPoolExecutor(len(callers)) as pool:
        told = list(pool.map(lambda caller: _ask(caller, "try", "0.7", *callers[caller]), callers))
    return {
        callers[caller][target]: answer
        for caller, answers in zip(callers, told, strict=True)
        for target, answer in answers.items()
    }


def follow_while_replacing(first: Situation, second: Situation, denied: str, admitted: str) -> dict[str, int]:
    """Replaces the fences of one situation by those of another, again and again; both agree about the two cells."""
    impose(first)
    with ThreadPoolExecutor() as pool:
        followed = []
        for cell in (denied, admitted):
            caller, _, text = cell.partition(" > ")
            followed.append(pool.submit(_ask, caller, "follow", str(_FOLLOWED_S), _target(caller, text)))
        end, replaced = time.monotonic() + _FOLLOWED_S, 0
        while time.monotonic() < end:
            impose(second if replaced % 2 else first)
            replaced += 1
        closed, opened = ([answered for _, answered in one.result()] for one in followed)
    return {
        "replaced": replaced, "denied": len(closed), "let in": sum(closed),
        "admitted": len(opened), "kept out": opened.count(False),
    }  # fmt: skip


def main() -> None:
    """Builds the lab and tries everything."""
    build()
    found: dict[str, Any] = {"cells": 0, "wrong": []}
    for machine in _MACHINES:
        load(f"m{machine}", new_frame())
    opening = [cell for cell in SITUATIONS[0].cells if "name:" not in cell]
    found["open at the start"] = [cell for cell, answered in try_cells(opening).items() if answered]
    for situation in SITUATIONS:
        impose(situation)
        cells = [cell for cell in situation.cells if "name:" not in cell]  # there is no name service here
        found["cells"] += len(cells)
        for cell, answered in try_cells(cells).items():
            if answered != situation.cells[cell]:
                found["wrong"].append(f"{situation.name}: {cell}: {'open' if answered else 'closed'}")
    by_name = {situation.name: situation for situation in SITUATIONS}
    label, expressions = by_name["pods of the same namespace, by label, on one port"], by_name["labels by expressions"]
    found |= follow_while_replacing(label, expressions, "b/stranger > a/server:8080", "a/friend > a/server:8080")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
