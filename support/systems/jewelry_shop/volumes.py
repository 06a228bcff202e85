"""Volumes of the stores: agreed claims, bound, and really under the data of a living instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.clients.sql import QuestionFailed
from support.cluster import Json
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import ObserverError, RedisAnswerError
from support.profiles import Part, Profile, Volume
from support.systems.jewelry_shop.budget import amount
from support.systems.jewelry_shop.parts import Pod, read_pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_WRITE_AHEAD_LOG = "pg_wal"  # may be moved elsewhere by a link, and is as precious as the rest
_WORDS = {"database": "database", "cache": "cache", "watcher": "cache watcher"}


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where a running store keeps its data, and the mount that this folder really lies on."""

    folder: str
    mount: str


@dataclass(frozen=True, slots=True)
class Used:
    """One instance of a store that mounts a claim."""

    pod: str
    ready: bool
    mounts: Sequence[str]  # where its container has the claim
    folders: Sequence[DataFolder]


@dataclass(frozen=True, slots=True)
class Claim:
    """One agreed claim beside what is there."""

    part: str  # the profile's word
    name: str
    size: str
    path: str
    body: Json | None
    users: Sequence[Used]

    def complaints(self) -> list[str]:
        """What is wrong; empty when a ready instance has its data on this claim."""
        lost = f"{_WORDS.get(self.part, self.part)} data is not on a persistent volume"
        if self.body is None:
            return [f"{lost}: claim {self.name} is missing"]
        found = self._of_the_claim(self.body)
        ready = [one for one in self.users if one.ready]
        if not ready:
            return [*found, f"{lost}: claim {self.name} is mounted by no ready instance"]
        if len(self.users) > 1:
            found.append(f"claim {self.name} is shared by {', '.join(one.pod for one in self.users)}")
        for one in ready:
            if self.path not in one.mounts:
                found.append(f"{lost}: {one.pod} has {self.name} at {', '.join(one.mounts) or 'no place'}")
            wrong = [folder for folder in one.folders if folder.mount not in one.mounts]
            found += [f"{lost}: {folder.folder} of {one.pod} lies on {folder.mount}" for folder in wrong]
            found += [] if one.folders else [f"nobody knows where {one.pod} keeps its data"]
        return found

    def _of_the_claim(self, body: Json) -> list[str]:
        status, spec = body.get("status", {}), body["spec"]
        found = [] if status.get("phase") == "Bound" else [f"claim {self.name} is {status.get('phase')}"]
        asked = str(spec.get("resources", {}).get("requests", {}).get("storage", "0"))
        given = str(status.get("capacity", {}).get("storage", "0"))
        if amount(asked) != amount(self.size) or amount(given) < amount(self.size):
            found.append(f"claim {self.name} has {given} of {asked}, agreed are {self.size}")
        return found


@dataclass(frozen=True, slots=True)
class Claims:
    """All agreed claims, and the claims of the namespace that nobody mounts."""

    claims: Sequence[Claim]
    unused: Sequence[str]

    def __str__(self) -> str:
        return f"{len(self.claims)} claims"


