"""A known mixture of outcomes is run by behave itself; Allure results, JUnit and the exit code must agree about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

MIXTURE = Path(__file__).parent / "mixture"
SECRET = "hunter" + "22"
FORMATTER = "support.evidence.formatter:HoldfastFormatter"


@dataclass(frozen=True)
class Run:
    """What one behave run left."""

    code: int
    console: str
    folder: Path

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """Allure results by name."""
        read = [json.loads(file.read_text()) for file in self.folder.glob("results/*-result.json")]
        return {result["name"]: result for result in read}

    @property
    def globals(self) -> list[dict[str, Any]]:
        """Allure's errors and attachments of the run as a whole."""
        return [json.loads(file.read_text()) for file in self.folder.glob("results/*-globals.json")]

    def attachment(self, entry: dict[str, Any]) -> str:
        """The text of an attachment."""
        file: str = entry["source"]
        return (self.folder / "results" / file).read_text()


def behave(folder: Path, *arguments: str, kind: str = "", console: str = "plain") -> Run:
    """Runs behave over the mixture as a user would: the formatter from configuration, the console's after it."""
    command = [sys.executable, "-m", "behave", "-f", FORMATTER, "-o", str(folder / "unused"), "-f", console, "-o", "-"]
    command += ["--junit", "--junit-directory", str(folder / "junit"), *arguments, "features"]
    environment = {**os.environ, "HOLDFAST_RUN_DIR": str(folder), "MIXTURE": kind}
    ended = subprocess.run(command, cwd=MIXTURE, env=environment, capture_output=True, text=True, timeout=60)
    return Run(ended.returncode, ended.stdout + ended.stderr, folder)


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return behave(tmp_path_factory.mktemp("mixture"), "--tags", "not @not_chosen")


EXPECTED = {
    "Passes outside of a rule": "passed",
    "Skipped on the way": "skipped",
    "Passes inside a rule": "passed",
    "Fails inside a rule": "failed",
    "Stores 10 orders": "passed",
    "Stores 20 orders": "failed",
    "Looks alike (1)": "passed",
    "Looks alike (2)": "passed",
    "Fails without a word": "failed",
    "Breaks in a step": "broken",
    "Is not known": "broken",
    "Breaks through its platform": "broken",
    "Has no step": "broken",
    "Breaks after a step": "broken",
    "Breaks before it begins": "broken",
    "Breaks after its end": "broken",
    "Breaks an invariant": "failed",
    "Cannot clean up": "broken",
    "Fails and cannot clean up": "failed",
    "Skipped with a reason": "skipped",
    "Skipped without a reason": "skipped",
    "Passes after all of it": "passed",
    "Sales go on after the leader's machine has lost power": "passed",
    "Sales go on after the leader was cut off": "failed",
    "Passes before its capability breaks": "passed",
    "Around the capability: Cannot be prepared": "broken",
    "Around the capability: Cannot be cleaned up": "broken",
    "Around the rule: Cannot be prepared either": "broken",
}


def test_every_scenario_is_reported_once_with_its_status(mixture: Run) -> None:
    assert {name: result["status"] for name, result in mixture.results.items()} == EXPECTED
    assert len(list(mixture.folder.glob("results/*-result.json"))) == len(EXPECTED)


def test_report_junit_and_exit_code_agree(mixture: Run) -> None:
    junit: Counter[str] = Counter()
    for file in mixture.folder.glob("junit/*.xml"):
        for case in ElementTree.parse(file).iter("testcase"):
            if case.attrib["status"] != "untested" and "Nobody asked" not in case.attrib["name"]:
                junit[case.attrib["status"]] += 1
    scenarios = Counter(status for name, status in EXPECTED.items() if not name.startswith("Around"))
    red_in_junit = sum(count for status, count in junit.items() if status not in ("passed", "skipped"))
    assert junit["passed"] == scenarios["passed"]
    assert junit["skipped"] == scenarios["skipped"]
    assert red_in_junit == scenarios["failed"] + scenarios["broken"]
    assert mixture.code == 1


