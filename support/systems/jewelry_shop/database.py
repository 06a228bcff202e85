"""The database cluster seen from every side at once: who leads, according to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.clients.http import Answer
from support.clients.sql import QuestionFailed, Row, SqlClient
from support.cluster import Cluster, Json
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import Observer
from support.profiles import Profile
from support.systems.jewelry_shop.parts import Parts, Pod
from support.waiting import Deadline, Unknown

_MEGABYTE = 1_000_000  # bytes of lag that the promise allows
_ASK_S = 3.0  # a member that is well answers in milliseconds; a frozen one must not hold up the view of the others

_LEADING = ("leader", "master", "primary", "standby_leader")
_REPLICATION = """
SELECT application_name AS name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint AS lag
FROM pg_stat_replication
"""
# Settings by which a sale is confirmed before it is safe: the server's, and those of roles that may store sales.
_CARELESS = """
WITH settings AS (
  SELECT 'the server' AS whose, name, setting AS value FROM pg_settings
  UNION ALL
  SELECT coalesce(r.rolname, 'every role'), split_part(pair, '=', 1), split_part(pair, '=', 2)
  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) AS pair
  WHERE (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (r.oid IS NULL OR NOT r.rolsuper AND has_table_privilege(r.oid, 'sales', 'INSERT')))
SELECT whose, name, value FROM settings
WHERE name = 'synchronous_commit' AND lower(value) NOT IN ('on', 'true', 'yes', '1', 'remote_apply')
   OR name = 'fsync' AND lower(value) NOT IN ('on', 'true', 'yes', '1')
"""
_OWN_VIEW = """
SELECT pg_is_in_recovery() AS follows, (SELECT status FROM pg_stat_wal_receiver) AS receiver
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One database member and what it says of itself."""

    pod: Pod
    label: str  # role by label: leader, follower, or whatever stands there
    follows: bool | None  # None: it did not answer
    receiver: str  # state of its stream from the leader
    told: Mapping[str, Mapping[str, Any]]  # its view of the cluster: member -> {role, state, timeline, lag}
    error: str = ""

    @property
    def name(self) -> str:
        """The member's name."""
        return self.pod.name

    def names_as_leader(self) -> list[str]:
        """Whom this member takes for the leader."""
        return [name for name, entry in self.told.items() if entry.get("role") in _LEADING]


@dataclass(frozen=True, slots=True)
class ClusterView:
    """All sources at one moment."""

    members: Sequence[Member]
    record_leader: str  # who the leader record names
    record_address: str  # the address behind the leader Service
    sync_follower: str  # who the synchronisation record names
    replication: Sequence[Row]  # the leader's list of its followers
    settings: Mapping[str, Any] = field(default_factory=dict)
    leader_label: str = "master"
    careless: Sequence[str] = ()  # settings by which a sale is confirmed before a second member has it

    @property
    def leader(self) -> Member | None:
        """The member behind the leader address, None while there is none."""
        return next((member for member in self.members if member.pod.ip == self.record_address), None)

    @property
    def timeline(self) -> int:
        """The leader's timeline as it tells it itself, 0 when it does not."""
        leader = self.leader
        entry = leader.told.get(leader.name, {}) if leader else {}
        return int(entry.get("timeline") or 0)

    def __str__(self) -> str:
        roles = ", ".join(
            f"{m.name} {m.label or 'without role'}{' (' + m.error + ')' if m.error else ''}" for m in self.members
        )
        return f"leader record {self.record_leader or 'empty'}, timeline {self.timeline or '?'}; {roles}"


