"""Ends every fault that is written down in the cluster, of whatever run, now."""

from __future__ import annotations

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, NotFound
from support.errors import Refusal
from support.faults import intents
from support.faults.intents import ByItself, ByPatch, ByPlatform, InContainer, Intent, Remedy
from support.platforms.base import NodeFaults, Platform

_COMMAND_S = 10.0  # seconds for one command in a container
_ENDS = ("power_on", "reconnect", "unfreeze")  # calls of a platform that an intent may name


def halt(cluster: Cluster, platform: Platform) -> list[str]:
    """Mends and strikes out every open fault; one sentence per fault, what could not be mended stays written down."""
    return [_mend(cluster, platform.node_faults, intent) for intent in intents.read_all(cluster)]


def _mend(cluster: Cluster, node_faults: NodeFaults | None, intent: Intent) -> str:
    what = f"{intent.kind} at {intent.target} (run {intent.run})"
    try:
        done = [_apply(cluster, node_faults, remedy) for remedy in intent.remedies]
    except (ApiError, Refusal, OSError) as error:
        return f"{what}: could not be ended: {error}"
    left = [sentence for ok, sentence in done if not ok]
    if left:
        return f"{what}: {'; '.join(left)}"
    intents.remove(cluster, intent.name)
    return f"{what}: {'; '.join(sentence for _, sentence in done) or 'nothing to mend'}"


def _apply(cluster: Cluster, node_faults: NodeFaults | None, remedy: Remedy) -> tuple[bool, str]:
    if isinstance(remedy, ByItself):
        return True, remedy.why
    if isinstance(remedy, ByPlatform):
        if node_faults is None or remedy.end not in _ENDS:
            return False, f"this platform has no command {remedy.end} for {remedy.machine}"
        getattr(node_faults, remedy.end)(remedy.machine)
        return True, f"{remedy.end} {remedy.machine}"
    if isinstance(remedy, ByPatch):
        return _put_back(cluster, remedy)
    return _command(cluster, remedy)


def _command(cluster: Cluster, remedy: InContainer) -> tuple[bool, str]:
    try:
        found = cluster.get("pods", remedy.pod, remedy.namespace)["metadata"]["uid"]
    except NotFound:
        found = ""
    if remedy.uid and found != remedy.uid:
        return True, f"pod {remedy.pod} was replaced meanwhile"
    if not found:
        return False, f"pod {remedy.pod} is away, and what is to be mended is not gone with it"
    answer = cluster.exec(remedy.namespace, remedy.pod, remedy.command, container=remedy.container, within=_COMMAND_S)
    if answer.code:
        return False, f"the command in {remedy.pod} ended with {answer.code}: {answer.stderr.strip()}"
    return True, f"{remedy.pod} goes on"


def _put_back(cluster: Cluster, remedy: ByPatch) -> tuple[bool, str]:
    try:
        found = cluster.get(remedy.kind, remedy.name, remedy.namespace)["metadata"]["uid"]
    except NotFound:
        found = ""
    if found != remedy.uid:
        return True, f"{remedy.kind} {remedy.name} was replaced meanwhile"
    cluster.patch(remedy.kind, remedy.name, list(remedy.patch), remedy.namespace, how="json")
    return True, f"{remedy.kind} {remedy.name} is as it was"
