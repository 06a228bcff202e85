"""Rushes at the tills, and books that add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import integrity, mistakes, money, sums
from support.systems.jewelry_shop.store import Piece, Store
from support.waiting import throughout
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


@when("the sales person tries sales with these mistakes:")
def sales_person_tries_impossible_sales(context: BehaveContext) -> None:
    """Each mistake is made in a sale that would be good without it."""
    names = mistakes.mistakes_of(context.table)
    store = context.world.things.get(Store)
    context.world.things.put(mistakes.try_impossible_sales(context.world.jewelry, store, names))


@then("each of them is refused as a mistake and leaves no trace")
def impossible_sales_are_refused(context: BehaveContext) -> None:
    """Every answer is a refusal, and nothing is stored otherwise right after it."""
    attempts = context.world.things.get(mistakes.Attempts)
    expect(attempts, mistakes.are_refused_without_trace(), "A sale that cannot be completed was not simply refused")


@then('for "{span:Duration}" nothing of them turns up in stock, sales or receipts')
def nothing_of_them_turns_up(context: BehaveContext, span: Duration) -> None:
    """What works in the background finds nothing of them either."""
    attempts, jewelry = context.world.things.get(mistakes.Attempts), context.world.jewelry
    matcher = mistakes.nothing_came_later(attempts)
    throughout(lambda _: mistakes.trace_of(jewelry, attempts), matcher, span, "A refused sale left a trace", every=1.0)


@when('the sales person sells "{goods:Goods}" less "{reduction:Reduction}" at "{tax:Percent}" tax')
def sales_person_sells_goods(
    context: BehaveContext, goods: Sequence[sums.Line], reduction: sums.Reduction, tax: Decimal
) -> None:
    """Goods of these prices, with their own discounts and one on the whole; the price is asked before the sale."""
    store = context.world.things.get(Store)
    context.world.things.put(sums.price_and_sell(context.world.jewelry, store, goods, reduction, tax))


@then('the sale costs "{total:Money}" when asked before, when confirmed and in the books')
def sale_costs(context: BehaveContext, total: Decimal) -> None:
    """Every sum is right to the cent, wherever it is told."""
    expect(context.world.things.get(sums.Priced), sums.costs(total), "The sums of a sale are not right to the cent")
