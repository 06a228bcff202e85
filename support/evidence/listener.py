"""Turns what behave does into Allure results: every text in them redacted, every status true to the exit code."""
# allure-python has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import allure_commons
from allure_behave.listener import AllureListener
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, Parameter, StatusDetails, TestResult
from allure_commons.types import AttachmentType
from allure_commons.utils import md5, now, uuid4
from attr import asdict

from support.evidence.labels import (
    REQUIREMENT_LABEL,
    description_html,
    description_of,
    filed_under,
    full_name_of,
    history_id_of,
    labels_of,
    links_of,
    name_of,
    title_path_of,
)
from support.evidence.outcome import (
    BROKEN,
    PASSED,
    SKIPPED,
    CleanUpErrors,
    Outcome,
    explained,
    scenario_outcome,
    step_outcome,
    text_of,
)
from support.evidence.redaction import redact, redact_bytes, redact_tree

# Pictures and archives are passed on untouched: no text is in them, and a chance match would spoil them.
_OPAQUE = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".webm", ".mp4", ".gz", ".zip", ".pdf"})
# Characters of captured output kept with a failed scenario: a few screens; the rest belongs into attachments.
_OUTPUT_KEPT = 20_000


class RedactingLogger(AllureFileLogger):
    """Writes result files; the only door to them, so the one place where they are redacted."""

    def _report_item(self, item: Any) -> None:
        filled = asdict(item, filter=lambda _, value: bool(value) or value is False)
        text = json.dumps(redact_tree(filled), ensure_ascii=False)
        target = Path(self._report_dir) / item.file_pattern.format(prefix=uuid.uuid4())
        unfinished = target.with_name(f"{target.name}.tmp")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, target)  # a reader, or a run that is killed, never sees half a file

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Writes an attachment given as text or bytes."""
        super().report_attached_data(_shown(body, file_name), file_name)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Copies an attachment that lies in a file."""
        if Path(file_name).suffix in _OPAQUE:
            super().report_attached_file(source, file_name)
        else:
            super().report_attached_data(redact_bytes(Path(source).read_bytes()), file_name)


def _shown(body: str | bytes, file_name: str) -> str | bytes:
    if isinstance(body, str):
        return redact(body)
    return body if Path(file_name).suffix in _OPAQUE else redact_bytes(body)


