"""Parallel runs: the same verdicts as behave alone, an order that can be repeated, and no death goes unnoticed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from behave.parser import parse_feature

from support import lifecycle
from support.errors import ExitCode, Refusal
from support.running.order import harm_of, narrowed, order_of, seed_from
from support.running.worker import Console
from support.systems.jewelry_shop.shops import Naming

MIXTURE = Path(__file__).parent / "mixture"
PLAIN = "behave.runner:Runner"
PARALLEL = "support.running.parallel:ParallelRunner"
FORMATTER = "support.evidence.formatter:HoldfastFormatter"


class Ran:
    """What a run printed, wrote and returned."""

    def __init__(self, code: int, text: str, folder: Path) -> None:
        self.code, self.text = code, text
        files = sorted((folder / "results").glob("*-result.json"))
        self.results: list[dict[str, Any]] = [json.loads(file.read_text()) for file in files]

    @property
    def statuses(self) -> dict[str, str]:
        return {result["name"]: result["status"] for result in self.results}

    @property
    def summary(self) -> list[str]:
        """Lists of failing scenarios and counts, without the duration."""
        start = self.text.index("\nFailing scenarios:") if "\nFailing" in self.text else self.text.rindex(" feature")
        return self.text[start:].split("Took")[0].splitlines()


def command(project: Path, folder: Path, runner: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    words = [sys.executable, "-m", "behave", f"--runner={runner}", "-f", FORMATTER, "-o", "unused"]
    words += ["-f", "plain", "-o", "-", "--junit", "--junit-directory", str(folder / "junit"), *arguments]
    return words, {**os.environ, "HOLDFAST_RUN_DIR": str(folder), "MIXTURE": ""}


def behave(project: Path, folder: Path, runner: str, *arguments: str, **variables: str) -> Ran:
    words, environment = command(project, folder, runner, *arguments)
    ended = subprocess.run(
        words, cwd=project, env=environment | variables, capture_output=True, text=True, timeout=60, check=False
    )
    return Ran(ended.returncode, ended.stdout + ended.stderr, folder)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran, Path, Path]:
    """The known mixture of outcomes, once in file order by behave alone and once by three workers."""
    one, three = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("three")
    alone = behave(MIXTURE, one, PLAIN, "--tags", "not @not_chosen", "features")
    beside = behave(MIXTURE, three, PARALLEL, "--jobs", "3", "--tags", "not @not_chosen", "features")
    return alone, beside, one, three


def test_report_summary_and_exit_code_are_those_of_behave_alone(both: tuple[Ran, Ran, Path, Path]) -> None:
    alone, beside, _, _ = both
    assert beside.statuses == alone.statuses
    assert beside.summary == alone.summary
    assert beside.code == alone.code == 1


def test_only_trouble_around_scenarios_is_reported_once_for_each_of_them(both: tuple[Ran, Ran, Path, Path]) -> None:
    alone, beside, _, _ = both
    twice = Counter(result["name"] for result in beside.results) - Counter(result["name"] for result in alone.results)
    assert all(name.startswith("Around the ") for name in twice), "hooks of a feature run once for each scenario"


def test_junit_says_the_same(both: tuple[Ran, Ran, Path, Path]) -> None:
    def cases(folder: Path) -> list[str]:
        texts = [file.read_text() for file in sorted((folder / "junit").glob("*.xml"))]
        return [
            f"{case}" for text in texts for case in re.findall(r'<testcase [^>]*name="([^"]*)" status="(\w+)"', text)
        ]

    assert cases(both[3]) == cases(both[2])
    assert cases(both[2])


def test_what_one_scenario_prints_stays_together(both: tuple[Ran, Ran, Path, Path]) -> None:
    parts = both[1].text.split("Failing scenarios")[0].split("Feature: ")[1:]
    assert parts
    assert all(len(re.findall(r"\n +Scenario", part)) <= 1 for part in parts)


ENVIRONMENT = """
import os, signal, time
from support.errors import Refusal, ExitCode
def before_all(context):
    if os.environ.get("REFUSE"):
        os.write(2, b"There is no cluster.\\n")
        os._exit(10)
def before_scenario(context, scenario):
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{time.monotonic()} begin {scenario.name} {os.getpid()}\\n")
def after_scenario(context, scenario):
    time.sleep(0.1)
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{time.monotonic()} end {scenario.name} {os.getpid()}\\n")
def after_all(context):
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{time.monotonic()} after_all run {os.getpid()}\\n")
"""
STEPS = """
import os, signal, time
from behave import given
@given("all is well")
def well(context): pass
@given("the process dies")
def dies(context): os.kill(os.getpid(), signal.SIGKILL)
@given("it takes long")
def long(context):
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{time.monotonic()} inside step {os.getpid()}\\n")
    time.sleep(30)
