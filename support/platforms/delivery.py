"""Delivers a reference system: its images, secrets and manifests, until every part of it is ready.

A reference system is a folder below support/reference/ that describes itself:

- images.yaml      its images: names, Containerfile, files of the build context, Python packages;
- secrets.yaml     its Secrets: name -> key -> how the value is made; made once, never written to a file;
- delivery.yaml    the kustomization to apply, Jobs to run anew, workloads to wait for;
- manifests/       the kustomization.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from support.errors import ExitCode, Refusal
from support.paths import project_dir
from support.platforms import kubectl
from support.platforms.base import ImageArchive, Platform
from support.platforms.commands import CommandFailed
from support.platforms.freshness import pod_ready
from support.progress import Steps
from support.waiting import SYSTEM_CLOCK

# Seconds until everything must be ready: the promise's limit (JS-101, bar B13).
READY_WITHIN_S = 180.0
USUALLY_S = 50.0
RETURN_S = 15.0  # usually, after all machines had lost their power
MISSING = "is missing"
# Characters of Django's signing key: the contract asks for at least 50.
SIGNING_KEY_LENGTH = 64
# Annotations of the namespace: digests of the manifests and images last applied, and the sabotage that it carries.
STAMP = "holdfast.dev/delivered"
IMAGES = "holdfast.dev/images"
MARK = "holdfast.dev/sabotage"
# Annotation of a workload outside of the system that a sabotage has set to another size: the size of before.
SIZE_BEFORE = "holdfast.dev/size-before"
STAMP_DIGITS = 12  # 48 bits tell versions apart
Object = dict[str, Any]


def known() -> list[str]:
    """Names of the reference systems that this checkout ships."""
    folder = project_dir() / "support" / "reference"
    return sorted(path.parent.name.replace("_", "-") for path in folder.glob("*/delivery.yaml"))


def require_known(name: str) -> None:
    """Refuse a system that is not shipped."""
    if name not in known():
        raise Refusal(
            f"There is no reference system called {name!r}.",
            f"Choose one of: {', '.join(known())}.",
            ExitCode.UNKNOWN_SYSTEM,
        )


@dataclass(frozen=True)
class System:
    """A reference system as its folder describes it."""

    name: str

    @property
    def folder(self) -> Path:
        return project_dir() / "support" / "reference" / self.name.replace("-", "_")

    @cached_property
    def delivery(self) -> Object:
        loaded: Object = yaml.safe_load((self.folder / "delivery.yaml").read_text())
        return loaded

    @property
    def namespace(self) -> str:
        return str(self.delivery["namespace"])


def archives(name: str, platform: Platform, steps: Steps) -> list[ImageArchive]:
    """The images of a system and of the suite's own pods, built if need be; none where the platform has a registry."""
    if platform.name == "existing":
        return []
    from support.platforms.embedded import system_images

    return [system_images.archive(System(name).folder, steps)]


def deliver(name: str, platform: Platform, steps: Steps, overlay: Path | None = None, broken: str = "") -> None:
    """Apply a system and wait until it is ready; a second delivery changes only what differs.

    `overlay` is a kustomization to apply instead of the system's own, for the sabotage that `broken` names. A system
    that carries the mark of an interrupted sabotage is removed first. On a platform that is not ours the system is
    somebody else's, so nothing is done.
    """
    if platform.name == "existing":
        return
    _Delivery(System(name), platform, overlay, broken).run(steps)


def mark(name: str, platform: Platform, sabotage: str) -> None:
    """Write down in the cluster that a system is being broken, before it is."""
    _Delivery(System(name), platform, None, sabotage).annotate(MARK, sabotage)


def unmark(name: str, platform: Platform) -> None:
    """Write down that a system is whole again, after it is."""
    _Delivery(System(name), platform).annotate(MARK, None)


def remove(name: str, platform: Platform) -> None:
    """Remove a system with everything in its namespace."""
    _Delivery(System(name), platform).remove()


def restore_sizes(platform: Platform) -> None:
    """Give back their sizes to workloads outside of the system that a sabotage has changed."""
    listed = json.loads(kubectl.run(platform, ["get", "deployments", "-A", "-o", "json"]))["items"]
    for item in listed:
        before = item["metadata"].get("annotations", {}).get(SIZE_BEFORE)
        if before is not None:
            place = ["--namespace", item["metadata"]["namespace"]]
            workload = f"deployment/{item['metadata']['name']}"
            kubectl.run(platform, [*place, "scale", workload, f"--replicas={before}"])
            kubectl.run(platform, [*place, "annotate", workload, f"{SIZE_BEFORE}-"])
            kubectl.run(platform, [*place, "rollout", "status", workload, "--timeout=60s"], within=65)


