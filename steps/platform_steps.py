"""Parts, internal addresses and journals of the platform."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import addresses, journal, parts, quiet, readiness
from support.waiting import throughout
from support.world import BehaveContext


@when("the platform is asked for the parts of the shop")
def platform_is_asked_for_parts(context: BehaveContext) -> None:
    """The cluster tells which parts of the shop it runs."""
    context.world.things.put(readiness.read(context.world.jewelry))


@then('every agreed part is complete "{limit:Duration}" after delivery at the latest')
def every_part_is_complete(context: BehaveContext, limit: Duration) -> None:
    """Every part of the profile is there in its number, ready, and of the present revision."""
    left = context.world.things.get(readiness.Readiness).left(limit)
    observe = readiness.observer_of(context.world.jewelry)
    context.world.eventually(observe, parts.are_complete(), left, "Not every part of the shop is there and ready")


@when("the internal addresses of the shop are looked up")
def internal_addresses_are_looked_up(context: BehaveContext) -> None:
    """The cluster tells where each internal address leads."""
    context.world.things.put(readiness.look_up(context.world.jewelry))


@then("each address leads to exactly the ready parts behind it")
def each_address_leads_to_ready_parts(context: BehaveContext) -> None:
    """No address leads to something dead, and none leaves out something living."""
    found = context.world.things.get(readiness.LookUp).addresses
    expect(found, addresses.lead_to_living_parts(), "An internal address of the shop leads to the wrong place")


@then('every part behind an address answers within "{limit:Duration}"')
def every_part_behind_an_address_answers(context: BehaveContext, limit: Duration) -> None:
    """Each instance behind each address answers in its own language, in time."""
    found = readiness.ask_all(context.world.jewelry, limit)
    expect(found, addresses.lead_to_living_parts(), "A part behind an internal address does not answer")


@when("the front asks for the health of the shop under its internal name")
def front_asks_for_health(context: BehaveContext) -> None:
    """An instance of the front asks the application, on every agreed port."""
    context.world.things.put(journal.ask_from_the_front(context.world.jewelry))


@then('it learns within "{limit:Duration}" that the configured version of the shop is well')
def front_learns_that_shop_is_well(context: BehaveContext, limit: Duration) -> None:
    """Every question is answered in time, with the version that is configured."""
    version = context.world.jewelry.configured(context.suite.profile.application.version)
    asked = context.world.things.get(journal.Asked)
    expect(asked, journal.is_well(limit, version), "The shop does not answer under its internal name")


@then("the journal of the application knows each of these questions")
def application_knows_each_question(context: BehaveContext) -> None:
    """The application itself answered, and nobody in its place."""
    journal.demand_known(context.world, ["django"])


@when("the lives of all parts are looked at")
def lives_are_looked_at(context: BehaveContext) -> None:
    """The cluster tells of every part how often it was restarted, and how it ended the last time."""
    context.world.things.put(quiet.read_lives(context.world.jewelry))


@then("none of them has failed since delivery")
def none_has_failed(context: BehaveContext) -> None:
    """Nothing ran out of memory, ended with an error, or is kept from starting."""
    expect(context.world.things.get(quiet.Lives), quiet.have_not_failed(), "A part of the shop is silently failing")


@then('for "{span:Duration}" none of them is restarted, replaced or kept from running')
def none_is_restarted(context: BehaveContext, span: Duration) -> None:
    """Every part runs on, all the time."""
    jewelry, matcher = context.world.jewelry, quiet.go_on_undisturbed(context.world.things.get(quiet.Lives))
    throughout(lambda _: quiet.read_lives(jewelry), matcher, span, "A part of the shop is being restarted", every=2.0)
