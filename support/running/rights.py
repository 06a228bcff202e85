"""Rights that a run needs: asked of the API server before it begins, printed as roles for whoever may grant them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support.cluster import Cluster
from support.cluster.kinds import Json, kind_of
from support.cluster.rights import Right, lacking, may_do_anything
from support.errors import ExitCode, Refusal
from support.observers.install import NAMESPACE
from support.profiles import Profile

_TABLE = Path(__file__).with_name("rights.yaml")
ALWAYS = "look"
# Tags of scenarios -> the use of the table that they need beyond it.
_USES = {
    "disruptive": "faults",
    "destructive": "faults",
    "needs.fences": "fences",
    "needs.node_power": "machines",
    "needs.node_network": "machines",
}
_SHOWN = 6  # rights named in one sentence; whoever lacks more has forgotten all of them
_API = "rbac.authorization.k8s.io"
_NAME = "holdfast-suite"  # of the roles
_ACCOUNT = "suite"
_WIDTH = 120  # columns of the printed manifest


def uses() -> list[str]:
    """What rights are for, in the table's order: `look` is part of every run."""
    return list(_table())


def uses_of(tags: Iterable[Collection[str]], absent: Collection[str] = ()) -> list[str]:
    """The uses that scenarios with these tags have, but for those whose means are absent: they are skipped."""
    found = {_USES[tag] for one in tags for tag in one if tag in _USES} - set(absent)
    return [use for use in uses() if use == ALWAYS or use in found]


def rights_of(profile: Profile, chosen: Iterable[str]) -> list[Right]:
    """Each right of these uses, once."""
    places = _places(profile)
    found = (
        _right(verb, kind, places[place])
        for use in chosen
        for place, rules in _table()[use].items()
        if place in places
        for verbs, kinds in rules.items()
        for verb in verbs.split()
        for kind in kinds
    )
    return list(dict.fromkeys(found))


def demand(cluster: Cluster, profile: Profile, chosen: Iterable[str]) -> None:
    """Raises Refusal MISSING_RIGHT, naming what the account may not, when it lacks a right of these uses."""
    if may_do_anything(cluster):
        return
    missing = [str(right) for right in lacking(cluster, rights_of(profile, chosen))]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise Refusal(
            f"This account may not {', '.join(missing[:_SHOWN])}{more}.",
            "Have them granted: `uv run holdfast rights` prints the roles; or choose scenarios that need less.",
            ExitCode.MISSING_RIGHT,
        )


def manifest(profile: Profile, chosen: Iterable[str], user: str = "") -> str:
    """The suite's namespace and roles with exactly the rights of these uses, as YAML for `kubectl apply`.

    They are given to `user`, or else to an account of the cluster made for the suite.
    """
    account = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": NAMESPACE}
    subject = {"kind": "User", "name": user, "apiGroup": _API} if user else account
    bodies: list[Json] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": _metadata(NAMESPACE, None)}]
    if not user:
        bodies.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(_ACCOUNT, NAMESPACE)})
    by_place: dict[str | None, list[Right]] = {}
    for right in rights_of(profile, chosen):
        by_place.setdefault(right.namespace, []).append(right)
    for place, rights in by_place.items():
        bodies += _role(place, rights, subject)
    return yaml.safe_dump_all(bodies, sort_keys=False, width=_WIDTH)


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    found: Mapping[str, Any] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return found


def _places(profile: Profile) -> dict[str, str | None]:
    """Word of the table -> namespace, None for the whole cluster; the entrance is looked up where none is named."""
    places: dict[str, str | None] = {"cluster": None, "system": profile.kube.namespace, "own": NAMESPACE}
    if not profile.entrance.address:
        places["entrance"] = profile.entrance.namespace
    return places


def _right(verb: str, word: str, namespace: str | None) -> Right:
    kind, _, name = word.partition("@")
    kind, _, subresource = kind.partition("/")
    return Right(verb, kind, namespace, subresource, name)


def _role(place: str | None, rights: Collection[Right], subject: Json) -> Iterator[Json]:
    kind = "Role" if place else "ClusterRole"
    head = {"apiVersion": f"{_API}/v1", "kind": kind, "metadata": _metadata(_NAME, place)}
    yield {**head, "rules": _rules(rights)}
    reference = {"apiGroup": _API, "kind": kind, "name": _NAME}
    yield {**head, "kind": f"{kind}Binding", "roleRef": reference, "subjects": [subject]}


def _rules(rights: Iterable[Right]) -> list[Json]:
    """Rules of RBAC: kinds of one group with the same verbs share one."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for right in rights:
        known = kind_of(right.kind)
        resource = f"{known.plural}/{right.subresource}" if right.subresource else known.plural
        verbs.setdefault((known.group, resource, right.name), []).append(right.verb)
    shared: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (group, resource, name), allowed in verbs.items():
        shared.setdefault((group, tuple(sorted(allowed)), name), []).append(resource)
    return [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(allowed)}
        | ({"resourceNames": [name]} if name else {})
        for (group, allowed, name), resources in sorted(shared.items())
    ]


def _metadata(name: str, namespace: str | None) -> Json:
    own = {"name": name, "labels": {"app.kubernetes.io/managed-by": "holdfast"}}
    return own | ({"namespace": namespace} if namespace else {})
