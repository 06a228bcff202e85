"""Commands inside running containers, with both streams, the exit code and a deadline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import websocket
from kubernetes.client.exceptions import ApiException
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDIN_CHANNEL, STDOUT_CHANNEL, WSClient
from yaml import safe_load

from support.cluster.errors import ApiError, Unreachable, error_for
from support.cluster.transport import ApiTransport

_CONNECT_S = 5.0  # longest wait for the API server to open the stream; it answers in milliseconds when it is well
_STDIN_PIECE = 256 * 1024  # bytes per frame; far below the server's frame limit


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command wrote and how it ended (0 = well)."""

    stdout: str
    stderr: str
    code: int


def execute(
    transport: ApiTransport,
    namespace: str,
    pod: str,
    command: Sequence[str],
    container: str | None,
    stdin: bytes | None,
    within: float,
) -> ExecResult:
    """Runs a command and waits for its end, `within` seconds at most.

    Raises Unreachable when it did not end in time (it may still be running), NotFound when the pod is gone.
    """
    deadline = time.monotonic() + within
    client: Any = _open(transport, namespace, pod, command, container, stdin is not None, min(_CONNECT_S, within))
    try:
        if stdin is not None:
            for start in range(0, len(stdin), _STDIN_PIECE):
                client.write_channel(STDIN_CHANNEL, stdin[start : start + _STDIN_PIECE])
            client.close_channel(STDIN_CHANNEL)
        while client.is_open() and time.monotonic() < deadline:
            client.update(timeout=max(0.0, deadline - time.monotonic()))
        if client.is_open():
            raise Unreachable(0, "command did not end", f"{command[0]} in {pod} was still running after {within:g} s")
        # Only now: reading one channel may take in the last frames of the other and the end with them.
        out, err = bytes(client.read_channel(STDOUT_CHANNEL)), bytes(client.read_channel(STDERR_CHANNEL))
        return ExecResult(out.decode(errors="replace"), err.decode(errors="replace"), _exit_code(client))
    except (OSError, websocket.WebSocketException) as error:
        raise Unreachable(0, "the stream to the container broke", f"{command[0]} in {pod}: {error}") from error
    finally:
        client.close()


def _open(
    transport: ApiTransport,
    namespace: str,
    pod: str,
    command: Sequence[str],
    container: str | None,
    stdin: bool,
    within: float,
) -> Any:
    query = [("command", word) for word in command]
    query += [("stdout", "true"), ("stderr", "true"), ("stdin", str(stdin).lower())]
    query += [("container", container)] if container else []
    configuration = transport.api.configuration
    path = f"{configuration.host.rstrip('/')}/api/v1/namespaces/{namespace}/pods/{pod}/exec?{urlencode(query)}"
    websocket.setdefaulttimeout(within)  # the package offers no other way to bound the handshake
    untyped: Any = WSClient
    try:
        return untyped(configuration, _websocket_url(path), transport.headers(), capture_all=False, binary=True)
    except websocket.WebSocketBadStatusException as error:
        detail = (error.resp_body or b"")[:300].decode(errors="replace")  # enough for the server's sentence
        raise error_for(error.status_code, "command refused", f"{command[0]} in {pod}: {detail}") from error
    except (OSError, websocket.WebSocketException, ApiException) as error:
        raise Unreachable(0, "the container could not be reached", f"{command[0]} in {pod}: {error}") from error


def _websocket_url(url: str) -> str:
    return "ws" + url.removeprefix("http")  # http becomes ws, https becomes wss


def _exit_code(client: Any) -> int:
    """The exit code that the server sends last; an answer without one is an error of the server, not of the command."""
    status = safe_load(client.read_channel(ERROR_CHANNEL) or b"{}") or {}
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", []):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise ApiError(500, "command did not run", str(status.get("message") or "the stream ended without an exit code"))
