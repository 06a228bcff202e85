"""Which status a scenario gets in the report, and the words with it: true to what makes behave's exit code.

*Failed* is a broken promise: an AssertionError in a step, or one raised after the scenario by a check that always
applies. *Broken* is everything else that makes behave fail: the promise could not be judged, or the suite could not
clean up. The first line of every message is for the owner, the next ones are for the engineer.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import behave

from support.errors import Refusal
from support.waiting import Unknown

PASSED, FAILED, BROKEN, SKIPPED = "passed", "failed", "broken", "skipped"

NOT_JUDGED = "Not judged: something other than the promise broke first."
NO_REASON = "Skipped without a reason."
_CAUSES = 5  # lines of causes: with the owner's and the engineer's line they stay within the first ten
_SILENT_CHECK = "A check failed without saying what it expected."
# Errors whose text begins with a sentence for the owner; all others get NOT_JUDGED before theirs.
_SPEAKING = (AssertionError, Refusal, Unknown)
# Errors of these packages come from the cluster or the machine below; named, not imported, because they load slowly.
_BEHAVE = str(Path(behave.__file__).parent)
_PLATFORM_MODULES = ("support.cluster", "support.platforms")


@dataclass(frozen=True)
class Outcome:
    """A status of Allure, its message and the stack trace for the engineer."""

    status: str
    message: str = ""
    trace: str = ""
    error: BaseException | None = None

    @property
    def concerns(self) -> str:
        """Whom it concerns, for the report's categories: product, verdict, platform or suite; "" when all is well."""
        if self.status not in (FAILED, BROKEN):
            return ""
        return "product" if self.status == FAILED else concern_of(self.error)


@dataclass
class CleanUpErrors:
    """What clean-ups raised since the last scenario began: behave itself keeps only that there was something."""

    errors: list[tuple[str, BaseException]] = field(default_factory=list)

    def add(self, name: str, error: BaseException) -> None:
        """Notes that the clean-up function of that name raised."""
        self.errors.append((name, error))

    def take(self) -> list[tuple[str, BaseException]]:
        """All noted errors, which are forgotten with this."""
        taken, self.errors = self.errors, []
        return taken


def text_of(error: BaseException) -> str:
    """The error's own words; with its class before them unless they are a sentence of the suite."""
    words = str(error).strip()
    if isinstance(error, AssertionError):
        return words or _SILENT_CHECK
    if isinstance(error, _SPEAKING) and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def message_of(error: BaseException) -> str:
    """What the report shows for this error: a line for the owner, then the engineer's."""
    return text_of(error) if isinstance(error, _SPEAKING) else f"{NOT_JUDGED}\n{text_of(error)}"


def trace_of(error: BaseException | None, where: TracebackType | None = None) -> str:
    """The whole stack trace, with the errors that led to this one, without the lines of behave itself."""
    if error is None:
        return ""
    told = traceback.TracebackException(type(error), error, where or error.__traceback__)
    chain: list[traceback.TracebackException | None] = [told]
    while chain:
        link = chain.pop()
        if link is not None:
            own = [frame for frame in link.stack if not frame.filename.startswith(_BEHAVE)]
            link.stack = traceback.StackSummary.from_list(own)
            chain += [link.__cause__, link.__context__]
    return "".join(told.format())


def concern_of(error: BaseException | None) -> str:
    """Whom an error that broke a scenario concerns, judged by what it was raised from in the end."""
    verdict = "suite"
    while error is not None:
        modules = [cls.__module__ for cls in type(error).__mro__]
        if any(module.startswith(_PLATFORM_MODULES) for module in modules):
            return "platform"
        if isinstance(error, Unknown):
            verdict = "verdict"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return verdict


def step_outcome(step: Any) -> Outcome:
    """The outcome of a behave step that ran or was left out."""
    name = step.status.name
    error = step.exception
    if error is not None:
        status = FAILED if isinstance(error, AssertionError) else BROKEN
        return Outcome(status, text_of(error), trace_of(error, _traceback(step)), error)
    if name in ("undefined", "untested_undefined"):
        return Outcome(BROKEN, f'No step is written for the sentence "{step.name}".')
    if name in ("pending", "untested_pending", "error", "hook_error", "failed"):
        return Outcome(BROKEN, step.error_message or f"The step ended as {name}.")
    return Outcome(PASSED if name in ("passed", "pending_warn") else SKIPPED)


