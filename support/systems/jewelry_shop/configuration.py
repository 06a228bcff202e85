"""Settings and secrets as they are kept: all there, none of them a placeholder, no secret in the open."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from support.cluster import Json, NotFound
from support.evidence.redaction import REDACTOR
from support.matchers import ComplaintMatcher, without_complaints
from support.profiles import Profile
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

# Words that stand where somebody meant to put a value later. Three x only on their own: random text has them, too.
_DUMMY = re.compile(
    r"change.?me|secret|example|placeholder|dummy|replace.?(me|this)|your.?(password|key)"
    r"|(?:^|[^a-z0-9])(x{3,}|todo|tbd|fixme|password|none|null)(?:[^a-z0-9]|$)",
    re.IGNORECASE,
)
_LONG = 200  # characters from which a setting is a whole file, in which any word may occur
_VARIED = 5  # different characters of a secret at least: "aaaaaaaa" is none
_TELLING = 8  # characters from which a value that occurs elsewhere is no accident

Kept = Mapping[str, Mapping[str, str]]  # object -> key -> value


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is kept, beside what must be. Never printed as a whole: it holds secrets."""

    profile: Profile
    settings: Kept = field(repr=False)
    secrets: Kept = field(repr=False)
    required: frozenset[tuple[str, str]]  # secrets without which a new instance cannot start

    def complaints(self) -> list[str]:
        """Missing, empty and dummy values."""
        return [*self._settings(), *self._secrets()]

    def _settings(self) -> Iterator[str]:
        agreed = self.profile.configuration
        for name, keys in agreed.settings.items():
            kept = self.settings.get(name, {})
            for key in keys:
                if key not in kept:
                    yield f"setting {key} missing in {name}"
                elif not kept[key].strip() and key not in agreed.may_be_empty:
                    yield f"setting {key} of {name} is empty"
                elif len(kept[key]) < _LONG and _DUMMY.search(kept[key]):
                    yield f"setting {key} of {name} is a placeholder"

    def _secrets(self) -> Iterator[str]:
        for name, keys in self.profile.configuration.secrets.items():
            kept = self.secrets.get(name, {})
            for key in keys:
                if key not in kept:
                    yield self._missing(name, key)
                elif not kept[key].strip():
                    yield f"secret {key} of {name} is empty"
                elif is_dummy(kept[key]):
                    yield f"secret {key} of {name} is a placeholder"

    def _missing(self, name: str, key: str) -> str:
        signing = self.profile.credentials.signing_key
        if (name, key) == (signing.secret, signing.key):
            return f"{key} missing: sign-ins are valid on one instance only (Secret {name})"
        effect = "replacement pod cannot start: " if (name, key) in self.required else ""
        return f"{effect}key {key} missing in Secret {name}"

    def in_the_open(self) -> list[str]:
        """Settings that hold the value of a secret, as it is or encoded."""
        return [
            f"setting {key} of {name} holds the secret {secret}"
            for name, kept in self.settings.items()
            for key, value in kept.items()
            for secret, hidden in values(self.secrets)
            if holds(value, hidden)
        ]


def is_dummy(value: str) -> bool:
    """Whether a secret is only a stand-in for one."""
    return bool(_DUMMY.search(value)) or len(set(value)) < _VARIED


def values(secrets: Kept) -> list[tuple[str, str]]:
    """Every secret as (object/key, value) that is long enough to be recognised elsewhere."""
    return [
        (f"{name}/{key}", value)
        for name, kept in secrets.items()
        for key, value in kept.items()
        if len(value) >= _TELLING
    ]


def holds(text: str, hidden: str) -> bool:
    """Whether a text has a secret in it, as it is or encoded."""
    return hidden in text or encoded(hidden) in text


def encoded(text: str) -> str:
    """A text as Kubernetes shows it in a Secret: readable for everybody, but at first sight."""
    return base64.b64encode(text.encode()).decode()


def read_configuration(system: JewelryShop) -> Configuration:
    """All settings of the namespace and the agreed secrets. Raises Unknown when nothing was agreed on."""
    agreed = system.profile.configuration
    if not agreed.settings or not agreed.secrets:
        raise Unknown("the profile names no settings and secrets that must be there (key `configuration`)")
    return Configuration(system.profile, read_settings(system), read_secrets(system), frozenset(_required(system)))


def read_settings(system: JewelryShop) -> Kept:
    """Every setting of the namespace."""
    found = system.cluster.list("configmaps", system.namespace)
    return {body["metadata"]["name"]: {**body.get("data", {}), **body.get("binaryData", {})} for body in found}


def read_secrets(system: JewelryShop) -> Kept:
    """The agreed secrets; from here on they are blacked out wherever they might be shown."""
    found: dict[str, dict[str, str]] = {}
    for name in system.profile.configuration.secrets:
        try:
            data = system.cluster.get("secrets", name, system.namespace).get("data") or {}
        except NotFound:
            data = {}
        found[name] = {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}
        for value in found[name].values():
            if len(value) >= _TELLING:
                REDACTOR.register(value)
    return found


def _required(system: JewelryShop) -> Iterator[tuple[str, str]]:
    for part in system.profile.parts.values():
        try:
            body = system.cluster.get(f"{part.kind.lower()}s", part.name, system.namespace)
        except NotFound:
            continue
        for reference in references(body["spec"]["template"]["spec"]).values():
            if not reference.get("optional"):
                yield reference["name"], reference["key"]


def references(spec: Json) -> Mapping[str, Json]:
    """Variables that come from a Secret, with where they come from."""
    entries: Sequence[Json] = [entry for one in spec.get("containers", []) for entry in one.get("env", [])]
    return {
        entry["name"]: entry["valueFrom"]["secretKeyRef"]
        for entry in entries
        if "secretKeyRef" in entry.get("valueFrom", {})
    }


def is_there_and_real() -> ComplaintMatcher[Configuration]:
    """Matches when every agreed setting and secret is there, not empty and no placeholder."""
    return without_complaints("every agreed setting and secret with a real value", Configuration.complaints)


def has_signing_key_of(length: int) -> ComplaintMatcher[Configuration]:
    """Matches when the key that signs sign-ins is long enough."""

    def complaints(seen: Configuration) -> list[str]:
        credential = seen.profile.credentials.signing_key
        key = seen.secrets.get(credential.secret, {}).get(credential.key, "")
        return [] if len(key) >= length else [f"{credential.key} has {len(key)} characters"]

    return without_complaints(f"a signing key of at least {length} characters", complaints)


def keeps_secrets_apart() -> ComplaintMatcher[Configuration]:
    """Matches when no setting holds a secret. Raises Unknown when there is no secret to look for."""

    def complaints(seen: Configuration) -> list[str]:
        if not values(seen.secrets):
            raise Unknown("there is no secret that could be looked for")
        return seen.in_the_open()

    return without_complaints("no secret in any setting", complaints)
