"""What is there again after a failure, when, and with nothing lost."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import (
    breaking,
    cache_incidents,
    cold_starts,
    comebacks,
    failover,
    following,
    healing,
    incidents,
    keepsakes,
    ledgers,
    machine_loss,
    outages,
    second_failures,
    without_database,
)
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.judging import keeps_the_promise
from support.world import BehaveContext


@then('sales are confirmed again within "{limit:Duration}"')
def sales_are_confirmed_again(context: BehaveContext, limit: Duration) -> None:
    """The interruption that customers saw, as bounds, is shorter than promised."""
    judged = outages.interruption(context.world, limit)
    reason = f"Sales were not confirmed again within {limit}: {judged.verdict.reason}"
    expect(judged, keeps_the_promise(f"sales within {limit}"), reason)


@then('sales were interrupted for "{limit:Duration}" at most')
def sales_were_interrupted_at_most(context: BehaveContext, limit: Duration) -> None:
    """The interruption that customers saw, as bounds, is shorter than promised."""
    judged = outages.interruption(context.world, limit)
    reason = f"Sales were interrupted for longer than {limit}: {judged.verdict.reason}"
    expect(judged, keeps_the_promise(f"at most {limit}"), reason)


@then('another member takes over and sales are confirmed again within "{limit:Duration}"')
def another_member_takes_over(context: BehaveContext, limit: Duration) -> None:
    """Another member than before confirms, on a later timeline, and customers were served again in time."""
    judged, story = outages.interruption(context.world, limit), context.world.things.get(Failover)
    reason = f"Sales were not confirmed again within {limit}: {judged.verdict.reason}"
    expect(judged, keeps_the_promise(f"sales within {limit}"), reason)
    other = failover.is_another_member(story)
    expect(other, keeps_the_promise("another member leads"), "No other database member took over")


@then("the database tells one outcome: a restart in place or a promotion")
def database_tells_one_outcome(context: BehaveContext) -> None:
    """After the fault exactly one member confirmed, on one later timeline."""
    seen = failover.outcome(context.world.things.get(Failover))
    expect(seen, failover.is_one_outcome(), "More than one member confirmed sales after the fault")


@then("the history of the database tells when and why")
def history_tells_when_and_why(context: BehaveContext) -> None:
    """The database's own record names time, reason and new leader."""
    story, within = context.world.things.get(Failover), context.suite.limits.at_rest
    matcher = failover.tells_when_and_why()
    context.world.eventually(lambda _: failover.history_entry(story), matcher, within, "The history lacks the change")


@then('every instance of before writes "{limit:Duration}" after the new leader at the latest, without a restart')
def every_instance_writes_again(context: BehaveContext, limit: Duration) -> None:
    """Each instance that ran before the fault has written through the new leader, in time, in the same life."""
    followed = following.read(context.world, context.world.things.get(Failover))
    expect(followed, following.all_follow_within(limit), "An instance did not follow the new leader by itself")


@then("every sale that was confirmed is found stored")
def every_confirmed_sale_is_stored(context: BehaveContext) -> None:
    """What customers were told is what the leading member has."""
    read = outages.read_at_leader(context.world)
    expect(read, ledgers.keeps_every_confirmed_write(1), "A confirmed sale is not stored as it was confirmed")


@then("every confirmed sale is stored exactly once, for the shop and on every follower")
def every_confirmed_sale_is_on_every_follower(context: BehaveContext) -> None:
    """The shop's own list, the leading member and every follower that is there have each sale once."""
    read = outages.read_for_shop_and_followers(context.world)
    expect(read, ledgers.keeps_every_confirmed_write(3), "A confirmed sale is not stored as it was confirmed")


@then('it still is when the former leader has come back within "{limit:Duration}"')
def ledger_is_complete_after_return(context: BehaveContext, limit: Duration) -> None:
    """The former leader follows again, in time, and every member has each sale once."""
    incidents.await_rejoin(context.world, limit)
    read = incidents.read_everywhere(context.world, context.world.things.get(Failover))
    expect(read, ledgers.keeps_every_confirmed_write(3), "A confirmed sale is missing where the former leader is back")


@then('when the former leader has come back within "{limit:Duration}", no confirmed sale is missing')
def nothing_is_missing_after_thaw(context: BehaveContext, limit: Duration) -> None:
    """The fault ends by itself, the former leader follows again, in time, and every member has each sale once."""
    story = context.world.things.get(Failover)
    incidents.await_end_of_fault(context.world, story)
    incidents.await_rejoin(context.world, limit)
    read = incidents.read_everywhere(context.world, story)
    matcher = ledgers.keeps_every_confirmed_write(3, "lost after the supervisor froze", failover.synchrony(story))
    expect(read, matcher, "A confirmed sale is missing")