def scenario_outcome(scenario: Any, clean_ups: Iterable[tuple[str, BaseException]]) -> Outcome:
    """The outcome of a behave scenario after its hooks and clean-ups."""
    name = scenario.status.name
    first = _first_trouble(scenario)
    also = [f'Cleaning up failed as well, in "{where}": {text_of(error)}' for where, error in clean_ups]
    if first is not None:
        if scenario.hook_failed and scenario.error_message:
            also.insert(0, f"Afterwards: {scenario.error_message}")
        return Outcome(first.status, "\n".join([first.message, *also]), first.trace, first.error)
    if scenario.hook_failed:
        return _with(_hook_outcome(scenario), also)
    if name == "cleanup_error" or also:
        return _clean_up_outcome(list(clean_ups))
    if name in ("passed", "pending_warn"):
        return Outcome(PASSED)
    if name in ("skipped", "untested"):
        return Outcome(SKIPPED, scenario.skip_reason or (NO_REASON if name == "skipped" else "Not run."))
    return Outcome(BROKEN, f"{NOT_JUDGED}\nbehave ended the scenario as {name}.")


def explained(outcome: Outcome, causes: Iterable[str]) -> Outcome:
    """A red outcome with what a look at the platform found to be wrong: below the owner's line, above all details."""
    shown = list(dict.fromkeys(causes))[:_CAUSES]
    if outcome.status not in (FAILED, BROKEN) or not shown:
        return outcome
    first, *rest = outcome.message.splitlines() or [""]
    lines = [first, *(f"Cause:     {cause}" for cause in shown), *rest]
    return Outcome(outcome.status, "\n".join(lines), outcome.trace, outcome.error)


def container_outcome(entity: Any, clean_ups: Iterable[tuple[str, BaseException]]) -> Outcome | None:
    """What went wrong around the scenarios of a feature or rule, or None when nothing did."""
    errors = list(clean_ups)
    also = [f'Cleaning up failed as well, in "{where}": {text_of(error)}' for where, error in errors]
    if entity.hook_failed:
        return _with(_hook_outcome(entity), also)
    return _clean_up_outcome(errors) if errors or entity.status.name == "cleanup_error" else None


def _first_trouble(scenario: Any) -> Outcome | None:
    for step in scenario.all_steps:
        outcome = step_outcome(step)
        if outcome.status in (FAILED, BROKEN):
            if step.exception is not None:
                return Outcome(outcome.status, message_of(step.exception), outcome.trace, step.exception)
            return Outcome(outcome.status, f"{NOT_JUDGED}\n{outcome.message}", outcome.trace)
    return None


def _hook_outcome(entity: Any) -> Outcome:
    """A hook raised; behave stored the first error and, as text, which hook it was."""
    error = entity.exception
    text = str(entity.error_message or "").strip()
    if error is None:
        return Outcome(BROKEN, f"{NOT_JUDGED}\n{text}")
    trace = trace_of(error, _traceback(entity))
    if isinstance(error, AssertionError) and text.startswith("HOOK-ERROR in after_"):
        return Outcome(FAILED, text_of(error), trace, error)
    hook = text.removeprefix("HOOK-ERROR in ").split(":", 1)[0] or "a hook"
    more = text.split("\n", 1)[1:] if "\nHOOK-ERROR" in text else []
    what = "What follows it failed." if hook.startswith("after_") else "Not judged: it could not be prepared."
    lines = [what, f"In {hook}: {text_of(error)}", *more]
    if isinstance(error, Unknown | Refusal):
        lines = [text_of(error), f"In {hook}.", *more]
    return Outcome(BROKEN, "\n".join(lines), trace, error)


def _clean_up_outcome(errors: list[tuple[str, BaseException]]) -> Outcome:
    lines = ["Cleaning up failed: something may have been left behind."]
    lines += [f'In "{where}": {text_of(error)}' for where, error in errors]
    return Outcome(
        BROKEN, "\n".join(lines), "\n".join(trace_of(error) for _, error in errors), errors[0][1] if errors else None
    )


def _with(outcome: Outcome, more: list[str]) -> Outcome:
    return Outcome(outcome.status, "\n".join([outcome.message, *more]), outcome.trace, outcome.error)


def _traceback(statement: Any) -> TracebackType | None:
    stored = getattr(statement, "exc_traceback", None)
    return stored if isinstance(stored, TracebackType) else None