@given("it is wrong")
def wrong(context): assert False, "A promise is broken."
"""


def project(tmp_path: Path, scenarios: dict[str, str], tags: dict[str, str] | None = None) -> Path:
    """A project with one feature of these scenarios (name and sentence)."""
    home = tmp_path / "project"
    (home / "features").mkdir(parents=True)
    (home / "steps").mkdir()
    lines = [
        f"  {(tags or {}).get(name, '')}\n  Scenario: {name}\n    Given {sentence}\n"
        for name, sentence in scenarios.items()
    ]
    (home / "features" / "one.feature").write_text("Feature: One\n" + "\n".join(lines))
    (home / "environment.py").write_text(ENVIRONMENT)
    (home / "steps" / "some_steps.py").write_text(STEPS)
    return home


def run(tmp_path: Path, home: Path, *arguments: str, **variables: str) -> tuple[Ran, list[list[str]]]:
    diary = tmp_path / "diary"
    ran = behave(home, tmp_path, PARALLEL, *arguments, "features", DIARY=str(diary), **variables)
    return ran, [line.split() for line in diary.read_text().splitlines()] if diary.exists() else []


def test_harmless_scenarios_overlap_and_the_others_are_alone_and_last(tmp_path: Path) -> None:
    names = {f"h{number}": "all is well" for number in range(6)} | {f"d{number}": "all is well" for number in range(3)}
    tags = {"d0": "@disruptive", "d1": "@destructive", "d2": "@serial"}
    ran, diary = run(tmp_path, project(tmp_path, names, tags), "--jobs", "2")
    assert ran.code == 0, ran.text
    spans: dict[str, list[float]] = {}
    for moment, _, name, _ in diary:
        spans.setdefault(name, []).append(float(moment))
    harmless = [spans[name] for name in names if name.startswith("h")]
    assert any(a[0] < b[0] < a[1] for a in harmless for b in harmless), "nothing has run beside anything"
    for name in tags:
        begin, end = spans[name]
        assert not [
            other
            for other, (start, stop) in spans.items()
            if other not in (name, "run") and start < end and stop > begin
        ]
    assert min(spans[name][0] for name in tags) > max(end for _, end in harmless)
    assert spans["d1"][0] == max(begin for begin, *_ in spans.values() if begin in [spans[name][0] for name in tags])
    assert len({pid for *_, pid in diary}) == 2, "workers are used again"


def test_a_process_that_dies_fails_the_run_and_only_its_own_scenario(tmp_path: Path) -> None:
    names = {"a": "all is well", "b": "the process dies", "c": "all is well", "d": "all is well"}
    ran, _ = run(tmp_path, project(tmp_path, names), "--jobs", "2")
    assert ran.code == 1
    assert ran.statuses == {"a": "passed", "b": "broken", "c": "passed", "d": "passed"}
    assert "3 scenarios passed, 0 failed, 1 error" in ran.text
    (lost,) = [result for result in ran.results if result["name"] == "b"]
    assert "has died (signal 9)" in lost["statusDetails"]["message"]


def test_the_only_process_may_die_too(tmp_path: Path) -> None:
    names = {"a": "the process dies", "b": "all is well"}
    ran, _ = run(tmp_path, project(tmp_path, names, {"a": "@disruptive", "b": "@disruptive"}), "--jobs", "2")
    assert ran.code == 1
    assert ran.statuses == {"a": "broken", "b": "passed"}


def test_a_refusal_is_said_once_and_keeps_its_exit_code(tmp_path: Path) -> None:
    names = {f"h{number}": "all is well" for number in range(4)}
    ran, _ = run(tmp_path, project(tmp_path, names), "--jobs", "2", REFUSE="yes")
    assert ran.code == ExitCode.NO_PLATFORM
    assert ran.text.count("There is no cluster.") == 1
    assert "Traceback" not in ran.text


def test_a_run_that_chose_nothing_is_not_green(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, project(tmp_path, {"a": "all is well"}), "--tags", "@disruptive")
    assert ran.code == ExitCode.NOTHING_RUN


def test_a_run_that_chose_nothing_still_says_what_refuses_it(tmp_path: Path) -> None:
    home = project(tmp_path, {"a": "all is well"})
    ran, _ = run(tmp_path, home, "--tags", "@disruptive", REFUSE="yes")
    assert ran.code == ExitCode.NO_PLATFORM
    assert "There is no cluster." in ran.text


def test_stop_ends_the_run_at_the_first_failure(tmp_path: Path) -> None:
    names = {f"w{number}": "it is wrong" for number in range(8)}
    ran, diary = run(tmp_path, project(tmp_path, names), "--jobs", "2", "--stop")
    assert ran.code == 1
    assert len([line for line in diary if line[1] == "begin"]) <= 4
    assert "untested" in ran.text


def test_the_order_is_that_of_the_seed(tmp_path: Path) -> None:
    names = {f"h{number}": "all is well" for number in range(8)}
    home = project(tmp_path, names)
    orders = []
    for seed in ("7", "7", "8"):
        (tmp_path / "diary").unlink(missing_ok=True)
        ran, diary = run(tmp_path, home, "--jobs", "1", HOLDFAST_SEED=seed)
        assert f"--seed {seed}" in ran.text
        orders.append([line[2] for line in diary if line[1] == "begin"])
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(names), "not the order of the file"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_who_stops_a_run_gets_its_clean_ups(tmp_path: Path, how: signal.Signals) -> None:
    home = project(tmp_path, dict.fromkeys("abc", "it takes long"))
    words, environment = command(home, tmp_path, PARALLEL, "--jobs", "2", "features")
    diary = tmp_path / "diary"
    environment |= {"DIARY": str(diary), "HOLDFAST_SEED": "1"}
    process = subprocess.Popen(words, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        for _ in range(200):  # ten seconds at most until two have begun
            if diary.exists() and diary.read_text().count("inside") == 2:
                break
            time.sleep(0.05)
        process.send_signal(how)
        assert process.wait(timeout=20) == 1
    finally:
        process.kill()
    words_of_diary = diary.read_text()
    assert [words_of_diary.count(word) for word in ("begin", "end", "after_all")] == [2, 2, 2], words_of_diary


def test_harm_decides_who_runs_alone() -> None:
    assert harm_of({"smoke", "JS-101"}) == 0
    assert harm_of({"serial"}) == harm_of({"disruptive"}) == 1
    assert harm_of({"disruptive", "destructive"}) == 2


FEATURE = """
Feature: One
  Scenario: Outside
    Given x
  Rule: A rule
    Scenario Outline: Row <n>
      Given <n>
      Examples:
        | n |
        | 1 |
        | 2 |
    @disruptive
    Scenario: Breaks
      Given x