@then("every confirmed sale is stored exactly once on every member")
def every_confirmed_sale_is_on_every_member(context: BehaveContext) -> None:
    """All members have each sale once, as it was confirmed."""
    read = incidents.read_everywhere(context.world, context.world.things.get(Failover))
    expect(read, ledgers.keeps_every_confirmed_write(3), "A confirmed sale is not stored as it was confirmed")


@then("no write that was confirmed on either side is missing")
def no_write_of_either_side_is_missing(context: BehaveContext) -> None:
    """Writes of customers and of the writer beside the former leader are on all members."""
    story = context.world.things.get(Failover)
    outages.demand_minority_writer(story)
    read = incidents.read_everywhere(context.world, story)
    matcher = ledgers.keeps_every_confirmed_write(3, "missing after the cut was healed", failover.synchrony(story))
    expect(read, matcher, "A write that was confirmed on one side of the cut is missing")


@then("indexes and tables of the sales are sound")
def indexes_and_tables_are_sound(context: BehaveContext) -> None:
    """The database checks its own indexes and tables."""
    expect(ledgers.soundness(context.world.jewelry), ledgers.is_sound(), "The sales are damaged in the database")


@then("at no moment two members have confirmed {what:Writes}")
def never_two_members_confirmed(context: BehaveContext, what: str) -> None:
    """The terms in which members confirmed do not overlap."""
    judged = failover.judge_one_at_a_time(context.world.things.get(Failover))
    expect(judged, keeps_the_promise("one member at a time"), f"Two members confirmed {what} at the same time")


@then('the former leader follows again within "{limit:Duration}"')
def former_leader_follows_again(context: BehaveContext, limit: Duration) -> None:
    """Every member streams from one leader again, in time, counted from the end of the fault."""
    incidents.await_end_of_fault(context.world, context.world.things.get(Failover))
    incidents.await_rejoin(context.world, limit)


@then('the cache accepts writes again within "{limit:Duration}"')
def cache_accepts_writes_again(context: BehaveContext, limit: Duration) -> None:
    """The interruption of copied writes, as bounds, is shorter than promised."""
    judged = cache_incidents.interruption(context.world, limit)
    expect(judged, keeps_the_promise(f"copied writes within {limit}"), f"The cache was away for longer than {limit}")


@then("every write that was confirmed with a copy is there, also when the former master is back")
def every_copied_write_is_there(context: BehaveContext) -> None:
    """Read from the master now, and again when all servers follow it."""
    read = cache_incidents.read_back(context.world)
    expect(read, cache_incidents.keeps_every_copied_write(), "A write that was confirmed with a copy is missing")


@then('all watchers name another server within "{limit:Duration}"')
def all_watchers_name_another(context: BehaveContext, limit: Duration) -> None:
    """Every watcher names the same other server, the switch is in their journals, in time after the fault."""
    cache_incidents.demand_promotion(context.world, limit)


@then('the former master is a follower and "{followers:Count}" followers are online within "{limit:Duration}"')
def former_master_follows(context: BehaveContext, followers: int, limit: Duration) -> None:
    """The paused server has accepted its new role, and the new master has all its followers."""
    cache_incidents.demand_former_master_follows(context.world, followers, limit)


@then("no instance of the application was taken out of service")
def no_instance_was_taken_out(context: BehaveContext) -> None:
    """The number of instances that receive requests was never lower than before the fault."""
    seen = cache_incidents.taken_out(context.world.things.get(cache_incidents.CacheStory))
    expect(seen, cache_incidents.never_taken_out(), "Instances were taken out of service although they could sell")


@then('a new instance of the "{part:Part}" works within "{limit:Duration}"')
def new_instance_works(context: BehaveContext, part: str, limit: Duration) -> None:
    """Another instance than the deleted one is ready and answers in its own language, in time."""
    healing.demand_replacement(context.world, part, limit)


@then('the "{part:Part}" has its full number again, without the deleted instance')
def part_has_full_number(context: BehaveContext, part: str) -> None:
    """The number is the desired one, and the deleted instance is gone."""
    healing.demand_full_number(context.world, part)


@then("every part that is bound to no machine has its full number elsewhere, in the time that the settings allow")
def parts_have_moved(context: BehaveContext) -> None:
    """Replacements are ready on other machines; what stores something waits for its machine, and is named."""
    machine_loss.demand_moved(context.world)


