"""Sign-ins and forgeries, and two shops side by side: what is right is accepted, what is wrong is named."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from support.clients.http import Answer
from support.systems.jewelry_shop import admission, attaching, side_by_side, suspension, tokens
from support.systems.jewelry_shop.traces import Trace
from support.waiting import Unknown, mismatch

KEY = "k" * 60
GENUINE = tokens.signed({"user_id": 7, "exp": 2_000_000_000}, KEY)


def test_a_sign_in_is_read_and_made() -> None:
    assert tokens.claims_of(GENUINE) == {"user_id": 7, "exp": 2_000_000_000}
    assert tokens.signed(tokens.claims_of(GENUINE), KEY) == GENUINE
    with pytest.raises(Unknown, match="no readable form"):
        tokens.claims_of("opaque")


@pytest.mark.parametrize("name", [name for name, forge in tokens.FORGERIES.items() if forge])
def test_no_forgery_is_genuine(name: str) -> None:
    forge = tokens.FORGERIES[name]
    assert forge is not None
    forged = forge(GENUINE, KEY)
    claims = tokens.claims_of(forged)
    genuine = tokens.signed(claims, KEY) == forged and claims["exp"] > time.time()
    assert not genuine
    assert forged != GENUINE
    assert claims["user_id"] == 7


def test_an_expired_sign_in_is_wrong_in_nothing_else() -> None:
    expired = tokens.expired(GENUINE, KEY)
    claims = tokens.claims_of(expired)
    assert tokens.signed(claims, KEY) == expired
    assert claims["iat"] < claims["exp"] < tokens.claims_of(tokens.lasting(GENUINE, KEY))["exp"]
    assert tokens.altered(GENUINE, KEY).split(".")[2] == GENUINE.split(".")[2]
    assert tokens.unsigned(GENUINE, KEY).endswith(".")


OK, NO = Answer("GET", "/p", 200, "{}"), Answer("GET", "/p", 401, '{"detail": "x"}')
BOTH = [admission.Honoured("a", "a", OK, True), admission.Honoured("a", "b", OK, True)]


def everywhere(*uses: admission.Honoured, missing: str = "") -> admission.SignInsEverywhere:
    return admission.SignInsEverywhere(uses or BOTH, 2, missing)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            everywhere(BOTH[0], replace(BOTH[1], answer=NO, recognised=False), missing="DJANGO_SECRET_KEY"),
            "DJANGO_SECRET_KEY missing: sign-ins are valid on one instance only; made at a, used at b: answered 401",
        ),
        (everywhere(BOTH[0], replace(BOTH[1], answer=NO, recognised=False)), "valid on one instance only; made at a"),
        (everywhere(replace(BOTH[0], answer=NO, recognised=False)), "sign-ins are not honoured"),
        (everywhere(replace(BOTH[1], recognised=False)), "used at b: answered 200"),
    ],
)
def test_an_instance_that_does_not_honour_a_sign_in_is_named(seen: Any, words: str) -> None:
    assert admission.are_honoured_everywhere().matches(everywhere())
    assert words in mismatch(admission.are_honoured_everywhere(), seen)


BEFORE = Trace({"users": {"1": {"id": 1, "username": "o", "last_login": "t1"}}})
LATER = Trace({"users": {"1": {"id": 1, "username": "o", "last_login": "t2"}}})
SIGN_IN = Answer("POST", "/api/auth/login/", 401, "{}")
REFUSED = admission.Refused("a wrong password", [SIGN_IN], BEFORE, BEFORE)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(REFUSED, answers=[replace(SIGN_IN, status=200)]), "sign-in with a wrong password was accepted"),
        (replace(REFUSED, answers=[replace(OK)]), "a wrong password was accepted: GET /p"),
        (replace(REFUSED, answers=[replace(SIGN_IN, status=403)]), "was answered 403 instead of 401"),
        (replace(REFUSED, answers=[]), "nobody tried"),
    ],
)
def test_whoever_is_let_in_wrongly_is_named(seen: Any, words: str) -> None:
    assert admission.is_refused(401).matches(REFUSED)
    assert words in mismatch(admission.is_refused(401), seen)


def test_a_refused_call_leaves_not_even_the_time_of_a_sign_in() -> None:
    assert admission.has_left_nothing().matches(REFUSED)
    words = mismatch(admission.has_left_nothing(), replace(REFUSED, after=LATER))
    assert words == "a refused call changed 1 rows of users"


def test_a_sign_in_leaves_its_time() -> None:
    assert admission.is_noted().matches(admission.LastSignIn("", "t2"))
    assert "was not noted" in mismatch(admission.is_noted(), admission.LastSignIn("t1", "t1"))
    assert "was not noted" in mismatch(admission.is_noted(), admission.LastSignIn("", ""))


def test_names_of_mistakes_and_refusals_are_those_of_the_vocabulary() -> None:
    assert "a wrong password" in admission.credentials()
    assert set(admission.REFUSALS.values()) == {"400", "401"}


STOCK = {"Goldregen": Trace({"inventory_items": {}}), "Silberquell": Trace({"inventory_items": {}})}
ITEM = {"tenant_id": "s", "branch_id": "b", "category_id": "c"}
ATTACHED = attaching.Attachment({"branch": "b"}, Answer("POST", "/i", 400, "{}"), [], STOCK, STOCK)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stored": [ITEM]}, "item stored with a branch of another shop"),
        ({"stored": [ITEM], "foreign": {"category": "c"}}, "item stored with a category of another shop"),
        ({"stored": [{**ITEM, "branch_id": "own"}]}, "the refused piece is stored"),
        ({"answer": Answer("POST", "/i", 201, "{}")}, "answered 201 instead of 400"),
        ({"answer": Answer("POST", "/i", 500, '{"error": "internal"}')}, "answered 500 instead of 400"),
        (
            {"after": {**STOCK, "Goldregen": Trace({"inventory_items": {"x": {"id": "x"}}})}},
            "Goldregen: a refused piece left 1 rows of inventory_items",
        ),
    ],
)
def test_a_piece_that_was_attached_is_named(change: dict[str, Any], words: str) -> None:
    assert attaching.is_refused_without_a_row().matches(ATTACHED)
    assert words in mismatch(attaching.is_refused_without_a_row(), replace(ATTACHED, **change))


SUSPENDED = Answer("GET", "/api/sales/", 403, '{"error": "x", "tenant_status": "SUSPENDED"}')
SALE = Answer("POST", "/api/pos/sales/create/", 201, "{}")


def calls(*answers: Answer) -> suspension.Calls:
    return suspension.Calls("Goldregen", [suspension.Told("django-a", answer) for answer in answers])


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (calls(SUSPENDED, SALE), "suspended shop can still sell: Goldregen at django-a"),
        (calls(replace(SUSPENDED, status=200)), "GET /api/sales/ at django-a was answered 200"),
        (calls(replace(SUSPENDED, text='{"detail": "no"}')), "was answered 403 instead of suspended"),
        (calls(), "nobody called"),
    ],
)
def test_a_suspended_shop_that_is_served_is_named(seen: Any, words: str) -> None:
    assert suspension.are_refused_as_suspended().matches(calls(SUSPENDED))
    assert words in mismatch(suspension.are_refused_as_suspended(), seen)


def test_a_neighbour_that_is_not_served_is_named() -> None:
    assert suspension.are_all_served().matches(calls(SALE))
    assert "django-a answered 403" in mismatch(suspension.are_all_served(), calls(SALE, SUSPENDED))
    assert "nobody called" in mismatch(suspension.are_all_served(), calls())


OWN = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
STRANGE = "33333333-3333-4333-8333-333333333333"  # of no shop
MINE = side_by_side.Belongings(frozenset({OWN}), frozenset({1}), frozenset({"RING-mine"}))
THEIRS = side_by_side.Belongings(frozenset({OTHER}), frozenset({2}), frozenset({"RING-theirs"}))


def heard(text: str, path: str = "/api/sales/") -> side_by_side.SideBySide:
    answers = [Answer("GET", "/api/sales/", 200, f'{{"id": "{OWN}"}}')] * 2 + [Answer("GET", path, 200, text)]
    return side_by_side.SideBySide([side_by_side.Heard("Goldregen", answers, MINE, THEIRS)])


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            heard(f'{{"id": "{OTHER}"}}', "/api/pos/search/products/?q=RING"),
            f"cached search answer of another shop: Goldregen got 1 of 3, such as the id {OTHER}",
        ),
        (heard(f'{{"id": "{OTHER}"}}'), "answer with rows of another shop: Goldregen got 1 of 3"),
        (heard(f'{{"id": "{OWN}", "content": "RING-theirs"}}'), 'such as "RING-theirs"'),
        (heard(f'{{"results": [{{"id": "{OWN}", "employee": 2}}]}}'), "such as person 2"),
        (heard('{"results": []}'), "1 answers without anything of its own"),
    ],
)
def test_an_answer_of_the_neighbour_is_named(seen: Any, words: str) -> None:
    matcher = side_by_side.carry_only_their_own(3)
    assert matcher.matches(heard(f'{{"id": "{OWN}", "employee": 1}}'))
    assert words in mismatch(matcher, seen)


@pytest.mark.parametrize("text", [f'{{"item": "{OTHER}"}}', '{"detail": "only 1 of RING-theirs"}', '{"employee": 2}'])
def test_a_refusal_that_tells_of_the_neighbour_is_named(text: str) -> None:
    good = heard(f'{{"id": "{OWN}"}}').heard[0]
    refused = [replace(good.answers[0], status=400, text=said) for said in ('{"request_id": "' + STRANGE + '"}', text)]
    matcher = side_by_side.carry_only_their_own(3)
    assert matcher.matches(side_by_side.SideBySide([replace(good, answers=[*good.answers, refused[0]])]))
    leaking = side_by_side.SideBySide([replace(good, answers=[*good.answers, refused[1]])])
    assert "answer with rows of another shop: Goldregen got 1 of 4" in mismatch(matcher, leaking)


def test_too_few_answers_are_unknown() -> None:
    with pytest.raises(Unknown, match="at least 4 each"):
        side_by_side.carry_only_their_own(4).matches(heard(f'{{"id": "{OWN}"}}'))
    with pytest.raises(Unknown):
        side_by_side.carry_only_their_own(1).matches(side_by_side.SideBySide([]))
    refused = side_by_side.Heard("G", [Answer("GET", "/x", 503, "{}")] * 5, MINE, THEIRS)
    with pytest.raises(Unknown):
        side_by_side.carry_only_their_own(4).matches(side_by_side.SideBySide([refused]))
