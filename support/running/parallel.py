"""Runs behave's scenarios in several processes: `behave --runner=support.running.parallel:ParallelRunner --jobs 2`.

The parent loads features, hooks and steps, then forks workers; each of them runs the hooks of the run for itself, so
no connection and no thread is older than its process. All share one folder of results. The parent hands out scenarios,
prints what each one printed in one piece, and makes the summary and the exit code from what the workers told.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from behave.runner import Runner

from support.errors import ExitCode, Refusal
from support.evidence.lost import report_lost
from support.evidence.places import RUN_DIR_VARIABLE, reports_dir, results_dir
from support.interrupts import ONCE_MORE, handled_by, raised
from support.running.guard import NothingRunGuard
from support.running.order import Order, Unit, is_chosen, order_of, seed_from
from support.running.transfer import mark_lost, unpack
from support.running.worker import Console, work

_FORK = multiprocessing.get_context("fork")
_OWN_FORMATTER = "support.evidence.formatter:"


@dataclass(slots=True)
class _Worker:
    number: int
    channel: Connection
    console: Console
    unit: Unit | None  # what it runs now
    begun: bool = False
    told_to_end: bool = False
    ended: bool = False
    process: Any = None


class ParallelRunner(Runner):  # type: ignore[misc]
    """behave's runner with workers. Its own process never connects to anything."""

    def run(self) -> bool:
        """Runs; a refusal ends the program with its sentence and its own exit code."""
        try:
            return bool(super().run())
        except Refusal as refusal:
            sys.stderr.write(f"{refusal}\n")
            raise SystemExit(int(refusal.exit_code)) from refusal

    def run_model(self, features: Sequence[Any] | None = None) -> bool:
        """Runs the chosen scenarios; whether the run has failed."""
        if features is not None or self.config.dry_run:
            return bool(super().run_model(features))
        _prepare_results()
        order = order_of(self.features, self.config, seed_from())
        if not (order.beside or order.alone):
            return self._run_nothing()
        for reporter in self.config.reporters:
            getattr(reporter, "testrun_started", lambda: None)()
        crew = _Crew(self, order)
        failed = crew.run()
        self._report()
        return failed

    def run_with_paths(self) -> bool:
        """As behave's own, without formatters in this process: those of the workers write the results."""
        outputs, self.config.outputs = self.config.outputs, []
        formats, self.config.format = self.config.format, []
        if self.config.dry_run:
            self.config.outputs, self.config.format = outputs, formats
        self._outputs, self._formats = outputs, formats
        _refuse_files(formats, outputs)
        return bool(super().run_with_paths())

    def work(self, worker: _Worker, channel: Connection, others: Sequence[Connection]) -> None:
        """In a worker's process: its life."""
        for other in others:
            other.close()  # a worker must notice when its parent is gone, not keep the line open for another
        self.config.outputs, self.config.format = self._outputs, self._formats
        assert worker.unit is not None
        work(self, worker.number, channel, worker.console, worker.unit.key)

    def _run_nothing(self) -> bool:
        """Nothing was chosen: the hook of the run may still say why, such as a tag that nobody knows."""
        failed = super().run_model()
        NothingRunGuard(self.config).end()
        return bool(failed)

    def _report(self) -> None:
        reporters = [*self.config.reporters, NothingRunGuard(self.config)]
        for feature in self.features:
            for scenario in feature.walk_scenarios():
                if not is_chosen(scenario, self.config) and not scenario.status.is_final():
                    scenario.mark_skipped()
            for reporter in reporters:
                reporter.feature(feature)
        for reporter in reporters:
            reporter.end()


