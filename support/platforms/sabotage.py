"""Applies one broken variant of a reference system and takes it back by delivering the system anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from support.platforms import delivery, kubectl
from support.platforms.base import Platform
from support.platforms.commands import CommandFailed
from support.progress import Steps

# Seconds that a restart of broken workloads may take; some never become ready, which is the point of them.
ROLLOUT_S = 75
# The workloads that read the switches, all of one image.
SWITCHED = ("Deployment/django", "Deployment/celery-worker", "Deployment/celery-beat")
Object = dict[str, Any]


@dataclass(frozen=True)
class Sabotage:
    """One change that breaks promises; see sabotages/catalogue.yaml of the system."""

    id: str
    change: str
    kind: str
    must_fail: list[str]
    named_cause: str
    origin: str = ""
    steps: tuple[Object, ...] = ()
    restart: tuple[str, ...] = ()
    overlay: str = ""


def catalogue(system: delivery.System) -> dict[str, Sabotage]:
    """All sabotages that a system ships, by id."""
    entries = yaml.safe_load((system.folder / "sabotages" / "catalogue.yaml").read_text())
    return {entry["id"]: Sabotage(**entry) for entry in entries}


@dataclass(frozen=True)
class Saboteur:
    """Breaks and restores. A mark on the namespace says what is broken, so an interrupted proof is repaired by `up`."""

    system: delivery.System
    platform: Platform
    steps: Steps

    def _kubectl(self, *arguments: str, stdin: str | None = None, within: float = 60) -> str:
        return kubectl.run(
            self.platform, ["--namespace", self.system.namespace, *arguments], stdin=stdin, within=within
        )

    def apply(self, sabotage: Sabotage) -> None:
        """Break the system and wait until the change has taken effect."""
        with self.steps.step(f"breaking the system: {sabotage.id}, {sabotage.change}", usually_s=30):
            if sabotage.kind == "fresh":
                delivery.remove(self.system.name, self.platform)
                overlay = self.system.folder / "sabotages" / sabotage.overlay
                delivery.deliver(self.system.name, self.platform, self.steps, overlay=overlay, broken=sabotage.id)
                return
            delivery.mark(self.system.name, self.platform, sabotage.id)
            for step in sabotage.steps:
                self._step(step)
            self._restart(sabotage)

    def _restart(self, sabotage: Sabotage) -> None:
        """Restart the workloads that read the changed setting only at start."""
        restart = [*sabotage.restart, *(SWITCHED if any("switch" in step for step in sabotage.steps) else ())]
        for workload in restart:
            self._kubectl("rollout", "restart", workload.lower())
        for workload in restart:
            self._wait(workload)

    def _wait(self, workload: str) -> None:
        try:
            self._kubectl("rollout", "status", workload.lower(), f"--timeout={ROLLOUT_S}s", within=ROLLOUT_S + 5)
        except CommandFailed:
            self.steps.say(f"{workload} does not become ready under this change; going on")

    def _step(self, step: Object) -> None:
        match step:
            case {"switch": word}:
                self._patch({"kind": "configmap", "name": "app-config", "body": {"data": {"SHOP_SWITCH": word}}})
            case {"patch": patch}:
                self._patch(patch)
            case {"delete": {"kind": kind, "name": name}}:
                self._kubectl("delete", kind, name)
            case {"scale": {"namespace": namespace, "name": name, "size": size}}:
                self._scale(namespace, name, size)
            case {"database_config": settings}:
                member = "statefulset/jewelry-shop-db"
                edit = ["patronictl", "edit-config", "--force", "--quiet", "--apply", "-"]
                self._kubectl("exec", "-i", "-c", "postgres", member, "--", *edit, stdin=yaml.safe_dump(settings))
            case _:
                raise ValueError(f"a sabotage has no such step: {step}")

    def _patch(self, patch: Object) -> None:
        kind = patch.get("type", "merge")
        self._kubectl("patch", patch["kind"], patch["name"], f"--type={kind}", f"--patch={json.dumps(patch['body'])}")

    def _scale(self, namespace: str, name: str, size: int) -> None:
        """Set the size of a workload outside of the system; the one of before is written on it first."""
        place, workload = ["--namespace", namespace], f"deployment/{name}"  # the last namespace counts
        before = self._kubectl(*place, "get", workload, "-o", "jsonpath={.spec.replicas}")
        self._kubectl(*place, "annotate", workload, f"{delivery.SIZE_BEFORE}={before}")
        self._kubectl(*place, "scale", workload, f"--replicas={size}")
        self._kubectl(*place, "rollout", "status", workload, f"--timeout={ROLLOUT_S}s", within=ROLLOUT_S + 5)

    def remove(self, sabotage: Sabotage) -> None:
        """Restore the system: settings are put back, everything else is delivered anew."""
        with self.steps.step(f"taking back {sabotage.id}", usually_s=30 if self._is_setting(sabotage) else 70):
            delivery.restore_sizes(self.platform)
            if self._is_setting(sabotage) and self._put_back(sabotage):
                delivery.unmark(self.system.name, self.platform)
            else:
                delivery.remove(self.system.name, self.platform)
            delivery.deliver(self.system.name, self.platform, self.steps)

    @staticmethod
    def _is_setting(sabotage: Sabotage) -> bool:
        """Whether the change has an opposite: a switch is turned off, a database setting gets its first value."""
        opposites = {"switch", "database_config", "scale"}
        return bool(sabotage.steps) and all(opposites & set(step) for step in sabotage.steps)

    def _put_back(self, sabotage: Sabotage) -> bool:
        try:
            for step in (step for step in sabotage.steps if "scale" not in step):  # sizes are back already
                self._step({"switch": ""} if "switch" in step else {"database_config": self._first_values(step)})
            self._restart(sabotage)
        except CommandFailed as failed:
            self.steps.say(f"{sabotage.id} cannot be taken back piece by piece ({failed})")
            return False
        return True

    def _first_values(self, step: Object) -> Object:
        """The database settings of a step as they are delivered; None removes one that is not delivered."""
        text = self._kubectl("get", "configmap", "postgres-config", "-o", "jsonpath={.data.bootstrap\\.yml}")
        delivered = yaml.safe_load(text)["bootstrap"]["dcs"]
        return _opposite(step["database_config"], delivered)


def _opposite(change: Object, delivered: Object) -> Object:
    """What undoes a change: each setting that it names as it was delivered, at any depth."""
    return {
        name: _opposite(value, delivered.get(name) or {}) if isinstance(value, dict) else delivered.get(name)
        for name, value in change.items()
    }
