"""Roles moved on purpose: the database's leader and the cache's master, by the systems' own commands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hamcrest import equal_to, not_

from support.cluster.client import Cluster
from support.faults.base import LeavesNothing
from support.faults.processes import InOneContainer, Place
from support.faults.proof import FaultFailed, seen
from support.waiting import Deadline

_COMMAND_S = 30.0  # seconds; Patroni answers a handover when it is done
# The password is in the container's environment and stays there.
_SWITCHOVER = (
    'curl --silent --show-error --fail-with-body --user "$PATRONI_RESTAPI_USERNAME:$PATRONI_RESTAPI_PASSWORD" '
    '--request POST --data "$1" http://localhost:8008/switchover'
)
_LEADER = "curl --silent --max-time 3 http://localhost:8008/cluster"
# Watchers have no password of their own; one in the environment would be offered and refused.
_MOVE = 'REDISCLI_AUTH= redis-cli -p 26379 SENTINEL FAILOVER "$1"'
_SUITABLE = 'REDISCLI_AUTH= redis-cli -p 26379 --raw SENTINEL replicas "$1"'
_SUITABLE_S = 45.0  # seconds; a watcher asks a follower how it is every 10 s, and after a restart some answers are old
_MASTER = 'REDISCLI_AUTH= redis-cli -p 26379 --raw SENTINEL get-master-addr-by-name "$1" | head -n 1'


@dataclass(slots=True)
class DatabaseSwitchover(InOneContainer, LeavesNothing):
    """A planned handover of the leader role, asked for in `place`, to `candidate` or to whom the supervisor chooses."""

    place: Place
    leader: str
    candidate: str = ""
    kind: str = field(default="database-switchover", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="every member may lead", init=False)

    @property
    def target(self) -> str:
        """From whom, to whom."""
        return f"leader {self.leader}{' to ' + self.candidate if self.candidate else ''}"

    def precheck(self, cluster: Cluster) -> str:
        """The leader is who is said to be."""
        found = self._leader(cluster)
        if found != self.leader:
            raise FaultFailed(f"{found or 'nobody'} leads, not {self.leader}")
        return f"{found} leads"

    def inject(self, cluster: Cluster) -> None:
        """Asks for the handover and waits for the answer."""
        wish = {"leader": self.leader} | ({"candidate": self.candidate} if self.candidate else {})
        _sh(cluster, self.place, _SWITCHOVER, json.dumps(wish))

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """Another member leads."""

        def look(_: Deadline) -> str:
            return self._leader(cluster) or self.leader  # nobody leads for a moment: not handed over yet

        wanted = equal_to(self.candidate) if self.candidate else not_(equal_to(self.leader))
        found = seen(look, wanted, within, "Another database member must lead")
        return f"{found} leads instead of {self.leader}"

    def _leader(self, cluster: Cluster) -> str:
        members = json.loads(_sh(cluster, self.place, _LEADER, "")).get("members", [])
        return next((str(one["name"]) for one in members if one.get("role") in ("leader", "master")), "")


@dataclass(slots=True)
class HandoverAsked(DatabaseSwitchover):
    """A planned handover that is asked for and no more: whether it came about is for the promise to say."""

    answer: str = field(default="", init=False)  # what the supervisor said, in its own words

    def inject(self, cluster: Cluster) -> None:
        """Asks for the handover; a refusal is an answer."""
        try:
            DatabaseSwitchover.inject(self, cluster)
            self.answer = "accepted"
        except FaultFailed as refused:
            self.answer = str(refused)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The supervisor has answered."""
        del cluster, within
        return f"the supervisor of {self.leader} was asked: {self.answer}"


@dataclass(slots=True)
class CacheMasterMove(InOneContainer, LeavesNothing):
    """The watcher in `place` is asked to give the master's role to another cache server."""

    place: Place
    master: str  # the name that watchers know it by
    kind: str = field(default="cache-master-move", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="every server may be master", init=False)
    _before: str = field(default="", init=False)

    @property
    def target(self) -> str:
        """Whose role."""
        return f"cache master of {self.master}"

    def precheck(self, cluster: Cluster) -> str:
        """The watcher names a master, and knows a follower that could be one."""

        def look(_: Deadline) -> bool:
            return _has_suitable(_sh(cluster, self.place, _SUITABLE, self.master))

        seen(look, equal_to(True), _SUITABLE_S, f"The watcher {self.place} must know a follower that could be master")
        self._before = _sh(cluster, self.place, _MASTER, self.master).strip()
        return f"{self._before} is master"

    def inject(self, cluster: Cluster) -> None:
        """Asks for the move."""
        told = _sh(cluster, self.place, _MOVE, self.master).strip()
        if told != "OK":
            raise FaultFailed(f"the watcher refused to move the master: {told}")

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The watcher names another server."""

        def look(_: Deadline) -> str:
            return _sh(cluster, self.place, _MASTER, self.master).strip()

        found = seen(look, not_(equal_to(self._before)), within, "Another cache server must be master")
        return f"{found} is master instead of {self._before}"


def _has_suitable(told: str) -> bool:
    """Whether one of these followers is up and in touch with its master, as the watcher demands of a successor."""
    lines = told.splitlines()
    facts = list(zip(lines[::2], lines[1::2], strict=False))
    flags = [value for name, value in facts if name == "flags"]
    links = [value for name, value in facts if name == "master-link-status"]
    return ("slave", "ok") in zip(flags, links, strict=False)


def _sh(cluster: Cluster, place: Place, script: str, argument: str) -> str:
    command = ["sh", "-c", script, "sh", argument]
    answer = cluster.exec(place.namespace, place.pod, command, container=place.container, within=_COMMAND_S)
    if answer.code:
        raise FaultFailed(f"{place}: {(answer.stderr or answer.stdout).strip()}")
    return answer.stdout