class _Crew:
    """The workers of one run and what is left for them to do."""

    def __init__(self, runner: ParallelRunner, order: Order) -> None:
        self._runner, self._config = runner, runner.config
        self._beside, self._alone = deque(order.beside), deque(order.alone)
        self._jobs = max(1, int(self._config.jobs))
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._failed = self._begun_once = False
        self._numbers = 0
        self._width = 1 if not order.beside else min(self._jobs, len(order.beside))
        _say(f"{order}; {self._width} workers.\n" if self._width > 1 else f"{order}; one worker.\n")

    def run(self) -> bool:
        """Works until nothing is left; whether anything has failed."""
        if threading.active_count() != 1:
            raise RuntimeError(f"threads before the workers were forked: {threading.enumerate()}")
        with handled_by(raised):
            try:
                while self._staff():
                    self._listen()
            except KeyboardInterrupt:
                self._stop()
        return self._failed

    def _staff(self) -> bool:
        """Starts workers while there is something for them to do; whether somebody is at work."""
        while self._beside and len(self._workers) < self._width:
            self._start(self._beside.popleft())
        if not self._workers and self._alone:
            self._start(self._alone.popleft())
        return bool(self._workers)

    def _start(self, unit: Unit) -> None:
        ours, theirs = _FORK.Pipe()
        self._numbers += 1
        worker = _Worker(self._numbers, ours, Console(), unit)
        self._workers.append(worker)
        channels = [each.channel for each in self._workers]
        sys.stdout.flush()
        worker.process = _FORK.Process(target=self._runner.work, args=(worker, theirs, channels))
        worker.process.start()
        theirs.close()

    def _listen(self) -> None:
        ready = wait([worker.channel for worker in self._workers])
        for worker in [each for each in self._workers if each.channel in ready]:
            try:
                self._hear(worker, *worker.channel.recv())
            except (EOFError, OSError):
                self._gone(worker)
        self._hand_out()

    def _hear(self, worker: _Worker, word: str, *told: Any) -> None:
        if word == "begun":
            worker.begun = True
            _say(told[0] if not self._begun_once else "")  # every worker says the same of the run
            self._begun_once = True
        elif word == "done":
            _, state, text = told
            self._done(worker, state)
            _say(text)
        else:
            worker.ended = True
            self._failed |= told[0]
            _say(told[1])

    def _done(self, worker: _Worker, state: dict[str, Any]) -> None:
        assert worker.unit is not None
        feature, scenario = self._model(worker.unit)
        unpack(feature, scenario, state)
        undefined = [step for step in scenario.all_steps if step.status.name == "undefined"]
        self._runner.undefined_steps.extend(undefined)
        worker.unit = None
        self._idle.append(worker)
        red = scenario.status.has_failed() or bool(state["around"])
        self._failed |= red
        if red and self._config.stop:
            self._drop_rest()

    def _hand_out(self) -> None:
        """Gives idle workers what they may do now. What runs alone waits until all other processes have ended."""
        while self._idle:
            staying = [worker for worker in self._workers if not worker.told_to_end]
            if self._beside:
                self._send(self._idle.pop(), self._beside.popleft())
            elif len(staying) > 1 or not self._alone:
                self._send(self._idle.pop(), None)
            elif len(self._workers) == 1:
                self._send(self._idle.pop(), self._alone.popleft())
            else:
                return

    def _send(self, worker: _Worker, unit: Unit | None) -> None:
        worker.unit, worker.told_to_end = unit, unit is None
        try:
            worker.channel.send(unit.key if unit else None)
        except OSError:
            return  # it has died; the next listening finds its end

    def _gone(self, worker: _Worker) -> None:
        """A process has ended: in good order, by a refusal of its own, or it was killed."""
        worker.process.join()
        worker.channel.close()
        self._workers.remove(worker)
        self._idle = [each for each in self._idle if each is not worker]
        code = worker.process.exitcode
        if worker.ended and code == 0:
            if worker.unit is not None:
                self._drop_rest()  # the run's own hook failed, or the run was stopped: nothing more can be run
            return
        self._failed = True
        words = worker.console.take()
        if not worker.begun and code > 0:
            self._refuse(code, words)
        _say(words)
        self._lose(worker, f"signal {-code}" if code < 0 else f"exit code {code}")

    def _lose(self, worker: _Worker, how: str) -> None:
        words = f"Not judged: the process that ran this scenario has died ({how})."
        if worker.unit is None:
            _say(f"Worker {worker.number} has died ({how}).\n")
            return
        _, scenario = self._model(worker.unit)
        mark_lost(scenario, words)
        report_lost(self._config, scenario, words)
        _say(f"{scenario.name}: {words}\n")
        if not worker.begun or self._config.stop:
            self._drop_rest()

    def _refuse(self, code: int, words: str) -> None:
        """A worker cannot run at all and has said why: so cannot the others, and one of them says it."""
        sys.stderr.write(words)
        self._kill_all()  # none of them has begun, or it will be found dead by the janitor
        raise SystemExit(code)

    def _drop_rest(self) -> None:
        self._beside.clear()
        self._alone.clear()

    def _stop(self) -> None:
        """Ctrl-C: every worker ends its scenario in good order, evidence and clean-up first."""
        _say(f"\nStopping: what runs now is ended in good order. {ONCE_MORE}\n")
        self._failed = True
        self._drop_rest()
        self._runner.abort(reason="KeyboardInterrupt")
        try:
            self._end_all()
        except KeyboardInterrupt:
            self._kill_all()

    def _end_all(self) -> None:
        for worker in self._workers:
            if worker.process.is_alive():
                os.kill(worker.process.pid, signal.SIGTERM)
        while self._workers:
            self._listen()

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()

    def _model(self, unit: Unit) -> tuple[Any, Any]:
        feature = self._runner.features[unit.feature]
        return feature, feature.walk_scenarios()[unit.scenario]


def _refuse_files(formats: Sequence[str], outputs: Sequence[Any]) -> None:
    """A formatter that writes one file cannot be shared by processes."""
    for name, output in zip(formats, outputs, strict=False):  # those without an output print
        if not name.startswith(_OWN_FORMATTER) and output.name not in (None, "-"):
            raise Refusal(
                f'The formatter "{name}" cannot write {output.name} from several processes.',
                "Run plain `behave` for it.",
                ExitCode.USAGE,
            )


def _prepare_results() -> None:
    """One folder for all workers; that of an earlier run without a folder of its own is emptied here, once."""
    if RUN_DIR_VARIABLE not in os.environ:
        shutil.rmtree(results_dir(), ignore_errors=True)
        os.environ[RUN_DIR_VARIABLE] = str(reports_dir())


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
