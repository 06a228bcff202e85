"""Sums to the cent, sales with mistakes, and what an attempt leaves behind."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from support.clients.http import Answer
from support.systems.jewelry_shop import mistakes, sums, traces
from support.systems.jewelry_shop.traces import Trace, left_behind
from support.waiting import Unknown, mismatch


@pytest.mark.parametrize(
    ("goods", "reduction", "rate", "wanted"),
    [
        ("1 x 750.00", "nothing", "10", "750.00 0.00 75.00 825.00"),
        ("1 x 33.35", "nothing", "10", "33.35 0.00 3.34 36.69"),  # 3.335
        ("1 x 33.25", "nothing", "10", "33.25 0.00 3.33 36.58"),  # 3.325: the even neighbour is 3.32
        ("3 x 19.99", "5 %", "8.25", "59.97 3.00 4.70 61.67"),
        ("1 x 10.05", "50 %", "20", "10.05 5.03 1.00 6.02"),
        ("2 x 199.99, 1 x 0.05", "8.53", "19", "400.03 8.53 74.39 465.89"),
        ("2 x 120.00 less 5.55, 1 x 75.10", "12.5 %", "7.7", "309.55 38.69 20.86 291.72"),
    ],
)
def test_the_agreed_arithmetic(goods: str, reduction: str, rate: str, wanted: str) -> None:
    found = sums.compute(sums.read_goods(goods), sums.read_reduction(reduction), Decimal(rate))
    assert [found.subtotal, found.discount, found.tax, found.total] == [Decimal(text) for text in wanted.split()]


GOODS = sums.read_goods("2 x 10.00 less 1.00")
TOLD = '{"subtotal": "19.00", "discount_amount": "9.00", "tax_amount": "1.00", "tax": "1.00", "total": "11.00",'
TOLD += '"items": [{"quantity": 2, "unit_price": "10.00", "discount": "1.00", "subtotal": "19.00"}]}'
PREVIEW, SOLD = Answer("POST", "/t", 200, TOLD), Answer("POST", "/s", 201, TOLD)
ROW = {"subtotal": "19.00", "discount_amount": "9.00", "tax": "1.00", "total": "11.00"}
LINE = {"quantity": 2, "unit_price": "10.00", "discount": "1.00", "subtotal": "19.00"}
RATE = Decimal(10)
WANTED = sums.compute(GOODS, sums.read_reduction("9.00"), RATE)
PRICED = sums.Priced(GOODS, RATE, WANTED, PREVIEW, SOLD, [ROW], [LINE])


def told(answer: Answer, **figures: str) -> Answer:
    text = answer.text
    for name, figure in figures.items():
        old = {"tax": "1.00", "tax_amount": "1.00", "total": "11.00"}[name]
        text = text.replace(f'"{name}": "{old}"', f'"{name}": "{figure}"')
    return replace(answer, text=text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"preview": told(PREVIEW, tax_amount="1.01")}, "asked before: tax_amount is '1.01'"),
        ({"preview": replace(PREVIEW, status=500)}, "asked before: answered 500"),
        ({"confirmation": told(SOLD, tax="1.90")}, "confirmed: tax was computed before the discount: 1.90 instead of"),
        ({"confirmation": told(SOLD, total="11.01")}, "confirmed: total is '11.01'"),
        (
            {"confirmation": replace(SOLD, text=TOLD.replace('"quantity": 2', '"quantity": 1'))},
            "confirmed: the lines are 1 10.00 1.00 19.00, not 2 10.00 1.00 19.00",
        ),
        ({"confirmation": replace(SOLD, text="[]")}, "confirmed: answered 201"),
        ({"stored": []}, "stored 0 times"),
        ({"stored": [{**ROW, "total": "10.99"}]}, "in the books: total is '10.99'"),
        ({"lines": [{**LINE, "discount": "0.00"}]}, "the lines are 2 10.00 0.00 19.00, not 2 10.00 1.00 19.00"),
    ],
)
def test_a_cent_that_is_off_is_named(change: dict[str, Any], words: str) -> None:
    matcher = sums.costs(Decimal("11.00"))
    assert matcher.matches(PRICED), mismatch(matcher, PRICED)
    assert words in mismatch(matcher, replace(PRICED, **change))


def test_a_feature_with_a_wrong_total_proves_nothing() -> None:
    with pytest.raises(Unknown, match=r"promises 12\.00"):
        sums.costs(Decimal("12.00")).matches(PRICED)


RING = {"id": "r", "sku": "RING-1", "quantity": 10}
BEFORE = Trace({"inventory_items": {"r": RING}, "sales": {}, "receipts": {}})


def with_tables(**tables: Any) -> Trace:
    return Trace({**BEFORE.tables, **tables})


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (with_tables(inventory_items={"r": {**RING, "quantity": 9}}), "stock lowered by a refused sale: RING-1 had 10"),
        (with_tables(inventory_items={"r": {**RING, "quantity": 11}}), "a refused sale changed 1 rows of inventory"),
        (with_tables(inventory_items={}), "a refused sale removed 1 rows of inventory_items"),
        (with_tables(sales={"s": {"id": "s"}}), "a refused sale left 1 rows of sales"),
        (with_tables(later={"x": {"id": "x"}}), "a refused sale left 1 rows of later"),
    ],
)
def test_what_is_left_behind_is_named(after: Trace, words: str) -> None:
    assert left_behind(BEFORE, BEFORE, "a refused sale") == []
    assert any(words in text for text in left_behind(BEFORE, after, "a refused sale"))
    refused = Answer("POST", "/s", 400, "{}")
    attempts = mistakes.Attempts(None, [mistakes.Attempt("an unknown till", refused, BEFORE, after)])  # type: ignore[arg-type]
    assert words in mismatch(mistakes.are_refused_without_trace(), attempts)
    assert mistakes.nothing_came_later(attempts).matches(BEFORE)
    assert words in mismatch(mistakes.nothing_came_later(attempts), after)


def test_a_sale_that_was_done_or_failed_was_not_refused() -> None:
    matcher = mistakes.are_refused_without_trace()
    made = [mistakes.Attempt("an unknown till", Answer("POST", "/s", 400, "{}"), BEFORE, BEFORE)]
    assert matcher.matches(mistakes.Attempts(None, made))  # type: ignore[arg-type]  # the shop is not looked at
    for status in (201, 500):
        wrong = [replace(made[0], answer=Answer("POST", "/s", status, "{}"))]
        assert f"an unknown till was answered {status}" in mismatch(matcher, mistakes.Attempts(None, wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("table", [None, [], [{"mistake": "something else"}]])
def test_a_table_of_mistakes_has_known_ones_only(table: Any) -> None:
    with pytest.raises(Unknown, match="table of mistakes"):
        mistakes.mistakes_of(table)


class Told:
    """A database that has two tables with rows of shops, and a counter."""

    def ask(self, statement: str, params: Any = ()) -> list[dict[str, Any]]:
        if not params:
            return [{"name": name} for name in ("inventory_items", "sale_counters", "sales")]
        assert "sale_counters" not in statement
        assert list(params) == ["t", "t"]
        return [
            {"name": "inventory_items", "row": '{"id": "r", "quantity": 3}'},
            {"name": "sales", "row": '{"day": 1}'},
        ]


def test_every_row_of_a_shop_is_read_but_the_last_number_of_a_day() -> None:
    trace = traces.read_trace(Told(), "t")  # type: ignore[arg-type]
    assert set(trace.tables) == {"inventory_items", "sales"}
    assert trace.tables["inventory_items"]["r"]["quantity"] == 3
    assert set(trace.only(["sales"]).tables) == {"sales"}
    assert str(trace) == "inventory_items 1, sales 1"
