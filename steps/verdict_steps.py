"""What a run says of the promises, and what a diagnosis says of the platform."""

from __future__ import annotations

from support.expect import expect
from support.running import own_run
from support.running.grammar import then, when
from support.running.own_run import Coverage, OwnRun
from support.systems.jewelry_shop import diagnosis
from support.systems.jewelry_shop.diagnosis import Finding
from support.world import BehaveContext


@when('a run of its own judges the promise "{promise:Promise}"')
def run_judges_promise(context: BehaveContext, promise: str) -> None:
    """The suite runs once more, over this installation, for this promise only."""
    context.world.things.put(own_run.run_promise(promise))


@when("a run of its own ends in every possible way")
def run_ends_in_every_way(context: BehaveContext) -> None:
    """A run of which it is known beforehand how each of its scenarios ends."""
    context.world.things.put(own_run.run_sample())


@when("a run of its own is asked for a promise that no scenario checks")
def run_is_asked_for_nothing(context: BehaveContext) -> None:
    """The selection finds nothing."""
    context.world.things.put(own_run.run_nothing())


@then("report, summary and exit code of that run agree")
def run_agrees_with_itself(context: BehaveContext) -> None:
    """All three count the same, and the run is green in all of them or in none."""
    expect(context.world.things.get(OwnRun), own_run.agrees_with_itself(), "A run does not agree with itself")


@then("that run is green")
def run_is_green(context: BehaveContext) -> None:
    """Something was checked, and nothing was broken or unknown."""
    expect(context.world.things.get(OwnRun), own_run.is_green(), "The result of a run is not green")


@then("its results are kept in a folder with the time of the run")
def results_have_their_time(context: BehaveContext) -> None:
    """No run overwrites the results of another one."""
    expect(context.world.things.get(OwnRun), own_run.is_kept_with_its_time(), "Results are not kept by their time")


@then('of its promises "{kept:Count}" are kept, "{part:Count}" in part, "{broken:Count}" broken')
def promises_are_counted(context: BehaveContext, kept: int, part: int, broken: int) -> None:
    """Each promise is counted once; the sample has one that nobody could judge and two that nobody checked."""
    wanted = {"kept": kept, "kept in part": part, "broken": broken, "not known": 1, "not checked": 2}
    expect(context.world.things.get(OwnRun), own_run.counts(wanted), "A run counts its promises wrongly")


@then('"{percent:Percent}" of the agreed promises are known to be kept')
def rate_is(context: BehaveContext, percent: float) -> None:
    """What was not checked, not known or checked in part never raises the rate."""
    expect(context.world.things.get(OwnRun), own_run.has_rate(float(percent)), "The rate of a run is wrong")


@then("that run is not green and says that nothing was checked")
def run_says_nothing_was_checked(context: BehaveContext) -> None:
    """A run of nothing has an exit code of its own."""
    expect(
        context.world.things.get(OwnRun), own_run.says_nothing_was_checked(), "A run of nothing looks like a success"
    )


@when("the earlier tests are looked up in the catalogue")
def earlier_tests_are_looked_up(context: BehaveContext) -> None:
    """Which promises stand for the tests that were agreed on before."""
    context.world.things.put(own_run.look_up_earlier_tests())


@then('each of "{groups:Count}" groups and "{steps:Count}" steps has a promise that is checked')
def earlier_tests_are_covered(context: BehaveContext, groups: int, steps: int) -> None:
    """Nothing of what was agreed on before has been forgotten."""
    found = context.world.things.get(Coverage)
    expect(found, own_run.covers(groups, steps), "A test that was agreed on before is missing")


@when('the platform is asked how its "{area:Area}" is')
def platform_is_diagnosed(context: BehaveContext, area: str) -> None:
    """What a person would look up first, looked up at once."""
    context.world.things.put(diagnosis.diagnose(context.world.jewelry, area))


@then("the diagnosis says so in ten lines at most")
def diagnosis_says_how_it_is(context: BehaveContext) -> None:
    """Facts, and every cause near the top."""
    expect(context.world.things.get(Finding), diagnosis.tells_how_it_is(), "A diagnosis says too little or too late")


@then("it names no cause of trouble")
def diagnosis_names_no_cause(context: BehaveContext) -> None:
    """Otherwise the cause is what the reader sees first; what has just been delivered has a moment to settle."""
    jewelry, area = context.world.jewelry, context.world.things.get(Finding).area
    look, within = diagnosis.observer_of(jewelry, area), context.suite.limits.at_rest
    context.world.eventually(look, diagnosis.names_no_cause(), within, f"The {area} of the platform is in trouble")
