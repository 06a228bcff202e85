"""The order of a fault: intent first, marks around the injection, proof; and what happens when a step fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from support.cluster.errors import ApiError, Unreachable
from support.cluster.execution import ExecResult
from support.faults.base import FaultRunner
from support.faults.divergence import DatabaseDiverged
from support.faults.guards import Guards
from support.faults.halt import halt
from support.faults.intents import InContainer, read_all
from support.faults.machines import ClusterPowerOff, NodeCutOff, NodePowerOff
from support.faults.pods import AllPodsDeleted, PodDeleted
from support.faults.processes import Place, ProcessesFrozen, ProcessesKilled
from support.faults.proof import FaultFailed
from support.faults.roles import CacheMasterMove, DatabaseSwitchover, HandoverAsked, _has_suitable
from support.faults.scripts import DATABASE_MEMBER, Processes
from support.observers.run import ObserverError
from support.tests.faults_fakes import FakeCluster, shop

PLACE = Place("shop", "db-0", "postgres")


class Marks:
    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self.seen: list[tuple[str, int]] = []

    def mark(self, name: str) -> float:
        self.seen.append((name, len(self.cluster.mutations)))
        return 0.0


def runner(cluster: FakeCluster) -> FaultRunner:
    return FaultRunner(cluster.as_cluster(), Guards(cluster.as_cluster(), "run"), "run")


def stopping(state: str) -> object:
    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        return ExecResult(f"7 {state}\n8 {state}\n" if "states" in command else "7\n8\n", "", 0)

    return answer


def test_the_intent_is_written_before_and_removed_after_the_fault() -> None:
    cluster = shop()
    cluster.answer = stopping("T")  # type: ignore[assignment]
    marks = Marks(cluster)
    faults = runner(cluster)
    injection = faults.inject(ProcessesFrozen([PLACE], DATABASE_MEMBER, 45), [marks])
    assert cluster.mutations == ["create configmaps", "exec db-0", "exec db-0"]
    assert marks.seen == [("fault-1", 1), ("in-effect-1", 2)]  # around the one command that stops
    (intent,) = read_all(cluster.as_cluster())
    assert intent.kind == "processes-frozen"
    assert "supervisor and server in shop/db-0" in intent.target
    assert isinstance(intent.remedies[0], InContainer)
    assert injection.proof == "shop/db-0: 2 processes in state T"
    cluster.answer = stopping("S")  # type: ignore[assignment]
    faults.end(injection, [marks])
    assert read_all(cluster.as_cluster()) == []
    assert marks.seen[-1][0] == "ended-1"
    assert faults.open == []


def test_a_child_that_ended_while_its_parent_was_stopped_is_no_doubt_about_the_freeze() -> None:
    cluster = shop()
    cluster.answer = lambda pod, command: ExecResult("7 T\n8 Z\n" if "states" in command else "7\n8\n", "", 0)
    proof = runner(cluster).inject(ProcessesFrozen([PLACE], DATABASE_MEMBER, 45), within=0.1).proof
    assert "in state T" in proof


def test_a_freeze_that_did_not_happen_is_undone_and_told() -> None:
    cluster = shop()
    cluster.answer = stopping("S")  # type: ignore[assignment]
    with pytest.raises(FaultFailed, match="must stand still"):
        runner(cluster).inject(ProcessesFrozen([PLACE], [Processes.SERVER], 45), within=0.1)
    assert read_all(cluster.as_cluster()) == []
    assert "kill -CONT" in str(cluster.commands[-1][1])


def test_the_intent_stays_when_even_the_undoing_fails() -> None:
    cluster = shop()

    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        raise Unreachable(0, "gone", "no answer")

    cluster.answer = answer
    with pytest.raises(ApiError):
        runner(cluster).inject(ProcessesFrozen([PLACE], [Processes.SERVER], 45), within=0.1)
    assert len(read_all(cluster.as_cluster())) == 1


def test_nothing_is_broken_when_the_moment_cannot_be_marked() -> None:
    cluster = shop()

    class Deaf:
        def mark(self, name: str) -> float:
            raise ObserverError("away")

    with pytest.raises(ObserverError):
        runner(cluster).inject(PodDeleted("shop", "db-0", 0), [Deaf()])
    assert "delete pods db-0" not in cluster.mutations
    assert read_all(cluster.as_cluster()) == []


def test_a_deleted_pod_is_proven_by_its_id() -> None:
    cluster = shop()
    faults = runner(cluster)
    injection = faults.inject(PodDeleted("shop", "db-0", 0), within=0.1)
    assert "is gone" in injection.proof
    assert faults.end_all() == ["the pod's controller makes another one"]


def test_a_kill_is_proven_by_another_start_of_the_container() -> None:
    cluster = shop()

    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        cluster.objects["pods", "shop", "db-0"]["status"]["containerStatuses"][0]["containerID"] = "two"
        raise Unreachable(0, "stream broke", "the container ended")

    cluster.answer = answer
    assert "was ended" in runner(cluster).inject(ProcessesKilled(PLACE, DATABASE_MEMBER), within=0.1).proof


def test_a_kill_without_such_processes_is_told() -> None:
    cluster = shop()
    cluster.answer = lambda pod, command: ExecResult("", "no such process: cache", 65)
    with pytest.raises(FaultFailed, match="no such process"):
        runner(cluster).inject(ProcessesKilled(PLACE, [Processes.CACHE]), within=0.1)


class Nodes:
    """Node faults that keep a record."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.away = False

    def power_off(self, node: str, *, back_after: float) -> None:
        self.calls.append(f"power_off {node} {back_after:g}")
        self.away = True

    def power_on(self, node: str) -> None:
        self.calls.append(f"power_on {node}")
        self.away = False

    def power_off_all(self, *, back_after: float) -> None:
        self.calls.append(f"power_off_all {back_after:g}")
        self.away = True

    def power_on_all(self) -> None:
        self.calls.append("power_on_all")
        self.away = False

    cut_off, reconnect = power_off, power_on

    def is_powered(self, node: str) -> bool:
        return not self.away

    is_connected = is_powered


