"""A run inside a run: its three ways of telling agree, and each matcher turns red when they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.evidence.verdict import judge
from support.running import own_run
from support.running.own_run import Coverage, OwnRun
from support.waiting import Unknown, mismatch


@pytest.fixture(scope="module")
def sample() -> OwnRun:
    return own_run.run_sample()


def test_the_sample_is_counted_as_it_is_known_to_end(sample: OwnRun) -> None:
    assert own_run.agrees_with_itself().complaints(sample) == []
    wanted = {"kept": 1, "kept in part": 1, "broken": 1, "not known": 1, "not checked": 2}
    assert own_run.counts(wanted).complaints(sample) == []
    assert own_run.has_rate(17).complaints(sample) == []
    assert own_run.is_kept_with_its_time().complaints(sample) == []
    assert sample.code == 1


def test_the_sample_is_not_green_and_says_why(sample: OwnRun) -> None:
    told = "\n".join(own_run.is_green().complaints(sample))
    assert "JS-103 broken: A ring is missing." in told
    assert "JS-104 not known: Nobody could count the rings." in told


def test_a_run_of_nothing(sample: OwnRun) -> None:
    assert own_run.says_nothing_was_checked().complaints(own_run.run_nothing()) == []
    assert own_run.says_nothing_was_checked().complaints(sample)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"code": 0}, "the exit code is 0, the verdict is not green"),
        ({"statuses": {"passed": 6, "failed": 1, "broken": 1}}, "the summary counts 3 passed, the report 6"),
        ({"statuses": {"passed": 3, "failed": 0, "broken": 1}}, "the summary counts 2 red, the report 1"),
        ({"told": "Promises = all kept"}, "the report says"),
    ],
)
def test_every_disagreement_is_seen(sample: OwnRun, spoil: dict[str, object], words: str) -> None:
    assert words in mismatch(own_run.agrees_with_itself(), replace(sample, **spoil))  # type: ignore[arg-type]


def test_a_green_verdict_with_a_red_exit_code_is_a_disagreement(sample: OwnRun) -> None:
    nothing_known = replace(sample, verdict=judge([], {}, []), code=0)
    assert "not green" in mismatch(own_run.agrees_with_itself(), nothing_known)


def test_other_numbers_and_rates_and_places_are_seen(sample: OwnRun) -> None:
    assert mismatch(own_run.counts({"kept": 5}), sample).startswith("1 are kept instead of 5")
    assert mismatch(own_run.has_rate(50), sample) == "the rate is 17%"
    assert mismatch(own_run.is_kept_with_its_time(), replace(sample, folder="results")) == "it is results"


def test_a_run_without_a_summary_is_unknown(sample: OwnRun) -> None:
    with pytest.raises(Unknown, match="without a summary"):
        own_run.agrees_with_itself().complaints(replace(sample, text="Traceback"))


def test_a_forgotten_group_is_named() -> None:
    coverage = Coverage({("E2E group", 1): ["JS-101"], ("E2E group", 2): [], ("Smoke step", 1): ["JS-201"]})
    assert own_run.covers(2, 1).complaints(coverage) == ["E2E group 2 has no promise that is checked"]
    assert "2 E2E groups are known instead of 18" in own_run.covers(18, 1).complaints(coverage)[0]
    assert own_run.covers(1, 1).complaints(Coverage({("E2E group", 1): ["a"], ("Smoke step", 1): ["b"]})) == []
