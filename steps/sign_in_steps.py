"""Who is let in, and who is not."""

from __future__ import annotations

from support.expect import expect
from support.running.grammar import then, when
from support.systems.jewelry_shop import admission
from support.systems.jewelry_shop.store import Store
from support.world import BehaveContext


@when("the platform administrator signs in at every instance of the application")
def administrator_signs_in_everywhere(context: BehaveContext) -> None:
    """One sign-in at each instance, each of them then used at all instances."""
    jewelry = context.world.jewelry
    context.world.things.put(admission.sign_in_everywhere(jewelry, admission.administrator(jewelry)))


@when('the "{person:Person}" of "{company:Company}" signs in at every instance of the application')
def person_signs_in_everywhere(context: BehaveContext, person: str, company: str) -> None:
    """The same by somebody who works in a shop."""
    store = context.world.things.get(Store, company)
    context.world.things.put(admission.sign_in_everywhere(context.world.jewelry, store.person(person)))


@then("every instance honours each of these sign-ins")
def every_instance_honours_sign_ins(context: BehaveContext) -> None:
    """Wherever the owner signed in, every instance knows who this is."""
    seen = context.world.things.get(admission.SignInsEverywhere)
    expect(seen, admission.are_honoured_everywhere(), "A sign-in is not honoured by every instance of the shop")


@when('somebody signs in as the owner with "{what:Credentials}"')
def somebody_signs_in_wrongly(context: BehaveContext, what: str) -> None:
    """One attempt with something that is not the owner's name and password."""
    store = context.world.things.get(Store)
    context.world.things.put(admission.sign_in_with(context.world.jewelry, store, what))


@when('somebody looks, sells and changes the stock with "{what:Forgery}"')
def somebody_comes_with_forgery(context: BehaveContext, what: str) -> None:
    """Every kind of call is tried without a genuine sign-in."""
    store = context.world.things.get(Store)
    context.world.things.put(admission.come_with(context.world.jewelry, store, what))


@then('everything is refused as "{refusal:Refusal}"')
def everything_is_refused(context: BehaveContext, refusal: str) -> None:
    """Every call got exactly the refusal that fits."""
    refused = context.world.things.get(admission.Refused)
    expect(refused, admission.is_refused(int(refusal)), "The shop let in somebody whom it must not")


@then("nothing stored has changed, not even the time of the owner's last sign-in")
def nothing_stored_has_changed(context: BehaveContext) -> None:
    """No row was added, changed or removed by the refused calls."""
    refused = context.world.things.get(admission.Refused)
    expect(refused, admission.has_left_nothing(), "A refused call has changed what is stored")


@then("the sign-in is noted with its time")
def sign_in_is_noted(context: BehaveContext) -> None:
    """A real sign-in shows in the books, so that the absence of one means something."""
    things, jewelry = context.world.things, context.world.jewelry
    seen = admission.last_sign_in(things.get(admission.Refused), jewelry, things.get(Store))
    expect(seen, admission.is_noted(), "The time of a sign-in is not noted")