class Database:
    """Reads the database cluster of the profile."""

    def __init__(self, cluster: Cluster, profile: Profile, parts: Parts, observer: Observer, sql: SqlClient) -> None:
        self._cluster, self._profile, self._parts, self._observer = cluster, profile, parts, observer
        self._namespace = profile.kube.namespace
        self.part = profile.part("database")
        self.sql = sql

    @property
    def leader_address(self) -> str:
        """The name under which clients reach the leader."""
        return f"{self._profile.services.leader}.{self._namespace}"

    def leader_record(self) -> tuple[str, str]:
        """Who the leader record names, and the one address behind the leader Service; empty when there is none."""
        body = self._cluster.get("endpoints", self._profile.leader_record.name, self._namespace)
        named = str(body["metadata"].get("annotations", {}).get("leader", ""))
        addresses = [entry["ip"] for subset in body.get("subsets") or [] for entry in subset.get("addresses") or []]
        return named, addresses[0] if len(addresses) == 1 else ""

    def leading_pod(self) -> Pod:
        """The instance behind the leader address. Raises Unknown when there is none."""
        address = self.leader_record()[1]
        for pod in self._parts.pods("database"):
            if pod.ip == address and not pod.leaving:
                return pod
        raise Unknown(f"no database member has the leader's address {address or '(none)'}")

    def view(self, deadline: Deadline) -> ClusterView:
        """All sources, each asked anew, none longer than a few seconds."""
        named, address = self.leader_record()
        members = [self._member(pod, deadline) for pod in self._parts.pods("database") if not pod.leaving]
        return ClusterView(
            members=members,
            record_leader=named,
            record_address=address,
            sync_follower=self.sync_follower(),
            replication=self._replication(address),
            settings=self.settings(),
            leader_label=self.part.leader,
            careless=self._careless(address),
        )

    def settings(self) -> Mapping[str, Any]:
        """The live settings of the failover, as the leader record's neighbour keeps them; empty when unreadable."""
        record = f"{self._profile.leader_record.name}-config"
        body = self._cluster.get("endpoints", record, self._namespace)
        text = body["metadata"].get("annotations", {}).get("config", "{}")
        settings: Mapping[str, Any] = json.loads(text)
        return settings

    def history(self) -> list[list[Any]]:
        """The recorded changes of leadership: timeline, position, reason, time, new leader."""
        record = f"{self._profile.leader_record.name}-config"
        body = self._cluster.get("endpoints", record, self._namespace)
        found: list[list[Any]] = json.loads(body["metadata"].get("annotations", {}).get("history", "[]"))
        return found

    def ask_member(self, pod: Pod, path: str, within: float = _ASK_S) -> Answer:
        """One question to a member's supervisor."""
        url = f"http://{pod.ip}:{self.part.api_port}{path}"
        came = self._observer.ask_http(url, within=within)
        return Answer("GET", path, came.status or 0, came.text, came.headers or {}, came.duration, came.error or "")

    def _member(self, pod: Pod, deadline: Deadline) -> Member:
        label = pod.labels.get(self.part.role_label, "")
        answer = self.ask_member(pod, "/cluster", deadline.left(at_most=_ASK_S) or _ASK_S)
        entries = (answer.body or {}).get("members", []) if isinstance(answer.body, dict) else []
        told = {entry["name"]: entry for entry in entries}
        try:
            own = self.sql.ask(pod.ip, _OWN_VIEW, within=_ASK_S)[0]
        except QuestionFailed as error:
            return Member(pod, label, None, "", told, f"does not answer: {error.error}")
        return Member(pod, label, bool(own["follows"]), str(own["receiver"] or ""), told, answer.error)

    def sync_follower(self) -> str:
        """Who the synchronisation record names; empty when nobody."""
        body: Json = self._cluster.get("endpoints", f"{self._profile.leader_record.name}-sync", self._namespace)
        return str(body["metadata"].get("annotations", {}).get("sync_standby", ""))

    def _replication(self, address: str) -> list[Row]:
        try:
            return self.sql.ask(address, _REPLICATION, within=_ASK_S) if address else []
        except QuestionFailed:
            return []  # the view then shows a leader without followers

    def _careless(self, address: str) -> list[str]:
        try:
            rows = self.sql.ask(address, _CARELESS, within=_ASK_S) if address else []
        except QuestionFailed as error:
            return [f"how sales are confirmed cannot be read ({error.error})"]
        return [
            f"a sale is confirmed before a second member has it on disk: {row['name']} is {row['value']} "
            f"for {row['whose']}"
            for row in rows
        ]


def agrees_on_one_leader(followers: int) -> ComplaintMatcher[ClusterView]:
    """Matches when every source names the same leader, `followers` others follow it, and one of them synchronously.

    A synchronous follower that no sale waits for is none.
    """

    def complaints(view: ClusterView) -> list[str]:
        return [*_leadership(view), *_following(view, followers), *_synchrony(view), *view.careless]

    return without_complaints(
        f"one leader named by every source, {followers} streaming followers on its timeline, one of them synchronous",
        complaints,
    )


def follow_one_leader(followers: int) -> ComplaintMatcher[ClusterView]:
    """Matches when every source names the same leader and `followers` others follow it, synchronously or not."""
    return without_complaints(
        f"one leader named by every source, {followers} streaming followers on its timeline",
        lambda view: [*_leadership(view), *_following(view, followers)],
    )


def _leadership(view: ClusterView) -> list[str]:
    leader = view.leader
    if leader is None:
        return [f"no member has the address behind the leader name ({view.record_address or 'none'})"]
    found = []
    if view.record_leader != leader.name:
        found.append(f"the leader record names {view.record_leader or 'nobody'}, its address belongs to {leader.name}")
    labelled = [member.name for member in view.members if member.label == view.leader_label]
    if labelled != [leader.name]:
        found.append(f"by label {', '.join(labelled) or 'nobody'} leads, by address {leader.name}")
    accepting = [member.name for member in view.members if member.follows is False]
    if accepting != [leader.name]:
        found.append(f"{', '.join(accepting) or 'nobody'} accepts writes, by address {leader.name} leads")
    for member in view.members:
        if member.error:
            found.append(f"{member.name} {member.error}")
        elif member.names_as_leader() != [leader.name]:
            found.append(f"{member.name} takes {', '.join(member.names_as_leader()) or 'nobody'} for the leader")
    return found


def _following(view: ClusterView, followers: int) -> list[str]:
    leader = view.leader
    if leader is None:
        return []
    others = [member for member in view.members if member is not leader]
    found = [] if len(others) == followers else [f"{len(others)} followers instead of {followers}"]
    streams = {str(row["name"]): row for row in view.replication}
    for member in others:
        row, told = streams.get(member.name), leader.told.get(member.name, {})
        if row is None or row["state"] != "streaming" or member.receiver != "streaming":
            found.append(f"{member.name} does not stream from {leader.name}")
        elif row["lag"] is None or int(row["lag"]) >= _MEGABYTE:
            found.append(f"{member.name} is {row['lag']} bytes behind")
        if int(told.get("timeline") or 0) != view.timeline:
            found.append(f"{member.name} is on timeline {told.get('timeline')}, the leader on {view.timeline}")
    return found


def _synchrony(view: ClusterView) -> list[str]:
    synchronous = [str(row["name"]) for row in view.replication if row["sync_state"] in ("sync", "quorum")]
    if not synchronous:
        mode = view.settings.get("synchronous_mode")
        return [f"no synchronous follower (synchronous_mode is {mode})"]
    if len(synchronous) > 1:
        return [f"{len(synchronous)} synchronous followers: {', '.join(synchronous)}"]
    if view.sync_follower != synchronous[0]:
        return [f"the record names {view.sync_follower or 'nobody'} as synchronous, the leader {synchronous[0]}"]
    return []
