"""The arithmetic of a sale, by the check values of the contract."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

from shop.sales.arithmetic import DiscountError, Line, add_up, tax_before_discount

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "discount_type", "value", "rate", "expected"),
    [
        (1, "750.00", None, "0", "10.00", ("750.00", "0.00", "75.00", "825.00")),
        (1, "33.35", None, "0", "10", ("33.35", "0.00", "3.34", "36.69")),  # 3.335 goes up
        (3, "19.99", "PERCENTAGE", "5", "8.25", ("59.97", "3.00", "4.70", "61.67")),
        (1, "10.05", "PERCENTAGE", "50", "20", ("10.05", "5.03", "1.00", "6.02")),
        (2, "10.00", "FIXED", "20.00", "10", ("20.00", "20.00", "0.00", "0.00")),
    ],
)
def test_totals(quantity, price, discount_type, value, rate, expected):
    totals = add_up([Line(quantity, D(price), D("0"))], discount_type, D(value), D(rate))
    assert (totals.subtotal, totals.discount, totals.tax, totals.total) == tuple(map(D, expected))


@pytest.mark.parametrize(("kind", "value"), [("FIXED", "20.01"), ("PERCENTAGE", "100.1")])
def test_discount_above_subtotal_is_refused(kind, value):
    with pytest.raises(DiscountError):
        add_up([Line(2, D("10.00"), D("0"))], kind, D(value), D("10"))


def test_discount_of_a_line_above_its_price_is_refused():
    with pytest.raises(DiscountError):
        add_up([Line(1, D("10.00"), D("10.01")), Line(1, D("50.00"), D("0"))], None, D("0"), D("10"))


def test_tax_is_rounded_once_per_sale():
    # Each line alone would have a tax of 0.335 -> 0.34.
    totals = add_up([Line(1, D("3.35"), D("0"))] * 2, None, D("0"), D("10"))
    assert totals.tax == D("0.67")


def test_sabotage_taxes_what_was_discounted():
    totals = add_up([Line(1, D("100.00"), D("0"))], "FIXED", D("50.00"), D("10"))
    assert totals.tax == D("5.00")
    assert tax_before_discount(totals, D("10")).tax == D("10.00")
