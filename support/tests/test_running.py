"""Tags, lint and guard: what keeps a selection from silently testing nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from behave.model_core import Status

from support.errors import ExitCode, Refusal
from support.paths import project_dir
from support.running import tags
from support.running.catalogue import promises
from support.running.guard import NothingRunGuard
from support.running.lint import check_features
from support.running.step_lint import check_steps

GOOD = """
@allure.label.owner:x
Feature: Good things

  Who cares about this.
  What it costs when it is broken.

  Rule: A rule is a sentence that holds

    @JS-101 @smoke
    Scenario: The outcome is told in a sentence
      When something happens
      Then something is seen
"""


def lint(tmp_path: Path, text: str) -> str:
    (tmp_path / "one.feature").write_text(text)
    return "\n".join(map(str, check_features(tmp_path)))


def test_a_good_feature_has_no_finding(tmp_path: Path) -> None:
    assert lint(tmp_path, GOOD) == ""


OUTLINE = """
    @JS-101
    Scenario Outline: The outcome of <x> is told in a sentence
      When <x> happens
      Then something is seen
"""


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("      When something happens", "      Wehn something happens", "to be When?"),
        ("    @JS-101 @smoke\n    Scenario", "    Gievn something\n    @JS-101 @smoke\n    Scenario", "description"),
        ("      When something happens\n      Then something is seen\n", "", "has no steps"),
        ("      Then something is seen\n", "", "has no Then"),
        ("Then something is seen\n", "Then a\n      When b\n      Then c\n      When d\n      Then e\n", "two Whens"),
        ("When something happens\n      Then something is seen", "Then a\n      When b", "steps go Given, When, Then"),
        ("      When something happens", "      * something happens", "instead of *"),
        ("Then something is seen\n", "Then a\n" + "      And b\n" * 7, "more than 7"),
        ("@JS-101 @smoke", "@smoke", "names no promise"),
        ("@JS-101 @smoke", "@JS-101 @smoke @disruptive", "never disruptive"),
        ("@JS-101 @smoke", "@JS-101 @smoek @smoke", "@smoek is no known tag"),
        ("@JS-101 @smoke", "@JS-999 @smoke", "@JS-999 is no known tag"),
        ("@JS-101 @smoke", "@JS-101", "one or two @smoke"),
        ("@JS-101 @smoke", "@JS-101 @smoke @quarantine.until.2099-01-01", "names its @issue"),
        ("something is seen", "the pod is seen", '"pod" is not said'),
        ("something is seen", "it should be seen", '"should" promises nothing'),
        ("The outcome is told in a sentence", "Outcome", "full sentence"),
        ("A rule is a sentence that holds", "Rule", "a sentence that can be tested"),
        ("  What it costs when it is broken.\n", "", "two to five lines"),
        ("      Then something is seen\n", "      Then something is seen\n" + OUTLINE, "outline without Examples"),
    ],
)
def test_every_offence_is_found(tmp_path: Path, old: str, new: str, finding: str) -> None:
    assert old in GOOD
    assert finding in lint(tmp_path, GOOD.replace(old, new))


def test_a_name_is_used_once(tmp_path: Path) -> None:
    (tmp_path / "a.feature").write_text(GOOD)
    assert "has the same name as a.feature" in lint(tmp_path, GOOD)


def test_an_empty_table_of_examples_is_an_outline_without_examples(tmp_path: Path) -> None:
    examples = "\n      Examples: rows\n        | x |\n"
    assert "outline without Examples" in lint(tmp_path, GOOD + OUTLINE + examples)


def test_a_folder_without_features_is_a_finding(tmp_path: Path) -> None:
    assert "no feature" in str(check_features(tmp_path)[0])


def test_the_project_is_clean() -> None:
    assert check_features(project_dir() / "features") == []
    assert check_steps(project_dir() / "steps") == []


def test_every_sentence_has_a_step_and_every_step_a_sentence() -> None:
    command = [sys.executable, "-m", "behave", "--dry-run", "--no-summary", "-f", "steps.usage"]
    ended = subprocess.run(command, cwd=project_dir(), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout[-2000:]
    assert "UNUSED" not in ended.stdout
    assert "UNDEFINED" not in ended.stdout


STEP = '''
@then("x")
def x(context):
    """One line."""
    {body}
'''


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("for i in a: pass", "contains for"),
        ("if a: pass", "contains if"),
        ("assert a", "contains assert"),
        ("context.mine = 1", "context.mine"),
        ("context.execute_steps('x')", "execute_steps"),
        ("time.sleep(1)", "sleep"),
        ("expect(a, not b, 'c')", "`not` before a matcher"),
        ("a = 1", "expects nothing"),
        ("a = 1; b = 1; c = 1; d = 1; e = 1; f = 1; g = 1", "more than 6 statements"),
    ],
)
def test_every_offence_of_a_step_is_found(tmp_path: Path, body: str, finding: str) -> None:
    (tmp_path / "some_steps.py").write_text(STEP.format(body=body))
    assert any(finding in text for text in check_steps(tmp_path))


def test_steps_have_a_docstring_and_a_name_that_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text('@when("x")\ndef x(context):\n    pass\n')
    found = check_steps(tmp_path)
    assert any("docstring" in text for text in found)
    assert any("hide packages" in text for text in found)


def test_a_known_tag_is_found_and_an_unknown_one_refused_with_the_closest() -> None:
    assert tags.find("smoke")
    assert tags.find("JS-205")
    with pytest.raises(Refusal) as refusal:
        tags.refuse_unknown_tags(["@smok"])
    assert "Did you mean @smoke?" in str(refusal.value)
    assert refusal.value.exit_code == ExitCode.UNKNOWN_TAG


@pytest.mark.parametrize("expression", ["@smoke,@JS-101", "~@smoke"])
def test_the_old_way_to_select_is_refused(expression: str) -> None:
    with pytest.raises(Refusal, match="old way"):
        tags.words_of_selection([expression])


def test_words_of_a_selection_are_its_tags() -> None:
    selection = ["@smoke and not (@wip or @JS-101)", "@JS-5*"]
    assert tags.words_of_selection(selection) == ["smoke", "wip", "JS-101"]


def test_an_unknown_tag_in_a_feature_refuses_the_run(tmp_path: Path) -> None:
    (tmp_path / "one.feature").write_text(GOOD.replace("@smoke", "@smokey"))
    with pytest.raises(Refusal, match=r"one\.feature"):
        tags.refuse_unknown_tags([], tmp_path)


def test_work_in_progress_and_quarantine_are_skipped_until_their_day() -> None:
    today = date(2026, 5, 1)
    assert tags.waived({"wip"}, today)
    assert tags.waived({"smoke"}, today) == ""
    held = {"quarantine.until.2026-05-01", "issue.7"}
    assert "issue.7" in tags.waived(held, today)
    with pytest.raises(Refusal, match="ended"):
        tags.waived(held, date(2026, 5, 2))


def test_needs_and_promises_are_told_apart() -> None:
    words = {"needs.nodes.3", "JS-101", "smoke"}
    assert [tag.name for tag in tags.needs(words)] == ["needs.nodes.3"]
    assert tags.promise_ids(words) == ["JS-101"]


def test_the_catalogue_is_read() -> None:
    assert promises()["JS-205"].capability == "Complete shop journey"


@pytest.mark.parametrize("status", [Status.passed, Status.failed, Status.error, Status.hook_error])
def test_a_run_that_judged_something_is_left_alone(status: Status) -> None:
    guard = NothingRunGuard(SimpleNamespace())
    guard.feature(SimpleNamespace(walk_scenarios=lambda: [SimpleNamespace(status=status)]))
    guard.end()


@pytest.mark.parametrize("status", [Status.skipped, Status.untested])
def test_a_run_that_judged_nothing_is_not_green(status: Status, capsys: pytest.CaptureFixture[str]) -> None:
    guard = NothingRunGuard(SimpleNamespace())
    guard.feature(SimpleNamespace(walk_scenarios=lambda: [SimpleNamespace(status=status)]))
    with pytest.raises(SystemExit) as ended:
        guard.end()
    assert ended.value.code == ExitCode.NOTHING_RUN
    assert "no promise was checked" in capsys.readouterr().err
