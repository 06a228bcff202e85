"""Rushes at the tills, and books that add up."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.systems.jewelry_shop import integrity, money
from support.systems.jewelry_shop.store import Piece, Store
from support.world import BehaveContext


@given('"{company:Company}" has "{number:Count}" tills')
def shop_has_tills(context: BehaveContext, company: str, number: int) -> None:
    """So many tills stand ready in the shop."""
    context.world.things.put(money.Tills(context.world.things.get(Store, company).open_tills(number)))


@when("all tills sell one ring at the same moment")
def all_tills_sell(context: BehaveContext) -> None:
    """Every till sells one piece of the same kind, all at once."""
    things = context.world.things
    things.put(money.rush(things.get(Store), things.get(Piece), things.get(money.Tills)))


@when('"{company:Company}" goes through a day of sales, a rush, refused sales and corrections')
def shop_goes_through_day(context: BehaveContext, company: str) -> None:
    """A day that has everything in it which the books must bear."""
    money.go_through_a_day(context.world.things.get(Store, company), context.world.things.get(money.Tills))


@then('exactly "{number:Count}" sales are confirmed under different numbers')
def sales_are_confirmed(context: BehaveContext, number: int) -> None:
    """As many sales as there were pieces, and no more."""
    rush = context.world.things.get(money.Rush)
    expect(rush, money.confirms_exactly(number), f"There should be exactly {number} confirmed sales")


@then("the others are told how many rings are left, and left no trace")
def others_are_told(context: BehaveContext) -> None:
    """Each refused till learns why, and nothing of its sale is stored."""
    rush = context.world.things.get(money.Rush)
    expect(rush, money.tell_what_is_left(context.world.jewelry), "A refused sale was not refused as promised")


@then("stock and money of every shop of this run add up")
def books_add_up(context: BehaveContext) -> None:
    """Stock and sums are recomputed from every stored row."""
    books = money.read_all_books(context.world.jewelry)
    expect(books, money.all_add_up(integrity.adds_up()), "Stock or money of a shop does not add up")
