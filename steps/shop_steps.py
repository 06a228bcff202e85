"""Opening a shop, its people, its stock, its sales and its working day."""

from __future__ import annotations

from decimal import Decimal

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import counter, journey
from support.systems.jewelry_shop.answers import answered, answered_within, tells
from support.systems.jewelry_shop.store import Store
from support.world import BehaveContext


@given('the shop "{company:Company}" is open')
def shop_is_open(context: BehaveContext, company: str) -> None:
    """A new shop with a branch, a till, an owner and a sales person, all of its own."""
    context.world.things.put(context.world.jewelry.open_store(company), company)


@given('"{company:Company}" has "{number:Count}" rings at "{price:Money}" in stock')
def shop_has_rings_in_stock(context: BehaveContext, company: str, number: int, price: Decimal) -> None:
    """A new shop that has taken so many rings of one kind into stock."""
    store = context.world.jewelry.open_store(company)
    context.world.things.put(store.stock("RING", str(price), number))
    context.world.things.put(store, company)


@when('the platform administrator opens the shop "{company:Company}"')
def administrator_opens_shop(context: BehaveContext, company: str) -> None:
    """One call opens the shop with its branch, till and people."""
    context.world.things.put(counter.open_shop(context.world.jewelry, company))


@when("the platform administrator opens another shop under the same short name")
def administrator_opens_second_shop(context: BehaveContext) -> None:
    """One call asks for a name that is taken."""
    first = context.world.things.get(Store).shop
    context.world.things.put(counter.open_shop(context.world.jewelry, "Silberquell", first.slug))


@when('the "{person:Person}" of "{company:Company}" signs in')
def person_signs_in(context: BehaveContext, person: str, company: str) -> None:
    """One attempt to sign in with the right password."""
    store = context.world.things.get(Store, company)
    context.world.things.put(counter.sign_in(context.world.jewelry, store, person))


@when("the owner takes a ring into stock that the sales person has just looked for in vain:")
def owner_takes_ring_into_stock(context: BehaveContext) -> None:
    """The sales person searches for a ring that is not there; the owner describes it and takes it into stock."""
    store = context.world.things.get(Store)
    context.world.things.put(journey.add_described(store, counter.properties(context.table)))


@when('the owner takes a ring with "{offence:Offence}" into stock')
def owner_takes_offending_ring(context: BehaveContext, offence: str) -> None:
    """The owner describes a ring that must not come into stock."""
    store = context.world.things.get(Store)
    context.world.things.put(journey.add_offending(context.world.jewelry, store, offence))


@when('the sales person sells "{number:Count}" ring at "{tax:Percent}" tax')
def sales_person_sells(context: BehaveContext, number: int, tax: Decimal) -> None:
    """One sale; the shop computes the sums."""
    context.world.things.put(counter.sell(context.world.things.get(Store), number, tax))


@when("a complete working day of a new shop is played through the public entrance")
def working_day_is_played(context: BehaveContext) -> None:
    """Opening, signing in, stock, sale and reading back, as customers and staff do it."""
    context.world.things.put(journey.play_working_day(context.world.jewelry, "Goldregen"))


@when("another complete working day of a new shop is played through the public entrance")
def another_working_day_is_played(context: BehaveContext) -> None:
    """The same once more, straight after, with a shop of its own."""
    context.world.things.put(journey.play_working_day(context.world.jewelry, "Silberquell"))


@then("the application calls itself ready")
def application_calls_itself_ready(context: BehaveContext) -> None:
    """Every instance says that it is ready to work."""
    expect(counter.readiness(context.world.jewelry), journey.is_the_same(), "The application is not ready to work")


@then("the shop is stored in the leading database member")
def shop_is_stored(context: BehaveContext) -> None:
    """What the application wrote is read in the database by another way."""
    opening = context.world.things.get(counter.Opening)
    expect(opening.answer, answered(201), "The shop could not be opened")
    stored = journey.stored_shop(context.world.jewelry, opening.shop)
    expect(stored, journey.is_the_same(), "The opened shop is not what is stored")


@then("no change of the database layout is missing")
def no_layout_change_is_missing(context: BehaveContext) -> None:
    """What the running application ships and what the database has are the same list."""
    expect(
        journey.migrations(context.world.jewelry),
        journey.is_the_same(),
        "The database does not have the layout that the application needs",
    )


@then('the shop is open within "{limit:Duration}"')
def shop_is_open_within(context: BehaveContext, limit: Duration) -> None:
    """The opening is confirmed, in time."""
    opening = context.world.things.get(counter.Opening)
    expect(opening.answer, answered_within(201, limit), f"The shop could not be opened within {limit}")


@then("its owner sees exactly one branch and one till")
def owner_sees_branch_and_till(context: BehaveContext) -> None:
    """The owner signs in and looks."""
    seen = journey.seen_by_owner(context.world.jewelry, context.world.things.get(counter.Opening).shop)
    expect(seen, journey.is_the_same(), "The owner of a new shop does not see its branch and till")


@then("exactly the same shop, branch and till are stored")
def same_shop_is_stored(context: BehaveContext) -> None:
    """The confirmed ids are the stored ones, and there are no others."""
    stored = journey.stored_shop(context.world.jewelry, context.world.things.get(counter.Opening).shop)
    expect(stored, journey.is_the_same(), "The opened shop is not what is stored")


