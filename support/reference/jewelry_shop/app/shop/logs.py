"""One JSON object per line on stdout, from every process of the shop image."""

import logging
import logging.config
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from shop.config import config
from shop.request import present_request

_shop = logging.getLogger("shop")


class ShopFormatter(JsonFormatter):
    """Adds what every line has; the event's own fields come through `extra`."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Build the line; order matters only to the human reader."""
        log_data["ts"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["service"] = config.shop_service
        log_data["pod"] = config.pod_name
        log_data["version"] = config.app_version
        log_data["event"] = getattr(record, "event", record.name)
        log_data["msg"] = record.getMessage()
        state = present_request()
        if state is not None:
            log_data["request_id"] = state.request_id
            if state.trace_id:
                log_data["trace_id"] = state.trace_id
        super().add_fields(log_data, record, message_dict)
        log_data.pop("message", None)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": ShopFormatter}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "WARNING"},
    "loggers": {
        "shop": {"level": config.log_level},
        "gunicorn.error": {"level": "INFO", "propagate": True, "handlers": []},
        "celery": {"level": "INFO"},
        # The periodic work would fill the log with a line for each sending.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Our middleware writes one line per request, with the cause; Django's own would be a second one.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        # The pool complains about every attempt while the database is away; the checker says it once.
        "psycopg.pool": {"level": "CRITICAL"},
    },
}


def configure_logging() -> None:
    """For processes that are not started by Django or gunicorn."""
    logging.config.dictConfig(LOGGING)


def log_event(event: str, message: str, level: int = logging.INFO, **fields: Any) -> None:
    """Write one event with its fields; never call it with a password, token, cookie, key or body."""
    exc_info = fields.pop("exc_info", None)
    _shop.log(level, message, extra={"event": event, **fields}, exc_info=exc_info)


def log_start() -> None:
    """What this process is and what it was told, without secrets."""
    told = {name: value for name, value in config.model_dump().items() if not _secret(name)}
    log_event("started", f"{config.shop_service} {config.app_version} started")
    log_event("settings", "settings in use", settings=told)
    if config.shop_switch:
        log_event("sabotage_active", "deliberate defects are active", logging.WARNING, words=config.shop_switch)


def _secret(name: str) -> bool:
    return name.endswith(("_password", "_key"))
