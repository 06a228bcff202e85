"""The verdict of a run: what was not checked is no success, and what broke is never forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.evidence import catalogue_page
from support.evidence.catalogue_page import Breakage, Entry
from support.evidence.proofs import Proof, keep_proof, read_proofs
from support.evidence.verdict import Judged, Result, Verdict, judge, read_results, seed_coverage, seed_numbers
from support.running import conclusion
from support.running.catalogue import promises


def result(status: str, *ids: str, message: str = "") -> Result:
    return Result(f"{status} {ids}", status, ids, message)


def verdict(*results: Result, written: Mapping[str, int] | None = None) -> Verdict:
    return judge(["JS-1", "JS-2"], written or {"JS-1": 1, "JS-2": 2}, results)


@pytest.mark.parametrize(
    ("statuses", "written", "state"),
    [
        (["passed"], 1, "kept"),
        (["passed", "passed"], 2, "kept"),
        (["passed"], 2, "kept in part"),
        (["passed", "skipped"], 2, "kept in part"),
        (["passed", "failed"], 2, "broken"),
        (["failed", "broken"], 2, "broken"),
        (["passed", "broken"], 2, "not known"),
        (["skipped"], 1, "not checked"),
        ([], 1, "not checked"),
        ([], 0, "not checked"),
    ],
)
def test_the_state_of_a_promise(statuses: list[str], written: int, state: str) -> None:
    judged = Judged("JS-1", written, [result(status, "JS-1") for status in statuses])
    assert judged.state == state
    assert (judged.why == "") == (state == "kept") or statuses


def test_what_was_not_checked_never_raises_the_rate() -> None:
    both = verdict(result("passed", "JS-1"), result("passed", "JS-2"), result("passed", "JS-2"))
    assert both.rate == 1.0
    for worse in (["skipped", "skipped"], ["passed"], ["passed", "skipped"], ["broken"], ["failed"], []):
        found = verdict(result("passed", "JS-1"), *(result(status, "JS-2") for status in worse))
        assert found.rate == 0.5, worse


def test_green_needs_a_check_and_nothing_broken_or_unknown() -> None:
    assert verdict(result("passed", "JS-1")).green
    assert not verdict().green
    assert verdict().complaint == "no promise was checked"
    assert not verdict(result("skipped", "JS-1")).green
    for status in ("failed", "broken"):
        red = verdict(result("passed", "JS-1"), result(status, "JS-2", message="Why.\nMore"))
        assert not red.green
        assert "JS-2" in red.complaint
        assert "Why." in red.complaint


def test_trouble_around_the_scenarios_is_not_green_either() -> None:
    found = verdict(result("passed", "JS-1"), result("broken", message="The run was stopped."))
    assert not found.green
    assert "The run was stopped." in found.complaint


def test_the_lines_state_every_number() -> None:
    lines = verdict(result("passed", "JS-1"), result("failed", "JS-2")).lines()
    assert lines[0] == "2 promises: 2 checked; 1 kept, 0 kept in part, 1 broken, 0 not known, 0 not checked"
    assert lines[1] == "Known to be kept: 50%"


def test_results_are_read_from_a_folder(tmp_path: Path) -> None:
    label = {"name": "requirement", "value": "JS-1"}
    told = {"name": "x", "status": "failed", "stop": 7, "labels": [label], "statusDetails": {"message": "Why.\nMore"}}
    (tmp_path / "1-result.json").write_text(json.dumps(told))
    (read,) = read_results(tmp_path)
    assert (read.promises, read.status, read.first_line, read.stop) == (["JS-1"], "failed", "Why.", 7)


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("Manual test 1; E2E groups 1 and 2; prerequisites", [("E2E group", 1), ("E2E group", 2)]),
        ("x; E2E group 13; E2E group 4, 5", [("E2E group", 13), ("E2E group", 4), ("E2E group", 5)]),
        ("Smoke steps 3 and 4; manual tests 7 and 8.1", [("Smoke step", 3), ("Smoke step", 4)]),
        ("E2E: service connectivity", []),
        ("beyond", []),
    ],
)
def test_sources_name_the_earlier_tests(source: str, numbers: list[tuple[str, int]]) -> None:
    assert seed_numbers(source) == numbers


def test_the_catalogue_stands_for_all_groups_and_steps() -> None:
    covered = seed_coverage({promise.id: promise.source for promise in promises().values()})
    assert len(covered) == 18 + 8
    assert all(covered.values()), [test for test, ids in covered.items() if not ids]


def test_every_scenario_of_the_features_counts_for_its_promises() -> None:
    names = conclusion.scenarios_by_promise()
    assert len(names["JS-502"]) == 2, "each row of an outline"
    assert set(names) <= set(promises())


def test_proofs_are_kept_and_read(tmp_path: Path) -> None:
    keep_proof("JS-S-01", True, ["Authorization: Bearer abcdefghijklmnop"], tmp_path)
    read = read_proofs(tmp_path)["JS-S-01"]
    assert read.caught
    assert "abcdefgh" not in read.words[0]
    assert str(read).startswith("caught on 20")
    assert str(Proof("JS-S-02")) == "never tried here"


def test_the_page_shows_promise_scenarios_result_and_proofs() -> None:
    judged = Judged("JS-1", 1, [result("failed", "JS-1", message="A <ring> is missing.")])
    entry = Entry(
        "JS-1", "No ring is lost.", "Stock", "0", "Smoke step 8", ["Stock: x"], judged, "run 7", [Breakage("S", "y")]
    )
    page = catalogue_page.render([entry], {"S": Proof("S", "2026-01-01 10:00", True, ["red"])}, ["1 promises"], "run 7")
    for words in (
        "No ring is lost.",
        "Stock: x",
        "A &lt;ring&gt; is missing.",
        "caught on 2026-01-01 10:00",
        "Smoke step 8",
    ):
        assert words in page
    assert "http" not in page.replace("http-equiv", ""), "it opens without a network"


def test_the_page_of_this_catalogue_names_every_promise() -> None:
    page = conclusion.catalogue_page(None, "none")
    assert all(f'id="{promise}"' in page for promise in promises())
