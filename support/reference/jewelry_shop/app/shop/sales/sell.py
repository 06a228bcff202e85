"""A sale: one transaction, no cache, no queue."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from queue import SimpleQueue
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, connections

from shop.database.tenancy import Shop, open_shop, platform_transaction
from shop.errors import Refusal, refused
from shop.inventory.models import Item, StockAdjustment
from shop.sabotage import sabotaged
from shop.sales.arithmetic import DiscountError, Line, Totals, add_up, tax_before_discount
from shop.sales.models import Sale, SaleItem, Terminal

_LATE_COMMIT_S = 0.3  # of the sabotage ack_before_commit
_LOCKLESS_PAUSE_S = 0.1  # of the sabotage no_stock_lock


@dataclass(frozen=True)
class Confirmed:
    """A stored sale and the database member and timeline that stored it."""

    sale: Sale
    lines: list[SaleItem]
    by: str


def sell(shop: Shop, user_id: int, order: dict[str, Any]) -> Confirmed:
    """Store the sale inside the caller's transaction; Refusal 400 if it cannot be made, then nothing is stored."""
    till = _till(shop, order["terminal_id"])
    items = _items(shop, order["items"], lock=True)
    totals, priced = price(order, items)
    if not sabotaged("two_commits"):
        _check_stock(order["items"], items)
    number, now = _next_number(shop)
    sale = _sale(shop, till, user_id, order["payment_method"], totals, number, now)
    sale.save(force_insert=True)
    lines = [_line(shop, sale, asked, counted) for asked, counted in zip(order["items"], priced, strict=True)]
    SaleItem.objects.bulk_create(lines)
    _lower_stock(shop, user_id, items, lines)
    return Confirmed(sale, lines, _member_and_timeline())


def preview(shop: Shop, order: dict[str, Any]) -> Totals:
    """What the sale would cost; nothing is stored and stock does not matter."""
    return price(order, _items(shop, order["items"], lock=False))[0]


def price(order: dict[str, Any], items: dict[UUID, Item]) -> tuple[Totals, list[Line]]:
    """Totals and priced lines; Refusal for impossible discounts and split payments that do not add up."""
    lines = [
        Line(
            asked["quantity"],
            items[asked["inventory_item_id"]].selling_price if asked.get("unit_price") is None else asked["unit_price"],
            asked.get("discount") or Decimal("0.00"),
        )
        for asked in order["items"]
    ]
    try:
        totals = add_up(lines, order["discount_type"], order["discount_value"], order["tax_rate"])
    except DiscountError as error:
        raise refused(str(error)) from error
    if sabotaged("tax_before_discount"):
        totals = tax_before_discount(totals, order["tax_rate"])
    if order["payment_method"] == "SPLIT":
        paid = sum((part["amount"] for part in order["split_payments"]), Decimal("0.00"))
        if paid != totals.total:
            raise refused(f"The split payments add up to {paid:.2f}, the total is {totals.total:.2f}.")
    return totals, lines


def lower_stock_early(user: Any, order: dict[str, Any]) -> None:
    """The sabotage two_commits: each line lowers stock in a transaction of its own, before later lines are checked."""
    for asked in order["items"]:
        with open_shop(user) as shop:
            items = _items(shop, [asked], lock=True)
            _check_stock([asked], items)
            item = items[asked["inventory_item_id"]]
            item.quantity -= asked["quantity"]
            item.save(update_fields=["quantity"])


