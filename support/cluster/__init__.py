"""Kubernetes as the suite sees it: objects, commands inside containers, logs, watches, ways to a pod."""

from support.cluster.client import Cluster
from support.cluster.errors import ApiError, Conflict, Forbidden, NotFound, Unreachable, WatchExpired
from support.cluster.execution import ExecResult
from support.cluster.kinds import Json

__all__ = [
    "ApiError",
    "Cluster",
    "Conflict",
    "ExecResult",
    "Forbidden",
    "Json",
    "NotFound",
    "Unreachable",
    "WatchExpired",
]
