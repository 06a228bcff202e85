"""The judge of proofs: what counts as caught, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.platforms.sabotage import Sabotage
from support.running.prove import Outcome, judge, outcomes

BROKEN = Sabotage("JS-S-99", "stock is kept", "live", ["JS-206"], "stock unchanged after a confirmed sale")


def test_red_with_the_cause_is_caught() -> None:
    seen = {"JS-206": Outcome(["failed"], ["The sale of Anna: Stock unchanged after\na confirmed sale (10 pieces)."])}
    assert judge(BROKEN, seen, ["JS-206"]) == []


@pytest.mark.parametrize(
    ("outcome", "complaint"),
    [
        (Outcome(["passed"], []), "JS-206 stayed passed"),
        (Outcome(["broken"], []), "JS-206 stayed broken"),
        (Outcome(["skipped"], []), "JS-206 stayed skipped"),
        (None, "JS-206 stayed unchecked"),
    ],
)
def test_everything_but_failed_is_not_caught(outcome: Outcome | None, complaint: str) -> None:
    assert complaint in judge(BROKEN, {"JS-206": outcome} if outcome else {}, ["JS-206"])


def test_red_without_the_cause_is_not_caught() -> None:
    complaints = judge(BROKEN, {"JS-206": Outcome(["failed"], ["something is wrong"])}, ["JS-206"])
    assert complaints == ["no message names the cause 'stock unchanged after a confirmed sale' in its first 10 lines"]


def test_results_are_read_per_promise(tmp_path: Path) -> None:
    tags = [{"name": "requirement", "value": value} for value in ("JS-206", "JS-207")]
    result = {"status": "failed", "labels": tags, "statusDetails": {"message": "why"}}
    (tmp_path / "1-result.json").write_text(json.dumps(result))
    seen = outcomes(tmp_path)
    assert sorted(seen) == ["JS-206", "JS-207"]
    assert seen["JS-206"].messages == ["why"]
