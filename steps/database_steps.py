"""The database cluster at rest: who leads, who follows."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import database, journey, rest
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