@then("it is refused because the short name is taken")
def refused_because_name_is_taken(context: BehaveContext) -> None:
    """The refusal names its reason."""
    answer = context.world.things.get(counter.Opening).answer
    expect(answer, counter.is_refused("slug_taken"), "A second shop under the same short name was not refused")


@then("nothing of the second shop is stored")
def nothing_of_second_shop_is_stored(context: BehaveContext) -> None:
    """No shop, branch, till or person has been left behind."""
    first = context.world.things.get(Store).shop
    stored = journey.nothing_stored_of(context.world.jewelry, first.slug, first)
    expect(stored, journey.is_the_same(), "A refused shop has left something behind")


@then('within "{limit:Duration}" the shop recognises the "{person:Person}" by name, role and shop')
def shop_recognises_person(context: BehaveContext, limit: Duration, person: str) -> None:
    """Sign-in and profile page say who this is."""
    sign_in = context.world.things.get(journey.SignIn)
    expect(sign_in.answer, answered_within(200, limit), f"The {person} of a new shop cannot sign in")
    seen = journey.recognised(context.world.jewelry, sign_in)
    expect(seen, journey.is_the_same(), f"The {person} is taken for somebody else")


@then('the stored "{person:Person}" of "{company:Company}" is the same')
def stored_person_is_the_same(context: BehaveContext, person: str, company: str) -> None:
    """The stored person has that name, role and shop."""
    stored = journey.stored_person(context.world.jewelry, context.world.things.get(journey.SignIn))
    expect(stored, journey.is_the_same(), f'The stored {person} of "{company}" is somebody else')


@then('within "{limit:Duration}" the sales person finds it in the stock list, on its own page and in the till search')
def sales_person_finds_it(context: BehaveContext, limit: Duration) -> None:
    """Another person looks in three places and sees the same values."""
    found = journey.found_by_colleague(context.world.things.get(journey.Adding))
    expect(found, journey.is_found_within(limit), "A colleague does not find the new ring as it was described")


@then("the ring is stored with the same values")
def ring_is_stored(context: BehaveContext) -> None:
    """The stored values are those that the owner gave."""
    stored = journey.stored_piece(context.world.jewelry, context.world.things.get(journey.Adding))
    expect(stored, journey.is_the_same(), "The new ring is stored with other values")


@then("it is refused as a mistake")
def refused_as_mistake(context: BehaveContext) -> None:
    """The shop does not take it into stock."""
    expect(context.world.things.get(journey.Adding).answer, answered(400), "A mistake was not refused")


@then('the stock of "{company:Company}" is as it was')
def stock_is_as_it_was(context: BehaveContext, company: str) -> None:
    """Nothing stored about the shop's goods has changed."""
    stored = journey.unchanged_goods(context.world.jewelry, context.world.things.get(journey.Adding))
    expect(stored, journey.is_the_same(), f'A refused mistake has changed the stock of "{company}"')


@then('the sale is completed within "{limit:Duration}" with these sums:')
def sale_is_completed(context: BehaveContext, limit: Duration) -> None:
    """The shop confirms the sale, in time, with the sums that it computed."""
    answer = context.world.things.get(journey.Selling).answer
    expect(answer, answered_within(201, limit), "The sale was not completed in time")
    expect(answer, tells(status="COMPLETED", **counter.sums(context.table)), "The sums of the sale are wrong")


@then("the sale has a number of its own")
def sale_has_number(context: BehaveContext) -> None:
    """The number has the agreed form, with the day of the sale, and no other sale has it."""
    selling = context.world.things.get(journey.Selling)
    expect(
        counter.number_of(context.world.jewelry, selling), journey.is_the_same(), "The sale has no number of its own"
    )


@then('"{number:Count}" rings are left, in the shop and in its database')
def rings_are_left(context: BehaveContext, number: int) -> None:
    """The shop and its database tell the same number."""
    left = counter.left(context.world.jewelry, context.world.things)
    expect(left, journey.leaves(number), f"There should be {number} rings left")


@then("the sale is stored exactly once, as it was confirmed")
def sale_is_stored_once(context: BehaveContext) -> None:
    """Sale and lines are stored as the customer was told, field by field."""
    stored = journey.stored_sale(context.world.jewelry, context.world.things.get(journey.Selling))
    expect(stored, journey.is_the_same(), "The stored sale is not the confirmed one")


@then('the day succeeds within "{limit:Duration}"')
def day_succeeds(context: BehaveContext, limit: Duration) -> None:
    """Everything of the day was confirmed, and the stock is lower by its sale."""
    day = context.world.things.get(journey.WorkingDay)
    expect(day, journey.succeeds_within(limit), "A working day did not succeed")


@then("its sale reads the same at every instance of the application and in the leading database member")
def sale_reads_the_same_everywhere(context: BehaveContext) -> None:
    """Every instance is asked by itself, and the database, too."""
    selling = context.world.things.get(journey.WorkingDay).selling
    expect(
        journey.same_everywhere(context.world.jewelry, selling), journey.is_the_same(), "The sale is told in two ways"
    )
