"""The Celery application: one queue, carried by the cache; results live in the database."""

import os
from typing import Any
from urllib.parse import quote

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutting_down
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.config import config
from shop.jobs import lost_queue, tick
from shop.jobs.schedule import AlignedSchedule
from shop.logs import configure_logging, log_start

if config.shop_service != "celery-beat":  # the scheduler only sends names: without Django it needs half the memory
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

GOLD_SECOND = 2  # of each period: not at its very start, where two clocks may disagree about the period
_GOLD_EXPIRES_S = 7  # before the next one is due

app = Celery("shop")
lost_queue.install()


def _broker_url() -> str:
    password = quote(config.redis_password, safe="")
    if not config.redis_use_sentinel:
        return f"redis://:{password}@{config.redis_first_host}/0"
    return ";".join(f"sentinel://:{password}@{host}:{port}/0" for host, port in config.watchers)


app.conf.update(
    broker_url=_broker_url(),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # liveness says when it has been too long
    worker_consumer="shop.jobs.consumer:SteadyConsumer",
    # A master without followers refuses writes: a moment to wait for, not a reason for the worker to end.
    broker_channel_error_retry=True,
    broker_transport_options={
        "master_name": config.redis_master_name,
        "visibility_timeout": config.celery_visibility_s,
        "unacked_restore_interval": config.celery_restore_s,
        "unacked_restore_throttle": 1,  # look each time, not every tenth
        "unacked_mutex_expire": 10,
        "socket_timeout": 3,
        "socket_connect_timeout": 3,
        "health_check_interval": 5,
        # A watcher on a machine that is gone answers nothing: the next one is asked after a second, without the
        # library's own retries, which would keep the worker from ticking for longer than its liveness allows.
        "sentinel_kwargs": {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)},
    },
    task_default_queue="celery",
    task_ignore_result=True,
    task_acks_late=config.celery_acks_late,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    imports=["shop.jobs.tasks"] if config.shop_service == "celery-worker" else [],
    timezone="UTC",
    beat_scheduler="shop.jobs.tick:TickingScheduler",
    beat_max_loop_interval=1,
    beat_schedule={
        # After an outage of the queue one sweep does the work of all.
        "resend": {
            "task": "shop.resend",
            "schedule": config.job_resend_every_s,
            "options": {"expires": 2 * config.job_resend_every_s},
        },
        "receipts": {
            "task": "shop.receipts",
            "schedule": config.receipt_every_s,
            "options": {"expires": 2 * config.receipt_every_s},
        },
        "gold": {
            "task": "shop.gold",
            "schedule": AlignedSchedule(config.gold_period_s, GOLD_SECOND),
            "options": {"expires": _GOLD_EXPIRES_S},
        },
    },
)
app.steps["worker"].add(tick.WorkerTick)


@setup_logging.connect
def _logging(**_kwargs: Any) -> None:
    configure_logging()
    log_start()


@worker_init.connect
def _prepare(**_kwargs: Any) -> None:
    import django
    from celery.apps import worker as worker_program

    tick.forget_stop()
    django.setup()
    # The library says on its standard output, as plain text, that it ends; every line of the journal is JSON.
    worker_program.safe_say = lambda *_words: None


@worker_shutting_down.connect
def _stop(**_kwargs: Any) -> None:
    tick.announce_stop()
