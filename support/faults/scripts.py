"""Shell fragments that run inside containers: find processes, stop them with their end armed first, let them go on.

Written for a plain sh with procps and util-linux. Process 1 (the container's init) is never a target.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Processes(StrEnum):
    """Which processes of a container; the values are functions of the script below."""

    SUPERVISOR = "supervisor"  # Patroni
    SERVER = "server"  # postmaster first, so that it starts no further child, then its children
    CACHE = "cache"  # redis-server
    APPLICATION = "application"  # the shop's main process first, then its children
    MAIN = "main"  # the shop's main process alone


DATABASE_MEMBER = (Processes.SUPERVISOR, Processes.SERVER)

_FIND = """
set -eu
pid_in() { if [ -s "$1" ]; then head -n 1 "$1"; fi; }
below() { pgrep -P "$1" || true; }
tree() { for one in $1; do echo "$one"; for child in $(below "$one"); do tree "$child"; done; done; }
supervisor() { pid_in /run/postgresql/patroni.pid; }
server() { tree "$(pid_in /run/postgresql/postmaster.pid)"; }
cache() { pgrep -x redis-server || true; }
application() { tree "$(pid_in /run/shop/main.pid)"; }
main() { pid_in /run/shop/main.pid; }
checked() {
    for pid in $1; do
        if [ "$pid" -eq 1 ]; then echo "process 1 is never a target" >&2; exit 64; fi
    done
    if [ -z "$1" ]; then echo "no such process: $2" >&2; exit 65; fi
    echo "$1"
}
# The main process must be there; a child may have ended by itself since it was found.
stop() {
    kill -STOP "${1%%[!0-9]*}"
    for pid in $1; do kill -STOP "$pid" 2>/dev/null || [ ! -e "/proc/$pid" ]; done
}
alive() { for pid in $1; do if [ -e "/proc/$pid" ]; then echo "$pid"; fi; done; }
"""

# Every stopped process of the container, by what the kernel says: it needs no list that could be out of date.
RESUME = """
for status in /proc/[0-9]*/status; do
    if grep -qs '^State:[[:space:]]*T' "$status"; then
        pid=${status#/proc/}; kill -CONT "${pid%/status}" 2>/dev/null || true
    fi
done
"""

_STATES = """
for pid in "$@"; do
    # It may end between two looks, or while it is read.
    sed 's/^\\([0-9]*\\) .*) \\(.\\) .*/\\1 \\2/' "/proc/$pid/stat" 2>/dev/null || echo "$pid gone"
done
"""


def freeze(which: Sequence[Processes], seconds: float) -> list[str]:
    """Arms the end in a session of its own, then stops the processes in order; prints their numbers."""
    arm = (
        f"command -v setsid >/dev/null\nsetsid sh -c 'sleep {seconds:g}; eval \"$RESUME\"' </dev/null >/dev/null 2>&1 &"
    )
    steps = []
    for name in which:
        # Twice: what the main process had started before it stopped is found by the second look.
        steps += [f'pids=$(checked "$({name})" {name})', 'stop "$pids"']
        steps += [f'pids=$(checked "$({name})" {name})', 'stop "$pids"', 'alive "$pids"']
    lines = [_FIND, f"RESUME={_quoted(RESUME)}", "export RESUME"]
    # All targets are looked for before the first is touched.
    lines += [f'checked "$({name})" {name} >/dev/null' for name in which]
    return ["sh", "-c", "\n".join([*lines, arm, *steps])]


def kill(which: Sequence[Processes]) -> list[str]:
    """Ends the processes at once, without notice, all by one command."""
    lines = [f'pids_{name}=$(checked "$({name})" {name})' for name in which]
    everyone = " ".join(f"$pids_{name}" for name in which)
    # One of them may have ended by itself since it was found; that all are gone is proved afterwards.
    return ["sh", "-c", "\n".join([_FIND, *lines, f"echo {everyone}", f"kill -KILL {everyone} 2>/dev/null || true"])]


def kill_child(pid: int) -> list[str]:
    """Ends one child of the shop's main process at once, without notice; refuses any other process."""
    lines = [
        _FIND,
        f'if ! below "$(main)" | grep -qx {pid}; then echo "{pid} is no child of the main process" >&2; exit 65; fi',
        f"kill -KILL {pid}",
    ]
    return ["sh", "-c", "\n".join(lines)]


def states(pids: Sequence[int]) -> list[str]:
    """Prints number and state of each process, or "gone"."""
    return ["sh", "-c", _STATES, "states", *(str(pid) for pid in pids)]


def resume() -> list[str]:
    """Lets every stopped process of the container go on."""
    return ["sh", "-c", RESUME]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
