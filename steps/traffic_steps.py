"""Customers at work while something happens, and what they got."""

from __future__ import annotations

from decimal import Decimal

from support.expect import expect
from support.running.grammar import given, then
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import (
    healing,
    incidents,
    keepsakes,
    outages,
    queued_work,
    traffic,
    visitors,
    without_database,
)
from support.world import BehaveContext


@given('customers of "{company:Company}" buy "{rate:Count}" times a second')
def customers_buy(context: BehaveContext, company: str, rate: int) -> None:
    """Customers of a new shop buy at this pace, whatever the shop does; somebody writes to the database directly."""
    context.world.things.put(outages.start(context.world, traffic.buy(context.world.jewelry, company, float(rate))))


@given('customers look at the goods of "{company:Company}" "{rate:Count}" times a second')
def customers_look(context: BehaveContext, company: str, rate: int) -> None:
    """Customers of a new shop look at its goods at this pace."""
    context.world.things.put(outages.start(context.world, traffic.look(context.world.jewelry, company, float(rate))))


@given("every instance of the application and of the background workers has work")
def every_instance_has_work(context: BehaveContext) -> None:
    """Somebody sells at each instance of the application, and jobs are handed to the workers."""
    incidents.give_work_to_all(context.world)


@given("somebody asks every instance of the application how it is, and buys there")
def somebody_asks_every_instance(context: BehaveContext) -> None:
    """Every instance is asked whether it is ready and alive, and is sold at, past the entrance."""
    without_database.ask_every_instance(context.world)


@given("the sales person has signed in on the web and parked a basket")
def sales_person_has_left_something(context: BehaveContext) -> None:
    """A sign-in and a basket that lie in the cache."""
    store = context.world.things.get(traffic.Traffic).store
    context.world.things.put(keepsakes.leave(context.world.jewelry, store))


@given('somebody writes to the cache "{rate:Count}" times a second and has each write copied')
def somebody_writes_to_cache(context: BehaveContext, rate: int) -> None:
    """Writes to the master of the cache, each confirmed only when a follower has it."""
    writing = traffic.write_to_cache(context.world.jewelry, float(rate))
    context.world.things.put(outages.start(context.world, writing))


@given("somebody on the machine of the leading database member writes to it directly")
def somebody_writes_beside_leader(context: BehaveContext) -> None:
    """A writer that stays on the leader's side when its machine is cut off."""
    system = context.world.jewelry
    traffic.write_beside(system, context.world.things.get(traffic.Traffic), system.database.leading_pod())


@then('no sale has failed and "{share:Percent}" of them took "{limit:Duration}" at most')
def no_sale_has_failed(context: BehaveContext, share: Decimal, limit: Duration) -> None:
    """Every sale during the fault was confirmed, and almost all of them quickly."""
    served = outages.served(context.world)
    expect(served, outages.without_failure(float(share), limit), "Sales failed while the cache was in trouble")


@then('of at least "{number:Count}" requests none has failed')
def no_request_has_failed(context: BehaveContext, number: int) -> None:
    """So many requests were made, and every one was answered."""
    served = healing.served(context.world, number)
    expect(served, healing.failed_at_most(number, 0.0), "Customers noticed that instances were taken away")


@then('of at least "{number:Count}" requests at most "{share:Percent}" have failed, with no gap over "{gap:Duration}"')
def hardly_a_request_has_failed(context: BehaveContext, number: int, share: Decimal, gap: Duration) -> None:
    """So many requests were made, and hardly any was not answered."""
    served = healing.served(context.world, number)
    expect(served, healing.failed_at_most(number, float(share), gap), "Customers noticed that instances were lost")


@given('a visitor of "{company:Company}" is signed in and opens the dashboard at every instance once a second')
def visitor_opens_dashboard(context: BehaveContext, company: str) -> None:
    """Somebody signs in with a browser and is known at every instance; then every instance is asked again and again."""
    context.world.things.put(visitors.arrive(context.world, company))


@given('the owner of "{company:Company}" has the stock valued "{rate:Count}" times a second')
def owner_has_stock_valued(context: BehaveContext, company: str, rate: int) -> None:
    """Background work is asked for at this pace, and the background does it."""
    asking = traffic.have_stock_valued(context.world.jewelry, company, float(rate))
    context.world.things.put(outages.start(context.world, asking))
    queued_work.demand_working_background(context.world)


@then('"{limit:Duration}" later at the latest every instance shows the visitor\'s name again')
def every_instance_shows_name(context: BehaveContext, limit: Duration) -> None:
    """While the old master is still away no instance sends the visitor to the sign-in page or stays silent."""
    seen = visitors.visits(context.world)
    context.world.things.put(seen)
    expect(seen, visitors.stay_signed_in(limit), "A visitor who was signed in is no longer known")


@then("the sign-in is stored as it was")
def sign_in_is_stored(context: BehaveContext) -> None:
    """The new master has the sign-in under the same key with the same content."""
    seen = context.world.things.get(visitors.Visits)
    expect(seen, visitors.keeps_the_stored_sign_in(), "The stored sign-in is not what it was")


@then('every valuation that was accepted is finished exactly once within "{limit:Duration}", and no other is found')
def accepted_work_is_finished(context: BehaveContext, limit: Duration) -> None:
    """Each accepted job is done with one line for each step, in time; none is stored that was not accepted."""
    queued_work.demand_finished(context.world, limit)
