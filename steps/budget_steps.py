"""The resource budget, settings and secrets."""

from __future__ import annotations

from decimal import Decimal

from support.expect import expect
from support.running.grammar import then, when
from support.systems.jewelry_shop import budget, configuration, in_use, need
from support.world import BehaveContext


@when("the budget of the shop is read")
def budget_is_read(context: BehaveContext) -> None:
    """The cluster tells which figures it enforces."""
    context.world.things.put(budget.read_budget(context.world.jewelry))


@then("its figures and the sizes of a single instance are exactly the agreed ones")
def budget_has_agreed_figures(context: BehaveContext) -> None:
    """No figure differs, none is missing, none was added."""
    seen = context.world.things.get(budget.Budget)
    expect(seen, budget.has_the_agreed_figures(), "The resource budget of the shop is not the agreed one")


@when('somebody wants to start something with "{demand:Demand}"')
def somebody_starts_something(context: BehaveContext, demand: str) -> None:
    """A newcomer asks for these sizes; it never runs."""
    context.world.things.put(budget.start_newcomer(context.world, demand))


@then("it is refused by the rule for that, and nothing is left behind")
def newcomer_is_refused(context: BehaveContext) -> None:
    """The refusal names its rule, and nothing of the newcomer is there."""
    seen = context.world.things.get(budget.Newcomer)
    expect(seen, budget.is_refused_by_its_rule(), "The resource budget of the shop is not enforced")


@then("it is given the agreed sizes")
def newcomer_is_given_sizes(context: BehaveContext) -> None:
    """What brings no sizes gets those that were agreed."""
    matcher = budget.has_the_agreed_sizes(context.suite.profile)
    expect(context.world.things.get(budget.Newcomer), matcher, "Something without sizes does not get the agreed ones")


@when("the need at the largest size is added up, with one replacement of every part in progress")
def need_is_added_up(context: BehaveContext) -> None:
    """The live manifests tell how many of each part there may be, and what each of them takes."""
    context.world.things.put(need.add_up(context.world.jewelry))


@then('at least "{share:Percent}" of every line of the budget is left')
def budget_leaves_room(context: BehaveContext, share: Decimal) -> None:
    """Growth and replacement fit, with something to spare."""
    expect(context.world.things.get(need.Need), need.leaves(share), "The shop cannot grow to its largest size")


@when("the settings and secrets of the shop are read")
def configuration_is_read(context: BehaveContext) -> None:
    """Everything that is kept for the shop."""
    context.world.things.put(configuration.read_configuration(context.world.jewelry))


@then("every agreed setting and secret is there with a real value")
def configuration_is_real(context: BehaveContext) -> None:
    """Nothing is missing, empty, or a placeholder."""
    seen = context.world.things.get(configuration.Configuration)
    expect(seen, configuration.is_there_and_real(), "A setting or secret that the shop needs is missing or not real")


@then('the key that signs the sign-ins has at least "{length:Count}" characters')
def signing_key_is_long(context: BehaveContext, length: int) -> None:
    """The key cannot be guessed."""
    seen = context.world.things.get(configuration.Configuration)
    expect(seen, configuration.has_signing_key_of(length), "The key that signs the sign-ins is too short")


@then("no secret stands in a setting")
def no_secret_in_settings(context: BehaveContext) -> None:
    """Whoever may read the settings learns no secret."""
    seen = context.world.things.get(configuration.Configuration)
    expect(seen, configuration.keeps_secrets_apart(), "A secret can be read in a setting")


@when("the running instances tell what they work with")
def instances_tell_configuration(context: BehaveContext) -> None:
    """Every instance of every part is asked for what its process was started with."""
    context.world.things.put(in_use.ask_instances(context.world.jewelry))


@then("every instance took its secrets from where they are kept")
def instances_take_secrets(context: BehaveContext) -> None:
    """No secret is written elsewhere, and none is an old one."""
    seen = context.world.things.get(in_use.InUse)
    matcher = in_use.take_secrets_from_where_they_are_kept()
    expect(seen, matcher, "An instance does not work with the secrets as they are kept")


@then("every instance works with the settings as they are now")
def instances_use_settings(context: BehaveContext) -> None:
    """No instance was started with other settings than those that are configured."""
    seen = context.world.things.get(in_use.InUse)
    expect(seen, in_use.work_with_present_settings(), "An instance does not work with the settings as they are now")


@then("every instance of the application tells the configured version")
def instances_tell_version(context: BehaveContext) -> None:
    """What runs is what was configured."""
    seen = context.world.things.get(in_use.InUse)
    expect(seen, in_use.tell_the_configured_version(), "Another version of the shop runs than the configured one")