@pytest.mark.parametrize("tags", ["@smoke and not @JS-501", "@nobody_has_this"])
def test_a_run_with_nothing_red_ends_with_zero(tmp_path: Path, tags: str) -> None:
    run = behave(tmp_path, "--tags", tags, "features/jewelry-shop/mixture.feature")
    # The path comes before "features": behave takes both, so the other features are only left out by their tags.
    assert run.code == 0, run.console
    assert {result["status"] for result in run.results.values()} <= {"passed"}


def test_scenarios_that_nobody_asked_for_are_not_in_the_report(mixture: Run, tmp_path: Path) -> None:
    assert "Nobody asked for this one" not in mixture.results
    run = behave(tmp_path, "--name", "Passes after all of it")
    assert {name for name in run.results if not name.startswith("Around")} == {"Passes after all of it"}


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_a_scenario_is_filed_under_system_capability_and_rule(mixture: Run) -> None:
    result = mixture.results["Passes inside a rule"]
    assert labels(result, "epic") == ["jewelry-shop"]
    assert labels(result, "feature") == ["Orders survive"]
    assert labels(result, "story") == ["Confirmed orders survive the loss of the leader"]
    assert labels(result, "severity") == ["critical"], "the rule's tag counts"
    assert labels(result, "owner") == ["storage"], "and the capability's"
    assert labels(mixture.results["Passes outside of a rule"], "story") == []


def test_promises_are_labels_and_tags_for_behave_stay_away(mixture: Run) -> None:
    result = mixture.results["Passes inside a rule"]
    assert labels(result, "requirement") == ["JS-501", "JS-504"]
    assert labels(result, "tag") == ["JS-501", "JS-504", "smoke"]
    assert result.get("links", []) == []


def test_a_promise_that_was_checked_beside_the_scenario_is_a_label_once(mixture: Run) -> None:
    assert labels(mixture.results["Breaks an invariant"], "requirement") == ["JS-1152"]
    assert labels(mixture.results["Cannot clean up"], "requirement") == []


def test_descriptions_of_scenario_rule_and_capability_are_shown(mixture: Run) -> None:
    outside = mixture.results["Passes outside of a rule"]["description"]
    inside = mixture.results["Passes inside a rule"]["description"]
    assert outside.startswith("Why this matters.")
    assert "Every minute costs forty of them." in outside
    assert "**Rule: Confirmed orders survive the loss of the leader**\n\nWhat was confirmed stays." in inside
    assert inside.endswith("Promises checked here: JS-501, JS-504")


def test_a_failure_speaks_to_the_owner_first_and_keeps_the_trace_apart(mixture: Run) -> None:
    details = mixture.results["Fails inside a rule"]["statusDetails"]
    assert details["message"].splitlines()[0] == "1 confirmed order is missing."
    assert "Last seen:" in details["message"].splitlines()[1]
    assert "Traceback" not in details["message"]
    assert "order_is_missing" in details["trace"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Fails without a word", ["A check failed without saying what it expected."]),
        (
            "Breaks in a step",
            ["Not judged: something other than the promise broke first.", "RuntimeError: the probe did"],
        ),
        ("Is not known", ["Nobody knows whether orders were lost: only 17 were confirmed before the fault."]),
        ("Has no step", ["Not judged", 'No step is written for the sentence "nobody wrote this one".']),
        ("Breaks after a step", ["Not judged", "RuntimeError: evidence could not be kept"]),
        ("Breaks before it begins", ["Not judged", "In before_scenario: RuntimeError: no room for this scenario"]),
        (
            "Breaks after its end",
            ["What follows it failed.", "In after_scenario: RuntimeError: events could not be read"],
        ),
        (
            "Breaks an invariant",
            ["An instance was restarted without being asked.", "jewelry-shop-db-0 restarted 1 time"],
        ),
        (
            "Cannot clean up",
            ["Cleaning up failed", 'In "close_probe": OSError: probe', 'In "remove_shop": RuntimeError: e2e'],
        ),
        ("Skipped with a reason", ["the platform cannot cut a machine off"]),
        ("Skipped without a reason", ["Skipped without a reason."]),
        ("Skipped on the way", ["nothing left to compare"]),
        (
            "Around the capability: Cannot be prepared",
            ["Not judged", "In before_feature: RuntimeError: the capability"],
        ),
        (
            "Around the capability: Cannot be cleaned up",
            ["Cleaning up failed", 'In "give_back_namespace": RuntimeError'],
        ),
        (
            "Around the rule: Cannot be prepared either",
            ["Not judged", "In before_rule: RuntimeError: the rule could not"],
        ),
    ],
)
def test_the_message_says_what_happened(mixture: Run, name: str, lines: list[str]) -> None:
    message = mixture.results[name]["statusDetails"]["message"].splitlines()
    assert len(message) == len(lines)
    for shown, expected in zip(message, lines, strict=True):
        assert shown.startswith(expected)