class OnPlatform:
    def __init__(self, nodes: Nodes) -> None:
        self.node_faults = nodes


def test_a_machine_is_taken_and_given_back_by_the_platform() -> None:
    cluster, nodes = shop(), Nodes()
    faults = runner(cluster)
    injection = faults.inject(NodePowerOff(nodes, "two", 45))  # type: ignore[arg-type]
    assert "power-off seen" in injection.proof
    faults.end(injection)
    assert nodes.calls == ["power_off two 45", "power_on two"]


def test_halt_ends_every_open_fault_and_says_so() -> None:
    cluster, nodes = shop(), Nodes()
    cluster.answer = stopping("T")  # type: ignore[assignment]
    faults = runner(cluster)
    faults.inject(ProcessesFrozen([PLACE], [Processes.SERVER], 45))
    faults.inject(NodeCutOff(nodes, "three", 45), alongside=True)  # type: ignore[arg-type]
    told = halt(cluster.as_cluster(), OnPlatform(nodes))  # type: ignore[arg-type]
    assert len(told) == 2
    assert "db-0 goes on" in told[0]
    assert nodes.calls[-1] == "power_on three"
    assert read_all(cluster.as_cluster()) == []


def test_halt_keeps_what_it_cannot_end() -> None:
    cluster, nodes = shop(), Nodes()
    runner(cluster).inject(NodePowerOff(nodes, "two", 45))  # type: ignore[arg-type]
    (told,) = halt(cluster.as_cluster(), OnPlatform(None))  # type: ignore[arg-type]
    assert "no command power_on" in told
    assert len(read_all(cluster.as_cluster())) == 1


