"""What is lost, frozen or cut off."""

from __future__ import annotations

from support.running.grammar import given, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import (
    cache_incidents,
    cold_starts,
    diverging,
    handovers,
    healing,
    incidents,
    lost_followers,
    machine_loss,
    second_failures,
    without_database,
)
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


@when('the volume of the leading database member is full for "{span:Duration}"')
def leading_member_has_no_space(context: BehaveContext, span: Duration) -> None:
    """The leader has no space left to write to; the others have."""
    context.world.things.put(incidents.fill_volume(context.world, span))


@when('the {follower:Follower} of the database freezes for "{span:Duration}"')
def follower_freezes(context: BehaveContext, follower: str, span: Duration) -> None:
    """A follower and its supervisor stand still."""
    story, loss = lost_followers.freeze_follower(context.world, follower, span)
    context.world.things.put(story)
    context.world.things.put(loss)


@when("the member that takes over {loss:Loss}")
def successor_is_lost(context: BehaveContext, loss: str) -> None:
    """As soon as another member has confirmed a sale it is lost, too."""
    context.world.things.put(second_failures.lose_successor(context.world, loss))


@when('the former leader stores "{rows:Count}" rows of its own while another member leads')
def former_leader_goes_own_way(context: BehaveContext, rows: int) -> None:
    """Rows that no other member has: the former leader has gone its own way."""
    context.world.things.put(diverging.go_own_way(context.world, rows))


@when('all database members freeze for "{span:Duration}"')
def all_members_freeze(context: BehaveContext, span: Duration) -> None:
    """The database is away altogether."""
    context.world.things.put(without_database.freeze_all(context.world, span))


@when('the application is cut off from the database for "{span:Duration}"')
def application_is_cut_off(context: BehaveContext, span: Duration) -> None:
    """No instance of the application can reach a database member; the database itself is well."""
    context.world.things.put(without_database.cut_application_off(context.world, span))


@when("all instances of the shop are deleted by force at once")
def everything_is_deleted(context: BehaveContext) -> None:
    """Nothing of the shop runs any more."""
    story, start = cold_starts.delete_everything(context.world)
    context.world.things.put(story)
    context.world.things.put(start)


@when('all machines lose their power for "{span:Duration}"')
def all_machines_lose_power(context: BehaveContext, span: Duration) -> None:
    """Nothing runs any more, the cluster itself included."""
    story, start = cold_starts.cut_all_power(context.world, span)
    context.world.things.put(story)
    context.world.things.put(start)


@when("the leader role is handed over as planned")
def leader_role_is_handed_over(context: BehaveContext) -> None:
    """The leader is asked to give its role to the synchronous follower."""
    context.world.things.put(handovers.hand_over(context.world))


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
