"""A volume has no space left: whoever writes to it is refused, until the space is given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hamcrest import equal_to, greater_than
from kubernetes.utils.quantity import parse_quantity

from support.cluster.client import Cluster
from support.cluster.errors import ApiError
from support.cluster.execution import ExecResult
from support.errors import ExitCode, Refusal
from support.faults.intents import InContainer, Remedy
from support.faults.processes import InOneContainer, Place, container_state
from support.faults.proof import FaultFailed, seen
from support.waiting import Deadline

Json = dict[str, Any]

_FILLER = ".holdfast-full"  # in the volume's own folder; what does not fit into it as a whole goes into a second one
_COMMAND_S = 30.0  # seconds for one command; a gibibyte is reserved in milliseconds, the last blocks are written
_BACK_S = 60.0  # seconds until a container whose store has ended for want of space can be entered again
_NEXT_TO_NOTHING = 64 * 1024  # bytes: a block or two may come free at any time, no store can go on with that
# A volume may be somewhat larger than its claim, as some providers round up; one of another size is not the claim's.
_ROUNDED_UP = 1.1

# Ends by itself first; then the space is reserved in one piece where possible, and the rest written block by block.
_FILL = f"""
set -eu
command -v setsid > /dev/null
command -v fallocate > /dev/null
setsid sh -c 'sleep "$1"; rm -f "$2" "$2.rest"' end "$2" "$1/{_FILLER}" < /dev/null > /dev/null 2>&1 &
left=$(df --output=avail --block-size=1 "$1" | tail -n 1)
until fallocate --length "$left" "$1/{_FILLER}" 2> /dev/null; do
    left=$((left - 1048576))
    [ "$left" -gt 0 ] || break
done
dd if=/dev/zero of="$1/{_FILLER}.rest" bs=4096 2> /dev/null || true
"""
_GIVE_BACK = f'rm -f "$1/{_FILLER}" "$1/{_FILLER}.rest"'
_LOOK = f'df --output=size,avail --block-size=1 "$1" | tail -n 1; ls -A "$1" | grep -c -F {_FILLER} || true'


@dataclass(frozen=True, slots=True)
class _Space:
    """Bytes of a volume, and how many files of the fault lie in it."""

    size: int
    free: int
    fillers: int


@dataclass(slots=True)
class VolumeFull(InOneContainer):
    """Takes all the space that is left on the claimed volume which a container has at `folder`, for `seconds`.

    Refused where the volume has no size of its own: filling it would fill the disk of its machine.
    """

    place: Place
    folder: str  # where the container has the volume
    seconds: float
    kind: str = field(default="volume-full", init=False)
    _claim: str = field(default="", init=False)
    _full: _Space | None = field(default=None, init=False)

    @property
    def target(self) -> str:
        """Which volume of which pod."""
        return f"the volume at {self.folder} of {self.place}"

    def precheck(self, cluster: Cluster) -> str:
        """The pod is ready, its volume is a claimed one, has the size of the claim, and space is left."""
        container_state(cluster, self.place, must_be_ready=True)
        self._claim = _claim_at(cluster.get("pods", self.place.pod, self.place.namespace), self.place, self.folder)
        space = self._space(cluster)
        claimed = _claimed(cluster, self.place.namespace, self._claim)
        if space.size > claimed * _ROUNDED_UP:
            raise Refusal(
                f"The volume {self._claim} has no size of its own ({space.size} bytes where {claimed} are claimed): "
                "filling it would fill the disk of its machine.",
                "Use a storage class whose volumes have a size.",
                ExitCode.UNSAFE_TARGET,
            )
        if space.fillers:
            raise FaultFailed(f"{self.target} has files of an earlier fault")
        return f"{space.free} of {space.size} bytes free"

    def remedies(self) -> Sequence[Remedy]:
        """The space is given back by whichever instance has the volume then."""
        command = ["sh", "-c", _GIVE_BACK, "give-back", self.folder]
        return [InContainer(self.place.namespace, self.place.pod, "", self.place.container, command)]

    def inject(self, cluster: Cluster) -> None:
        """Takes the space."""
        self._full = _read(self._run(cluster, _FILL + _LOOK, self.folder, f"{self.seconds:g}"))

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """Next to nothing was free at the end of `inject`: a store that has ended for want of space cannot be asked."""
        del cluster, within
        space = self._full
        if space is None or space.free > _NEXT_TO_NOTHING or not space.fillers:
            raise FaultFailed(f"{self.target} was not filled: {space}")
        return f"{space.free} of {space.size} bytes of {self._claim} are free"

    def revert(self, cluster: Cluster) -> None:
        """Gives the space back, as soon as there is a container that can."""

        def give_back(_: Deadline) -> int:
            return self._exec(cluster, _GIVE_BACK, self.folder).code

        seen(give_back, equal_to(0), _BACK_S, f"{self.target}: the space must be given back")

    def verify_reverted(self, cluster: Cluster, within: float) -> str:
        """Nothing of the fault lies in the volume, and there is space again."""

        def look(_: Deadline) -> int:
            space = self._space(cluster)
            return 0 if space.fillers else space.free

        free = seen(look, greater_than(_NEXT_TO_NOTHING), within, f"{self.target}: there must be space again")
        return f"{free} bytes are free"

    def _space(self, cluster: Cluster) -> _Space:
        return _read(self._run(cluster, _LOOK, self.folder))

    def _run(self, cluster: Cluster, script: str, *words: str) -> str:
        done = self._exec(cluster, script, *words)
        if done.code:
            raise FaultFailed(f"a command in {self.place} ended with {done.code}: {done.stderr.strip()}")
        return done.stdout

    def _exec(self, cluster: Cluster, script: str, *words: str) -> ExecResult:
        place, command = self.place, ["sh", "-c", script, self.kind, *words]
        return cluster.exec(place.namespace, place.pod, command, container=place.container, within=_COMMAND_S)


def lacking(cluster: Cluster, place: Place, folder: str) -> str:
    """Why the volume of a ready container at `folder` has no size; empty when it has, or when nobody can tell."""
    try:
        VolumeFull(place, folder, 0.0).precheck(cluster)
    except Refusal as error:
        return str(error)
    except (FaultFailed, ApiError):  # no reason to leave a promise out: the fault itself will say it
        return ""
    return ""


def _claimed(cluster: Cluster, namespace: str, claim: str) -> int:
    capacity = cluster.get("persistentvolumeclaims", claim, namespace).get("status", {}).get("capacity", {})
    return int(parse_quantity(capacity.get("storage", "0")))  # type: ignore[no-untyped-call]


def _read(told: str) -> _Space:
    size, free, fillers = told.split()
    return _Space(int(size), int(free), int(fillers))


def _claim_at(pod: Json, place: Place, folder: str) -> str:
    """The claim that a container has at a folder. Raises Refusal when it is none."""
    volumes = {one["name"]: one for one in pod["spec"].get("volumes", [])}
    for container in pod["spec"]["containers"]:
        for mount in container.get("volumeMounts", []) if container["name"] == place.container else []:
            claim = volumes.get(mount["name"], {}).get("persistentVolumeClaim")
            if mount["mountPath"].rstrip("/") == folder.rstrip("/") and claim:
                return str(claim["claimName"])
    raise Refusal(
        f"{place} has no claimed volume at {folder}.",
        "Only a volume of its own can be filled: what lies on the machine's disk is everybody's.",
        ExitCode.UNSAFE_TARGET,
    )
