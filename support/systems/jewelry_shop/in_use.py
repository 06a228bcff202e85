"""What the running instances really work with, beside what is configured now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from support.cluster import Json
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Part, Profile
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.configuration import (
    Kept,
    holds,
    read_secrets,
    read_settings,
    references,
    values,
)
from support.systems.jewelry_shop.parts import read_pod
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_ENVIRONMENT = ["cat", "/proc/1/environ"]  # of the container's first program, as it was started
_SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|(^|_)AUTH$|(^|_)KEY$")


@dataclass(frozen=True, slots=True)
class Instance:
    """One running instance: its manifest and the variables that its process was started with."""

    part: str  # the profile's word
    name: str
    spec: Json = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def entries(self) -> Sequence[Json]:
        """The variables of its manifest."""
        return [entry for one in self.spec.get("containers", []) for entry in one.get("env", [])]

    def secrets_used(self) -> set[tuple[str, str]]:
        """The secrets that it takes from where they are kept."""
        return {(one["name"], one["key"]) for one in references(self.spec).values()} | self._mounted()

    def _mounted(self) -> set[tuple[str, str]]:
        sources = [volume["secret"] for volume in self.spec.get("volumes", []) if "secret" in volume]
        return {(one["secretName"], item["key"]) for one in sources for item in one.get("items", [])}

    def settings_used(self) -> set[str]:
        """The objects of settings that it takes anything from."""
        containers, volumes = self.spec.get("containers", []), self.spec.get("volumes", [])
        whole = [source["configMapRef"]["name"] for source in self._sources() if "configMapRef" in source]
        single = [one["valueFrom"]["configMapKeyRef"]["name"] for one in self.entries() if _from_settings(one)]
        mounted = [volume["configMap"]["name"] for volume in volumes if "configMap" in volume] if containers else []
        return {*whole, *single, *mounted}

    def _sources(self) -> Sequence[Json]:
        return [source for one in self.spec.get("containers", []) for source in one.get("envFrom", [])]

    def configured(self, settings: Kept) -> dict[str, str]:
        """The variables that the settings, as they are kept now, would give a new instance."""
        found: dict[str, str] = {}
        for source in self._sources():
            if "configMapRef" in source:
                found |= settings.get(source["configMapRef"]["name"], {})
        for entry in self.entries():
            if _from_settings(entry):
                reference = entry["valueFrom"]["configMapKeyRef"]
                found[entry["name"]] = settings.get(reference["name"], {}).get(reference["key"], "")
        return found


def _from_settings(entry: Json) -> bool:
    return "configMapKeyRef" in entry.get("valueFrom", {})


@dataclass(frozen=True, slots=True)
class InUse:
    """All running instances, with what is configured now."""

    profile: Profile
    instances: Sequence[Instance]
    settings: Kept = field(repr=False)
    secrets: Kept = field(repr=False)
    versions: Mapping[str, str]  # what each instance of the application tells; or what is wrong with its answer
    version: str  # the configured one

    def __str__(self) -> str:
        return f"{len(self.instances)} instances"


def ask_instances(system: JewelryShop) -> InUse:
    """Every ready instance of every part. Raises Unknown when a part has none, or one cannot be asked."""
    settings, secrets = read_settings(system), read_secrets(system)
    instances = [one for word, part in system.profile.parts.items() for one in _instances(system, word, part)]
    version = system.configured(system.profile.application.version)
    return InUse(system.profile, instances, settings, secrets, _versions(system), version)


def _instances(system: JewelryShop, word: str, part: Part) -> Iterator[Instance]:
    bodies = system.cluster.list("pods", system.namespace, part.selector)
    ready = [body for body in bodies if read_pod(body).ready and not read_pod(body).leaving]
    if not ready:
        raise Unknown(f"no instance of {part.name} is ready to be asked")
    for body in ready:
        name = body["metadata"]["name"]
        told = system.cluster.exec(system.namespace, name, _ENVIRONMENT, container=part.container, within=10.0)
        if told.code or not told.stdout:
            raise Unknown(f"{name} does not tell what it works with: {told.stderr[-200:]}")
        variables = [entry.partition("=") for entry in told.stdout.split("\0") if entry]
        yield Instance(word, name, body["spec"], {key: value for key, _, value in variables})


def _versions(system: JewelryShop) -> dict[str, str]:
    answers = {pod.name: system.instance(pod).send("GET", "/health/") for pod in system.parts.ready_pods("django")}
    return {
        name: str(answer.told("version")) if answer.status == 200 else cause_of(answer)
        for name, answer in answers.items()
    }


def take_secrets_from_where_they_are_kept() -> ComplaintMatcher[InUse]:
    """Matches when each instance refers to its secrets and works with their present values."""

    def complaints(seen: InUse) -> list[str]:
        return [*_unused(seen), *(text for one in seen.instances for text in _secrets_of(one, seen.secrets))]

    return without_complaints("every instance with its secrets from where they are kept", complaints)


def _unused(seen: InUse) -> Iterator[str]:
    for name, keys in seen.profile.configuration.secrets.items():
        for key, parts in keys.items():
            for one in seen.instances:
                if one.part in parts and (name, key) not in one.secrets_used():
                    yield f"{one.name} does not take {key} from Secret {name}"


def _secrets_of(one: Instance, secrets: Kept) -> Iterator[str]:
    for variable, reference in references(one.spec).items():
        kept = secrets.get(reference["name"], {}).get(reference["key"])
        if kept is not None and one.environment.get(variable) != kept:
            yield f"{one.name} works with another {variable} than Secret {reference['name']} holds"
    for entry in one.entries():
        written = str(entry.get("value") or "")
        if written and _SECRET_NAME.search(entry["name"]):
            yield f"{entry['name']} of {one.name} is written into its manifest"
        for secret, hidden in values(secrets):
            if holds(written, hidden):
                yield f"the manifest of {one.name} holds the secret {secret}"


def work_with_present_settings() -> ComplaintMatcher[InUse]:
    """Matches when each instance works with the settings as they are kept now, and all of them are used."""

    def complaints(seen: InUse) -> list[str]:
        used = {name for one in seen.instances for name in one.settings_used()}
        found = [f"nobody uses {name}" for name in seen.profile.configuration.settings if name not in used]
        for one in seen.instances:
            for variable, value in one.configured(seen.settings).items():
                given = one.environment.get(variable)
                if given != value:
                    found.append(f"{one.name} works with {variable}={given}, configured is {value}")
        return found

    return without_complaints("every instance with the settings as they are now", complaints)


def tell_the_configured_version() -> ComplaintMatcher[InUse]:
    """Matches when every instance of the application tells the configured version."""

    def complaints(seen: InUse) -> list[str]:
        if not seen.versions:
            return ["no instance of the application tells a version"]
        wrong = {name: told for name, told in seen.versions.items() if told != seen.version}
        return [f"{name} tells version {told}, configured is {seen.version}" for name, told in wrong.items()]

    return without_complaints("the configured version told by every instance", complaints)