def test_a_broken_promise_stays_the_first_line_when_clean_up_fails_too(mixture: Run) -> None:
    message = mixture.results["Fails and cannot clean up"]["statusDetails"]["message"].splitlines()
    assert message[0] == "1 confirmed order is missing."
    assert message[2].startswith("Afterwards: HOOK-ERROR in after_scenario: RuntimeError: events could not be read")
    assert message[3].startswith('Cleaning up failed as well, in "close_probe": OSError')


def test_the_cause_of_an_error_is_in_the_trace(mixture: Run) -> None:
    trace = mixture.results["Breaks in a step"]["statusDetails"]["trace"]
    assert "OSError: no route to [redacted]" in trace
    assert "RuntimeError: the probe did not start" in trace


def test_tables_texts_and_attachments_are_where_they_were_made(mixture: Run) -> None:
    result = mixture.results["Passes inside a rule"]
    steps = {step["name"]: step for step in result["steps"]}
    assert mixture.attachment(steps["Given a step with a table"]["attachments"][0]).split() == [
        "item,price",
        "ring,120.00",
    ]
    assert mixture.attachment(steps["Given a step with a docstring"]["attachments"][0]) == "the receipt"
    assert [entry["name"] for entry in steps["When 2 orders are placed"]["attachments"]] == ["request", "answer"]
    after = mixture.results["Cannot clean up"]["attachments"]
    assert [entry["name"] for entry in after][:2] == ["after the scenario", "clean-up"]


def test_rows_of_an_outline_show_their_values(mixture: Run) -> None:
    assert mixture.results["Stores 20 orders"]["parameters"] == [
        {"name": "count", "value": "20"},
        {"name": "ending", "value": "an order is missing"},
    ]


def test_an_attachment_outside_of_scenarios_belongs_to_the_run(mixture: Run) -> None:
    attached = [entry for item in mixture.globals for entry in item.get("attachments", [])]
    assert [entry["name"] for entry in attached] == ["attached before the first scenario"]
    assert mixture.attachment(attached[0]) == "from before_all with [redacted]"


def test_chart_and_figures_are_read_on_the_page_without_opening_anything(mixture: Run) -> None:
    shown = mixture.results["Sales go on after the leader was cut off"]["descriptionHtml"]
    assert "<b>Rule: Sales go on within thirty seconds</b>" in shown
    assert '<img alt="what the shoppers saw" src="data:image/svg+xml;base64,' in shown
    assert "<td>Its settings allow</td><td>29 s</td><td>ttl 20 s" in shown


