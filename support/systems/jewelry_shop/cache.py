"""The cache seen from its servers and from its watchers: who is the master, according to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import Observer, ObserverError, RedisAnswerError
from support.profiles import Profile
from support.systems.jewelry_shop.parts import Parts, Pod
from support.waiting import Unknown

_ASK_S = 3.0  # a server that is well answers in milliseconds; a paused one must not hold up the view of the others
_ALL_KEYS = 1_000_000  # far above what 32 MB can hold
_HIGHEST_LAG_S = 1  # seconds since a follower was last heard of


@dataclass(frozen=True, slots=True)
class Server:
    """One cache server and what it says of itself."""

    pod: Pod
    role: str  # master, slave, or empty when it did not answer
    followers: Sequence[str]  # one text per follower, such as state=online,lag=0
    link: str  # of a follower to its master: up or down
    error: str = ""


@dataclass(frozen=True, slots=True)
class Watcher:
    """One watcher and what it knows of the master."""

    pod: Pod
    master: str  # host name of the master
    followers: int
    others: int
    quorum: int
    quorum_ok: bool
    tilted: bool  # its clock has jumped, or it was stopped: it takes part in nothing for a while
    resolves_names: str  # yes or no
    error: str = ""


class Watchers(list[Watcher]):
    """Watchers that print as whom they name."""

    def __str__(self) -> str:
        return ", ".join(f"{watcher.pod.name} names {watcher.master or 'nobody'}" for watcher in self)


@dataclass(frozen=True, slots=True)
class CacheView:
    """Servers and watchers at one moment."""

    servers: Sequence[Server]
    watchers: Sequence[Watcher]
    promised_quorum: int

    @property
    def master(self) -> Server | None:
        """The server that most watchers name and that takes itself for the master; None while there is none."""
        for server in self.servers:
            named = [watcher for watcher in self.watchers if _is(watcher.master, server.pod)]
            if server.role == "master" and len(named) * 2 > len(self.watchers):
                return server
        return None

    def __str__(self) -> str:
        roles = ", ".join(f"{server.pod.name} {server.role or 'silent'}" for server in self.servers)
        return f"{roles}; watchers name {', '.join(sorted({watcher.master or 'nobody' for watcher in self.watchers}))}"


class Cache:
    """Reads the cache of the profile."""

    def __init__(self, profile: Profile, parts: Parts, observer: Observer, password: str) -> None:
        self._profile, self._parts, self._observer, self._password = profile, parts, observer, password
        self.server_part, self.watcher_part = profile.part("cache"), profile.part("watcher")

    def view(self) -> CacheView:
        """All servers and watchers, each asked anew."""
        servers = [self._server(pod) for pod in self._parts.pods("cache") if not pod.leaving]
        return CacheView(servers, self.watchers(), self.watcher_part.quorum)

    def watchers(self) -> list[Watcher]:
        """What each watcher knows now."""
        return [self._watcher(pod) for pod in self._parts.pods("watcher") if not pod.leaving]

    def ask_server(
        self, pod: Pod, *commands: Sequence[str], within: float = _ASK_S, node: str | None = None
    ) -> list[Any]:
        """Commands to one server on one connection. ObserverError: no answer; RedisAnswerError: refused."""
        words = [list(command) for command in commands]
        return self._observer.ask_redis(pod.ip, self.server_part.port, self._password, words, within=within, node=node)

    def ask_watcher(self, pod: Pod, *commands: Sequence[str]) -> list[Any]:
        """Commands to one watcher on one connection. ObserverError: no answer; RedisAnswerError: refused."""
        return self._observer.ask_redis(
            pod.ip, self.watcher_part.port, "", [list(command) for command in commands], within=_ASK_S
        )

    def process_at(self, host: str) -> str:
        """The identity of the server process behind an address or a name, asked inside the cluster."""
        info = self._observer.ask_redis(
            host, self.server_part.port, self._password, [["INFO", "server"]], within=_ASK_S
        )
        return facts_of(info[0]).get("run_id", "")

    def keys_of(self, pod: Pod, pattern: str) -> list[str]:
        """Keys of one server that match a pattern. Raises Unknown when one scan does not reach the end."""
        cursor, keys = self.ask_server(pod, ["SCAN", "0", "MATCH", pattern, "COUNT", str(_ALL_KEYS)])[0]
        if str(cursor) != "0":
            raise Unknown(f"{pod.name} has more than {_ALL_KEYS} keys")
        return [str(key) for key in keys]

    def whole(self) -> ComplaintMatcher[CacheView]:
        """Matches when one master has all its followers, and all watchers say so."""
        servers, watchers = self.server_part.number, self.watcher_part.number
        return agrees_on_one_master(
            int(servers) - 1 if isinstance(servers, int) else 0, int(watchers) if isinstance(watchers, int) else 0
        )

    def down_after(self) -> float:
        """Seconds of silence after which the watchers replace the master, as one of them has it now."""
        pods = self._parts.ready_pods("watcher")
        if not pods:
            raise Unknown("no watcher is ready to tell its settings")
        facts = _pairs(self.ask_watcher(pods[0], ["SENTINEL", "MASTER", self.watcher_part.master])[0])
        return float(facts["down-after-milliseconds"]) / 1000  # the setting is in milliseconds

    def _server(self, pod: Pod) -> Server:
        try:
            facts = facts_of(self.ask_server(pod, ["INFO", "replication"])[0])
        except (ObserverError, RedisAnswerError) as error:
            return Server(pod, "", (), "", f"does not answer: {error}")
        followers = [value for key, value in facts.items() if key.startswith("slave") and key[5:].isdigit()]
        return Server(pod, facts.get("role", ""), followers, facts.get("master_link_status", ""))

    def _watcher(self, pod: Pod) -> Watcher:
        name = self.watcher_part.master
        asked = (["SENTINEL", "MASTER", name], ["INFO", "sentinel"], ["SENTINEL", "CONFIG", "GET", "resolve-hostnames"])
        try:
            master, info, resolve = self.ask_watcher(pod, *asked)
            quorum_ok = self._quorum_ok(pod)
        except (ObserverError, RedisAnswerError) as error:
            return Watcher(pod, "", 0, 0, 0, False, False, "", f"does not answer: {error}")
        facts, own, names = _pairs(master), facts_of(info), _pairs(resolve)
        return Watcher(
            pod=pod,
            master=facts.get("ip", ""),
            followers=int(facts.get("num-slaves", 0)),
            others=int(facts.get("num-other-sentinels", 0)),
            quorum=int(facts.get("quorum", 0)),
            quorum_ok=quorum_ok,
            tilted=own.get("sentinel_tilt", "0") != "0",
            resolves_names=names.get("resolve-hostnames", ""),
        )

    def _quorum_ok(self, pod: Pod) -> bool:
        try:
            return str(self.ask_watcher(pod, ["SENTINEL", "CKQUORUM", self.watcher_part.master])[0]).startswith("OK")
        except RedisAnswerError:
            return False  # the watcher answers this question with an error when it has no quorum


def agrees_on_one_master(followers: int, watchers: int) -> ComplaintMatcher[CacheView]:
    """Matches when all watchers name the same master by host name and know everybody, and the servers agree."""

    def complaints(view: CacheView) -> list[str]:
        return [*_watched(view, followers, watchers), *_served(view, followers)]

    return without_complaints(
        f"one master with {followers} online followers, named by {watchers} watchers that know each other", complaints
    )


def _watched(view: CacheView, followers: int, watchers: int) -> list[str]:
    found = [] if len(view.watchers) == watchers else [f"{len(view.watchers)} watchers instead of {watchers}"]
    blind = [watcher for watcher in view.watchers if _is_blind(watcher)]
    found += blind_watchers(view.watchers)
    for watcher in view.watchers:
        name = watcher.pod.name
        if watcher.error:
            found.append(f"{name} {watcher.error}")
            continue
        if watcher not in blind and watcher.followers != followers:
            found.append(f"{name} knows {watcher.followers} followers instead of {followers}")
        if watcher.others != watchers - 1:
            found.append(f"{name} knows {watcher.others} other watchers instead of {watchers - 1}")
        if watcher.quorum != view.promised_quorum or not watcher.quorum_ok:
            found.append(f"{name} has no quorum (needs {watcher.quorum}, promised {view.promised_quorum})")
        found += [f"{name} is in its protective mode"] if watcher.tilted else []
        if watcher.master.replace(".", "").isdigit():
            found.append(f"{name} names the master by address ({watcher.master}), not by host name")
    named = sorted({watcher.master for watcher in view.watchers if not watcher.error})
    return found + ([f"the watchers name {' and '.join(named)}"] if len(named) != 1 else [])


def blind_watchers(watchers: Sequence[Watcher]) -> list[str]:
    """Watchers that know no follower could replace nobody; and why they do not, if their settings tell it."""
    blind = [watcher for watcher in watchers if _is_blind(watcher)]
    unresolved = any(watcher.resolves_names == "no" for watcher in blind)
    if not blind:
        return []
    return ["watchers know 0 followers" + (": announced host names are not resolved" if unresolved else "")]


def _is_blind(watcher: Watcher) -> bool:
    return not watcher.error and watcher.followers == 0


def _served(view: CacheView, followers: int) -> list[str]:
    masters = [server.pod.name for server in view.servers if server.role == "master"]
    found = [f"{server.pod.name} {server.error}" for server in view.servers if server.error]
    if len(masters) != 1:
        return [*found, f"{len(masters)} servers take themselves for the master: {', '.join(masters) or 'none'}"]
    if view.master is None:
        return [*found, f"{masters[0]} takes itself for the master, but the watchers name another"]
    online = [text for text in view.master.followers if "state=online" in text and _lag(text) <= _HIGHEST_LAG_S]
    if len(online) != followers:
        found.append(f"{masters[0]} has {len(online)} online followers instead of {followers}")
    return found + [f"{s.pod.name} has lost its master" for s in view.servers if s.role == "slave" and s.link != "up"]


def _is(host: str, pod: Pod) -> bool:
    return host == pod.ip or host.split(".")[0] == pod.name


def _lag(text: str) -> int:
    return int(dict(part.split("=", 1) for part in text.split(",") if "=" in part).get("lag", 0))


def facts_of(info: Any) -> dict[str, str]:
    """INFO as a table, whether it comes as text or was read already."""
    if isinstance(info, Mapping):
        return {str(key): _flat(value) for key, value in info.items()}
    return dict(line.split(":", 1) for line in str(info).splitlines() if ":" in line)


def _flat(value: Any) -> str:
    return ",".join(f"{key}={entry}" for key, entry in value.items()) if isinstance(value, Mapping) else str(value)


def _pairs(answer: Any) -> dict[str, str]:
    if isinstance(answer, Mapping):
        return {str(key): str(value) for key, value in answer.items()}
    words = [str(word) for word in answer]
    return dict(zip(words[::2], words[1::2], strict=False))
