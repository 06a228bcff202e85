"""Rights of the account under which the suite works: what one is, and which of them it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from support.cluster.client import Cluster

ANYTHING = "*"  # every verb or every kind, as a rule of RBAC writes it


@dataclass(frozen=True, slots=True)
class Right:
    """One thing the suite must be allowed to do; without a namespace: in the whole cluster."""

    verb: str
    kind: str
    namespace: str | None = None
    subresource: str = ""
    name: str = ""  # of the only object that it is about

    def __str__(self) -> str:
        place = f" in {self.namespace}" if self.namespace else ""
        kind = f"{self.kind}/{self.subresource}" if self.subresource else self.kind
        return f"{self.verb} {kind}{' ' + self.name if self.name else ''}{place}"


def lacking(cluster: Cluster, rights: Iterable[Right]) -> list[Right]:
    """Those that the API server would not grant, each asked once by a SelfSubjectAccessReview; nothing is changed."""
    return [
        right
        for right in dict.fromkeys(rights)
        if not cluster.allowed(right.verb, right.kind, right.namespace, right.subresource, right.name)
    ]


def may_do_anything(cluster: Cluster) -> bool:
    """Whether the account is an administrator: then one question answers all others."""
    return cluster.allowed(ANYTHING, ANYTHING)
