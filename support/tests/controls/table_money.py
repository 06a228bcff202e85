"""Controls of sales that cannot be completed, and of sums."""

from __future__ import annotations

from dataclasses import replace

from support.clients.http import Answer
from support.systems.jewelry_shop.mistakes import Attempt, Attempts
from support.tests.controls.control import Control, Later, thing
from support.tests.test_shop_matchers import SOLD, STORE
from support.tests.test_shop_sums import BEFORE, PRICED, ROW, with_tables

LEFT = with_tables(sales={"s": {"id": "s"}})
TRIED = Attempt("an unknown till", Answer("POST", "/s", 400, "{}"), BEFORE, BEFORE)
TRIED_IN_VAIN = Attempts(STORE, [TRIED])

CONTROLS: dict[str, Control] = {
    "sales with mistakes": thing(TRIED_IN_VAIN, Attempts(STORE, [replace(TRIED, after=LEFT)])),
    "answers to mistakes": thing(TRIED_IN_VAIN, Attempts(STORE, [replace(TRIED, answer=SOLD)])),
    "late traces of mistakes": Control(
        "mistakes.read_trace", lambda: BEFORE, lambda: Later(BEFORE, LEFT), (TRIED_IN_VAIN,)
    ),
    "sums in three places": thing(PRICED, replace(PRICED, stored=[{**ROW, "total": "10.99"}])),
}
