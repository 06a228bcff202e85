"""A profile describes one platform under test. Pointing the suite at another one means writing another profile."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from support.errors import ExitCode, Refusal

_SHIPPED = Path(__file__).parent
_USUAL_ENTRANCE = "projectcontour"  # the namespace of the entrance that this project's platforms bring


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kube(_Strict):
    """Where the system lives and how it is told from others."""

    context: str = ""
    namespace: str
    fingerprint: str = ""  # uid of the namespace kube-system; empty = any cluster
    fault_opt_in_label: str = "holdfast.dev/faults=allowed"


class Entrance(_Strict):
    """The public way in."""

    scheme: Literal["http", "https"] = "http"
    host: str
    address: str = ""  # empty: found among the cluster's machines
    ingress_namespace: str = ""

    @property
    def namespace(self) -> str:
        """Where the instances of the entrance run."""
        return self.ingress_namespace or _USUAL_ENTRANCE


class AtLeast(_Strict):
    """A number of instances that may grow."""

    at_least: int = Field(ge=1)


class ByAutoscaler(_Strict):
    """A number of instances that an autoscaler decides."""

    hpa: str


class Volume(_Strict):
    """The volume of each instance of a store: the claim's name before the instance's, its size, where it is mounted."""

    claim: str
    size: str
    path: str


class Part(_Strict):
    """One part of the system: which workload, which pods, which container, how many."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet"]
    name: str
    selector: str
    container: str
    number: int | AtLeast | ByAutoscaler
    port: int = 0  # 0: the part listens nowhere
    role_label: str = ""  # the rest concerns stores only
    leader: str = ""
    follower: str = ""
    api_port: int = 0
    master: str = ""
    quorum: int = 0
    volume: Volume | None = None


class NamedPorts(_Strict):
    """A Service with the ports that it must publish."""

    name: str
    ports: list[int]


class Services(_Strict):
    """The addresses inside the cluster."""

    django: NamedPorts
    front: str
    leader: str
    followers: str
    cache: str
    watchers: list[str]


class ObjectName(_Strict):
    """One object of the system's namespace."""

    kind: str
    name: str


class Autoscaler(_Strict):
    """What the owner promises about growth."""

    name: str
    min: int
    max: int
    cpu_percent: int
    memory_average: str
    window_s: int
    # Requests per second of a rush on a usual machine: it begins with a sixth of them and is made larger by what they
    # cost, until one instance more is asked for. On the machine of the reference 45 to 92 with the customers beside
    # them are needed for that, from day to day.
    rush_per_s: int = 72


class Sizes(_Strict):
    """What a single container may take at most, and what one gets that brings no sizes."""

    max: dict[str, str]
    default: dict[str, str]
    default_request: dict[str, str]


class Configuration(_Strict):
    """Every setting and secret that must be there, and the parts whose instances must use each secret."""

    settings: dict[str, list[str]] = {}  # ConfigMap -> keys
    may_be_empty: list[str] = []  # keys of settings
    secrets: dict[str, dict[str, list[str]]] = {}  # Secret -> key -> parts


class Credential(_Strict):
    """Where a credential is kept, never what it is."""

    secret: str
    key: str
    user: str = ""
    database: str = ""


class Credentials(_Strict):
    """The accounts that the suite uses."""

    platform_admin: Credential
    signing_key: Credential
    reader: Credential
    probe: Credential
    cache: Credential


class ConfigNames(_Strict):
    """The objects that hold the system's settings."""

    app: str
    cache: str
    database: str


class Application(_Strict):
    """How the application differs from one deployment to another."""

    version: str  # <config map>/<key>
    manage: str
    sku_field: str = "sku"
    create_returns_id: bool = True
    tenant_in_body: bool = False
    rate_limit: str = "none"
    login_throttle: str = "none"


class PlatformTimes(_Strict):
    """Constants of the platform, in seconds, that enter derived bars."""

    metrics_s: float = 15
    hpa_sync_s: float = 15
    pod_ready_s: float = 20
    dns_ttl_s: float = 5


class Capabilities(_Strict):
    """What can be observed or done here; a scenario that needs what is false is skipped with that reason."""

    provisioning: Literal["api", "exec"] = "api"
    served_by_header: bool = True
    confirmed_by_header: bool = True
    drafts: bool = True
    jobs: bool = True
    receipts: bool = True
    gold_price: bool = True
    export: bool = True
    web_sign_in: bool = True
    database_read: bool = True
    direct_writes: bool = True
    instance_access: bool = True
    exec: bool = True
    config_patch: bool = True
    evict: bool = True
    scale: bool = True
    fences: bool = True
    observer_access: Literal["direct", "forward"] = "direct"
    destructive: bool = True


class ChangedLimit(_Strict):
    """A business limit that the owner of this platform has changed."""

    value: float
    reason: str


class KnownDefect(_Strict):
    """A promise that this platform is known to break; the report says so, the result stays what it is."""

    verdict: Literal["fails", "not_checked"]
    reason: str
    until: str


class Profile(_Strict):
    """One platform under test."""

    system: str
    kube: Kube
    entrance: Entrance
    parts: dict[str, Part]
    services: Services
    leader_record: ObjectName
    autoscaler: Autoscaler
    claims: int
    quota: dict[str, int | str]
    sizes: Sizes | None = None
    configuration: Configuration = Configuration()
    credentials: Credentials
    settings: ConfigNames
    application: Application
    platform: PlatformTimes = PlatformTimes()
    limits: dict[str, ChangedLimit] = {}
    capabilities: Capabilities
    expected: dict[str, KnownDefect] = {}

    def part(self, name: str) -> Part:
        """A part by its name in the profile; ValueError with the known names otherwise."""
        if name not in self.parts:
            raise ValueError(f'the profile has no part "{name}"; it has {", ".join(self.parts)}')
        return self.parts[name]


def known_profiles() -> list[str]:
    """Names of the profiles that come with the suite."""
    return sorted(file.stem for file in _SHIPPED.glob("*.yaml"))


def load_profile(name: str) -> Profile:
    """The shipped profile of that name, or the one in the file of that path.

    Raises Refusal UNKNOWN_SYSTEM when there is none (naming the known ones), USAGE when the file has a mistake.
    """
    file = Path(name) if name.endswith((".yaml", ".yml")) else _SHIPPED / f"{name}.yaml"
    if not file.is_file():
        close = difflib.get_close_matches(name, known_profiles(), n=1)
        hint = f'Did you mean "{close[0]}"? ' if close else ""
        remedy = f"{hint}Known: {', '.join(known_profiles())}; or give the path of a profile file."
        raise Refusal(f'There is no system "{name}".', remedy, ExitCode.UNKNOWN_SYSTEM)
    try:
        return Profile.model_validate(_read(file))
    except (ValidationError, yaml.YAMLError, OSError) as error:
        raise Refusal(f"The profile {file.name} has a mistake: {_first(error)}.", "", ExitCode.USAGE) from error


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors()[0]
        return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
    return " ".join(str(error).split())
