"""Sending work to the queue, without waiting long for it."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from uuid import UUID

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shop.jobs.app import app

_SEND_LIMIT_S = 1.5  # of a request; what was not sent is sent again by the sweep
_sending = ThreadPoolExecutor(max_workers=2, thread_name_prefix="send")


def send_valuation(job_id: UUID, tenant_id: UUID, request_id: str) -> bool:
    """True if the queue has taken the job in time. A late success does no harm: a job's steps take effect once."""
    try:
        _sending.submit(send_valuation_now, job_id, tenant_id, request_id).result(_SEND_LIMIT_S)
    except (FutureTimeoutError, OperationalError, RedisError, OSError):
        return False
    return True


def send_valuation_now(job_id: UUID, tenant_id: UUID, request_id: str) -> None:
    """Hand the job to the queue; raises what the queue raises."""
    app.send_task("shop.valuation", args=[str(job_id), str(tenant_id), request_id], retry=False)


def waiting() -> int:
    """Messages that no worker has taken yet; raises what the queue raises."""
    with app.pool.acquire(block=True) as connection:
        return int(connection.default_channel.client.llen(app.conf.task_default_queue))
