"""What is lost, frozen or cut off."""

from __future__ import annotations

from support.running.grammar import given, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import cache_incidents, healing, incidents, machine_loss
from support.world import BehaveContext


@given("the leading database member is on a machine that may fail")
def leader_is_on_machine_that_may_fail(context: BehaveContext) -> None:
    """The leader role is handed over, as planned, unless it is on such a machine already."""
    context.world.things.put(incidents.leader_off_control_plane(context.world))


@when("the leading database member {loss:Loss}")
def leading_member_is_lost(context: BehaveContext, loss: str) -> None:
    """The leader is lost without warning."""
    context.world.things.put(incidents.lose_leader(context.world, loss))


@when('the leading database member freezes for "{span:Duration}"')
def leading_member_freezes(context: BehaveContext, span: Duration) -> None:
    """The leader and its supervisor stand still."""
    context.world.things.put(incidents.freeze_leader(context.world, span))


@when('the supervisor of the leading database member freezes for "{span:Duration}"')
def supervisor_freezes(context: BehaveContext, span: Duration) -> None:
    """The supervisor stands still, the database goes on."""
    context.world.things.put(incidents.freeze_supervisor(context.world, span))


@when("the machine of the leading database member loses its power")
def machine_loses_power(context: BehaveContext) -> None:
    """Everything on the machine is gone at once."""
    context.world.things.put(incidents.cut_power(context.world))


@given("a machine that may fail carries every kind of part but not the leading database member")
def machine_carries_every_kind_of_part(context: BehaveContext) -> None:
    """Application, front, worker and cache are on it; where need be, instances are moved and the role handed over."""
    context.world.things.put(machine_loss.machine_to_lose(context.world))


@when("this machine loses its power")
def this_machine_loses_power(context: BehaveContext) -> None:
    """Everything on it is gone at once, with customers at every entrance that is left."""
    context.world.things.put(machine_loss.cut_power(context.world))


@when("the machine has its power back")
def machine_has_power_back(context: BehaveContext) -> None:
    """The machine boots and its parts start again."""
    incidents.give_power_back(context.world)


@when('that machine is cut off from the others for "{span:Duration}"')
def machine_is_cut_off(context: BehaveContext, span: Duration) -> None:
    """No packet passes in either direction; what is on the machine goes on running."""
    context.world.things.put(incidents.cut_off(context.world, span))


@when("all database members are restarted")
def all_members_are_restarted(context: BehaveContext) -> None:
    """Every member ends in good order and comes back with its data."""
    incidents.restart_all_members(context.world)


@when("the cache master {loss:Loss}")
def cache_master_is_lost(context: BehaveContext, loss: str) -> None:
    """The master of the cache is lost without warning."""
    context.world.things.put(cache_incidents.lose_master(context.world, loss))


@when('the cache master stops answering for "{span:Duration}"')
def cache_master_stops_answering(context: BehaveContext, span: Duration) -> None:
    """The master stands still, and goes on later as if nothing had happened."""
    context.world.things.put(cache_incidents.pause_master(context.world, span))


@when('all servers of the cache stop answering for "{span:Duration}"')
def whole_cache_stops_answering(context: BehaveContext, span: Duration) -> None:
    """The cache is away altogether."""
    context.world.things.put(cache_incidents.pause_all(context.world, span))


@when('an instance of the "{part:Part}" is deleted')
def instance_is_deleted(context: BehaveContext, part: str) -> None:
    """One instance is taken away in good order."""
    context.world.things.put(healing.delete_instance(context.world, part))


@when("one instance of the application and one of the front {loss:Loss}")
def instances_are_deleted(context: BehaveContext, loss: str) -> None:
    """One instance each, one shortly after the other, while customers are looking."""
    context.world.things.put(healing.delete_instances(context.world, ["django", "nginx"], loss))
