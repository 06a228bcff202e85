"""Do stock and money of a shop still add up? Read from the database at rest, recomputed here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from support.clients.sql import Row
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.truth import Truth

_CENT = Decimal("0.01")
_NUMBER = re.compile(r"SALE-\d{8}-\d{6}")

_ITEMS = """
SELECT i.id, i.sku, i.quantity, b.tenant_id AS branch_shop, c.tenant_id AS category_shop, i.tenant_id,
       coalesce((SELECT sum(a.delta) FROM stock_adjustments a WHERE a.item_id = i.id), 0) AS booked,
       coalesce((SELECT sum(a.delta) FROM stock_adjustments a
                 WHERE a.item_id = i.id AND a.kind <> 'SALE'), 0) AS stocked,
       coalesce((SELECT sum(l.quantity) FROM sale_items l JOIN sales s ON s.id = l.sale_id
                 WHERE l.inventory_item_id = i.id AND s.status = 'COMPLETED'), 0) AS sold
FROM inventory_items i
LEFT JOIN branches b ON b.id = i.branch_id
LEFT JOIN inventory_categories c ON c.id = i.category_id
WHERE i.tenant_id = %s
"""
_SALES = """
SELECT s.id, s.sale_number, s.subtotal, s.discount_amount, s.tax, s.total,
       (SELECT sum(l.subtotal) FROM sale_items l WHERE l.sale_id = s.id) AS lines
FROM sales s WHERE s.tenant_id = %s
"""
_LINES = """
SELECT l.id, l.quantity, l.unit_price, l.discount, l.subtotal, l.tenant_id,
       s.tenant_id AS sale_shop, i.tenant_id AS item_shop
FROM sale_items l
LEFT JOIN sales s ON s.id = l.sale_id
LEFT JOIN inventory_items i ON i.id = l.inventory_item_id
WHERE l.tenant_id = %s
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything of one shop that has to add up."""

    slug: str
    items: list[Row]
    sales: list[Row]
    lines: list[Row]
    tax_rate: Decimal | None = None  # when all sales of the shop had the same one, the tax is recomputed

    def __str__(self) -> str:
        return f"{self.slug}: {len(self.items)} goods, {len(self.sales)} sales, {len(self.lines)} lines"


def read_books(truth: Truth, slug: str, tenant: str, tax_rate: Decimal | None = None) -> Books:
    """The books of one shop, read at one moment per table: the shop must be at rest."""
    return Books(slug, truth.ask(_ITEMS, [tenant]), truth.ask(_SALES, [tenant]), truth.ask(_LINES, [tenant]), tax_rate)


def adds_up() -> ComplaintMatcher[Books]:
    """Matches books in which stock and money add up; each complaint names what went wrong with which goods or sale."""
    return without_complaints(
        "stock = opening + adjustments - sold pieces, never negative; sums of every sale right to the cent; every line "
        "with its sale and its goods, in the same shop",
        lambda books: [*_stock(books), *_money(books), *_numbers(books), *_links(books)],
    )


def _stock(books: Books) -> list[str]:
    found = []
    for item in books.items:
        quantity, stocked, sold = (int(item[name]) for name in ("quantity", "stocked", "sold"))
        story = f"{item['sku']} had {stocked}, sold {sold}, has {quantity}"
        if sold > stocked:
            found.append(f"more pieces sold than were in stock: {story}")
        elif quantity == stocked and sold:
            found.append(f"stock unchanged after a confirmed sale: {story}")
        elif quantity < stocked - sold:
            found.append(f"stock lowered by a refused sale: {story}")
        elif quantity != stocked - sold:
            found.append(f"more stock than the sales leave: {story}")
        elif quantity != int(item["booked"]):
            found.append(f"the adjustments of {item['sku']} add up to {item['booked']} instead of {quantity}")
        if quantity < 0:
            found.append(f"stock below zero: {story}")
    return found


def _money(books: Books) -> list[str]:
    found = []
    for sale in books.sales:
        subtotal, discount, tax, total = (
            Decimal(str(sale[n])) for n in ("subtotal", "discount_amount", "tax", "total")
        )
        if Decimal(str(sale["lines"] or 0)) != subtotal:
            found.append(f"{sale['sale_number']}: its lines add up to {sale['lines']} instead of {subtotal}")
        if subtotal - discount + tax != total:
            found.append(f"{sale['sale_number']}: {subtotal} - {discount} + {tax} is not {total}")
        if books.tax_rate is not None and tax != _tax(subtotal - discount, books.tax_rate):
            found.append(f"{sale['sale_number']}: tax {tax} is not {books.tax_rate} % of {subtotal - discount}")
    for line in books.lines:
        wanted = int(line["quantity"]) * Decimal(str(line["unit_price"])) - Decimal(str(line["discount"]))
        if wanted != Decimal(str(line["subtotal"])):
            found.append(
                f"a line of {line['quantity']} x {line['unit_price']} is {line['subtotal']} instead of {wanted}"
            )
    return found


def _tax(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate / 100).quantize(_CENT, ROUND_HALF_UP)  # rates are in percent


def _numbers(books: Books) -> list[str]:
    numbers = [str(sale["sale_number"]) for sale in books.sales]
    twice = [f"the number {number} was given {count} times" for number, count in Counter(numbers).items() if count > 1]
    return twice + [f"{number} is no number of a sale" for number in numbers if not _NUMBER.fullmatch(number)]


def _links(books: Books) -> list[str]:
    found = []
    for line in books.lines:
        if not line["tenant_id"] == line["sale_shop"] == line["item_shop"]:
            found.append("a line without its sale and goods in the same shop")
    for item in books.items:
        if not item["tenant_id"] == item["branch_shop"] == item["category_shop"]:
            found.append(f"{item['sku']} lies in a branch or category of another shop")
    return found
