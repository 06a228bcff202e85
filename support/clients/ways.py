"""New connections tried from inside a container with the shell alone: was there an answer, silence, or a refusal?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from support.cluster import Cluster

How = Literal["sql", "redis", "http", "https", "name"]
_TRAVEL_S = 10.0  # seconds beside the attempts' own time: the API server, and some shells on a busy machine
_AT_ONCE = 4  # attempts side by side: each costs some megabytes, and the smallest container has 48
_REFUSED = re.compile(r"refused|no route to host|unreachable", re.IGNORECASE)
_NAMELESS = re.compile(
    r"not known|name resolution|resolving|no address|could not resolve|invalid hostname", re.IGNORECASE
)
_LATE = (124, 28)  # exit codes of timeout(1) and of curl for "too late"

_NO_ENTRY = 2  # exit code of getent when nobody told an address

# Arguments: seconds, attempts at once, then four words for each attempt: how, host, port, path. One line per attempt,
# in any order: number, microseconds, exit code, what was said. `sql` asks whether encryption is offered, the first
# question of every client; `redis` says PING.
_SCRIPT = r"""
within=$1 at_once=$2; shift 2
one() {
    case $1 in
        name) timeout "$within" getent ahostsv4 "$2" ;;
        http|https) curl -s -S -k -o /dev/null -w '%{http_code}' --max-time "$within" "$1://$2:$3$4" ;;
        *) timeout "$within" bash -c '
            exec 3<>"/dev/tcp/$2/$3" || exit 1
            case $1 in
                sql) printf "\0\0\0\010\004\322\026\057" >&3; IFS= read -r -N 1 said <&3; echo "$said" ;;
                redis) printf "PING\r\n" >&3; IFS= read -r said <&3; echo "$said" ;;
            esac' way "$@" ;;
    esac
}
number=0
while [ $# -gt 0 ]; do
    while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
    (
        begin=$EPOCHREALTIME
        said=$(one "$1" "$2" "$3" "$4" 2>&1); code=$?
        spent=$((${EPOCHREALTIME/./} - ${begin/./}))
        printf '%d %d %d %s\n' "$number" "$spent" "$code" "$(printf %s "$said" | tr -d '\000\r' | head -n 1)"
    ) &
    number=$((number + 1)); shift 4
done
wait
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to try."""

    name: str  # of the target, for the reader
    host: str
    port: int
    how: How = "http"
    path: str = "/"


class Outcome(StrEnum):
    """What came of an attempt."""

    ANSWERED = "answered"
    BLOCKED = "blocked"  # silence or a refusal
    INVALID = "invalid"  # the attempt itself was not possible, so nothing is known


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt. `said` is the answer, or why there was none."""

    way: Way
    outcome: Outcome
    said: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.way.name}: {self.said} ({self.seconds:.1f} s)"


def try_ways(
    cluster: Cluster, namespace: str, pod: str, container: str | None, ways: Sequence[Way], within: float
) -> list[Tried]:
    """Tries all ways from one container, each on a new connection in its own protocol, `within` seconds each.

    Raises ApiError when the container cannot be reached.
    """
    words = [word for way in ways for word in (way.how, way.host, str(way.port), way.path)]
    command = ["bash", "-c", _SCRIPT, "ways", f"{within:g}", str(_AT_ONCE), *words]
    longest = within * math.ceil(len(ways) / _AT_ONCE) + _TRAVEL_S
    done = cluster.exec(namespace, pod, command, container=container, within=longest)
    lines = {int(line.split(" ", 1)[0]): line for line in done.stdout.splitlines() if line[:1].isdigit()}
    return [_tried(way, lines.get(number, ""), done.stderr) for number, way in enumerate(ways)]


def _tried(way: Way, line: str, errors: str) -> Tried:
    if not line:
        return Tried(way, Outcome.INVALID, f"not tried: {errors.strip()[:200]}", 0.0)  # characters: its first sentence
    _, spent, code, *rest = line.split(" ", 3)
    said, seconds = (rest[0] if rest else "").strip(), int(spent) / 1e6  # told in microseconds
    if way.how == "name" and int(code) == _NO_ENTRY:
        return Tried(way, Outcome.BLOCKED, "the name is not known", seconds)
    return Tried(way, *judge(int(code), said), seconds)


def knock(
    cluster: Cluster, namespace: str, pod: str, container: str | None, ways: Sequence[Way], within: float
) -> list[Tried]:
    """Whether connections can be made at all, whatever is spoken there; all at once, by one small program.

    Raises ApiError when the container cannot be reached.
    """
    told = "%{urlnum} %{time_connect} %{time_total} %{exitcode} %{errormsg}\\n"
    limits = ["--max-time", f"{within:g}", "--parallel", "--parallel-immediate", "--parallel-max", str(len(ways))]
    targets = [word for way in ways for word in ("-o", "/dev/null", f"http://{way.host}:{way.port}/")]
    command = ["curl", "-s", "-w", told, *limits, *targets]
    done = cluster.exec(namespace, pod, command, container=container, within=within + _TRAVEL_S)
    lines = {int(line.split(" ", 1)[0]): line for line in done.stdout.splitlines() if line[:1].isdigit()}
    return [_knocked(way, lines.get(number, ""), done.stderr) for number, way in enumerate(ways)]


def _knocked(way: Way, line: str, errors: str) -> Tried:
    if not line:
        return Tried(way, Outcome.INVALID, f"not tried: {errors.strip()[:200]}", 0.0)  # characters: its first sentence
    _, connected, spent, code, *rest = line.split(" ", 4)
    if float(connected) > 0:
        return Tried(way, Outcome.ANSWERED, "open", float(connected))
    return Tried(way, *judge(int(code), rest[0] if rest else ""), float(spent))


def judge(code: int, said: str) -> tuple[Outcome, str]:
    """What an exit code and a last word mean."""
    if code == 0:
        return (Outcome.ANSWERED, said) if said else (Outcome.BLOCKED, "connected, and silence then")
    if _NAMELESS.search(said):
        return Outcome.INVALID, f"the name is not known: {said}"
    if code in _LATE:
        return Outcome.BLOCKED, "no answer in time"
    if _REFUSED.search(said) or code == 7:  # curl's word for "could not connect"
        return Outcome.BLOCKED, "refused"
    return Outcome.INVALID, said or f"ended with {code}"
