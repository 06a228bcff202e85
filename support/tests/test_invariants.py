"""Promises that are looked at after whatever scenario: of what they are said to be kept or broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from unittest.mock import MagicMock

import pytest

from support import lifecycle
from support.systems.jewelry_shop.breaking import Breaker, after_a_loss
from support.waiting import Unknown
from support.world import World


def broken() -> None:
    raise AssertionError("The shop has not returned to full strength")


def unable() -> None:
    raise OSError("the namespace cannot be removed")


@pytest.mark.parametrize(
    ("kept", "clean_up", "failed", "filed"),
    [
        (True, lambda: None, False, ["JS-1152"]),
        (True, lambda: None, True, []),
        (True, unable, False, []),
        (False, broken, False, ["JS-1152"]),
        (False, broken, True, ["JS-1152"]),
    ],
    ids=[
        "kept in a green scenario",
        "kept in a red one",
        "kept before something else went wrong",
        "broken after a green scenario",
        "broken after a red one",
    ],
)
def test_an_invariant_is_filed_where_the_scenario_speaks_for_it(
    monkeypatch: pytest.MonkeyPatch, kept: bool, clean_up: Callable[[], None], failed: bool, filed: list[str]
) -> None:
    seen: list[str] = []

    def note(promises: Iterable[str]) -> None:
        seen.extend(promises)

    monkeypatch.setattr(lifecycle, "also_checked", note)
    monkeypatch.setattr(lifecycle, "_collect", lambda _: None)
    monkeypatch.setattr(lifecycle, "attach_text", lambda *_: None)
    suite = MagicMock()
    suite.cluster.mutations, suite.settings.keep = [], "none"
    world = World(suite, "js101")
    world.invariants["JS-1152"] = kept
    world.clean_ups.add("look", clean_up)
    outcome: BaseException | None = None
    try:
        lifecycle.finish(world, failed=failed, abort=MagicMock())
    except Exception as error:
        outcome = error
    assert (outcome is None) == (clean_up not in (broken, unable))
    assert seen == filed


def test_nothing_is_said_of_a_return_when_nothing_was_lost() -> None:
    world = World(MagicMock(), "js1152")
    with pytest.raises(Unknown, match="no step has named any breaker yet"):
        after_a_loss(world)
    made = Breaker(world, MagicMock(), MagicMock(), {}, {})
    world.things.put(made)
    with pytest.raises(Unknown, match="nothing of the shop was broken"):
        after_a_loss(world)
    made.struck = True
    assert after_a_loss(world) is made
