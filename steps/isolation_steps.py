"""Two shops on one installation."""

from __future__ import annotations

from support.clients.http import Answer
from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import attaching, isolation, side_by_side, suspension
from support.systems.jewelry_shop.answers import answered
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


@when(
    '"{intruder:Company}" takes a ring into stock with the "{what:Property}" of "{victim:Company}", '
    'in the name of "{owner:Company}"'
)
def intruder_attaches(context: BehaveContext, intruder: str, what: str, victim: str, owner: str) -> None:
    """A piece that would lie in one shop and belong to a part of another."""
    things = context.world.things
    stores = things.get(Store, intruder), things.get(Store, victim)
    things.put(attaching.attach(context.world.jewelry, *stores, what, things.get(Store, owner)))


@then("it is refused as a mistake, and nothing of it is stored in either shop")
def attachment_is_refused(context: BehaveContext) -> None:
    """No row has come into being, whoever might own it."""
    seen = context.world.things.get(attaching.Attachment)
    expect(seen, attaching.is_refused_without_a_row(), "A shop could attach its goods to another shop")


@when('"{company:Company}" takes the same ring into stock with its own branch and category')
def shop_takes_own_ring(context: BehaveContext, company: str) -> None:
    """What was refused is good when everything belongs to the shop itself."""
    context.world.things.put(attaching.take_own(context.world.things.get(Store, company)))


@then("the ring is taken into stock")
def ring_is_taken_into_stock(context: BehaveContext) -> None:
    """The shop confirms the new piece."""
    expect(context.world.things.get(Answer), answered(201), "A shop cannot take goods into stock")


@given("the people of both shops are at work at every instance")
def both_are_at_work(context: BehaveContext) -> None:
    """Every instance has served both shops a moment ago."""
    suspension.work_everywhere(context.world.jewelry, context.world.things.named(Store))


@when('the platform administrator suspends "{company:Company}"')
def administrator_suspends(context: BehaveContext, company: str) -> None:
    """The shop is to be locked out from now on."""
    suspension.set_status(context.world.jewelry, context.world.things.get(Store, company), "suspend")


@then('every further call of "{company:Company}" is refused at every instance because it is suspended')
def suspended_is_locked_out(context: BehaveContext, company: str) -> None:
    """Whatever the people of the shop call with their sign-ins, they are told why it is refused."""
    calls = suspension.call_everything(context.world.jewelry, context.world.things.get(Store, company))
    expect(calls, suspension.are_refused_as_suspended(), f'"{company}" is suspended, but not locked out')


@then('"{company:Company}" sells at every instance')
def neighbour_sells(context: BehaveContext, company: str) -> None:
    """The neighbour's sales are confirmed."""
    calls = suspension.sell_everywhere(context.world.jewelry, context.world.things.get(Store, company))
    expect(calls, suspension.are_all_served(), f'"{company}" cannot sell because another shop is suspended')


@when('the platform administrator opens "{company:Company}" again')
def administrator_opens_again(context: BehaveContext, company: str) -> None:
    """The shop is let in again."""
    suspension.set_status(context.world.jewelry, context.world.things.get(Store, company), "resume")


@then('the people of "{company:Company}" work on with the sign-ins they had')
def people_work_on(context: BehaveContext, company: str) -> None:
    """The same sign-ins open the shop again: they were valid all the time."""
    calls = suspension.look_everywhere(context.world.jewelry, context.world.things.get(Store, company))
    expect(calls, suspension.are_all_served(), f'The people of "{company}" were not let in again')


@when('both shops search, look, park and sell side by side for "{span:Duration}"')
def both_work_side_by_side(context: BehaveContext, span: Duration) -> None:
    """Both shops make the same calls with the same words at the same time."""
    stores = context.world.things.named(Store)
    context.world.things.put(side_by_side.work_side_by_side(context.world.jewelry, stores, span))


@then('each of at least "{number:Count}" answers to a shop carries nothing but its own')
def answers_carry_only_own(context: BehaveContext, number: int) -> None:
    """Every id, name and article number in every answer belongs to the shop that asked."""
    seen = context.world.things.get(side_by_side.SideBySide)
    expect(seen, side_by_side.carry_only_their_own(number), "A shop was given an answer of another one")
