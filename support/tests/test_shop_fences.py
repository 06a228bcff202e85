"""Ways between the parts: what an attempt means, who tries what, and how a broken fence is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from support.clients.ways import Outcome, Tried, Way, judge, knock, try_ways
from support.cluster import Cluster
from support.cluster.execution import ExecResult
from support.matchers import ComplaintMatcher
from support.running import fence_gate
from support.systems.jewelry_shop import fences
from support.waiting import Unknown, mismatch

WAY = Way("redis-0:6379", "10.0.0.1", 6379, "redis")


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (0, "+PONG", Outcome.ANSWERED),
        (0, "", Outcome.BLOCKED),
        (124, "", Outcome.BLOCKED),
        (28, "Connection timed out after 3001 milliseconds", Outcome.BLOCKED),
        (28, "Resolving timed out after 3001 milliseconds", Outcome.INVALID),
        (1, "connect: Connection refused", Outcome.BLOCKED),
        (1, "connect: No route to host", Outcome.BLOCKED),
        (7, "Failed to connect", Outcome.BLOCKED),
        (1, "redis: Temporary failure in name resolution", Outcome.INVALID),
        (6, "Could not resolve host: redis", Outcome.INVALID),
        (127, "timeout: command not found", Outcome.INVALID),
        (9, "", Outcome.INVALID),
    ],
)
def test_only_silence_and_refusal_count_as_blocked(code: int, said: str, outcome: Outcome) -> None:
    assert judge(code, said)[0] is outcome


def container(stdout: str, stderr: str = "") -> Cluster:
    class Fake:
        def exec(self, *_: Any, **__: Any) -> ExecResult:
            return ExecResult(stdout, stderr, 0)

    return cast(Cluster, Fake())


def test_answers_belong_to_their_ways_in_whatever_order_they_come() -> None:
    ways = [Way("a", "h", 1, "redis"), Way("b", "h", 2, "sql"), Way("c", "h", 3, "name"), Way("d", "h", 4)]
    tried = try_ways(container("1 20000 0 N\n0 3000000 124 \n2 1 2 \n", "bash: broken"), "n", "p", None, ways, 3.0)
    assert [one.outcome for one in tried] == [Outcome.BLOCKED, Outcome.ANSWERED, Outcome.BLOCKED, Outcome.INVALID]
    assert [one.seconds for one in tried[:2]] == [3.0, 0.02]
    assert "bash: broken" in tried[3].said


def test_a_connection_counts_as_open_whatever_is_spoken_there() -> None:
    ways = [Way("a", "h", 1), Way("b", "h", 2), Way("c", "h", 3), Way("d", "h", 4)]
    text = "0 0.001 0.002 1 Received HTTP/0.9\n1 0.000000 5.0 28 Connection timed out\n2 0.0 0.1 7 Failed\n"
    tried = knock(container(text), "n", "p", None, ways, 5.0)
    assert [one.outcome for one in tried] == [
        Outcome.ANSWERED, Outcome.BLOCKED, Outcome.BLOCKED, Outcome.INVALID,
    ]  # fmt: skip


def attempt(
    outcome: Outcome,
    said: str = "+PONG",
    seconds: float = 0.1,
    caller: fences.Caller | None = None,
    part: str = "cache",
) -> fences.Attempt:
    by = caller or fences.Caller("the application", "django", "shop", "django-a")
    return fences.Attempt(by, fences.Target(part, WAY, "redis-0"), Tried(WAY, outcome, said, seconds))


WATCHER = fences.Caller("the watcher", "watcher", "shop", "redis-sentinel-0")
OUTSIDER = fences.Caller("a stranger", "", "elsewhere", "stranger-1")
INSIDER = fences.Caller("a stranger inside the shop", "", "shop", "stranger-2")
OK, SILENT, UNTRIED = Outcome.ANSWERED, Outcome.BLOCKED, Outcome.INVALID


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ([], "no way was tried"),
        (
            [attempt(SILENT, "no answer in time")],
            "the application cannot reach the cache: django-a -> redis-0:6379: no",
        ),
        ([attempt(SILENT, caller=WATCHER, part="watcher")], "watchers cannot reach each other: redis-sentinel-0 -> "),
        ([attempt(OK, "HTTP/1.1 400")], "the application cannot reach the cache"),
        ([attempt(OK, seconds=3.5)], "is late"),
        ([attempt(SILENT), attempt(UNTRIED)], "cannot reach"),
    ],
)
def test_ways_that_are_needed(attempts: Sequence[fences.Attempt], words: str) -> None:
    matcher = fences.answer_in_time(3.0)
    assert matcher.matches(fences.Attempts([attempt(OK)]))
    assert words in mismatch(matcher, fences.Attempts(attempts))


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ([], "no way was tried"),
        ([attempt(OK, caller=OUTSIDER)], "the cache can be reached from outside the shop by a stranger: stranger-1"),
        ([attempt(OK, caller=INSIDER)], "the cache can be reached by a stranger inside the shop: stranger-2"),
        ([attempt(OK, part="supervisor")], "the database supervisor can be reached by the application"),
        ([attempt(UNTRIED), attempt(OK)], "can be reached"),
    ],
)
def test_ways_that_must_be_closed(attempts: Sequence[fences.Attempt], words: str) -> None:
    matcher = fences.are_closed()
    assert matcher.matches(fences.Attempts([attempt(SILENT)]))
    assert words in mismatch(matcher, fences.Attempts(attempts))


@pytest.mark.parametrize("matcher", [fences.answer_in_time(3.0), fences.are_closed()])
def test_what_could_not_be_tried_is_not_known(matcher: ComplaintMatcher[fences.Attempts]) -> None:
    good = attempt(OK) if "answered" in str(matcher) else attempt(SILENT)
    with pytest.raises(Unknown, match="nothing is known"):
        matcher.matches(fences.Attempts([good, attempt(UNTRIED, "no such program")]))


@pytest.mark.parametrize(
    ("how", "said", "speaks"),
    [
        ("sql", "N", True),
        ("sql", "H", False),
        ("redis", "-NOAUTH Authentication required.", True),
        ("redis", "-ERR unknown", False),
        ("http", "200", True),
        ("http", "403", False),
        ("https", "403", True),
        ("https", "000", False),
        ("name", "10.0.0.1 STREAM x", True),
    ],
)
def test_an_answer_must_be_in_the_language_of_the_question(how: Any, said: str, speaks: bool) -> None:
    assert fences._speaks(how, said) is speaks


def test_every_store_is_closed_to_somebody_and_every_need_has_a_title() -> None:
    for store in fences.STORES:
        assert any(store not in needs for needs in fences.NEEDS.values())
    assert {word for needs in fences.NEEDS.values() for word in needs} <= set(fences.TITLES)


def seen(free: Outcome, fenced: Outcome) -> fence_gate.Attempts:
    return lambda: {"free": free, "fenced": fenced}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence_gate, "_EFFECT_S", 0.0)


@pytest.mark.usefixtures("hurried")
def test_fences_are_judged_only_where_they_are_enforced() -> None:
    assert fence_gate.judge(seen(OK, SILENT)) == ""
    assert "not enforced here" in fence_gate.judge(seen(OK, OK))
    with pytest.raises(Unknown, match="nobody can tell"):
        fence_gate.judge(seen(SILENT, SILENT))
    with pytest.raises(Unknown, match="nobody can tell"):
        fence_gate.judge(seen(OK, UNTRIED))
