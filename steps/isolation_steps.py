"""Two shops on one installation."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.systems.jewelry_shop import isolation
from support.systems.jewelry_shop.store import Store
from support.world import BehaveContext


@given('the shops "{one:Company}" and "{other:Company}" both have goods, sales and branches')
def two_busy_shops(context: BehaveContext, one: str, other: str) -> None:
    """Two new shops with two branches, two kinds of rings and a sale each."""
    context.world.things.put(isolation.busy_store(context.world.jewelry, one), one)
    context.world.things.put(isolation.busy_store(context.world.jewelry, other), other)


@when("each shop looks through all its lists and searches")
def each_shop_looks(context: BehaveContext) -> None:
    """The owners open every list and search with the same words."""
    stores = context.world.things.named(Store)
    context.world.things.put(isolation.look_through_everything(context.world.jewelry, stores))


@when("the fences between the shops are inspected in the database")
def fences_are_inspected(context: BehaveContext) -> None:
    """The database tells which tables it guards, and how."""
    context.world.things.put(isolation.inspect_fences(context.world.jewelry))


@when('"{intruder:Company}" tries to "{attempt:Attempt}" a piece of "{victim:Company}"')
def intruder_tries(context: BehaveContext, intruder: str, attempt: str, victim: str) -> None:
    """Somebody of one shop knows the number of another shop's piece and uses it."""
    things = context.world.things
    stores = things.get(Store, intruder), things.get(Store, victim)
    things.put(isolation.intrude(context.world.jewelry, *stores, attempt))


@then("each of them sees exactly what is stored for it")
def each_sees_its_own(context: BehaveContext) -> None:
    """No row of another shop is shown, and none of the own is hidden."""
    sights = context.world.things.get(isolation.Sights)
    expect(sights, isolation.show_each_its_own(), "A shop does not see exactly what is its own")


@then("every table with data of shops is fenced and the application cannot climb the fence")
def every_table_is_fenced(context: BehaveContext) -> None:
    """The database would keep the shops apart even if the application forgot to."""
    fences = context.world.things.get(isolation.Fences)
    expect(fences, isolation.are_closed(), "The database does not keep the shops apart by itself")


@then('the piece is unknown to "{intruder:Company}"')
def piece_is_unknown(context: BehaveContext, intruder: str) -> None:
    """The answer is the one for a piece that does not exist."""
    intrusion = context.world.things.get(isolation.Intrusion)
    expect(intrusion, isolation.is_refused_as_unknown(), f'"{intruder}" reached the goods of another shop')


@then("everything stored about the piece is unchanged")
def piece_is_unchanged(context: BehaveContext) -> None:
    """The piece, its adjustments and its sales are as they were."""
    intrusion = context.world.things.get(isolation.Intrusion)
    expect(intrusion, isolation.is_unchanged(context.world.jewelry), "The goods of a shop were changed by another")
