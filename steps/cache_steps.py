"""The cache at rest: who is the master, who watches it."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import cache, cache_refusals, cache_roles, durability, rest
from support.systems.jewelry_shop.store import Store
from support.world import BehaveContext


@when("all servers and watchers of the cache are asked who is the master")
def cache_is_asked(context: BehaveContext) -> None:
    """Every server tells its role, and every watcher what it knows."""
    context.world.things.put(context.world.jewelry.cache.view())


@when("the sales person parks a basket")
def sales_person_parks_basket(context: BehaveContext) -> None:
    """A basket is put aside through the application."""
    context.world.things.put(rest.park_basket(context.world.things.get(Store)))


@then('"{watchers:Count}" watchers agree on one master with "{followers:Count}" followers')
def watchers_agree(context: BehaveContext, watchers: int, followers: int) -> None:
    """Every watcher names the same master and knows everybody; the servers say the same."""
    jewelry, within = context.world.jewelry, context.suite.limits.at_rest
    matcher = cache.agrees_on_one_master(followers, watchers)
    context.world.eventually(lambda _: jewelry.cache.view(), matcher, within, "The cache is not watched as promised")


@then("the basket lies on the server that the name of the master leads to")
def basket_lies_on_master(context: BehaveContext) -> None:
    """The name that the watchers give leads to the master, and the basket is there."""
    where = rest.find_basket(context.world.jewelry, context.world.things.get(rest.Basket))
    expect(where, rest.lies_on_the_master(), "A parked basket is not on the master of the cache")


@given('a basket parked for "{span:Duration}" lies on every server of the cache')
def basket_lies_on_every_server(context: BehaveContext, span: Duration) -> None:
    """A basket is parked through the shop and has reached the master and both followers."""
    context.world.things.put(durability.park_everywhere(context.world, span))


@given("another server than the first is master of the cache")
def another_server_is_master(context: BehaveContext) -> None:
    """The master's role is moved away from the first server if it has it."""
    cache_roles.move_away_from_first(context.world)


@when("the cache master crashes and then every server of the cache is lost in turn")
def every_server_is_lost(context: BehaveContext) -> None:
    """The master crashes and returns; then each server is deleted by force when the one before is back."""
    context.world.things.put(durability.lose_every_server(context.world))


@when("the first server of the cache is restarted")
def first_server_is_restarted(context: BehaveContext) -> None:
    """The first server is lost and comes back, while everybody's role is looked at five times a second."""
    context.world.things.put(cache_roles.restart_first(context.world))


@when('both followers of the cache stop answering for "{span:Duration}"')
def followers_stop_answering(context: BehaveContext, span: Duration) -> None:
    """The master is well, but nobody copies what it is given."""
    context.world.things.put(cache_refusals.cut_off_followers(context.world, span))


@then('each of them is back within "{limit:Duration}" and the basket lies unchanged on every server')
def servers_are_back_with_basket(context: BehaveContext, limit: Duration) -> None:
    """Every lost server has returned in time, and each time all servers had the basket."""
    losses = context.world.things.get(durability.Losses)
    expect(losses, durability.come_back_with_the_basket(limit), "A basket did not survive the loss of a cache server")


@then("the shop shows the basket unchanged, and its lifetime has only fallen")
def shop_shows_the_basket(context: BehaveContext) -> None:
    """The sales person finds the basket after each loss, and it is not kept for longer than was agreed."""
    losses = context.world.things.get(durability.Losses)
    expect(losses, durability.show_the_basket(), "The shop does not show a parked basket as it was parked")


@then("at no moment two servers of the cache were master")
def never_two_masters(context: BehaveContext) -> None:
    """In every look, five a second from the server's start on, at most one server took itself for the master."""
    seen = context.world.things.get(cache_roles.Restarted)
    expect(seen, cache_roles.never_two_masters(), "The cache had two masters at once")


@then("the restarted server follows the master that the watchers name")
def restarted_server_follows(context: BehaveContext) -> None:
    """The watchers still name the master of before, and the restarted server is its follower."""
    cache_roles.demand_its_place(context.world)


@then('from "{limit:Duration}" on every write is refused and none of them is stored')
def uncopied_writes_are_refused(context: BehaveContext, limit: Duration) -> None:
    """While nobody copies, no write is accepted after the agreed time, and what was refused is not there."""
    seen = cache_refusals.refusals(context.world, limit)
    expect(seen, cache_refusals.refuses_uncopied(), "The cache accepted writes that it could not copy to any follower")


@then("writes are accepted again as soon as the followers are back")
def writes_are_accepted_again(context: BehaveContext) -> None:
    """Without anybody's hand, copied writes go on when the followers answer again."""
    seen = context.world.things.get(cache_refusals.Refusals)
    expect(seen, cache_refusals.accepts_again(), "The cache does not accept writes again")