def test_a_handover_is_proven_by_the_new_leader() -> None:
    cluster = shop()
    leader = ["db-0"]

    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        if "/switchover" in command[2]:
            assert command[-1] == '{"leader": "db-0", "candidate": "db-1"}'
            leader[0] = "db-1"
        return ExecResult(f'{{"members": [{{"name": "{leader[0]}", "role": "leader"}}]}}', "", 0)

    cluster.answer = answer
    injection = runner(cluster).inject(DatabaseSwitchover(PLACE, "db-0", "db-1"), within=0.1)
    assert injection.proof == "db-1 leads instead of db-0"


def test_a_refused_cache_move_is_told() -> None:
    cluster = shop()
    told = {
        "FAILOVER": "NOGOODSLAVE",
        "replicas": "name\nredis-1\nflags\nslave\nmaster-link-status\nok",
        "get-": "redis-0",
    }
    cluster.answer = lambda pod, command: ExecResult(next(told[one] for one in told if one in command[2]), "", 0)
    with pytest.raises(FaultFailed, match="NOGOODSLAVE"):
        runner(cluster).inject(CacheMasterMove(PLACE, "mymaster"), within=0.1)


@pytest.mark.parametrize(
    ("flags", "link", "good"),
    [
        ("slave", "ok", True),
        ("slave,s_down", "ok", False),
        ("slave", "err", False),
        ("slave,disconnected", "ok", False),
    ],
)
def test_the_master_is_moved_only_when_a_follower_could_take_over(flags: str, link: str, good: bool) -> None:
    assert _has_suitable(f"name\nredis-1\nflags\n{flags}\nmaster-link-status\n{link}\n") == good
    other = "name\nredis-2\nflags\nslave\nmaster-link-status\nok\n"
    assert _has_suitable(f"name\nredis-1\nflags\n{flags}\nmaster-link-status\n{link}\n{other}")


def test_a_refused_handover_is_an_answer() -> None:
    cluster = shop()
    leads = '{"members": [{"name": "db-0", "role": "leader"}]}'

    def answer(pod: str, command: Sequence[str]) -> ExecResult:
        return ExecResult("", "no good candidates", 22) if "switchover" in command[2] else ExecResult(leads, "", 0)

    cluster.answer = answer
    injection = runner(cluster).inject(HandoverAsked(PLACE, "db-0"))
    assert "no good candidates" in injection.proof


def test_rows_of_its_own_are_proved_and_only_a_leader_gets_them() -> None:
    cluster = shop()
    told = ["f", "", "10"]
    cluster.answer = lambda pod, command: ExecResult(f"{told.pop(0)}\n", "", 0)
    injection = runner(cluster).inject(DatabaseDiverged(PLACE, "shop", "hf:l", 10), alongside=True)
    assert injection.proof == "shop/db-0 has 10 rows of its own"
    cluster.answer = lambda pod, command: ExecResult("t\n", "", 0)
    with pytest.raises(FaultFailed, match="follows already"):
        DatabaseDiverged(PLACE, "shop", "hf:l", 10).precheck(cluster.as_cluster())


def test_all_pods_are_deleted_at_once() -> None:
    cluster = shop()
    injection = runner(cluster).inject(AllPodsDeleted("shop"))
    assert cluster.list("pods", "shop") == []
    assert injection.proof == "3 pods are gone"


def test_all_machines_lose_their_power_with_their_end_written_down() -> None:
    cluster, nodes = shop(), Nodes()
    runs = runner(cluster)
    injection = runs.inject(ClusterPowerOff(nodes, 120))  # type: ignore[arg-type]
    (intent,) = read_all(cluster.as_cluster())
    assert [remedy.machine for remedy in intent.remedies] == ["one", "three", "two"]  # type: ignore[union-attr]
    assert injection.proof == "3 machines without power"
    assert "ready" in runs.end(injection)
    assert nodes.calls == ["power_off_all 120", "power_on_all"]
