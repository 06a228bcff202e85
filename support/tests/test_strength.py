"""When the shop counts as whole again after a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import MagicMock

import pytest

from support.profiles import load_profile
from support.systems.jewelry_shop import strength
from support.systems.jewelry_shop.parts import PartState
from support.tests.test_shop_views import CACHE, DATABASE, POD, STATE

APPLICATION = PartState("django", "django", True, 3, 3, False, "r1", [POD] * 3, None)


def complaints(*states: PartState, before: dict[str, int] | None = None, mute: Sequence[str] = ()) -> Sequence[str]:
    system = MagicMock(profile=load_profile("jewelry-shop"))
    seen = strength.Strength(states, DATABASE, CACHE, mute=mute)
    return strength.is_full(system, before=before).complaints(seen)


def test_everything_complete_is_whole() -> None:
    assert complaints(STATE, APPLICATION, before={"django": 3}) == []


@pytest.mark.parametrize(
    ("application", "why"),
    [
        (replace(APPLICATION, pods=[POD, POD, POD, replace(POD, name="d", leaving=True)]), "d is leaving still"),
        (replace(APPLICATION, desired=5, pods=[POD] * 5), "django is set to 5 instances, 3 before the fault"),
    ],
    ids=["an instance leaves", "it has grown"],
)
def test_a_shop_that_is_still_changing_is_not_whole(application: PartState, why: str) -> None:
    assert complaints(STATE, application, before={"django": 3}) == [why]


def test_a_part_may_become_smaller() -> None:
    assert complaints(replace(APPLICATION, wanted=3), before={"django": 5}) == []


def test_an_instance_that_does_not_answer_is_missing() -> None:
    assert complaints(STATE, mute=["the entrance does not serve: 503"]) == ["the entrance does not serve: 503"]


def test_an_unexplained_restart_says_how_the_container_ended() -> None:
    killed = replace(POD, restarts=2, last_end="OOMKilled, exit code 137")
    parts = MagicMock(pods=lambda word: [killed] if word == "worker" else [])
    system = MagicMock(profile=load_profile("jewelry-shop"), parts=parts)
    restarts = strength.Restarts({POD.uid: (POD.name, 1)})
    assert restarts.unexpected(system) == [f"{POD.name} has restarted 1 times (OOMKilled, exit code 137)"]
    restarts.explained.add(POD.name)
    assert restarts.unexpected(system) == []
