"""Promises of the cache: baskets, roles, refusals, visitors and queued work; each way of breaking them is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.clients.http import Answer
from support.observers.attempts import Attempt
from support.observers.ledger import LedgerVerdict
from support.observers.observer import ObserverError
from support.systems.jewelry_shop import cache_refusals, cache_roles, durability, queued_work, visitors
from support.systems.jewelry_shop.cache import CacheView, Server
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.rest import Basket
from support.waiting import Unknown, mismatch

POD = Pod("redis-0", "u0", "10.0.0.1", "n1", True, "r1", {}, 0, False, "")

# ---------------------------------------------------------------- baskets

STORE: Any = None  # no matcher uses it
KEPT = durability.Kept(STORE, Basket("b", "two rings"), 300.0, 100.0, 100.1)
AT_120 = durability.Reading("redis-0", "two rings", 280.0, 120.0, 120.1)
NAMES = ("redis-0", "redis-1", "redis-2", "the shop")


def lost(server: str, how: str, at: float, *, master: bool = False, **change: Any) -> durability.Loss:
    readings = [durability.Reading(name, "two rings", 400.0 - at, at, at + 0.1) for name in NAMES]
    return replace(durability.Loss(server, how, master, 5.0, "", readings), **change)


def emptied(loss: durability.Loss) -> durability.Loss:
    return replace(loss, readings=[replace(one, content=None) for one in loss.readings])


GOOD = [lost("redis-0", "crashed", 110, master=True)] + [
    lost(f"redis-{n}", "deleted", 120 + n * 10, master=n == 0) for n in range(3)
]
LOSSES = durability.Losses(KEPT, 3, GOOD)


def test_a_basket_that_is_everywhere_each_time_is_accepted() -> None:
    assert durability.come_back_with_the_basket(60).matches(LOSSES)
    assert durability.show_the_basket().matches(LOSSES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"content": None}, "redis-0 does not have the basket any more"),
        ({"content": "one ring"}, "another content: 'one ring'"),
        ({"left": -1.0}, "for ever"),
        ({"left": 299.0}, "keeps it for 299 s"),
        ({"left": 100.0}, "keeps it for 100 s"),
        ({"trouble": "does not answer"}, "redis-0 does not answer"),
    ],
)
def test_what_is_wrong_with_a_basket_is_said(change: dict[str, Any], words: str) -> None:
    assert AT_120.wrong(KEPT) == []
    assert words in "; ".join(replace(AT_120, **change).wrong(KEPT))


def test_a_basket_must_lie_on_so_many_servers() -> None:
    matcher = durability.lies_on(2, KEPT)
    assert matcher.matches([AT_120, AT_120])
    assert "1 servers instead of 2" in mismatch(matcher, [AT_120])
    assert "does not have the basket" in mismatch(matcher, [AT_120, replace(AT_120, content=None)])


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([emptied(GOOD[0])], "cache master came back empty: the basket is on no server after redis-0 was crashed"),
        ([GOOD[0], emptied(GOOD[2])], "the cache is empty: the basket is on no server after redis-1 was deleted"),
        ([replace(GOOD[0], back=61.0), *GOOD[1:]], "redis-0 was back after 61.0 s only"),
        ([replace(GOOD[0], back=None, trouble="redis-0 is not ready")], "redis-0 was not back after 90 s"),
    ],
)
def test_a_basket_that_did_not_survive_is_named(losses: list[durability.Loss], words: str) -> None:
    seen = replace(LOSSES, losses=losses)
    assert words in mismatch(durability.come_back_with_the_basket(60), seen)


@pytest.mark.parametrize(
    "losses",
    [
        [replace(one, was_master=False) for one in GOOD],
        GOOD[:3],
        [replace(GOOD[0], readings=GOOD[0].readings[:2]), *GOOD[1:]],
    ],
)
def test_losses_that_prove_nothing_are_unknown(losses: list[durability.Loss]) -> None:
    with pytest.raises(Unknown):
        durability.come_back_with_the_basket(60).matches(replace(LOSSES, losses=losses))


def test_a_basket_that_had_to_end_by_itself_proves_nothing() -> None:
    late = replace(GOOD[3], readings=[replace(one, before=401.0, after=401.5, left=0.0) for one in GOOD[3].readings])
    with pytest.raises(Unknown, match="longer than"):
        durability.come_back_with_the_basket(60).matches(replace(LOSSES, losses=[*GOOD[:3], late]))


def test_a_shop_without_the_basket_or_with_a_longer_life_is_named() -> None:
    gone = [replace(one, readings=[*one.readings[:3], replace(one.readings[3], content=None)]) for one in GOOD]
    assert "the shop does not have the basket" in mismatch(durability.show_the_basket(), replace(LOSSES, losses=gone))
    one, two = replace(GOOD[0].readings[3], left=287.0), replace(GOOD[1].readings[3], left=288.5, before=114, after=114)
    risen = [replace(GOOD[0], readings=[one]), replace(GOOD[1], readings=[two])]
    assert "rose from 287 s" in mismatch(durability.show_the_basket(), replace(LOSSES, losses=risen))
    with pytest.raises(Unknown):
        durability.show_the_basket().matches(replace(LOSSES, losses=[]))


# ---------------------------------------------------------------- roles


def sample(at: float, first: str, second: str = "master", process: str = "new", age: float = 0.0) -> cache_roles.Sample:
    servers = {"redis-0": cache_roles.Answered(first, process, age), "redis-1": cache_roles.Answered(second, "x", 900)}
    return cache_roles.Sample(at, servers)


SAMPLES = [sample(0.0, "slave", process="old")] + [sample(0.2 * n, "slave", age=0.2 * n) for n in range(1, 50)]
RESTARTED = cache_roles.Restarted("redis-0", "old", "redis-1", 0.0, 10.0, SAMPLES)


def test_one_master_in_every_look_is_accepted() -> None:
    assert cache_roles.never_two_masters().matches(RESTARTED)


def test_a_second_master_is_named() -> None:
    two = [*SAMPLES[:10], sample(2.0, "master"), *SAMPLES[11:]]
    text = mismatch(cache_roles.never_two_masters(), replace(RESTARTED, samples=two))
    assert "restarted first server came up as second master" in text
    assert "redis-0 and redis-1 were master at once in 1 of 50 looks, from 2.0 s on" in text


@pytest.mark.parametrize(
    "samples",
    [
        SAMPLES[:20],
        [sample(one.at, "slave", process="old") for one in SAMPLES],
        [SAMPLES[0]] + [sample(one.at, "slave", age=9.0) for one in SAMPLES[1:]],
        [one if number < 10 else sample(one.at, "", process="") for number, one in enumerate(SAMPLES)],
    ],
)
def test_too_few_looks_prove_nothing(samples: list[cache_roles.Sample]) -> None:
    with pytest.raises(Unknown):
        cache_roles.never_two_masters().matches(replace(RESTARTED, samples=samples))


def test_the_restarted_server_must_follow_the_master_of_before() -> None:
    first, second = Server(POD, "slave", [], "up"), Server(replace(POD, name="redis-1"), "master", [], "")
    watching: Any = [type("W", (), {"master": "redis-1.headless", "pod": POD})()] * 3
    matcher = cache_roles.takes_its_place(RESTARTED)
    assert matcher.matches(CacheView([first, second], watching, 2))
    assert "redis-0 is master" in mismatch(matcher, CacheView([replace(first, role="master"), second], watching, 2))
    assert "no link" in mismatch(matcher, CacheView([replace(first, link="down"), second], watching, 2))
    assert "no master" in mismatch(matcher, CacheView([first], watching, 2))


# ---------------------------------------------------------------- refusals


def write(at: float, outcome: Any, error: str = "") -> Attempt:
    return Attempt("cache", int(at * 20), at, at, at + 0.01, outcome, error)


REFUSED = [write(5 + n / 20, "fail", "NOREPLICAS Not enough good replicas") for n in range(80)]
STORED = LedgerVerdict("redis-0", 300, 200, 300, [], [], [], [], 0, 0)
REFUSALS = cache_refusals.Refusals(5.0, REFUSED, STORED, {"min-replicas-max-lag": "60"}, 1.2)


def test_refused_writes_are_accepted() -> None:
    assert cache_refusals.refuses_uncopied().matches(REFUSALS)
    assert cache_refusals.accepts_again().matches(REFUSALS)


def test_accepted_writes_without_a_copy_are_named_with_the_setting() -> None:
    seen = replace(REFUSALS, tried=[*REFUSED, write(9.0, "uncopied")])
    text = mismatch(cache_refusals.refuses_uncopied(), seen)
    assert "cache accepts writes that no follower has: 1 of 81" in text
    assert "min-replicas-max-lag 60" in text
    assert "2 refused writes are stored" in mismatch(
        cache_refusals.refuses_uncopied(), replace(REFUSALS, stored=replace(STORED, phantom=["a", "b"]))
    )
    assert "no write was confirmed" in mismatch(cache_refusals.accepts_again(), replace(REFUSALS, back=None))


@pytest.mark.parametrize("tried", [REFUSED[:10], [*REFUSED, write(9.0, "info", "time is over")], []])
def test_other_ends_of_writes_prove_nothing(tried: list[Attempt]) -> None:
    with pytest.raises(Unknown):
        cache_refusals.refuses_uncopied().matches(replace(REFUSALS, tried=tried))


# ---------------------------------------------------------------- visitors


def page(at: float, ok: bool = True, status: int = 200) -> Attempt:
    return Attempt("page-0", int(at), at, at, at + 0.1, "ok" if ok else "fail", "" if ok else "no", status)


PAGES = (
    [page(at) for at in range(8)] + [page(at, False, 503) for at in range(8, 16)] + [page(at) for at in range(16, 45)]
)
BEFORE = visitors.SignedIn("e2e.owner", "c", "jewelry:c", "content")
VISITS = visitors.Visits({"django-1": PAGES}, 8.5, 9.0, 38.5, BEFORE, ("jewelry:c", "content"), [])


def test_a_visitor_who_is_known_again_in_time_is_accepted() -> None:
    assert visitors.stay_signed_in(12).matches(VISITS)
    assert visitors.keeps_the_stored_sign_in().matches(VISITS)
    assert "cookie" not in repr(BEFORE)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (page(30, False, 302), "django-1 leads to the sign-in page 22 s after the fault"),
        (page(30, False, 503), "django-1 says 'no' 22 s after the fault"),
    ],
)
def test_a_page_without_the_name_after_the_time_is_named(bad: Attempt, words: str) -> None:
    pages = [bad if one.start == 30 else one for one in PAGES]
    seen = replace(VISITS, pages={"django-1": pages}, causes=["application does not follow the cache master: 3"])
    text = mismatch(visitors.stay_signed_in(12), seen)
    assert text.startswith("application does not follow the cache master")
    assert words.replace("'no'", "no") in text.replace("'no'", "no")


def test_pages_that_were_not_opened_in_time_prove_nothing() -> None:
    few = [one for one in PAGES if one.start < 22 or one.start > 38]
    with pytest.raises(Unknown, match="pages were opened in time"):
        visitors.stay_signed_in(12).matches(replace(VISITS, pages={"django-1": few}))
    between = [page(20, False, 503) if one.start == 20 else one for one in PAGES if one.start != 21]
    with pytest.raises(Unknown, match="back between"):
        visitors.stay_signed_in(12).matches(replace(VISITS, pages={"django-1": between}))


def test_a_changed_or_lost_stored_sign_in_is_named() -> None:
    matcher = visitors.keeps_the_stored_sign_in()
    assert "another content" in mismatch(matcher, replace(VISITS, after=("jewelry:c", "other")))
    assert "another key" in mismatch(matcher, replace(VISITS, after=("other", "content")))
    assert "0 stored sign-ins" in mismatch(matcher, replace(VISITS, after=("", "0 stored sign-ins")))


def test_a_visitor_whom_an_instance_does_not_know_is_named_with_the_cause() -> None:
    cause = "DJANGO_SECRET_KEY missing: sign-ins are valid on one instance only"
    matcher = visitors.is_welcome()
    assert matcher.matches(visitors.Welcome({"a": "", "b": ""}, [cause]))
    text = mismatch(matcher, visitors.Welcome({"a": "", "b": "token_not_valid"}, [cause]))
    assert text == f"{cause}; b does not know the visitor: token_not_valid"
    assert "no instance" in mismatch(matcher, visitors.Welcome({}))


def test_the_sign_in_page_must_lead_to_the_dashboard_with_a_cookie() -> None:
    good = Answer("POST", "/accounts/login/", 302, "", {"location": "/dashboard/"})
    assert visitors.lets_in().matches(visitors.SignInPage(good, True, []))
    assert not visitors.lets_in().matches(visitors.SignInPage(good, False, []))
    refused = visitors.SignInPage(replace(good, status=503, text='{"error": "cache_unavailable"}'), False, ["cause"])
    assert mismatch(visitors.lets_in(), refused).startswith("cause; the sign-in page answered 503")


def test_instances_without_a_connection_to_the_master_are_named() -> None:
    other = replace(POD, name="django-2", ip="10.0.0.10")
    clients = "id=1 addr=10.0.0.1:4711 laddr=10.0.0.9:6379\nid=2 addr=10.0.0.100:4712"
    assert visitors.strangers("redis-1", [POD], clients) == []
    (told,) = visitors.strangers("redis-1", [POD, other], clients)
    assert told.startswith("application does not follow the cache master: 1 of 2 instances")
    assert "django-2" in told


# ---------------------------------------------------------------- queued work


def asked(number: int, outcome: Any = "ok", job: str = "") -> Attempt:
    facts = {"id": job or f"j{number}"} if outcome == "ok" else {}
    return Attempt("jobs", number, number, number, number + 0.1, outcome, facts=facts)


def job(name: str, **change: Any) -> queued_work.Job:
    return replace(queued_work.Job(name, "DONE", 5, 5, 5, True, 3.0), **change)


ASKED = [asked(number) for number in range(40)]
JOBS = [job(f"j{number}") for number in range(40)]
WORK = queued_work.Work(ASKED, JOBS, 10.0)


def test_work_that_is_done_once_is_accepted() -> None:
    assert queued_work.is_finished_once(45).matches(WORK)
    late_answer = replace(WORK, asked=[*ASKED, asked(40, "info")], stored=[*JOBS, job("j40")])
    assert queued_work.is_finished_once(45).matches(late_answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stored": JOBS[1:]}, "1 accepted jobs are not stored"),
        ({"stored": [*JOBS[1:], job("j0", status="QUEUED", seconds=None)]}, "one is QUEUED"),
        ({"stored": [*JOBS[1:], job("j0", lines=10)]}, "one has 10 lines for 5 steps"),
        ({"stored": [*JOBS[1:], job("j0", lines=5, different=4)]}, "5 lines for 5 steps"),
        ({"stored": [*JOBS[1:], job("j0", adds_up=False)]}, "5 lines for 5 steps"),
        ({"stored": [*JOBS[1:], job("j0", seconds=46.0)]}, "one took 46 s"),
        ({"stored": [*JOBS, job("j99")]}, "1 jobs are stored that were not accepted"),
        ({"asked": [*ASKED, asked(40, "fail")], "stored": [*JOBS, job("j40")]}, "1 jobs are stored that were not"),
    ],
)
def test_work_that_went_wrong_is_named(change: dict[str, Any], words: str) -> None:
    seen = replace(WORK, causes=["application does not follow the cache master"], **change)
    text = mismatch(queued_work.is_finished_once(45), seen)
    assert text.startswith("application does not follow the cache master")
    assert words in text


def test_too_little_work_proves_nothing() -> None:
    with pytest.raises(Unknown):
        queued_work.is_finished_once(45).matches(replace(WORK, asked=ASKED[:20], stored=JOBS[:20]))


def test_cookies_of_an_answer_are_sent_back() -> None:
    text = "csrftoken=abc; expires=Sat, 01 Jan 2027 00:00:00 GMT; Path=/, other=def; HttpOnly"
    assert visitors._cookies(Answer("GET", "/", 200, "", {"set-cookie": text})) == "csrftoken=abc; other=def"


def test_a_server_that_does_not_answer_has_no_role() -> None:
    answers: dict[str, Any] = {"10.0.0.1": [["slave", "m"], "run_id:abc\nuptime_in_seconds:7"]}

    def ask_server(pod: Pod, *_: Any, **__: Any) -> Any:
        if pod.ip not in answers:
            raise ObserverError("nobody")
        return answers[pod.ip]

    cache: Any = type("Cache", (), {"ask_server": staticmethod(ask_server)})
    watch = cache_roles.RoleWatch(type("System", (), {"cache": cache})())
    assert watch._ask(POD, "one") == cache_roles.Answered("slave", "abc", 7.0)
    assert watch._ask(replace(POD, ip="10.0.0.9"), "one") == cache_roles.Answered("")


def test_contents_are_compared_as_the_shop_was_given_them() -> None:
    assert durability._plain('"two rings"') == "two rings"
    assert durability._plain("two rings") == "two rings"
    assert durability._plain(None) is None


def test_work_proves_nothing_when_the_master_has_stayed() -> None:
    story: Any = type("Story", (), {"leader": POD})
    other = Server(replace(POD, name="redis-1"), "master", [], "")
    named: Any = [type("W", (), {"master": name, "pod": POD})() for name in ("redis-1", "redis-1", "redis-0")]
    queued_work.demand_other_master(story, CacheView([other], named, 2))
    for view in (CacheView([Server(POD, "master", [], "")], named[2:], 2), CacheView([], named, 2)):
        with pytest.raises(Unknown):
            queued_work.demand_other_master(story, view)