def test_whom_a_red_result_concerns_is_a_label(mixture: Run) -> None:
    concerns = {name: labels(mixture.results[name], "concerns") for name in EXPECTED}
    assert concerns["Fails inside a rule"] == ["product"]
    assert concerns["Breaks an invariant"] == ["product"]
    assert concerns["Breaks in a step"] == ["suite"]
    assert concerns["Is not known"] == ["verdict"]
    assert concerns["Breaks through its platform"] == ["platform"]
    assert concerns["Passes inside a rule"] == []


def test_no_secret_reaches_a_file_or_the_console(mixture: Run) -> None:
    for file in mixture.folder.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file
    assert SECRET not in mixture.console
    assert "password=[redacted]" in mixture.console


def test_an_error_before_the_first_scenario_is_reported(tmp_path: Path) -> None:
    run = behave(tmp_path, kind="before_all")
    assert run.code == 1
    assert {name: result["status"] for name, result in run.results.items()} == {
        "The run as a whole: before_all": "broken"
    }
    errors = [error["message"] for item in run.globals for error in item.get("errors", [])]
    assert errors == ["Not judged: something other than the promise broke first.\nRuntimeError: no platform answers"]


def test_a_run_that_never_began_is_reported_also_when_nobody_said_why(tmp_path: Path) -> None:
    run = behave(tmp_path, kind="before_all_silent")
    assert run.code == 1
    assert run.results["The run as a whole"]["statusDetails"]["message"].startswith("The run ended before its first")


def test_a_green_run_that_cannot_end_is_not_green_in_the_report(tmp_path: Path) -> None:
    run = behave(tmp_path, "--name", "Looks alike", "--tags", "@JS-501", kind="after_all")
    assert run.code == 1
    assert [name for name, result in run.results.items() if result["status"] == "broken"] == ["The run as a whole"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    behave(tmp_path, "--dry-run")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("console", ["plain", "pretty"])
def test_a_failing_clean_up_does_not_end_the_console_or_the_run(tmp_path: Path, console: str) -> None:
    run = behave(tmp_path, "--name", "Cannot clean up|Passes after all of it", console=console)
    assert run.results["Cannot clean up"]["status"] == "broken"
    assert run.results["Passes after all of it"]["status"] == "passed"
    assert "1 cleanup_error" in run.console
    assert "Exception" not in run.console.replace("Exceptions", "")


CONFIGURATION = f"""
[tool.behave]
paths = ["features"]
format = ["{FORMATTER}"]
outfiles = ["reports/results"]
default_format = "plain"
"""


@pytest.mark.parametrize(
    ("arguments", "console"),
    [
        ([], "Scenario: Passes outside of a rule"),
        (["-f", "pretty", "--no-color"], "Scenario: Passes outside of a rule"),
        (["-f", "steps.catalog", "--dry-run"], "Given the shop is open"),
    ],
    ids=["bare", "other console", "dry run"],
)
def test_the_projects_configuration_keeps_console_and_report(
    tmp_path: Path, arguments: list[str], console: str
) -> None:
    project = tmp_path / "project"
    shutil.copytree(MIXTURE, project)
    (project / "pyproject.toml").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "behave", "--tags", "@smoke and not @JS-501", *arguments]
    environment = {**os.environ, "HOLDFAST_RUN_DIR": str(tmp_path), "MIXTURE": ""}
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout
    assert console in ended.stdout
    wanted = [] if "--dry-run" in arguments else ["Passes outside of a rule"]
    assert list(Run(0, "", tmp_path).results) == wanted
    assert sorted(each.name for each in project.iterdir() if each.name != "__pycache__") == [
        "environment.py",
        "features",
        "pyproject.toml",
        "steps",
    ], "the formatter writes nowhere else"


def test_a_scenario_that_is_stopped_from_outside_is_not_called_skipped(tmp_path: Path) -> None:
    run = behave(tmp_path, "--name", "Passes after all of it", kind="stopped")
    assert run.code != 0
    assert run.results["Passes after all of it"]["status"] == "broken"
