"""The database cluster at rest: who leads, who follows."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import database, diverging, handovers, incidents, journey, lost_followers, rest
from support.systems.jewelry_shop.failover import Failover
from support.waiting import Deadline
from support.world import BehaveContext


@when("all sources are asked who leads the database")
def sources_are_asked(context: BehaveContext) -> None:
    """Labels, members, leader record and leader address are read."""
    deadline = Deadline(context.suite.limits.at_rest)
    context.world.things.put(context.world.jewelry.database.view(deadline))


@then('they agree on one leader and "{followers:Count}" followers, one of them synchronous')
def sources_agree(context: BehaveContext, followers: int) -> None:
    """Every source names the same leader, and the followers stream from it."""
    view, within = context.world.jewelry.database.view, context.suite.limits.at_rest
    matcher = database.agrees_on_one_leader(followers)
    context.world.eventually(view, matcher, within, "The database has not one leader that everybody agrees on")


@then('the sale is visible on "{followers:Count}" followers within "{limit:Duration}"')
def sale_is_visible_on_followers(context: BehaveContext, followers: int, limit: Duration) -> None:
    """The confirmed sale is read on every follower, in time."""
    selling, jewelry = context.world.things.get(journey.Selling), context.world.jewelry
    matcher = rest.is_visible_on(followers)
    context.world.eventually(
        lambda _: rest.copies_of(jewelry, selling), matcher, limit, "A sale is not on every follower"
    )


@then("every follower refuses to be written to")
def followers_refuse_writes(context: BehaveContext) -> None:
    """A write straight to a follower is refused because it only reads."""
    attempts = rest.try_to_write_to_followers(context.world.jewelry)
    expect(attempts, rest.are_refused_as_read_only(), "A follower can be written to")


@then("another member leads, exactly one timeline later")
def another_member_leads_one_timeline_later(context: BehaveContext) -> None:
    """The leader has changed, and it has changed once."""
    story, within = context.world.things.get(Failover), context.suite.limits.at_rest
    matcher = handovers.is_one_change()
    reason = "The leader role was not handed over as planned"
    context.world.eventually(lambda deadline: handovers.result(story, deadline), matcher, within, reason)


@then("the follower that is left is the synchronous one")
def other_follower_is_synchronous(context: BehaveContext) -> None:
    """While the lost one is away, record and leader name the follower that is left."""
    world, within = context.world, context.suite.limits.at_rest
    matcher = lost_followers.is_taken_over()
    reason = "No other follower took over as the synchronous one"
    world.eventually(lambda deadline: lost_followers.synchrony(world, deadline), matcher, within, reason)


@then('one member leads and "{followers:Count}" followers stream again within "{limit:Duration}"')
def all_members_stream_again(context: BehaveContext, followers: int, limit: Duration) -> None:
    """Every source names one leader and all others follow it, in time, counted from the end of the fault."""
    incidents.await_end_of_fault(context.world, context.world.things.get(Failover))
    incidents.await_followers(context.world, followers, limit)


@then('the former leader follows the new one within "{limit:Duration}", without the rows of its own')
def former_leader_follows_without_its_rows(context: BehaveContext, limit: Duration) -> None:
    """It streams on the new timeline, is labelled as a follower, and what only it had is gone."""
    diverging.demand_return(context.world, limit)


@then('for "{span:Duration}" no second leader appears')
def no_second_leader(context: BehaveContext, span: Duration) -> None:
    """All that time one and the same member leads, by record, by label and by its own word."""
    diverging.demand_no_second_leader(context.world, span)
