"""Releases, maintenance, and instances that hang: what operation does to the application, and what customers notice."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import given, then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import hanging_instances, long_requests, maintenance, outages, releases, traffic
from support.world import BehaveContext


@given('customers of "{company:Company}" look and buy "{rate:Count}" times a second')
def customers_look_and_buy(context: BehaveContext, company: str, rate: int) -> None:
    """Customers of a new shop come at this pace; every fifth of them buys, the others look at goods."""
    context.world.things.put(outages.start(context.world, traffic.trade(context.world.jewelry, company, float(rate))))


@given('customers look at the goods of "{company:Company}" at every instance "{rate:Count}" times a second')
def customers_look_at_every_instance(context: BehaveContext, company: str, rate: int) -> None:
    """Every instance of the application is asked at this pace, past entrance and front."""
    looking = traffic.look_at_instances(context.world.jewelry, company, float(rate))
    context.world.things.put(outages.start(context.world, looking))


@given("every instance of the application is busy with long requests")
def instances_are_busy(context: BehaveContext) -> None:
    """Each instance is always asked for something that takes seconds, until it leaves."""
    context.world.things.put(long_requests.begin(context.world))


@when('version "{version:Version}" is released')
def version_is_released(context: BehaveContext, version: str) -> None:
    """The application is rolled out anew under this version."""
    context.world.things.put(releases.release(context.world, version))


@when('a release with "{defect:Defect}" is rolled out')
def defect_is_released(context: BehaveContext, defect: str) -> None:
    """Somebody releases what cannot work."""
    context.world.things.put(releases.release_defect(context.world, defect))


@when("the release is taken back")
def release_is_taken_back(context: BehaveContext) -> None:
    """The former version is put back."""
    releases.take_back(context.world)


@when("one instance of the application hangs")
def instance_hangs(context: BehaveContext) -> None:
    """All its processes stand still; it takes requests and answers none."""
    context.world.things.put(hanging_instances.hang_one(context.world))


@when("maintenance asks each part for an instance, and for a second one at once")
def maintenance_asks(context: BehaveContext) -> None:
    """Part after part: two instances are asked for before the first can be replaced."""
    context.world.things.put(maintenance.ask_for_two_of_each(context.world))


@then('the release is complete within "{limit:Duration}" and every instance reports version "{version:Version}"')
def release_is_complete(context: BehaveContext, limit: Duration, version: str) -> None:
    """The rollout is reported complete in time, and every instance tells the new version."""
    releases.demand_complete(context.world, limit)
    told = releases.versions(context.world)
    expect(told, releases.all_report(version), "Not every instance runs the new version")


@then("every long request has ended well")
def long_requests_ended_well(context: BehaveContext) -> None:
    """Whoever was being served when an instance had to leave got the whole answer."""
    expect(long_requests.ended(context.world), long_requests.end_well(), "A long request was cut off by the release")


@then('it is reported as stuck within "{limit:Duration}", with every instance of before in service')
def release_is_stuck(context: BehaveContext, limit: Duration) -> None:
    """The release is reported as stuck in time; at every look the desired number of old instances serves."""
    releases.demand_stuck(context.world, limit)


@then("nothing of it remains and the instances of before serve on")
def nothing_remains(context: BehaveContext) -> None:
    """Only the instances of before are there, none of them restarted, and the former version is complete."""
    releases.demand_no_remains(context.world)


@then('it receives no more requests after "{limit:Duration}"')
def instance_is_out_of_service(context: BehaveContext, limit: Duration) -> None:
    """Requests go to the other instances only, in time."""
    hanging_instances.demand_out_of_service(context.world, limit)


@then('it serves again after exactly one restart within "{limit:Duration}"')
def instance_serves_again(context: BehaveContext, limit: Duration) -> None:
    """The same instance was restarted once and is in service again, in time."""
    hanging_instances.demand_back(context.world, limit)


@then("every look at the other instances was answered")
def others_served(context: BehaveContext) -> None:
    """Customers of the other instances noticed nothing."""
    expect(
        hanging_instances.looks_at_others(context.world),
        hanging_instances.all_served(),
        "Customers noticed that an instance hung",
    )


@then("every part has given its first instance and refused its second")
def one_instance_at_a_time(context: BehaveContext) -> None:
    """Of each part one instance could be taken, and no second one before the first was replaced."""
    seen = context.world.things.get(maintenance.Maintenance)
    expect(seen, maintenance.one_at_a_time(), "Maintenance could not take one instance of each part at a time")
