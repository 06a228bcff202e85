"""Ways between the parts of the shop, and strangers who try them."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import fences
from support.world import BehaveContext


@given("strangers outside the shop, some of them in its own colours")
def strangers_outside_the_shop(context: BehaveContext) -> None:
    """Strangers stand outside the shop; some carry the labels of its own parts."""
    context.world.things.put(fences.strangers_outside(context.world.jewelry))


@given("a stranger inside the shop who is free to call anybody")
def stranger_inside_the_shop(context: BehaveContext) -> None:
    """A stranger stands between the shop's own parts, and nobody keeps him from calling."""
    context.world.things.put(fences.stranger_inside(context.world.jewelry))


@when("every part tries every way that it needs")
def every_part_tries_what_it_needs(context: BehaveContext) -> None:
    """Each instance of each part calls whom it needs, in his own language, on a new connection."""
    context.world.things.put(fences.try_every_needed_way(context.world.jewelry))


@when('they try every way to the stores and to the application for "{within:Duration}"')
def strangers_try_every_inner_way(context: BehaveContext, within: Duration) -> None:
    """Each stranger calls each instance by its address and by its name, and is patient for so long."""
    callers = context.world.things.get(fences.Callers)
    context.world.things.put(fences.try_every_inner_way(context.world.jewelry, callers, within))


@when('the stranger tries every way to the stores for "{within:Duration}"')
def stranger_tries_every_store(context: BehaveContext, within: Duration) -> None:
    """The stranger calls each instance of each store by its address and by its name."""
    callers = context.world.things.get(fences.Callers)
    context.world.things.put(fences.try_every_store(context.world.jewelry, callers, within))


@when('every part tries the stores that it has no need of for "{within:Duration}"')
def parts_try_what_they_do_not_need(context: BehaveContext, within: Duration) -> None:
    """Each part calls the stores that it has nothing to do with."""
    context.world.things.put(fences.try_what_is_not_needed(context.world.jewelry, within))


@then('each of these ways is answered within "{limit:Duration}"')
def each_way_is_answered(context: BehaveContext, limit: Duration) -> None:
    """Nobody is kept from what he needs."""
    attempts = context.world.things.get(fences.Attempts)
    expect(attempts, fences.answer_in_time(limit), "A part of the shop is fenced off from what it needs")


@then("not one of these ways is open")
def no_way_is_open(context: BehaveContext) -> None:
    """Silence or a refusal on every way."""
    attempts = context.world.things.get(fences.Attempts)
    expect(attempts, fences.are_closed(), "Somebody who has no business there reaches an inner part of the shop")
