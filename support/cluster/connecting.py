"""From a kubeconfig to a connection whose server has answered, or to one clear sentence why not."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from kubernetes import config as kubernetes_config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException

from support.cluster.errors import ApiError, Unreachable
from support.cluster.transport import ApiTransport
from support.errors import ExitCode, Refusal

_LOADERS: Any = kubernetes_config  # the package has no types here
_START_ONE = "Run `uv run holdfast up` to start a cluster here, or point HOLDFAST_KUBECONFIG at one that runs."


def open_transport(kubeconfig: Path | None, context: str | None, within: float) -> tuple[ApiTransport, str]:
    """The connection and the name of its context. Everything that can hang is bounded by `within` seconds.

    Raises Refusal: no configuration, no such context, nobody answers, credentials not accepted.
    """
    configuration, name = _read(kubeconfig, context)
    configuration.retries = False  # urllib3 would silently try three times and multiply every time limit
    transport = ApiTransport(ApiClient(configuration))
    outcome: list[Exception | None] = []
    # A thread, because neither name resolution nor a credential plugin can be given a time limit.
    attempt = threading.Thread(target=lambda: outcome.append(_try(transport, within)), daemon=True)
    attempt.start()
    attempt.join(within)
    error = outcome[0] if outcome else Unreachable(0, "no answer", f"after {within:g} s")
    if error is None:
        return transport, name
    raise _refusal(error, configuration.host, name) from error


def _read(kubeconfig: Path | None, context: str | None) -> tuple[Any, str]:
    configuration = Configuration()
    files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or str(Path.home() / ".kube/config")
    if not any(Path(file).exists() for file in files.split(os.pathsep) if file):
        if not kubeconfig and os.environ.get("KUBERNETES_SERVICE_HOST"):
            _LOADERS.load_incluster_config(client_configuration=configuration)
            return configuration, "in-cluster"
        raise Refusal(f"There is no Kubernetes configuration at {files}.", _START_ONE, ExitCode.NO_PLATFORM)
    try:
        contexts, active = _LOADERS.list_kube_config_contexts(config_file=files)
        known = [str(entry["name"]) for entry in contexts]
        wanted = context or str(active["name"])
        if wanted not in known:
            names = ", ".join(known) or "none"
            raise Refusal(f'The context "{wanted}" is not in {files}.', f"It knows: {names}.", ExitCode.WRONG_CONTEXT)
        _LOADERS.load_kube_config(
            config_file=files, context=wanted, client_configuration=configuration, persist_config=False
        )
    except (ConfigException, TypeError, KeyError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(
            f"{files} is no usable Kubernetes configuration ({reason}).", _START_ONE, ExitCode.NO_PLATFORM
        ) from error
    return configuration, wanted


def _try(transport: ApiTransport, within: float) -> Exception | None:
    try:
        transport.send("GET", "/version", {}, None, "", within)
    except Exception as error:  # handed to the waiting thread, which tells it to the user
        return error
    return None


def _refusal(error: Exception, server: str, context: str) -> Refusal:
    if isinstance(error, ApiError) and error.status in (401, 403):
        sentence = f'The cluster at {server} does not accept the credentials of the context "{context}".'
        return Refusal(sentence, "Sign in again or choose another context.", ExitCode.MISSING_RIGHT)
    return Refusal(f'No cluster answers at {server} (context "{context}").', _START_ONE, ExitCode.NO_PLATFORM)
