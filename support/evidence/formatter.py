"""behave's formatter for the report: `format = ["support.evidence.formatter:HoldfastFormatter"]`.

It does what allure-behave's formatter does and what that one leaves out in behave 1.3: scenarios inside a Rule, errors
in hooks and clean-ups, reasons of skips, descriptions and tags of rules, trouble outside of any scenario. It chooses
its folder itself (see places.results_dir), writes nothing in a dry run and leaves the console to the next formatter.
"""
# allure-python has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any, TextIO, cast

import allure_commons
from allure_behave.formatter import AllureFormatter
from behave.formatter.base import Formatter

from support.evidence.console import RedactingStream, redact_statement
from support.evidence.listener import HoldfastListener, RedactingLogger, report_globally
from support.evidence.outcome import BROKEN, Outcome, container_outcome, message_of, trace_of
from support.evidence.places import RUN_DIR_VARIABLE, results_dir

_active: HoldfastFormatter | None = None


def report_run_error(where: str, error: BaseException) -> None:
    """Reports an error outside of any scenario (`where`: before_all, after_all, ...) at once, so that also a process
    that ends right afterwards has reported it. Does nothing when no report is written."""
    if _active is not None:
        _active.report_run_error(where, error)


def explain(causes: Iterable[str]) -> None:
    """Adds to the first lines of the scenario that runs, should it be red, what was found to be wrong around it."""
    if _active is not None:
        _active.listener.causes.extend(causes)


def also_checked(promises: Iterable[str]) -> None:
    """Files the scenario that runs under these promises too: what it says of itself, it says of them."""
    if _active is not None:
        _active.listener.file_under(promises)


class HoldfastFormatter(AllureFormatter):  # type: ignore[misc]
    """Writes Allure results; must stand before the console's formatter, so that both show redacted messages."""

    def __init__(self, stream_opener: Any, config: Any) -> None:
        global _active  # behave makes its formatters itself and hands them to nobody
        Formatter.__init__(self, stream_opener, config)
        self.writes = not config.dry_run
        self.listener = HoldfastListener(config)
        self._feature: Any = None
        self._rule: Any = None
        self._runner: Any = None
        self._begun = False
        self._reported = 0
        if not self.writes:
            return
        folder = results_dir()
        if RUN_DIR_VARIABLE not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)  # of the last plain `behave`; a run folder is shared by workers
        self.file_logger = RedactingLogger(folder)
        allure_commons.plugin_manager.register(self.listener)
        allure_commons.plugin_manager.register(self.file_logger)
        sys.stdout = cast("TextIO", RedactingStream(sys.stdout))  # behave prints errors of hooks there
        _active = self

    def uri(self, _uri: str) -> None:
        """A feature file begins."""
        self._begun = True
        self.listener.start_file()

    def feature(self, feature: Any) -> None:
        """A feature begins: from here on its scenarios report themselves, wherever in it they stand."""
        self._feature = feature
        if self.writes:
            for scenario in feature.walk_scenarios():
                scenario.run = partial(self._run, scenario, scenario.run)

    def rule(self, rule: Any) -> None:
        """A rule begins."""
        self._rule = rule

    def rule_finished(self) -> None:
        """A rule, its hooks and clean-ups are over."""
        self._report_container(self._rule, "rule")
        self._rule = None

    def match(self, match: Any) -> None:
        """A step begins."""
        if self.writes:
            super().match(match)

    def result(self, step: Any) -> None:
        """A step is over."""
        redact_statement(step)
        if self.writes:
            super().result(step)

    def eof(self) -> None:
        """A feature, its hooks and clean-ups are over."""
        self._report_container(self._feature, "capability")
        self._feature = None
        self.listener.stop_feature()

    def close(self) -> None:
        """The run is over."""
        global _active
        if self.writes:
            self._report_rest()
            _active = None
            for plugin in (self.file_logger, self.listener):
                allure_commons.plugin_manager.unregister(plugin)
            if isinstance(sys.stdout, RedactingStream):
                sys.stdout = sys.stdout.stream
        self.close_stream()

    def close_stream(self) -> None:
        """The stream that behave offers was never opened."""
        self.stream = None

    def report_run_error(self, where: str, error: BaseException) -> None:
        """See the function of the same name."""
        self._report_run(f"The run as a whole: {where}", Outcome(BROKEN, message_of(error), trace_of(error), error))

    def _report_run(self, name: str, outcome: Outcome) -> None:
        self._reported += 1
        report_globally(outcome.message, outcome.trace)
        self.listener.report_around(name, outcome)

    def _run(self, scenario: Any, run: Any, runner: Any) -> bool:
        self._runner = runner
        self._listen_to_clean_ups(runner.context)
        failed = self.listener.run_scenario(scenario, run, runner)
        redact_statement(scenario)
        return failed

    def _listen_to_clean_ups(self, context: Any) -> None:
        """behave tells nobody what a clean-up raised, but asks the context for a handler; the one there comes after."""
        handler = getattr(context, "on_cleanup_error", context.print_cleanup_error)
        if getattr(handler, "holdfast", False):
            return

        def note(context: Any, function: Any, error: BaseException) -> None:
            self.listener.clean_ups.add(_name_of(function), error)
            handler(context, function, error)

        note.holdfast = True  # type: ignore[attr-defined]
        context._set_root_attribute("on_cleanup_error", note)

    def _report_container(self, entity: Any, kind: str) -> None:
        if not self.writes or entity is None:
            return
        outcome = container_outcome(entity, self.listener.clean_ups.take())
        if outcome is not None:
            self._reported += 1
            rule = entity if kind == "rule" else None
            self.listener.report_around(f"Around the {kind}: {entity.name}", outcome, self._feature, rule)

    def _report_rest(self) -> None:
        """What behave counts as failed, but nothing has reported: the report must not be greener than the exit code."""
        for name, error in self.listener.clean_ups.take():
            self.report_run_error(f"clean-up {name}", error)
        runner = self._runner
        if not self._begun and not self._reported:
            missed = "The run ended before its first feature.\nThe console says why."
        elif runner is not None and runner.aborted and not self._reported:
            missed = "The run was stopped before its end.\nThe console says by what."
        elif runner is not None and runner.hook_failures and not self.listener.red:
            missed = "A hook of the run failed.\nThe console says which."
        else:
            return
        self._report_run("The run as a whole", Outcome(BROKEN, missed))


def _name_of(function: Any) -> str:
    """The name of the function that was registered, behind the wrapper that behave puts around its arguments."""
    for cell in getattr(function, "__closure__", None) or ():
        inner = cell.cell_contents
        if callable(inner):
            return str(getattr(inner, "__qualname__", inner))
    return str(getattr(function, "__qualname__", function))
