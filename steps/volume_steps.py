"""Volumes under the data of the stores."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.systems.jewelry_shop import volumes
from support.world import BehaveContext


@when("the volumes of the stores are looked up")
def volumes_are_looked_up(context: BehaveContext) -> None:
    """The cluster tells of the volumes, and every store where it keeps its data."""
    context.world.things.put(volumes.read_claims(context.world.jewelry))


@then('"{number:Count}" agreed volumes are bound, each under the data of one living store')
def volumes_hold_the_data(context: BehaveContext, number: int) -> None:
    """No volume is missing, waiting, shared or unused, and no data lies elsewhere."""
    seen = context.world.things.get(volumes.Claims)
    expect(seen, volumes.hold_the_data(number), "The data of a store is not where it survives")
