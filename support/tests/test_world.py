"""The state of a scenario, and how it is undone."""

from __future__ import annotations

import pytest

from support.cleaning import CleanUpFailed, CleanUps, raise_first
from support.running.vocabulary import Duration
from support.systems.jewelry_shop.shops import Naming
from support.waiting import Broken, Unknown
from support.world import Things


class BrassRing:
    """A thing that steps may name."""


def test_a_thing_is_found_by_kind_and_name() -> None:
    things, one, other = Things(), BrassRing(), BrassRing()
    things.put(one, "mine")
    things.put(other, "yours")
    assert things.get(BrassRing, "mine") is one
    assert things.get(BrassRing) is other
    assert things.named(BrassRing) == [one, other]


def test_a_thing_that_nobody_named_is_told_in_a_sentence() -> None:
    with pytest.raises(Unknown, match="no step has named any brass ring yet"):
        Things().get(BrassRing)
    with pytest.raises(Unknown, match='no step has named "mine" yet'):
        Things().get(BrassRing, "mine")


def fail(error: Exception) -> None:
    raise error


def test_the_last_is_undone_first_and_a_failure_stops_nobody() -> None:
    order: list[str] = []
    clean_ups = CleanUps()
    clean_ups.add("first", lambda: order.append("first"))
    clean_ups.add("second", lambda: fail(OSError("stuck")))
    clean_ups.add("third", lambda: order.append("third"))
    done = clean_ups.run()
    assert order == ["third", "first"]
    assert [entry.name for entry in done] == ["third", "second", "first"]
    with pytest.raises(CleanUpFailed, match="could not second: stuck"):
        raise_first(done)
    assert clean_ups.run() == []


def test_what_is_renewed_comes_first() -> None:
    order: list[str] = []
    clean_ups = CleanUps()
    clean_ups.renew("end the fault", lambda: order.append("old"))
    clean_ups.add("remove the shop", lambda: order.append("shop"))
    clean_ups.renew("end the fault", lambda: order.append("new"))
    clean_ups.run()
    assert order == ["new", "shop"]


def test_a_broken_promise_found_on_the_way_is_raised_as_it_is() -> None:
    clean_ups = CleanUps()
    clean_ups.add("close", lambda: fail(OSError("stuck")))
    clean_ups.add("read the books", lambda: fail(Broken("stock is off")))
    with pytest.raises(Broken, match="stock is off"):
        raise_first(clean_ups.run())


def test_what_the_user_wants_to_see_is_kept_and_faults_are_ended_all_the_same() -> None:
    order: list[str] = []
    clean_ups = CleanUps()
    clean_ups.add("remove the shop", lambda: order.append("shop"), keepable=True)
    clean_ups.add("end the fault", lambda: order.append("fault"))
    assert [entry.kept for entry in clean_ups.run(keep=True)] == [False, True]
    assert order == ["fault"]


def test_names_of_shops_are_short_and_their_own() -> None:
    names = {Naming("run123", "js205").slug() for _ in range(50)}
    assert all(name.startswith("e2e-run123-js205-") and len(name) <= 60 for name in names)
    assert len(names) > 45


def test_a_duration_is_told_as_it_was_written() -> None:
    assert f"{Duration(120, '2 minutes')}" == "2 minutes"
    assert float(Duration(120, "2 minutes")) == 120.0