@dataclass(frozen=True)
class _Delivery:
    system: System
    platform: Platform
    overlay: Path | None = None
    broken: str = ""

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        try:
            return kubectl.run(self.platform, arguments, stdin=stdin, within=READY_WITHIN_S)
        except CommandFailed as failed:
            raise Refusal(
                f"{self.system.name} could not be delivered: {failed}.",
                "Look at `holdfast status`, then run the same command again.",
                ExitCode.PLATFORM_FAILED,
            ) from failed

    def _in_namespace(self, *arguments: str, stdin: str | None = None) -> str:
        return self._kubectl("--namespace", self.system.namespace, *arguments, stdin=stdin)

    def run(self, steps: Steps) -> None:
        if reason := self._reason_to_start_anew():
            steps.say(f"{self.system.name} {reason}; delivering it anew")
            restore_sizes(self.platform)
            self.remove()
        if not self.overlay and self.as_delivered():
            if self.comes_back_by_itself():
                with steps.step(f"waiting until {self.system.name} is back", usually_s=RETURN_S):
                    self.wait()
            if not self.not_ready():
                steps.say(f" ok {self.system.name} runs")
                return
        with steps.step(f"delivering {self.system.name}", usually_s=USUALLY_S):
            self.apply()
            self.wait()

    def _reason_to_start_anew(self) -> str:
        """Why what is there cannot be mended by applying the manifests again; empty when it can."""
        present = self._namespace_annotations()
        if STAMP in present and present.get(IMAGES) != self._images():
            return "runs images of another build"
        if not self.broken and MARK in present:
            return f"carries the sabotage {present[MARK]}, whose proof was interrupted"
        return ""

    def _images(self) -> str:
        """Digest of the images that belong to this checkout; empty where they come from a registry."""
        return "".join(archive.digest for archive in archives(self.system.name, self.platform, Steps()))

    def remove(self) -> None:
        self._kubectl("delete", "namespace", self.system.namespace, "--ignore-not-found", "--wait=true")

    def annotate(self, name: str, value: str | None) -> None:
        annotation = f"{name}-" if value is None else f"{name}={value}"  # a minus takes it away
        self._kubectl("annotate", "--overwrite", "namespace", self.system.namespace, annotation)

    def rendered(self) -> list[Object]:
        folder = self.overlay or self.system.folder / self.system.delivery["kustomization"]
        text = self._kubectl("kustomize", "--load-restrictor=LoadRestrictionsNone", str(folder))
        return [document for document in yaml.safe_load_all(text) if document]

    def as_delivered(self) -> bool:
        """Whether the last delivery was of these very manifests."""
        stamp = self._namespace_annotations().get(STAMP)
        return stamp is not None and stamp == self._stamp(self.rendered())

    @cached_property
    def powered_since(self) -> dict[str, float]:
        """When each machine was last given power, in seconds of the wall clock; empty where nobody knows."""
        return {node.name: node.since for node in self.platform.status().nodes if node.since}

    def comes_back_by_itself(self) -> bool:
        """Whether all that it lacks are instances whose machines got their power a moment ago."""
        lately = max(self.powered_since.values(), default=0.0) > time.time() - READY_WITHIN_S
        lacking = self.not_ready()
        return lately and bool(lacking) and not any(complaint.endswith(MISSING) for complaint in lacking)

    def _namespace_annotations(self) -> Object:
        listed = json.loads(self._kubectl("get", "namespaces", "-o", "json"))["items"]
        found = [item["metadata"] for item in listed if item["metadata"]["name"] == self.system.namespace]
        annotations: Object = found[0].get("annotations", {}) if found else {}
        return annotations

    @staticmethod
    def _stamp(documents: list[Object]) -> str:
        return hashlib.sha256(json.dumps(documents, sort_keys=True).encode()).hexdigest()[:STAMP_DIGITS]

    def apply(self) -> None:
        documents = self.rendered()
        stamp = self._stamp(documents)
        self._apply([document for document in documents if document["kind"] == "Namespace"])
        if self.broken:
            self.annotate(MARK, self.broken)
        self._make_secrets()
        for job in self.system.delivery.get("jobs", []):
            self._in_namespace("delete", "job", job, "--ignore-not-found", "--wait=true")
        self._apply(self._with_present_sizes(documents))
        self.annotate(IMAGES, self._images())
        self.annotate(STAMP, stamp)

    def _apply(self, documents: list[Object]) -> None:
        self._kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(documents))

    def _with_present_sizes(self, documents: list[Object]) -> list[Object]:
        """A redelivery leaves the size of what an autoscaler steers as it is; the first one sets it.

        The present size is repeated, not left out: who leaves out a field that he has set himself resets it to 1.
        """
        present = json.loads(self._in_namespace("get", "deployments", "-o", "json"))["items"]
        sizes = {item["metadata"]["name"]: item["spec"]["replicas"] for item in present}
        steered = {d["spec"]["scaleTargetRef"]["name"] for d in documents if d["kind"] == "HorizontalPodAutoscaler"}
        for document in documents:
            name = document["metadata"]["name"]
            if document["kind"] == "Deployment" and name in steered & set(sizes):
                document["spec"]["replicas"] = sizes[name]
        return documents

    def _make_secrets(self) -> None:
        present = json.loads(self._in_namespace("get", "secrets", "-o", "json"))["items"]
        values = {item["metadata"]["name"]: item.get("data", {}) for item in present}
        wanted = yaml.safe_load((self.system.folder / "secrets.yaml").read_text())
        for name, keys in wanted.items():
            missing = {key: generated(kind) for key, kind in keys.items() if key not in values.get(name, {})}
            if missing:
                body = {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": self.system.name}},
                    "stringData": missing,
                }
                verb = (
                    ["patch", "secret", name, "--patch-file", "/dev/stdin"] if name in values else ["create", "-f", "-"]
                )
                self._in_namespace(*verb, stdin=json.dumps(body))

    def wait(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while missing := self.not_ready():
            if time.monotonic() > deadline:
                raise Refusal(
                    f"{self.system.name} was not ready within {READY_WITHIN_S:.0f} s: {', '.join(missing[:6])}.",
                    f"Look at `holdfast kubectl -n {self.system.namespace} get pods,events`.",
                    ExitCode.PLATFORM_FAILED,
                )
            SYSTEM_CLOCK.sleep(1.0)  # seconds between two looks

    def not_ready(self) -> list[str]:
        """Parts that are not complete at their present revision, by name with their figures.

        An instance that has not started since its machine got its power back is none, whatever the API still says.
        """
        listed = json.loads(self._in_namespace("get", "deployments,statefulsets,jobs,pods", "-o", "json"))["items"]
        found = {(item["kind"], item["metadata"]["name"]): item for item in listed}
        lacking = []
        for part in self.system.delivery["wait_for"]:
            kind, name = part.split("/")
            item = found.get((kind, name))
            if item is None:
                lacking.append(f"{name} {MISSING}")
            elif complaint := _complaint(item):
                lacking.append(f"{name} {complaint}")
        return lacking + self._not_back([item for item in listed if item["kind"] == "Pod"])

    def _not_back(self, pods: list[Object]) -> list[str]:
        parts = tuple(f"{part.split('/')[1]}-" for part in self.system.delivery["wait_for"])
        lacking = []
        for pod in [pod for pod in pods if pod["metadata"]["name"].startswith(parts)]:
            since = self.powered_since.get(pod["spec"].get("nodeName", ""), 0.0)
            over = pod["metadata"].get("deletionTimestamp") or pod["status"].get("phase") == "Failed"
            if since and not over and not pod_ready(pod, since):
                lacking.append(f"{pod['metadata']['name']} is not back since its machine got its power")
        return lacking


def _complaint(item: Object) -> str:
    status = item.get("status", {})
    if item["kind"] == "Job":
        return "" if status.get("succeeded") else "has not finished"
    wanted = item["spec"].get("replicas", 1)
    ready, current = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if status.get("observedGeneration", 0) < item["metadata"]["generation"]:
        return "has not been looked at yet"
    if item["kind"] == "StatefulSet" and item["spec"].get("updateStrategy", {}).get("type") == "OnDelete":
        current = wanted  # such a set is renewed by hand
    return "" if ready == wanted == current == status.get("replicas", 0) else f"has {ready} of {wanted} instances ready"


def generated(kind: str) -> str:
    """A throw-away secret: `random` is 32 random bytes, `signing_key` a longer one."""
    if kind == "signing_key":
        return secrets.token_urlsafe(SIGNING_KEY_LENGTH)[:SIGNING_KEY_LENGTH]
    return secrets.token_urlsafe(32)  # bytes, as the contract says
