"""An account of the real cluster with the rights of `holdfast rights`, and what the server's audit log says of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hamcrest import equal_to, not_
from hamcrest.core.matcher import Matcher

from support.cluster import ApiError, Cluster
from support.observers.install import NAMESPACE
from support.paths import state_dir
from support.platforms import kubectl
from support.platforms.embedded.layout import Folders
from support.platforms.embedded.platform import EmbeddedPlatform
from support.waiting import eventually

Json = dict[str, Any]
ROLE = "holdfast-suite"
_WRITTEN_S = 5.0  # seconds until the log has a line: it is written with the answer
_HEEDED_S = 10.0  # seconds until a changed role counts; usually at once
_READING = ("get", "list", "watch")


def administrator() -> Cluster:
    """The cluster as who has made it may see and change it."""
    return Cluster.connect(state_dir() / "kubeconfig", None)


def kubeconfig_of(account: str, folder: Path) -> Path:
    """A kubeconfig for "<namespace>:<name>", whose token is valid for an hour."""
    namespace, _, name = account.partition(":")
    token = kubectl.run(EmbeddedPlatform(), ["-n", namespace, "create", "token", name]).strip()
    told = yaml.safe_load((state_dir() / "kubeconfig").read_text())
    told["users"][0]["user"] = {"token": token}
    path = folder / f"kubeconfig-{name}"
    path.write_text(yaml.safe_dump(told))
    path.chmod(0o600)
    return path


def grant(manifest: str) -> None:
    """Gives the rights of a manifest, all of them and no others."""
    kubectl.run(EmbeddedPlatform(), ["apply", "--server-side", "--force-conflicts", "-f", "-"], stdin=manifest)


def withdraw(manifest: str) -> None:
    """Removes what a manifest has made, but for the namespace, where other things may live."""
    bodies = [body for body in yaml.safe_load_all(manifest) if body["kind"] != "Namespace"]
    words = ["delete", "--ignore-not-found", "--wait=false", "-f", "-"]
    kubectl.run(EmbeddedPlatform(), words, stdin=yaml.safe_dump_all(bodies))


@contextmanager
def without(account: Cluster, verb: str, kind: str, place: str | None, subresource: str = "") -> Iterator[None]:
    """While it lasts, the account has lost this right, and the server knows."""
    cluster, resource = administrator(), f"{kind}/{subresource}" if subresource else kind
    word = "roles" if place else "clusterroles"
    before = cluster.get(word, ROLE, place)["rules"]
    after = []
    for rule in before:
        kept = {**rule, "resources": [one for one in rule["resources"] if one != resource]}
        rest = {**rule, "resources": [resource], "verbs": [one for one in rule["verbs"] if one != verb]}
        hit = resource in rule["resources"]
        after += [one for one in ((kept, rest) if hit else (rule,)) if one["resources"] and one["verbs"]]
    cluster.patch(word, ROLE, {"rules": after}, place)
    try:
        _heeded(account, verb, kind, place, subresource, allowed=False)
        yield
    finally:
        cluster.patch(word, ROLE, {"rules": before}, place)
        _heeded(account, verb, kind, place, subresource, allowed=True)


def _heeded(account: Cluster, verb: str, kind: str, place: str | None, subresource: str, *, allowed: bool) -> None:
    eventually(
        lambda _: account.allowed(verb, kind, place, subresource), equal_to(allowed), _HEEDED_S, "The role must count"
    )


@dataclass(frozen=True)
class Audit:
    """The audit log of the API server, as far as it is about one account."""

    account: Cluster
    user: str  # as the server names it

    def changes_during(self, action: Callable[[], object]) -> list[str]:
        """What the account has asked to change while `action` ran: verb and address of each call.

        The calls of one connection are written down in their order, so that a last harmless one marks the end.
        """
        begin = self._mark()
        action()
        end = self._mark()
        lines = self._lines()
        ids = [one["auditID"] for one in lines]
        during = lines[ids.index(begin) : ids.index(end)]
        return [f"{one['verb']} {one['requestURI']}" for one in during if _is_change(one)]

    def _mark(self) -> str:
        """The id of the line of a question that nobody asks twice."""
        name = f"mark-{secrets.token_hex(8)}"
        with suppress(ApiError):
            self.account.get("pods", name, NAMESPACE)

        def ids(_: object) -> str:
            return next((str(one["auditID"]) for one in self._lines() if one["requestURI"].endswith(f"/{name}")), "")

        given: Matcher[str] = not_(equal_to(""))
        return eventually(ids, given, _WRITTEN_S, "The audit log must have the line")

    def _lines(self) -> list[Json]:
        """Oldest first, whole lines only: the last one may just be in the making."""
        whole, _, _ = Folders.of_user().audit_log.read_text(encoding="utf-8").rpartition("\n")
        found = (json.loads(line) for line in whole.splitlines() if self.user in line)
        return [one for one in found if one["user"]["username"] == self.user]


def _is_change(line: Json) -> bool:
    """Questions about rights change nothing; a command in a container may, whatever its verb is."""
    target = line.get("objectRef", {})
    if target.get("apiGroup") == "authorization.k8s.io":
        return False
    return line["verb"] not in _READING or target.get("subresource") in ("exec", "proxy")
