"""Health pages, counters, figures of use, and journals."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import counting, health, secrecy, usage
from support.world import BehaveContext


@when("every instance of the application is asked for all its health pages")
def instances_are_asked(context: BehaveContext) -> None:
    """Each ready instance is asked by itself."""
    context.world.things.put(health.ask_all(context.world.jewelry))


@when('every instance of the "{part:Part}" stops answering for "{span:Duration}"')
def part_stops_answering(context: BehaveContext, part: str, span: Duration) -> None:
    """All of a part stands still, and goes on later as if nothing had happened."""
    context.world.things.put(health.silence(context.world, part, span))


@when('a sales person asks the shop "{requests:Count}" times and sells "{sales:Count}" times')
def sales_person_asks(context: BehaveContext, requests: int, sales: int) -> None:
    """So many requests of one kind and so many sales; the counters of all instances are read all the while."""
    context.world.things.put(counting.count(context.world, requests, sales))


@when("the platform is asked what every running instance uses")
def platform_is_asked_for_use(context: BehaveContext) -> None:
    """The cluster tells what it knows of processors and memory."""
    context.world.things.put(usage.read(context.world.jewelry))


@when("people sign in rightly and wrongly, sell, and hand work to the background")
def people_live_a_day(context: BehaveContext) -> None:
    """Everything that has to do with passwords and tokens, each request under a number of its own."""
    context.world.things.put(secrecy.live_a_day(context.world))


@then('each page says within "{limit:Duration}" that all is well, with the agreed fields')
def each_page_says_well(context: BehaveContext, limit: Duration) -> None:
    """Status, fields, version, name and workers are right on every page of every instance."""
    seen = context.world.things.get(health.Health)
    expect(seen, health.tells_the_truth(limit), "A health page does not say what is agreed")


@then('every detailed health page names exactly that as missing, answered within "{limit:Duration}"')
def detailed_page_names_missing(context: BehaveContext, limit: Duration) -> None:
    """Each instance tells the truth soon, and answers quickly although something is away."""
    health.demand_truth(context.world, limit)


@then('when it is back every page says within "{within:Duration}" that all is well')
def every_page_says_well_again(context: BehaveContext, within: Duration) -> None:
    """The pages do not go on complaining."""
    health.demand_well(context.world, health.ANSWER_S, within)


@then("the shop's counters have risen by exactly what it has served")
def counters_match_traffic(context: BehaveContext) -> None:
    """The sum over all instances is the number of requests and sales, not one more or less."""
    counted = context.world.things.get(counting.Counted)
    expect(counted, counting.match_the_traffic(), "The shop's counters do not match its traffic")


@then("no counter of any instance has ever gone back")
def no_counter_goes_back(context: BehaveContext) -> None:
    """However often an instance is read, its counters only rise."""
    counted = context.world.things.get(counting.Counted)
    expect(counted, counting.never_go_back(), "The counters of an instance go back and forth")


@then('the use of exactly the running instances is known within "{within:Duration}", none older than "{age:Duration}"')
def use_is_known(context: BehaveContext, within: Duration, age: Duration) -> None:
    """Every running instance has figures above zero that are young enough, and nobody else has any."""
    system = context.world.jewelry
    reason = "The current use of the shop is not known"
    context.world.eventually(lambda _: usage.read(system), usage.is_known(age), within, reason)


@then("each request is found in the journals under its number, from the front to the worker")
def requests_can_be_followed(context: BehaveContext) -> None:
    """Front, application and, where there is work, the worker tell of the request by the same number."""
    secrecy.demand_followed(context.world)


@then("every line of the shop's own services has the agreed fields")
def lines_have_agreed_fields(context: BehaveContext) -> None:
    """Every line can be read by a machine and says when, where and what."""
    system = context.world.jewelry
    version = system.configured(context.suite.profile.application.version)
    matcher = secrecy.have_the_agreed_fields(version, secrecy.services(system))
    expect(secrecy.read_journals(system), matcher, "A line in the journals does not have the agreed fields")


@then("no line of any instance holds a password, token or key")
def no_line_holds_a_secret(context: BehaveContext) -> None:
    """Neither those that were just used nor those that the shop works with are in any journal."""
    system = context.world.jewelry
    matcher = secrecy.keep_secrets(secrecy.all_secrets(system, context.world.things.get(secrecy.Traces)))
    expect(secrecy.read_journals(system), matcher, "A secret is in the journals of the shop")
