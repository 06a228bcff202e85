"""The cache at rest: who is the master, who watches it."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.systems.jewelry_shop import cache, rest
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
