"""gunicorn: two processes with twelve threads each, the application loaded once before they part."""

from typing import Any

from prometheus_client import multiprocess

from shop.config import config as settings  # `config` is a setting of gunicorn
from shop.logs import LOGGING

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = 2
threads = 12
preload_app = True
graceful_timeout = 20
worker_tmp_dir = "/run/shop"
logconfig_dict = LOGGING
accesslog = None
control_socket_disable = True


def post_worker_init(_worker: Any) -> None:
    """Threads and connections only after the fork: they do not survive one."""
    from shop.health.checker import start_checkers
    from shop.logs import log_start

    log_start()
    start_checkers()


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of an ended process; its counters stay in the sum."""
    if settings.prometheus_multiproc_dir:
        multiprocess.mark_process_dead(worker.pid)
