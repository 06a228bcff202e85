"""Background work as it is judged: each way of being wrong is refused in the promised words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from support.matchers import ComplaintMatcher
from support.systems.jewelry_shop import gold, hanging, lost_work, receipts, valuations
from support.systems.jewelry_shop.parts import Pod
from support.waiting import Unknown, mismatch

DONE = valuations.Progress("DONE", "worker-a", 2, 12, 12, Decimal("100.00"))
RUNNING = replace(DONE, status="RUNNING", deliveries=1, done=3, total=None)
QUEUED = replace(RUNNING, status="QUEUED", worker="", done=0)
TOLD = valuations.Told("worker-a", True, ["job_started", "job_finished"])
ONE, TWO = Decimal("10.00"), Decimal("20.00")
LINES = valuations.Lines({"a": ONE, "b": TWO}, [("a", ONE), ("b", TWO)])
LOST = Pod("worker-a", "u", "10.0.0.1", "n", True, "r", {}, 0, False, "")
LOSS = lost_work.Loss("worker", LOST, 0.0, RUNNING)
AFTER = lost_work.Aftermath(replace(DONE, worker="worker-b"), ["worker-b", "worker-c"])

SALE = {"id": "s", "total": "825.00", "status": "COMPLETED", "day": "2026-01-01", "receipts": 1, "own": True}
SLIPS = receipts.Slips(
    {"s": Decimal("825.00")},
    [{**SALE, "number": "RCPT-1"}],
    0,
    {"2026-01-01": {"total": "825.00", "sales": 1, "receipts": 1}},
)


def slips(**changes: Any) -> receipts.Slips:
    return replace(SLIPS, sales=[{**SLIPS.sales[0], **changes}])


PRICE = gold.Price(12.0, "2026-01-01T00:00:10Z", "")
START = datetime(2026, 1, 1, tzinfo=UTC)
DUE = [START + timedelta(seconds=10 * index) for index in range(5)]
PERIODS = gold.Periods(DUE, dict.fromkeys(DUE, 1), 1)

REVIVAL = hanging.Revival(1, True, True, "tick-fresh 30")
JOBS = [hanging.Job("DONE", "worker-b", DUE[0], START + timedelta(seconds=second), 2) for second in (5, 15, 25, 35, 45)]
MEANWHILE = hanging.Meanwhile("worker-a", START, START + timedelta(seconds=50), 5, JOBS, 2)

Bad = list[tuple[Any, str]]
CASES: dict[str, Callable[[], tuple[ComplaintMatcher[Any], Any, Bad]]] = {
    "done": lambda: (
        valuations.is_done(Decimal("100.00"), 12),
        DONE,
        [
            (QUEUED, "still QUEUED: no background worker has begun it"),
            (RUNNING, "the valuation is RUNNING: worker-a has done 3 of 12 steps"),
            (replace(DONE, status="FAILED"), "is FAILED"),
            (replace(DONE, total=Decimal("99.99")), "the sum is 99.99 instead of 100.00"),
            (replace(DONE, done=11, of=11), "11 of 12 kinds"),
        ],
    ),
    "told": lambda: (
        valuations.tells_of_it(),
        TOLD,
        [
            (replace(TOLD, known=False), 'no background worker is called "worker-a"'),
            (replace(TOLD, events=["job_started"]), "lacks job_finished"),
            (replace(TOLD, events=[]), "lacks job_started"),
        ],
    ),
    "lines": lambda: (
        valuations.value_each_kind_once(),
        LINES,
        [
            (
                replace(LINES, stored=[("a", ONE), ("a", ONE), ("b", TWO)]),
                "steps executed twice after redelivery: 1 of 2",
            ),
            (replace(LINES, stored=[("a", ONE)]), "1 of 2 kinds have not been valued"),
            (replace(LINES, stored=[("a", ONE), ("b", ONE)]), "1 kinds have a wrong worth"),
            (replace(LINES, stored=[*LINES.stored, ("c", ONE)]), "1 lines are about something else"),
            (replace(LINES, stored=[]), "2 of 2 kinds"),
        ],
    ),
    "finished by another": lambda: (
        lost_work.is_finished_by(LOSS, "another", Decimal("100.00"), 12, acknowledged_late=False),
        AFTER,
        [
            (replace(AFTER, progress=RUNNING), "job lost with its worker (acknowledged before the work)"),
            (replace(AFTER, progress=replace(RUNNING, deliveries=2)), "worker-a has done 3 of 12 steps"),
            (
                replace(AFTER, progress=replace(DONE, total=ONE), causes=["steps executed twice after redelivery"]),
                "steps executed twice after redelivery; the sum is 10.00 instead of 100.00",
            ),
            (replace(AFTER, progress=DONE), "worker-a, which is gone, has finished it"),
            (replace(AFTER, workers=["worker-c"]), '"worker-b" is no background worker'),
            (replace(AFTER, progress=replace(AFTER.progress, deliveries=1)), "nobody has taken the work up again"),
        ],
    ),
    "finished by any": lambda: (
        lost_work.is_finished_by(LOSS, "any", Decimal("100.00"), 12, acknowledged_late=True),
        lost_work.Aftermath(DONE, ["worker-a"]),
        [(lost_work.Aftermath(RUNNING, ["worker-a"]), "job lost with its worker (never delivered again)")],
    ),
    "receipts": lambda: (
        receipts.have_one_receipt_each(),
        SLIPS,
        [
            (slips(receipts=0), "1 of 1 sales have no receipt"),
            (slips(receipts=2), "1 of 1 sales have more than one receipt"),
            (slips(own=False), "belongs to another shop"),
            (slips(total="825.01"), "not the confirmed ones"),
            (replace(SLIPS, loose=1), "1 receipts belong to no completed sale"),
            (replace(SLIPS, sales=[]), "not the confirmed ones"),
            (replace(SLIPS, unreadable="receipts cannot be looked up: no table"), "receipts cannot be looked up"),
            (
                replace(
                    SLIPS,
                    confirmed={"s": Decimal("825.00"), "t": Decimal("825.00")},
                    sales=[*SLIPS.sales, {**SLIPS.sales[0], "id": "t"}],
                ),
                "two receipts have the same number",
            ),
        ],
    ),
    "day": lambda: (
        receipts.add_up_to_the_day(),
        SLIPS,
        [
            (slips(total="825.01"), "the day's total of 2026-01-01 is 825.00, its sales sum up to 825.01"),
            (replace(SLIPS, days={}), "no day to look at"),
            (
                replace(SLIPS, days={"2026-01-01": {"total": "825.00", "sales": 1, "receipts": 0}}),
                "counts 0 receipts, 1 are stored",
            ),
        ],
    ),
    "price": lambda: (
        gold.is_younger_than(20, START),
        PRICE,
        [
            (replace(PRICE, age=20.1), "the gold price is 20 s old"),
            (replace(PRICE, answer="the shop knows no gold price"), "no gold price"),
            (replace(PRICE, age=-1.0), "has not begun"),
            (replace(PRICE, period="2026-01-01T00:00:00Z"), "has not been refreshed since"),
            (replace(PRICE, age=99.0, causes=["scheduler celery-beat has 0 of 1 instances"]), "0 of 1 instances"),
        ],
    ),
    "periods": lambda: (
        gold.are_executed_once(10),
        PERIODS,
        [
            (replace(PERIODS, stored={**PERIODS.stored, START: 2}), "periods executed twice: 00:00:00"),
            (
                replace(PERIODS, stored={**PERIODS.stored, START: 2}, schedulers=2),
                "two schedulers: periods executed twice",
            ),
            (replace(PERIODS, stored=dict.fromkeys(DUE[1:], 1)), "1 of 5 periods have no price: 00:00:00"),
            (replace(PERIODS, stored={**PERIODS.stored, START + timedelta(seconds=5): 1}), "prices of no whole period"),
        ],
    ),
    "periods with a loss": lambda: (
        gold.are_executed_once(10, 3),
        replace(PERIODS, stored=dict.fromkeys(DUE[3:], 1)),
        [(replace(PERIODS, stored=dict.fromkeys(DUE[4:], 1)), "4 of 5 periods have no price")],
    ),
    "revived": lambda: (
        hanging.is_revived(),
        REVIVAL,
        [
            (replace(REVIVAL, restarts=0, check="python3 -c import celery"), "never restarted (check only imports)"),
            (replace(REVIVAL, restarts=0), "hung worker was never restarted; it is checked by: tick-fresh"),
            (replace(REVIVAL, restarts=2), "restarted 2 times"),
            (replace(REVIVAL, because_of_liveness=False), "nobody tells"),
            (replace(REVIVAL, answers=False), "does not answer a ping"),
        ],
    ),
    "go on": lambda: (
        hanging.go_on(15),
        MEANWHILE,
        [
            (replace(MEANWHILE, jobs=[JOBS[0], *JOBS[3:]]), "the others finished nothing for 30.0 s"),
            (replace(MEANWHILE, jobs=[*JOBS, replace(JOBS[0], status="QUEUED")]), "1 of 6 valuations are not done"),
            (
                replace(MEANWHILE, jobs=[*JOBS, replace(JOBS[0], lines=3)]),
                "1 valuations have too few or too many lines",
            ),
            (replace(MEANWHILE, accepted=6), "1 accepted valuations are not stored"),
            (replace(MEANWHILE, hanging="worker-b"), "the others finished nothing for 50.0 s"),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_promised_is_accepted(name: str) -> None:
    matcher, good, _ = CASES[name]()
    assert matcher.matches(good), mismatch(matcher, good)


@pytest.mark.parametrize(("name", "index"), [(name, index) for name in CASES for index in range(len(CASES[name]()[2]))])
def test_what_is_broken_is_refused_with_its_cause(name: str, index: int) -> None:
    matcher, _, bad = CASES[name]()
    value, words = bad[index]
    assert not matcher.matches(value)
    assert words in mismatch(matcher, value)


def test_too_few_periods_say_nothing() -> None:
    with pytest.raises(Unknown, match="only 2 periods"):
        gold.are_executed_once(10).matches(replace(PERIODS, due=DUE[:2]))


def test_only_periods_that_began_and_ended_in_the_window_are_due() -> None:
    since, until = START + timedelta(seconds=3), START + timedelta(seconds=39)
    assert gold.whole_periods(since, until, 10) == DUE[1:3]
    assert gold.whole_periods(START, START + timedelta(seconds=20), 10) == DUE[:2]
    assert gold.whole_periods(since, since, 10) == []


def test_the_working_process_is_the_one_with_this_work() -> None:
    active = {"celery@w1": [{"args": ["j2"], "worker_pid": 7}], "celery@w2": [{"args": ["j1", "t"], "worker_pid": 9}]}
    assert lost_work.working_process(active, "w2", "j1") == 9
    for pod, job in (("w1", "j1"), ("w2", "j2"), ("w3", "j1")):
        with pytest.raises(Unknown):
            lost_work.working_process(active, pod, job)


def test_events_of_one_work_are_read_from_a_journal() -> None:
    text = '{"event": "job_started", "job_id": "j1"}\nnoise j1\n{"event": "request", "path": "/j1"}\n{"event": "x"}\n'
    assert valuations.events_of(text, "j1") == ["job_started"]
