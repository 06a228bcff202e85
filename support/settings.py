"""The suite's own settings: one typed record, read once from the environment, printable because it holds no secret."""

from __future__ import annotations

import os
import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from support.errors import ExitCode, Refusal
from support.paths import state_dir

Keep = Literal["none", "failed", "all"]

WORKER_VARIABLE = "HOLDFAST_WORKER"

_RUN_LETTERS = 6  # 36^6 names: two runs of a year never share one, and the short names of shops stay short
_RUN_NAME = set(string.ascii_lowercase + string.digits)
_PATIENCE_FROM, _PATIENCE_TO = 0.1, 20.0  # below, nothing is ever ready; above, a hung run blocks a whole night


@dataclass(frozen=True, slots=True)
class Settings:
    """How this run was asked to behave."""

    profile: str  # name of a shipped profile, or path of a YAML file
    kubeconfig: Path | None  # None: the usual search of Kubernetes tools
    context: str  # empty: the profile's, else the current one
    patience: float  # multiplies every technical limit
    keep: Keep  # which scenarios leave their shops and objects behind
    run: str  # name of this run, in everything that it creates
    worker: str = ""  # number of this process among the workers of a parallel run; empty: the only one

    def lines(self) -> list[str]:
        """One line per setting, for the start of a run and the report's environment page."""
        return [f"{name} {value}" for name, value in asdict(self).items() if name != "worker"]


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this run; Refusal with the variable's name when a value cannot be read."""
    known = os.environ if environment is None else environment
    return Settings(
        profile=known.get("HOLDFAST_PROFILE") or "jewelry-shop",
        kubeconfig=_kubeconfig(known),
        context=known.get("HOLDFAST_CONTEXT", ""),
        patience=_patience(known.get("HOLDFAST_PATIENCE") or "1"),
        keep=_keep(known.get("KEEP") or "none"),
        run=_run(known.get("HOLDFAST_RUN") or new_run()),
        worker=known.get(WORKER_VARIABLE, ""),
    )


def _kubeconfig(known: Mapping[str, str]) -> Path | None:
    if known.get("HOLDFAST_KUBECONFIG"):
        return Path(known["HOLDFAST_KUBECONFIG"]).expanduser()
    embedded = state_dir() / "kubeconfig"
    return embedded if embedded.exists() else None


def _patience(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not _PATIENCE_FROM <= factor <= _PATIENCE_TO:
        remedy = f"Give a number from {_PATIENCE_FROM:g} to {_PATIENCE_TO:g}; 1 is the normal pace."
        raise Refusal(f'HOLDFAST_PATIENCE is "{text}", which is no factor.', remedy, ExitCode.USAGE)
    return factor


def _keep(text: str) -> Keep:
    if text not in get_args(Keep):
        raise Refusal(f'KEEP is "{text}".', f"It may be {', '.join(get_args(Keep))}.", ExitCode.USAGE)
    return cast(Keep, text)


def _run(text: str) -> str:
    if not set(text) <= _RUN_NAME or len(text) > 12:  # 12 characters leave room in the shops' names of at most 60
        raise Refusal(f'HOLDFAST_RUN is "{text}".', "Use at most 12 small letters and digits.", ExitCode.USAGE)
    return text


def new_run() -> str:
    """A name for a run."""
    return "".join(secrets.choice(sorted(_RUN_NAME)) for _ in range(_RUN_LETTERS))