class HoldfastListener(AllureListener):  # type: ignore[misc]
    """Keeps the result of the scenario that runs, and writes it when behave has finished with it."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.clean_ups = CleanUpErrors()
        self.red = 0  # results written so far that are neither passed nor skipped
        self._chosen_before = True
        self.causes: list[str] = []  # found by looking at the platform after the scenario that runs has failed
        self._shown: list[str] = []  # HTML for the description of the scenario that runs

    def run_scenario(self, scenario: Any, run: Callable[[Any], bool], runner: Any) -> bool:
        """Runs the scenario by behave's own method and reports how it ended; returns whether it failed."""
        self.start_scenario(scenario)
        try:
            failed = run(runner)
        except BaseException as error:
            self.close_scenario(
                scenario, Outcome(BROKEN, f"Not judged: the run was stopped here.\n{text_of(error)}", "", error)
            )
            raise
        self.stop_scenario(scenario)
        return failed

    def start_scenario(self, scenario: Any) -> None:
        """Opens a result; attachments from now on belong to it."""
        self.steps.clear()
        self.clean_ups.take()
        self._shown.clear()
        self.causes.clear()
        # Left out before it began, without a reason: by tags, by name, or by a line number on the command line.
        self._chosen_before = self._is_chosen(scenario)
        self.current_scenario_uuid = uuid4()
        self.group_context.enter()
        result = TestResult(uuid=self.current_scenario_uuid, start=now())
        result.name = name_of(scenario)
        result.fullName = full_name_of(scenario)
        result.titlePath = title_path_of(scenario)
        result.historyId = history_id_of(scenario)
        result.testCaseId = md5(result.fullName)
        result.description = description_of(scenario)
        result.parameters = _parameters(scenario)
        result.links.extend(links_of(scenario))
        result.labels.extend(labels_of(scenario))
        self.logger.schedule_test(self.current_scenario_uuid, result)

    def file_under(self, promises: Iterable[str]) -> None:
        """Adds promises to those that the tags of the scenario that runs name, each once."""
        result = self.logger.get_test(self.current_scenario_uuid)
        known = {label.value for label in result.labels if label.name == REQUIREMENT_LABEL}
        added = [promise for promise in dict.fromkeys(promises) if promise not in known]
        result.labels.extend(Label(name=REQUIREMENT_LABEL, value=promise) for promise in added)

    def stop_scenario(self, scenario: Any) -> None:
        """Writes the result, or drops it when nobody asked for this scenario."""
        self.close_scenario(scenario, scenario_outcome(scenario, self.clean_ups.take()))

    def close_scenario(self, scenario: Any, outcome: Outcome) -> None:
        """Writes the result with an outcome that is known already."""
        outcome = explained(outcome, self.causes)
        if self._chosen_before:
            self.flush_steps()
            result = self.logger.get_test(self.current_scenario_uuid)
            if self._shown:
                result.descriptionHtml = "\n".join([description_html(result.description), *self._shown])
            self._finish(result, outcome)
            if outcome.status not in (PASSED, SKIPPED):
                self._attach_output(scenario)
            self.logger.close_test(self.current_scenario_uuid)
            self.group_context.append_test(self.current_scenario_uuid)
        else:
            self.logger.drop_test(self.current_scenario_uuid)
        self.steps.clear()
        self.current_step_uuid = None
        self.current_scenario_uuid = None
        self.group_context.exit()

    def start_behave_step(self, step: Any) -> None:
        """Opens a step with its text and table."""
        super().start_behave_step(step)
        for attachment in self.logger.get_item(self.current_step_uuid).attachments:
            attachment.name = attachment.name.lstrip(".")  # the stock listener calls them ".text" and ".table"

    def stop_behave_step(self, step: Any) -> None:
        """Closes the step that runs."""
        outcome = step_outcome(step)
        details = StatusDetails(message=outcome.message, trace=outcome.trace) if outcome.message else None
        self.logger.stop_step(self.current_step_uuid, stop=now(), status=outcome.status, statusDetails=details)

    def report_around(self, name: str, outcome: Outcome, feature: Any = None, rule: Any = None) -> None:
        """Writes a result of its own for trouble outside of scenarios, which no scenario's result could show."""
        path = ["around the scenarios", *(entity.name for entity in (feature, rule) if entity is not None), name]
        result = TestResult(uuid=uuid4(), start=now(), name=name, fullName=" / ".join(path))
        result.historyId = result.testCaseId = md5(result.fullName)
        filing = [Label(name="epic", value="suite"), Label(name="feature", value="Set-up and clean-up")]
        result.labels = filing if feature is None else filed_under(feature, rule, [])
        result.titlePath = path[:-1]
        self._finish(result, outcome)
        allure_commons.plugin_manager.hook.report_result(result=result)

    @allure_commons.hookimpl
    def attach_data(self, body: Any, name: str, attachment_type: Any, extension: Any) -> None:
        """Attaches to the step, else the scenario that runs, else to the run as a whole."""
        attach = self.logger.attach_data if self._inside() else self.logger.global_attach_data
        attach(uuid4(), body, name=name, attachment_type=attachment_type, extension=extension)

    @allure_commons.hookimpl
    def attach_file(self, source: str, name: str, attachment_type: Any, extension: Any) -> None:
        """The same for a file."""
        attach = self.logger.attach_file if self._inside() else self.logger.global_attach_file
        attach(uuid4(), source, name=name, attachment_type=attachment_type, extension=extension)

    @allure_commons.hookimpl
    def add_description_html(self, test_description_html: str) -> None:
        """Adds to what the page of the scenario shows (the stock listener would replace it)."""
        if self._inside():
            self._shown.append(test_description_html)

    def _finish(self, result: TestResult, outcome: Outcome) -> None:
        self.red += outcome.status not in (PASSED, SKIPPED)
        result.stop = now()
        result.status = outcome.status
        if outcome.concerns:
            result.labels.append(Label(name="concerns", value=outcome.concerns))
        if outcome.message:
            result.statusDetails = StatusDetails(message=outcome.message, trace=outcome.trace or None)

    def _inside(self) -> bool:
        return self.current_scenario_uuid is not None

    def _is_chosen(self, scenario: Any) -> bool:
        config = self.behave_config
        chosen = scenario.should_run_with_tags(config.tag_expression) and scenario.should_run_with_name_select(config)
        return bool(chosen) and not (scenario.should_skip and not scenario.skip_reason)

    def _attach_output(self, scenario: Any) -> None:
        output = str(scenario.captured.make_report()).strip(" -\n") if scenario.captured.has_output() else ""
        if output:
            self.attach_data(output[-_OUTPUT_KEPT:], "output of the scenario", AttachmentType.TEXT, None)


def report_globally(message: str, trace: str = "") -> None:
    """Writes an error of the run as a whole."""
    allure_commons.plugin_manager.hook.global_error(message=message, trace=trace)


def _parameters(scenario: Any) -> list[Any]:
    row = scenario._row
    if row is None:
        return []
    return [Parameter(name=name, value=value) for name, value in zip(row.headings, row.cells, strict=True)]
