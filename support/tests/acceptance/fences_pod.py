"""Runs inside the pods of the truth table: answers on all its ports with its own name, and tries others when asked.

python3 fences_pod.py serve                    TCP and UDP, until it is ended
python3 fences_pod.py try SECONDS TARGET...    one new exchange with each "tcp:HOST:PORT"; prints a JSON object
python3 fences_pod.py watch SECONDS NAME PREFIX PORT    who is NAME, on any address PREFIX.2 to .254, again and again
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TCP_PORTS, UDP_PORTS = (8080, 8081, 8085, 9090), (5353, 5354)
NAME = os.environ.get("POD", "nobody").encode()
# An address that this pod calls again and again from its first moment on; whoever is called writes it down.
CALLS = os.environ.get("CALLS", "")
HEARD = "/tmp/heard"  # names of callers, in the pod that was called
_EVERY_S = 0.1  # seconds between two rounds of calls


def serve() -> None:
    """Answers every connection and every datagram with its name; a caller may say his."""
    ready = selectors.DefaultSelector()
    for port in TCP_PORTS:
        listening = socket.create_server(("", port), backlog=64)
        ready.register(listening, selectors.EVENT_READ, "tcp")
    for port in UDP_PORTS:
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("", port))
        ready.register(datagrams, selectors.EVENT_READ, "udp")
    while True:
        for key, _ in ready.select(_EVERY_S if CALLS else None):
            _answer(_socket(key), key.data)
        if CALLS:
            exchange(f"tcp:{CALLS}:8080", 0.2)


def _answer(sock: socket.socket, kind: str) -> None:
    if kind == "udp":
        _, caller = sock.recvfrom(64)
        sock.sendto(NAME, caller)
        return
    connection, _ = sock.accept()
    with connection:
        connection.settimeout(0.3)
        try:
            heard = connection.recv(64)
            connection.sendall(NAME)
        except OSError:
            return
    with open(HEARD, "ab") as lines:
        lines.write(heard + b"\n")


def exchange(target: str, within: float) -> bool:
    """Whether an answer comes in time, each time on a new connection.

    tcp and udp: a word there and back. dial: a connection alone. lookup: an address for a name.
    """
    kind, host, port = target.split(":")
    if kind == "lookup":
        return _resolves(host)
    sort = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, sort) as sock:
        sock.settimeout(within)
        try:
            sock.connect((host, int(port)))
            if kind == "dial":
                return True
            sock.sendall(NAME)
            return bool(sock.recv(64))
        except OSError:
            return False


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None, socket.AF_INET))
    except socket.gaierror:
        return False


def follow(seconds: float, target: str) -> list[tuple[float, bool]]:
    """Moments (Unix time) at which attempts began, and whether they were answered."""
    end, seen = time.time() + seconds, []
    with ThreadPoolExecutor(16) as pool:  # 20 attempts a second, each open for 0.5 s at most, need 10
        while (now := time.time()) < end:
            seen.append((now, pool.submit(exchange, target, 0.5)))
            time.sleep(0.05)
    return [(moment, answer.result()) for moment, answer in seen]


def exchange_all(within: float, targets: list[str]) -> dict[str, bool]:
    """All of them at once."""
    with ThreadPoolExecutor(len(targets)) as pool:
        return dict(zip(targets, pool.map(lambda target: exchange(target, within), targets), strict=True))


def say(line: str) -> None:
    """Writes one line."""
    sys.stdout.write(line + "\n")


def watch(seconds: float, name: str, prefix: str, port: int) -> None:
    """Prints the moment (Unix time) of every answer of NAME and, at the end, the number of rounds."""
    end, rounds = time.time() + seconds, 0
    while time.time() < end:
        rounds += 1
        for moment, who in _round(prefix, port):
            if who == name:
                say(str(moment))
    say(f"rounds {rounds}")


def _round(prefix: str, port: int) -> list[tuple[float, str]]:
    ready, answers = selectors.DefaultSelector(), []
    for last in range(2, 255):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((f"{prefix}.{last}", port))
        ready.register(sock, selectors.EVENT_WRITE)
    end = time.time() + 0.3  # seconds of one round: a neighbour answers within 0.01
    while (left := end - time.time()) > 0:
        for key, mask in ready.select(left):
            answers += _talk(ready, _socket(key), mask)
    for key in list(ready.get_map().values()):
        _socket(key).close()
    return answers


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


def _talk(ready: selectors.BaseSelector, sock: socket.socket, mask: int) -> list[tuple[float, str]]:
    try:
        if mask & selectors.EVENT_WRITE:
            sock.send(NAME)
            ready.modify(sock, selectors.EVENT_READ)
            return []
        told = sock.recv(64).decode()
    except OSError:
        told = ""
    ready.unregister(sock)
    sock.close()
    return [(time.time(), told)] if told else []


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["try", within, *targets]:
            say(json.dumps(exchange_all(float(within), targets)))
        case ["follow", seconds, target]:
            say(json.dumps(follow(float(seconds), target)))
        case ["watch", seconds, name, prefix, port]:
            watch(float(seconds), name, prefix, int(port))
