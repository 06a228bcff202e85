"""Settings from the environment, read once at start; a value that cannot be read ends the process with one line."""

import sys
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SWITCHES = frozenset(
    {
        "ack_before_commit",
        "any_password",
        "foreign_refs",
        "health_always_ok",
        "ignore_full_disk",
        "ignore_suspension",
        "keep_blocked_connections",
        "keep_stock",
        "log_credentials",
        "no_stock_lock",
        "no_tenant_filter",
        "pin_leader_address",
        "ready_needs_cache",
        "run_job_blindly",
        "shared_search_cache",
        "tax_before_discount",
        "two_commits",
    }
)

_WATCHER_PORT = 26379

Words = Annotated[list[str], NoDecode]


class Config(BaseSettings):
    """Everything that the shop's processes are told from outside; names are those of ConfigMap and Secrets."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    app_version: str
    shop_host: str
    django_allowed_hosts: Words

    postgres_host: str
    postgres_port: int = 5432
    postgres_db: str
    postgres_user: str
    postgres_platform_user: str
    postgres_password: str = Field("", repr=False)
    postgres_platform_password: str = Field("", repr=False)
    db_pool_max: int = Field(ge=1)
    db_pool_wait_s: float = Field(gt=0)
    db_deadline_s: float = Field(gt=0)
    web_concurrent_max: int = Field(ge=1)

    redis_use_sentinel: bool
    redis_sentinels: Words
    redis_master_name: str
    redis_first_host: str
    redis_timeout_s: float = Field(gt=0)
    redis_password: str = Field("", repr=False)
    cache_prefix: str
    search_cache_s: int = Field(ge=0)

    celery_acks_late: bool
    celery_visibility_s: int = Field(ge=1)
    celery_restore_s: int = Field(ge=1)
    job_resend_after_s: int = Field(ge=1)
    job_resend_every_s: int = Field(ge=1)
    receipt_every_s: int = Field(ge=1)
    gold_period_s: int = Field(ge=1)
    jwt_access_s: int = Field(ge=1)
    jwt_refresh_s: int = Field(ge=1)

    prometheus_multiproc_dir: str = ""
    log_level: str = "INFO"
    shop_delay_ms: int = Field(0, ge=0)
    shop_served_by: bool = True
    shop_switch: Words = []

    django_secret_key: str = Field("", repr=False)
    platform_admin_password: str = Field("", repr=False)
    pod_name: str = "local"
    shop_service: str = "django"
    shop_environment: str = "reference"

    @property
    def watchers(self) -> list[tuple[str, int]]:
        """Addresses of the cache's watchers."""
        parts = (text.partition(":") for text in self.redis_sentinels)
        return [(host, int(port or _WATCHER_PORT)) for host, _, port in parts]

    @field_validator("django_allowed_hosts", "redis_sentinels", "shop_switch", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [word.strip() for word in value.split(",") if word.strip()]
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value

    @field_validator("shop_switch")
    @classmethod
    def _known_switches(cls, value: list[str]) -> list[str]:
        unknown = sorted(set(value) - SWITCHES)
        if unknown:
            raise ValueError(f"unknown word {unknown[0]!r}")
        return value


def load_config() -> Config:
    """The configuration; exits with one line naming the first unreadable setting (not its value)."""
    try:
        return Config()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        sys.exit(f"setting {name}: {first['msg']}")


config = load_config()