def confirm_then_commit(user: Any, work: Callable[[Shop], Confirmed]) -> Confirmed:
    """The sabotage ack_before_commit: hands over the result while its transaction is still open in a thread."""
    results: SimpleQueue[Confirmed | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            with open_shop(user) as shop:
                results.put(work(shop))
                time.sleep(_LATE_COMMIT_S)
        except BaseException as error:
            results.put(error)  # the request answers it, unless it has answered already

    threading.Thread(target=run, daemon=True).start()
    result = results.get()
    if isinstance(result, BaseException):
        raise result
    return result


def confirm_unstored(shop: Shop, user_id: int, order: dict[str, Any]) -> Confirmed:
    """The sabotage ignore_full_disk: what the database had no space for, as if it had been stored."""
    items = _items(shop, order["items"], lock=False)
    totals, priced = price(order, items)
    now = datetime.now(UTC)
    till = _till(shop, order["terminal_id"])
    sale = _sale(shop, till, user_id, order["payment_method"], totals, f"SALE-{now:%Y%m%d-%H%M%S}", now)
    lines = [_line(shop, sale, asked, counted) for asked, counted in zip(order["items"], priced, strict=True)]
    return Confirmed(sale, lines, _member_and_timeline())


def _sale(
    shop: Shop, till: Terminal, user_id: int, payment_method: str, totals: Totals, number: str, now: datetime
) -> Sale:
    return Sale(
        tenant_id=shop.id,
        sale_number=number,
        branch_id=till.branch_id,
        terminal_id=till.id,
        employee_id=user_id,
        subtotal=totals.subtotal,
        discount_amount=totals.discount,
        tax=totals.tax,
        total=totals.total,
        payment_method=payment_method,
        created_at=now,
    )


def _till(shop: Shop, terminal_id: UUID) -> Terminal:
    till = Terminal.objects.filter(tenant_id=shop.id, id=terminal_id, is_active=True).first()
    if till is None:
        raise refused("There is no such till.")
    return till


def _items(shop: Shop, asked: list[dict[str, Any]], *, lock: bool) -> dict[UUID, Item]:
    wanted = {line["inventory_item_id"] for line in asked}
    rows = Item.objects.filter(tenant_id=shop.id, id__in=wanted, is_active=True).order_by("id")
    if lock and not sabotaged("no_stock_lock"):
        # In one order for all tills, so that two sales of the same goods wait for each other and never in a circle.
        rows = rows.select_for_update()
    items = {item.id: item for item in rows}
    missing = wanted - items.keys()
    if missing:
        raise refused(f"There is no item {min(missing)}.")
    if lock and sabotaged("no_stock_lock"):
        time.sleep(_LOCKLESS_PAUSE_S)
    return items


def _check_stock(asked: list[dict[str, Any]], items: dict[UUID, Item]) -> None:
    for line in asked:
        item, wanted = items[line["inventory_item_id"]], line["quantity"]
        if item.quantity < wanted:
            raise Refusal(
                400,
                {
                    "detail": f"Only {item.quantity} of {item.sku} are in stock, {wanted} were asked for.",
                    "code": "insufficient_stock",
                    "available": item.quantity,
                    "requested": wanted,
                },
            )


def _next_number(shop: Shop) -> tuple[str, datetime]:
    now = datetime.now(UTC)
    if not sabotaged("ack_before_commit"):
        return _numbered(connection, shop, now), now
    # Held until the late commit, the shop's counter would let through three sales a second and hide the real harm.
    with platform_transaction():
        return _numbered(connections["platform"], shop, now), now


def _numbered(through: Any, shop: Shop, now: datetime) -> str:
    with through.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sale_counters (tenant_id, day, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (tenant_id, day) DO UPDATE SET last = sale_counters.last + 1 RETURNING last",
            [shop.id, now.date()],
        )
        return f"SALE-{now:%Y%m%d}-{cursor.fetchone()[0]:06d}"


def _line(shop: Shop, sale: Sale, asked: dict[str, Any], counted: Line) -> SaleItem:
    return SaleItem(
        id=uuid4(),
        tenant_id=shop.id,
        sale=sale,
        inventory_item_id=asked["inventory_item_id"],
        quantity=counted.quantity,
        unit_price=counted.unit_price,
        discount=counted.discount,
        subtotal=counted.subtotal,
        notes=asked.get("notes", ""),
    )


def _lower_stock(shop: Shop, user_id: int, items: dict[UUID, Item], lines: list[SaleItem]) -> None:
    if sabotaged("keep_stock"):
        return
    for line in lines:
        item = items[line.inventory_item_id]
        item.quantity -= line.quantity
        if not sabotaged("two_commits"):
            item.save(update_fields=["quantity"])
    StockAdjustment.objects.bulk_create(
        StockAdjustment(
            tenant_id=shop.id,
            item_id=line.inventory_item_id,
            kind=StockAdjustment.SALE,
            delta=-line.quantity,
            sale_item_id=line.id,
            user_id=user_id,
        )
        for line in lines
    )


def _member_and_timeline() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('shop.member', true), left(pg_walfile_name(pg_current_wal_lsn()), 8)")
        member, timeline = cursor.fetchone()
    return f"{member}/{timeline}"