def read_claims(system: JewelryShop) -> Claims:
    """Every agreed claim with its users. Raises Unknown when the profile does not say which are agreed."""
    agreed = agreed_claims(system.profile)
    bodies = {
        body["metadata"]["name"]: body for body in system.cluster.list("persistentvolumeclaims", system.namespace)
    }
    pods = system.cluster.list("pods", system.namespace)
    running = [body for body in pods if body.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    claims = [
        Claim(word, name, volume.size, volume.path, bodies.get(name), _users(system, word, name, running))
        for word, name, volume in agreed
    ]
    mounted = {name for body in running for name in _claims_of(body).values()}
    return Claims(claims, sorted(set(bodies) - mounted))


def agreed_claims(profile: Profile) -> list[tuple[str, str, Volume]]:
    """Part, name and volume of each agreed claim; Unknown when their number is not the agreed one."""
    found = [
        (word, f"{part.volume.claim}-{part.name}-{number}", part.volume)
        for word, part in profile.parts.items()
        if part.volume
        for number in range(int(part.number) if isinstance(part.number, int) else 0)
    ]
    if len(found) != profile.claims or not found:
        raise Unknown(f"the profile agrees on {profile.claims} claims, but names {len(found)}")
    return found


def _claims_of(body: Json) -> Mapping[str, str]:
    """Volumes of an instance that are claims: name of the volume -> name of the claim."""
    volumes = body["spec"].get("volumes", [])
    return {one["name"]: one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one}


def _users(system: JewelryShop, word: str, claim: str, running: Sequence[Json]) -> list[Used]:
    part, found = system.profile.part(word), []
    for body in running:
        volumes = [volume for volume, name in _claims_of(body).items() if name == claim]
        if volumes:
            pod = read_pod(body)
            folders = _folders(system, word, part, pod) if pod.ready else []
            found.append(Used(pod.name, pod.ready and not pod.leaving, _mounts(body, part, volumes), folders))
    return found


def _mounts(body: Json, part: Part, volumes: Sequence[str]) -> list[str]:
    containers = [one for one in body["spec"]["containers"] if one["name"] == part.container]
    mounts = [mount for one in containers for mount in one.get("volumeMounts", [])]
    return [mount["mountPath"].rstrip("/") for mount in mounts if mount["name"] in volumes]


def _folders(system: JewelryShop, word: str, part: Part, pod: Pod) -> list[DataFolder]:
    ways: Mapping[str, Callable[[JewelryShop, Pod], list[str]]] = {
        "database": _of_database,
        "cache": _of_cache,
        "watcher": _of_watcher,
    }
    try:
        folders = ways[word](system, pod)
    except (QuestionFailed, ObserverError, RedisAnswerError) as error:
        raise Unknown(f"{pod.name} does not tell where it keeps its data: {error}") from error
    return [DataFolder(folder, _mount_under(system, part, pod, folder)) for folder in folders]


def _of_database(system: JewelryShop, pod: Pod) -> list[str]:
    folder = str(system.sql.value(pod.ip, "SELECT current_setting('data_directory') AS folder"))
    return [folder, f"{folder}/{_WRITE_AHEAD_LOG}"]


def _of_cache(system: JewelryShop, pod: Pod) -> list[str]:
    folder = _table(system.cache.ask_server(pod, ["CONFIG", "GET", "dir"])[0]).get("dir", "")
    return [folder] if folder else []


def _of_watcher(system: JewelryShop, pod: Pod) -> list[str]:
    file = _table(system.cache.ask_watcher(pod, ["INFO", "server"])[0]).get("config_file", "").strip()
    return [file.rpartition("/")[0]] if file else []


def _table(told: Any) -> dict[str, str]:
    """Names and values, whether they come as a table, in turn, or as lines of text."""
    if isinstance(told, Mapping):
        return {str(key): str(value) for key, value in told.items()}
    if isinstance(told, str):
        return dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    return dict(zip(map(str, told[::2]), map(str, told[1::2]), strict=False))


def _mount_under(system: JewelryShop, part: Part, pod: Pod, folder: str) -> str:
    command = ["findmnt", "--noheadings", "--output", "TARGET", "--target", folder]
    told = system.cluster.exec(system.namespace, pod.name, command, container=part.container, within=10.0)
    if told.code or not told.stdout.strip():
        raise Unknown(f"{pod.name} does not tell what {folder} lies on: {told.stderr[-200:]}")
    return told.stdout.split("\n")[0].strip()


def hold_the_data(number: int) -> ComplaintMatcher[Claims]:
    """Matches when each agreed claim is bound, of its size, a volume of its own, and under the data of one instance."""

    def complaints(seen: Claims) -> list[str]:
        found = [text for claim in seen.claims for text in claim.complaints()]
        if len(seen.claims) != number:
            found.append(f"{len(seen.claims)} volumes were looked at instead of {number}")
        bound = [str(claim.body["spec"].get("volumeName", "")) for claim in seen.claims if claim.body]
        twice = {name for name in bound if name and bound.count(name) > 1}
        found += [f"several claims are bound to {name}" for name in sorted(twice)]
        return found + [f"claim {name} is mounted by nobody" for name in seen.unused]

    return without_complaints("every store on a bound volume of its own, of the agreed size, in use", complaints)
