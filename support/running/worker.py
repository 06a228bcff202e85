"""One worker of a parallel run: a forked process that runs one scenario after the other, as behave itself would."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from behave.formatter._registry import make_formatters
from behave.reporter.base import Reporter
from behave.runner import ModelRunner

from support.running.order import narrowed
from support.running.transfer import pack
from support.settings import WORKER_VARIABLE

Key = tuple[int, int]


class Console:
    """What a worker prints, held back until a scenario is over: two workers would write into each other's lines.

    Made by the parent, who can still read it when the worker has died.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115 (lives as long as the worker)
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)  # a mode "a" would not do it here

    def redirect(self) -> None:
        """From here on this process prints into it, and so do the programs that it starts."""
        for stream in (1, 2):  # standard output and standard error
            os.dup2(self._file.fileno(), stream)

    def take(self) -> str:
        """Everything since the last time."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._file.seek(0)
        text = self._file.read()
        self._file.truncate(0)  # writers append, wherever that is then
        return text.decode(errors="replace")


class _Teller(Reporter):  # type: ignore[misc]
    """Stands in for behave's reporters: tells the parent how each scenario has ended."""

    def __init__(self, config: Any, channel: Connection, console: Console) -> None:
        super().__init__(config)
        self.key: Key = (0, 0)
        self.scenario: Any = None
        self._channel, self._console = channel, console

    def feature(self, feature: Any) -> None:
        """A scenario, with all around it, is over."""
        self._channel.send(("done", self.key, pack(feature, self.scenario), self._console.take()))

    def end(self) -> None:
        """The parent makes the summary."""


def work(runner: ModelRunner, number: int, channel: Connection, console: Console, first: Key) -> None:
    """The whole life of a worker: hooks of the run, scenarios from the parent until there are no more, hooks again."""
    os.environ[WORKER_VARIABLE] = str(number)
    # Ctrl-C reaches every process of a terminal; the parent passes on one SIGTERM, which ends a scenario in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    console.redirect()
    runner.config.stop = False  # the parent, who sees all workers, stops the run
    teller = _Teller(runner.config, channel, console)
    runner.formatters = make_formatters(runner.config, runner.config.outputs)
    _begin_with(runner, teller, channel, console)
    failed = runner.run_model(_features(runner, teller, channel, first))
    channel.send(("ended", bool(failed), console.take()))


def _begin_with(runner: ModelRunner, teller: _Teller, channel: Connection, console: Console) -> None:
    """After the hook of the run: none of its reporters speaks here, and the parent knows that it went well."""
    prepare = runner.hooks["before_all"]

    def before_all(context: Any) -> None:
        runner.config.reporters[:] = [teller]
        prepare(context)
        runner.config.reporters[:] = [teller]
        channel.send(("begun", console.take()))

    runner.hooks["before_all"] = before_all


def _features(runner: ModelRunner, teller: _Teller, channel: Connection, first: Key) -> Iterator[Any]:
    """Features of one scenario each, as the parent hands them out; ends when it has no more, or is gone."""
    key: Key | None = first
    while key is not None:
        feature = runner.features[key[0]]
        teller.key, teller.scenario = key, feature.walk_scenarios()[key[1]]
        yield narrowed(feature, teller.scenario)
        try:
            key = None if runner.aborted else channel.recv()
        except (EOFError, OSError):  # the parent was killed
            key = None
