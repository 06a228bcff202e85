"""What a sale costs: decimals, half up, tax once per sale. Knows nothing of Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)


class DiscountError(ValueError):
    """A discount above what it is taken from."""


@dataclass(frozen=True)
class Line:
    """One kind of goods on the counter."""

    quantity: int
    unit_price: Decimal
    discount: Decimal

    @property
    def subtotal(self) -> Decimal:
        """Price of the line after its own discount."""
        return self.unit_price * self.quantity - self.discount


@dataclass(frozen=True)
class Totals:
    """What the customer pays and how it comes about."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """The sum to pay."""
        return self.subtotal - self.discount + self.tax


def to_cent(amount: Decimal) -> Decimal:
    """Rounded to the cent, half a cent upwards."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def add_up(lines: Sequence[Line], discount_type: str | None, discount_value: Decimal, tax_rate: Decimal) -> Totals:
    """Totals of a sale; DiscountError if a discount is larger than what it is taken from."""
    if any(line.subtotal < 0 for line in lines):
        raise DiscountError("The discount of a line is above its price.")
    subtotal = sum((line.subtotal for line in lines), Decimal("0.00"))
    discount = _discount(subtotal, discount_type, discount_value)
    if discount > subtotal:
        raise DiscountError("The discount is above the subtotal.")
    return Totals(subtotal, discount, to_cent((subtotal - discount) * tax_rate / _HUNDRED))


def tax_before_discount(totals: Totals, tax_rate: Decimal) -> Totals:
    """The sabotage of that name: tax on the undiscounted sum, in binary floating point."""
    tax = Decimal(str(round(float(totals.subtotal) * float(tax_rate) / 100, 2)))
    return Totals(totals.subtotal, totals.discount, tax.quantize(_CENT))


def _discount(subtotal: Decimal, discount_type: str | None, value: Decimal) -> Decimal:
    if discount_type == "PERCENTAGE":
        return to_cent(subtotal * value / _HUNDRED)
    if discount_type == "FIXED":
        return to_cent(value)
    return Decimal("0.00")
