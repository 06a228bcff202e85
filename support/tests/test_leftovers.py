"""What dead runs left behind: whose shops and rows are removed, and whose are never touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from support.clients.sql import QuestionFailed
from support.cluster import ApiError, NotFound
from support.faults import history
from support.observers.install import NAMESPACE
from support.suite import Once
from support.systems.jewelry_shop import leftovers
from support.systems.jewelry_shop.probe_rows import ProbeRows
from support.waiting import Unknown

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Cluster:
    """Notes of faults, and the Leases of the runs that show a life sign or are not mended yet."""

    def __init__(self, leases: list[str]) -> None:
        self.leases = leases
        self.notes: dict[str, str] | None = None

    def get(self, kind: str, name: str, namespace: str) -> Any:
        if self.notes is None:
            raise NotFound(404, "NotFound", name)
        return {"data": dict(self.notes)}

    def create(self, kind: str, body: Any, namespace: str) -> None:
        self.notes = body["data"]

    def patch(self, kind: str, name: str, body: Any, namespace: str) -> None:
        merged = {**(self.notes or {}), **body["data"]}
        self.notes = {key: value for key, value in merged.items() if value is not None}

    def list(self, kind: str, namespace: str, labels: str) -> Any:
        assert namespace == NAMESPACE
        return [{"metadata": {"name": name, "resourceVersion": "1"}} for name in self.leases]


class Session:
    """The platform administrator."""

    def __init__(self, rows: list[dict[str, Any]] | None) -> None:
        self.shops, self.removed = rows, []  # type: ignore[var-annotated]

    def rows(self, path: str) -> list[dict[str, Any]]:
        if self.shops is None:
            raise Unknown("a list could not be read")
        return self.shops

    def send(self, method: str, path: str) -> Any:
        self.removed.append((method, path))
        return SimpleNamespace(status=204)


class Sql:
    """The database; keeps what it was asked."""

    def __init__(self, number: int = 0) -> None:
        self.asked: list[Any] = []
        self.number = number

    def value(self, host: str, statement: str, params: Any, within: float) -> int:
        self.asked.append((host, params))
        if self.number < 0:
            raise QuestionFailed(host, "gone", "")
        return self.number


def shop(slug: str, hours: float) -> dict[str, Any]:
    return {"slug": slug, "tenant_id": f"id-of-{slug}", "created_at": (NOW - timedelta(hours=hours)).isoformat()}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(leftovers, "attach_text", lambda name, text: found.append((name, text)))
    return found


@pytest.mark.parametrize(
    ("slug", "hours", "left"),
    [
        ("e2e-dead-js205w0n3-abcd", 0.1, True),  # its run has died
        ("e2e-alive-js205w0n3-abcd", 0.1, False),
        ("e2e-alive-js205w0n3-abcd", 25, True),  # no run lasts that long
        ("e2e-dead-too-js205w0n3-abcd", 0.1, False),  # of a run whose name only begins like that
        ("e2e-dead-nonewn12-abcd", 0.1, True),  # of a run with a single process
        ("neighbour", 1000, False),  # not the suite's
        ("my-e2e-dead-js205w0n3-abcd", 1000, False),
    ],
)
def test_only_what_nobody_else_removes_is_left_over(slug: str, hours: float, left: bool) -> None:
    assert leftovers.is_left(shop(slug, hours), {"dead"}, NOW) is left


def test_a_run_is_dead_when_it_broke_something_did_not_end_well_and_shows_no_life_sign() -> None:
    cluster: Any = Cluster(["run-living"])
    moments = iter(range(1000, 2000))
    for run in ("dead", "living", "good", "mine"):
        history.remember(cluster, "a member", 5, run, clock=lambda: float(next(moments)))
    history.ended_well(cluster, "good")
    assert history.unfinished_runs(cluster) == {"dead", "living", "mine"}
    assert leftovers.dead_runs(cluster, "mine") == {"dead"}
    assert [span.begin for span in history.spans(cluster)] == [1000.0, 1001.0, 1002.0, 1003.0]


def test_a_run_that_broke_nothing_ends_well_without_a_note() -> None:
    cluster: Any = Cluster([])
    history.ended_well(cluster, "mine")
    assert cluster.notes is None
    assert leftovers.dead_runs(cluster, "mine") == set()


def test_without_the_right_to_look_only_age_decides() -> None:
    class Forbidden:
        def get(self, *_: Any) -> Any:
            raise ApiError(403, "Forbidden", "no")

    closed: Any = Forbidden()
    assert leftovers.dead_runs(closed, "mine") == set()


def test_left_overs_are_removed_and_told(told: list[tuple[str, str]]) -> None:
    cluster: Any = Cluster([])
    history.remember(cluster, "a member", 5, "dead")
    session: Any = Session([shop("e2e-dead-js502w0n1-abcd", 0), shop("e2e-mine-js502w0n1-abcd", -100_000)])
    sql: Any = Sql(7)
    leftovers.remove(cluster, session, ProbeRows(sql, "leader"), "mine")
    assert session.removed == [("DELETE", "/api/platform/shops/id-of-e2e-dead-js502w0n1-abcd/")]
    assert sql.asked == [("leader", [["dead"]])]
    assert told == [
        ("Left-overs of dead runs, removed", "shop e2e-dead-js502w0n1-abcd: answered 204\n7 rows of probes")
    ]


def test_nothing_left_over_is_not_worth_a_word(told: list[tuple[str, str]]) -> None:
    cluster, session, sql = Cluster([]), Session([]), Sql()
    leftovers.remove(cluster, session, ProbeRows(sql, "leader"), "mine")  # type: ignore[arg-type]
    assert told == []


@pytest.mark.parametrize(("rows", "number"), [(None, 0), ([], -1)])
def test_what_cannot_be_removed_is_told_and_hurts_no_scenario(
    told: list[tuple[str, str]], rows: list[dict[str, Any]] | None, number: int
) -> None:
    cluster, session, sql = Cluster([]), Session(rows), Sql(number)
    leftovers.remove(cluster, session, ProbeRows(sql, "leader"), "mine")  # type: ignore[arg-type]
    assert [name for name, _ in told] == ["Left-overs of dead runs could not be removed"]


def test_rows_of_one_ledger_are_removed_at_the_leader() -> None:
    sql: Any = Sql()
    ProbeRows(sql, "leader").forget("run-0a1b2c")
    assert sql.asked == [("leader", ["run-0a1b2c"])]


def test_once_is_once() -> None:
    once = Once()
    assert [once.first("a"), once.first("a"), once.first("b")] == [True, False, True]