@then('customers were served again within "{limit:Duration}" at every entrance that was left')
def customers_were_served_again(context: BehaveContext, limit: Duration) -> None:
    """The interruption that customers saw at each entrance, as bounds, was shorter than promised."""
    judged = machine_loss.judge_customers(context.world, limit)
    expect(judged, keeps_the_promise(f"customers within {limit}"), f"Customers were not served again within {limit}")


@then('the whole shop is at full strength again within "{limit:Duration}", with no restart unexplained')
def whole_shop_is_at_full_strength(context: BehaveContext, limit: Duration) -> None:
    """Every part, one database leader, one cache master, all their followers; nothing restarted that was not hit."""
    machine_loss.demand_whole(context.world, limit)


@then("every label, setting and size of the shop is as it was before the first fault")
def shop_is_set_up_as_before(context: BehaveContext) -> None:
    """Nothing was added, removed or set differently, by whomever."""
    breaking.after_a_loss(context.world).demand_arrangement()


@then('sales are confirmed again within "{limit:Duration}" of the second failure')
def sales_are_confirmed_after_second_failure(context: BehaveContext, limit: Duration) -> None:
    """The time from the second failure until customers were served for good, as bounds, is shorter than promised."""
    judged = second_failures.judge_recovery(context.world, limit)
    reason = f"Sales were not confirmed again within {limit} of the second failure: {judged.verdict.reason}"
    expect(judged, keeps_the_promise(f"sales within {limit}"), reason)


@then('until then every customer is refused with a reason, within "{limit:Duration}"')
def customers_are_refused_with_reason(context: BehaveContext, limit: Duration) -> None:
    """Nobody is left waiting, and nobody is refused without being told why."""
    seen = comebacks.refusals(context.world)
    expect(seen, comebacks.are_clear(limit), "Customers were not refused clearly while the shop could not sell")


@then('every instance says within "{limit:Duration}" that the database is away, and all the time that it is alive')
def instances_tell_that_database_is_away(context: BehaveContext, limit: Duration) -> None:
    """Not ready because of the database, and alive, at every instance."""
    said = without_database.health(context.world)
    matcher = without_database.tells_that_database_is_away(limit)
    expect(said, matcher, "The application did not say truly how it is while its database was away")


@then('sales are confirmed again "{limit:Duration}" after the leader is back at the latest')
def sales_resume_after_leader(context: BehaveContext, limit: Duration) -> None:
    """The time from the leader's first own confirmation until customers were served for good."""
    judged = without_database.judge_resumption(context.world, limit)
    reason = f"Sales did not resume within {limit} after the database was back"
    expect(judged, keeps_the_promise(f"sales within {limit}"), reason)


@then('sales are confirmed again "{limit:Duration}" after the way to it is open again at the latest')
def sales_resume_after_cut(context: BehaveContext, limit: Duration) -> None:
    """The time from the end of the cut until customers were served for good."""
    judged = without_database.judge_way_back(context.world, limit)
    reason = f"Sales did not resume within {limit} after the database could be reached again"
    expect(judged, keeps_the_promise(f"sales within {limit}"), reason)


@then("no instance of the application has restarted")
def no_instance_has_restarted(context: BehaveContext) -> None:
    """Every instance of before is there in the same life."""
    seen = without_database.lives(context.world)
    expect(seen, without_database.are_the_same(), "The application did not stay alive without its database")


@then('the shop is whole again and sells within "{limit:Duration}", no instance having restarted more than once')
def shop_is_whole_again(context: BehaveContext, limit: Duration) -> None:
    """Every part, one database leader and one cache master are there again, in time, and a ring is sold."""
    cold_starts.demand_whole(context.world, limit)


@then("every sale that was confirmed before the power went is stored exactly once on every member")
def every_sale_before_power_loss_is_stored(context: BehaveContext) -> None:
    """All members have each sale that a customer was told of before the observer itself lost its power."""
    story = context.world.things.get(Failover)
    read = ledgers.read_everywhere(context.world.jewelry, story.traffic, story.fault)
    matcher = ledgers.keeps_every_confirmed_write(3, "missing after the power was back", story.causes, needed_after=0)
    expect(read, matcher, "A confirmed sale did not survive the loss of power")


@then("the sign-in and the basket are still there")
def sign_in_and_basket_are_there(context: BehaveContext) -> None:
    """Who was signed in still is, and the parked basket can be fetched."""
    found = keepsakes.look(context.world.jewelry, context.world.things.get(keepsakes.Keepsakes))
    expect(found, keepsakes.are_still_there(), "The cache has lost what it held")
