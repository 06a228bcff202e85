"""The size of the application: what steers it, and what it does when many customers come."""

from __future__ import annotations

from decimal import Decimal

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import autoscaler, quickness, rush, sizes
from support.systems.jewelry_shop.autoscaler import AutoscalerView
from support.world import BehaveContext


@given("the application has its smallest size")
def application_has_smallest_size(context: BehaveContext) -> None:
    """As many instances as agreed for quiet times, all ready; customers for a rush stand by."""
    rush.prepare(context.world)


@when("the autoscaler of the application is asked what it sees and holds")
def autoscaler_is_asked(context: BehaveContext) -> None:
    """What it is set to, what it sees, and the figures that it decides by."""
    context.world.things.put(autoscaler.read_autoscaler(context.world.jewelry))


@when('somebody sets the application by hand to one instance "{side:Side}"')
def size_is_set_by_hand(context: BehaveContext, side: str) -> None:
    """A size that nobody has agreed to."""
    context.world.things.put(sizes.set_by_hand(context.world, side))


@when('a rush of customers looks through the goods for "{span:Duration}"')
def customers_rush(context: BehaveContext, span: Duration) -> None:
    """Many more customers than the smallest size can serve; each comes when he comes, whatever the others get."""
    context.world.things.put(rush.rush(context.world, span))


@then('it sees processor and memory use, no figure older than "{limit:Duration}"')
def autoscaler_sees_use(context: BehaveContext, limit: Duration) -> None:
    """It works, sees both kinds of use, and every instance has a fresh figure."""
    autoscaler.demand_fresh_figures(context.world, limit)


@then("targets, smallest and largest size are as agreed")
def autoscaler_holds_agreement(context: BehaveContext) -> None:
    """Its settings are exactly those of the profile."""
    view, profile = context.world.things.get(AutoscalerView), context.suite.profile
    part = profile.part("django")
    matcher = autoscaler.holds_what_was_agreed(profile.autoscaler, f"{part.kind} {part.name}")
    expect(view, matcher, "The autoscaler does not hold what was agreed")


@then('the size is within the agreed ones again within "{limit:Duration}"')
def size_is_corrected(context: BehaveContext, limit: Duration) -> None:
    """Nobody's hands are needed: neither too few nor too many instances."""
    sizes.demand_correction(context.world, limit)


@then('within "{limit:Duration}" as many instances serve as the demand asks for, never more than agreed')
def application_has_grown(context: BehaveContext, limit: Duration) -> None:
    """The rush was answered, by instances of which the new ones did their share."""
    grown = rush.growth(context.world)
    expect(grown, rush.has_grown_within(limit), "The application did not grow with the demand")


@then('the extra instances are given back within "{limit:Duration}" after the rush')
def extra_instances_are_given_back(context: BehaveContext, limit: Duration) -> None:
    """The smallest size is reached again, in time."""
    rush.demand_shrinking(context.world, limit)


@then('for "{span:Duration}" the smallest size holds, and the size has not risen again since it began to fall')
def smallest_size_holds(context: BehaveContext, span: Duration) -> None:
    """Never below it, and one change of direction in the whole story."""
    held = rush.hold(context.world, span)
    expect(held, rush.stays_small(), "The size did not come to rest")


@then(
    'all the time "{failed:Percent}" of requests failed at most, and "{share:Percent}" took "{limit:Duration}" at most'
)
def shop_was_quick(context: BehaveContext, failed: Decimal, share: Decimal, limit: Duration) -> None:
    """What customers at a steady pace got while the application grew and shrank, from their planned moment on."""
    seen = quickness.quickness(context.world)
    expect(
        seen, quickness.is_quick(float(failed), float(share), limit), "The shop was not quick while its size changed"
    )
