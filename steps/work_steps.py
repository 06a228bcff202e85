"""Background work: valuations, receipts, the gold price, and the workers behind them."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import gold, hanging, lost_work, receipts, valuations
from support.systems.jewelry_shop.store import Store
from support.world import BehaveContext


@given('"{company:Company}" has "{number:Count}" kinds of rings in stock')
def shop_has_kinds_of_rings(context: BehaveContext, company: str, number: int) -> None:
    """A new shop with so many kinds of rings, each at another price and in another number."""
    store = context.world.jewelry.open_store(company)
    valuations.stock_kinds(store, number)
    context.world.things.put(store, company)


@given("a background worker is at work on a slow valuation of the stock")
def worker_is_at_work(context: BehaveContext) -> None:
    """The owner has ordered a valuation that takes its time, and a worker has done some of it."""
    context.world.things.put(valuations.ask_slowly(context.world, context.world.things.get(Store)))


@given('the owner has the stock valued "{rate:Count}" times a second')
def owner_orders_valuations(context: BehaveContext, rate: int) -> None:
    """Valuations are ordered at this pace, whatever the workers do; each of them has finished some."""
    context.world.things.put(hanging.order_valuations(context.world, float(rate)))


@when("the owner has the stock valued")
def owner_has_stock_valued(context: BehaveContext) -> None:
    """One order for a valuation."""
    context.world.things.put(valuations.ask(context.world.things.get(Store)))


@when('the "{what:Workforce}" that is at work on it is killed without warning')
def workforce_is_killed(context: BehaveContext, what: str) -> None:
    """The worker, or only its working process, is gone in the middle of the valuation."""
    context.world.things.put(lost_work.lose(context.world, what))


@when("a background worker hangs")
def worker_hangs(context: BehaveContext) -> None:
    """The main process of one worker stands still without ending."""
    context.world.things.put(hanging.hang(context.world))


@when('the sales person makes "{number:Count}" sales')
def sales_person_makes_sales(context: BehaveContext, number: int) -> None:
    """So many sales of different sums, one after the other."""
    context.world.things.put(receipts.make_sales(context.world.things.get(Store), number))


@then('the valuation is finished with the right sum within "{limit:Duration}"')
def valuation_is_finished(context: BehaveContext, limit: Duration) -> None:
    """The order was accepted, and the sum is that of the goods, in time."""
    valuations.demand_done(context.world, limit)


@then("the journal of the worker that did it tells of the same valuation")
def journal_tells_of_valuation(context: BehaveContext) -> None:
    """Beginning and end of this very valuation are in the journal of the worker that the shop names."""
    valuations.demand_told(context.world)


@then('"{finisher:Finisher}" background worker finishes it with the right sum within "{limit:Duration}"')
def worker_finishes_it(context: BehaveContext, finisher: str, limit: Duration) -> None:
    """The work is taken up again and finished, in time, counted from the loss."""
    lost_work.demand_finished(context.world, limit, finisher)


@then("every kind of ring has been valued exactly once")
def every_kind_is_valued_once(context: BehaveContext) -> None:
    """No step of the work was left out or took effect twice."""
    lines = valuations.stored_lines(context.world.jewelry, context.world.things.get(valuations.Valuation))
    expect(lines, valuations.value_each_kind_once(), "Work that was taken up again has not taken effect exactly once")


@then('each of them has exactly one receipt within "{limit:Duration}" after the last one')
def each_sale_has_one_receipt(context: BehaveContext, limit: Duration) -> None:
    """Sales and receipts are joined one to one, in time."""
    receipts.demand_receipts(context.world, limit)


@then('the total of the day is the sum of its sales within "{limit:Duration}" after the last one')
def day_total_is_sum(context: BehaveContext, limit: Duration) -> None:
    """What the shop tells of the day is what was sold, in time."""
    receipts.demand_day_total(context.world, limit)


@then('for "{span:Duration}" no receipt is added and no total changes')
def nothing_changes(context: BehaveContext, span: Duration) -> None:
    """What is right stays right while nothing is sold."""
    receipts.demand_unchanged(context.world, span)


@then('for "{span:Duration}" the gold price is never older than "{limit:Duration}"')
def gold_price_is_young(context: BehaveContext, span: Duration, limit: Duration) -> None:
    """Whenever somebody asks, the price is young enough."""
    gold.watch(context.world, span, limit)
    seen = gold.ask(context.world.jewelry, context.world.things.get(Store), limit)
    expect(seen, gold.is_younger_than(limit), f"The gold price was older than {limit}")


@then('every period of "{period:Duration}" in that time has had its price exactly once')
def every_period_has_one_price(context: BehaveContext, period: Duration) -> None:
    """No period was left out, and none was worked on twice."""
    seen = gold.watched_periods(context.world, period)
    expect(seen, gold.are_executed_once(period), "The gold price was not refreshed once in every period")


@then('the gold price is refreshed again within "{limit:Duration}"')
def gold_price_is_refreshed(context: BehaveContext, limit: Duration) -> None:
    """There is a price of a later period, in time, counted from the loss of the scheduler."""
    gold.demand_refreshed(context.world, limit)


@then('at most "{missing:Count}" periods of "{period:Duration}" have no price, and none has had it twice')
def few_periods_are_missing(context: BehaveContext, missing: int, period: Duration) -> None:
    """From the last price before the loss until now."""
    seen = gold.periods_around_loss(context.world, period)
    expect(seen, gold.are_executed_once(period, missing), "The gold price was not refreshed once in every period")


@then('it is restarted and answers again within "{limit:Duration}"')
def hanging_worker_is_restarted(context: BehaveContext, limit: Duration) -> None:
    """The platform has noticed that it hangs, and it is there again, in time."""
    hanging.demand_revival(context.world, limit)


@then('meanwhile the others never paused for more than "{gap:Duration}", and every valuation is done')
def others_went_on(context: BehaveContext, gap: Duration) -> None:
    """The other workers went on finishing what was ordered, and nothing that was accepted is left."""
    hanging.demand_others_went_on(context.world, gap)
