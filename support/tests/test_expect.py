"""The suite's only assertion can fail, and refuses what could not."""

from __future__ import annotations

from typing import Any

import pytest
from hamcrest import equal_to

from support.expect import expect
from support.waiting import Broken


def test_a_kept_promise_says_nothing() -> None:
    expect(3, equal_to(3), "three")


def test_a_broken_promise_begins_with_the_owners_sentence() -> None:
    with pytest.raises(Broken) as broken:
        expect(2, equal_to(3), "There are not three rings", look_at="attachment stock")
    first, seen, promised, where = str(broken.value).splitlines()
    assert first == "There are not three rings."
    assert seen == "Seen:      was <2>"
    assert promised == "Promised:  <3>"
    assert where.endswith("attachment stock")


@pytest.mark.parametrize("nothing", [True, False, 3, None, "text"])
def test_what_is_no_matcher_is_refused(nothing: Any) -> None:
    with pytest.raises(TypeError, match="needs a matcher"):
        expect(3, nothing, "three")
