"""What is known about the request that the present thread is working on."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4

from shop.config import config


def new_request_id() -> str:
    """An id for a request that came without one."""
    return uuid4().hex


@dataclass
class RequestState:
    """Written along the way; read by the log, the error answers and the database connection."""

    request_id: str
    kubelet: bool = False
    trace_id: str = ""
    started: float = field(default_factory=time.monotonic)
    commit_sent: bool = False
    user_id: int | None = None
    tenant_id: str = ""
    error: str = ""

    @property
    def deadline(self) -> float:
        """Moment on the monotonic clock after which nothing may wait for the database any more."""
        return self.started + config.db_deadline_s


_present: ContextVar[RequestState | None] = ContextVar("request", default=None)


def present_request() -> RequestState | None:
    """The request of this thread; None in workers and in threads of our own."""
    return _present.get()


def enter_request(state: RequestState) -> None:
    """Make it the request of this thread. The next request of the thread replaces it, so nothing need be undone:
    a streamed answer still belongs to its request after the view has returned."""
    _present.set(state)