"""


def test_a_feature_is_narrowed_to_one_scenario_inside_its_rule_and_outline() -> None:
    feature = parse_feature(FEATURE)
    rows = feature.walk_scenarios()
    small = narrowed(feature, rows[2])
    assert [scenario.name for scenario in small.walk_scenarios(with_outlines=True)] == ["Row <n>", rows[2].name]
    assert [item.type for item in small.run_items] == ["rule"]
    assert len(feature.walk_scenarios()) == 4, "the feature itself is as it was"


def test_every_row_of_an_outline_is_a_unit_of_its_own() -> None:
    everything = SimpleNamespace(check=lambda tags: True)
    order = order_of([parse_feature(FEATURE)], SimpleNamespace(tag_expression=everything, name=None), 1)
    assert sorted(unit.key for unit in order.beside) == [(0, 0), (0, 1), (0, 2)]
    assert [unit.key for unit in order.alone] == [(0, 3)]


def test_a_seed_that_is_no_number_is_refused() -> None:
    assert seed_from({"HOLDFAST_SEED": "12"}) == 12
    assert seed_from({}) >= 0
    with pytest.raises(Refusal, match="is no number"):
        seed_from({"HOLDFAST_SEED": "twelve"})


def test_two_scenarios_of_one_promise_never_share_a_name() -> None:
    """Neither at the same time in two workers, nor one after the other; nor do the shops of one scenario."""

    def world(worker: str) -> Any:
        suite: Any = SimpleNamespace(settings=SimpleNamespace(worker=worker), cluster=SimpleNamespace(mutations=[]))
        return lifecycle.begin(suite, {"JS-205", "smoke"})

    names = [world(worker).scenario for worker in ("1", "2", "1", "", "12") for _ in range(20)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"js205w\d*n\d+", name) for name in names)
    naming = Naming("abcdef", names[0])
    slugs = [naming.slug() for _ in range(500)]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"e2e-abcdef-js205w\d*n\d+-[a-z]{4}", slug) and len(slug) <= 60 for slug in slugs)


def test_what_was_taken_leaves_no_gap_before_what_follows() -> None:
    console = Console()
    os.write(console._file.fileno(), b"first")
    assert console.take() == "first"
    os.write(console._file.fileno(), b"second")
    assert console.take() == "second"
