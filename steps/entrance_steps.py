"""Customers at the public entrance."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.running.vocabulary import Duration
from support.systems.jewelry_shop import journal
from support.systems.jewelry_shop.answers import answered
from support.world import BehaveContext


@when("a customer asks for the shop under its public name")
def customer_asks_for_shop(context: BehaveContext) -> None:
    """One customer comes through the entrance."""
    context.world.things.put(journal.ask_as_customers(context.world.jewelry, 1))


@when('"{number:Count}" customers ask for the shop under its public name')
def customers_ask_for_shop(context: BehaveContext, number: int) -> None:
    """So many customers come through the entrance."""
    context.world.things.put(journal.ask_as_customers(context.world.jewelry, number))


@when("a customer asks for the shop under an unknown name")
def customer_asks_under_unknown_name(context: BehaveContext) -> None:
    """A customer comes to the right machine with a name that nobody has."""
    context.world.things.put(journal.ask_for_unknown_name(context.world.jewelry))


@then('the application answers within "{limit:Duration}"')
def application_answers(context: BehaveContext, limit: Duration) -> None:
    """The customer reaches the application, in time."""
    expect(context.world.things.get(journal.Asked), journal.is_well(limit), "A customer did not reach the shop")


@then('every one of them is answered within "{limit:Duration}"')
def every_customer_is_answered(context: BehaveContext, limit: Duration) -> None:
    """No customer is turned away or kept waiting."""
    expect(context.world.things.get(journal.Asked), journal.is_well(limit), "Not every customer reached the shop")


@then("the journals of the front and of the application know the question")
def journals_know_the_question(context: BehaveContext) -> None:
    """The question went through the front to the application."""
    journal.demand_known(context.world, ["nginx", "django"])


@then("every ready instance of the front and of the application has served at least one")
def every_instance_has_served(context: BehaveContext) -> None:
    """No instance stands idle while customers come."""
    journal.demand_spread(context.world, ["nginx", "django"])


@then("nobody is found there")
def nobody_is_found(context: BehaveContext) -> None:
    """The entrance knows no such name."""
    answer = context.world.things.get(journal.Asked).answers[0]
    expect(answer, answered(404), "An unknown name leads somewhere")


@then("the question has not reached the shop")
def question_has_not_reached_the_shop(context: BehaveContext) -> None:
    """Neither front nor application has seen the question."""
    journal.demand_unknown(context.world, ["nginx", "django"])
