"""Diagnostics are in order, bounded, redacted, complete about what they lack, and never raise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from support.cluster.errors import ApiError, Forbidden, NotFound
from support.evidence.attach import Attachment
from support.evidence.diagnostics import collect

NOW = datetime.now(UTC)


def stamp(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def event(seconds_ago: float, reason: str, **more: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "jewelry-shop-db-0"}
    return {"involvedObject": about, "reason": reason, "type": "Warning", "lastTimestamp": stamp(seconds_ago), **more}


def pod(name: str, *, restarts: int = 0, ready: bool = True, **status: Any) -> dict[str, Any]:
    container = {"name": "main", "ready": ready, "restartCount": restarts, **status}
    return {
        "metadata": {"name": name},
        "spec": {"nodeName": "holdfast-2", "containers": [{"name": "main"}]},
        "status": {"phase": "Running", "containerStatuses": [container]},
    }


NODE = {
    "metadata": {"name": "holdfast-2"},
    "spec": {"taints": [{"key": "node.kubernetes.io/unreachable"}]},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"},
            {"type": "MemoryPressure", "status": "False"},
        ]
    },
}


class FakeCluster:
    """Answers from memory; a value that is an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"events": [], "nodes": [NODE], "pods": [], **answers}
        self.asked: list[tuple[str, bool, int | None]] = []

    def list(self, kind: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[dict[str, Any]]:
        answer = self.answers[kind]
        if isinstance(answer, Exception):
            raise answer
        found: list[dict[str, Any]] = answer[labels] if isinstance(answer, dict) else answer
        return found

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str | None = None,
        *,
        previous: bool = False,
        since_s: int | None = None,
        tail: int | None = None,
    ) -> str:
        self.asked.append((pod, previous, since_s))
        answer = self.answers.get("previous" if previous else "log", "a line\n")
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


def named(attachments: list[Attachment]) -> dict[str, str]:
    return {attachment.name: attachment.body for attachment in attachments}


def test_events_come_in_the_order_in_which_they_happened() -> None:
    events = [
        event(10, "Killing", message="Stopping\n  container"),
        event(90, "Unhealthy", count=3, message="password=hunter22 refused"),
        event(4000, "Ancient"),
        {"regarding": {"kind": "Node", "name": "n"}, "reason": "Lost", "eventTime": stamp(40), "note": "gone"},
        {"reason": "Series", "series": {"lastObservedTime": stamp(20), "count": 7}, "eventTime": stamp(200)},
    ]
    lines = named(collect(FakeCluster(events=events), "shop"))["events, in order"].splitlines()
    assert [line.split(": ")[0].split()[-1] for line in lines] == ["Unhealthy", "Lost", "Series", "Killing"]
    assert lines[0].endswith("Unhealthy: password=[redacted] refused (3 times)")
    assert "pod/jewelry-shop-db-0" in lines[0]
    assert "node/n" in lines[1]
    assert lines[2].endswith("(7 times)")
    assert lines[3].endswith("Stopping container")


def test_instances_and_machines_say_why() -> None:
    killed = {"lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": stamp(5)}}}
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}}
    found = named(collect(FakeCluster(pods=[pod("db-0", restarts=2, ready=False, **killed, **waiting)]), "shop"))
    assert "CrashLoopBackOff" in found["instances"]
    assert "main was OOMKilled, exit code 137" in found["instances"]
    assert "0 of 1" in found["instances"]
    assert "Ready is Unknown: NodeStatusUnknown" in found["machines"]
    assert "node.kubernetes.io/unreachable" in found["machines"]
    assert "MemoryPressure" not in found["machines"]


def test_logs_of_present_and_former_containers_are_redacted() -> None:
    cluster = FakeCluster(pods=[pod("db-0", restarts=1), pod("db-1")], log="password=hunter22", previous="old words")
    found = named(collect(cluster, "shop", since_s=60))
    assert found["log of db-0 / main"] == "password=[redacted]"
    assert found["log of db-0 / main before its restart"] == "old words"
    assert "log of db-1 / main before its restart" not in found
    assert ("db-0", True, None) in cluster.asked
    assert ("db-1", False, 60) in cluster.asked


def test_only_the_parts_concerned_each_once() -> None:
    pods = {"app=db": [pod("db-0"), pod("db-1")], "role=leader": [pod("db-0")]}
    cluster = FakeCluster(pods=pods)
    collect(cluster, "shop", ["app=db", "role=leader"])
    assert [name for name, _, _ in cluster.asked] == ["db-0", "db-1"]


def test_instances_in_trouble_come_first_and_what_is_left_out_is_named() -> None:
    pods = [pod(f"db-{number}") for number in range(5)] + [pod("db-9", ready=False)]
    ticks = iter(range(100))
    found = collect(FakeCluster(pods=pods), "shop", within=3, clock=lambda: float(next(ticks)))
    logs = [attachment.name for attachment in found if attachment.name.startswith("log of")]
    assert logs == ["log of db-9 / main", "log of db-0 / main"]
    assert found[-1].name == "logs left out"
    assert found[-1].body.splitlines() == ["Left out after 3 s or 600 kB:", *(f"db-{n} / main" for n in range(1, 5))]


def test_a_long_log_keeps_its_end_and_says_so() -> None:
    log = "".join(f"line {number} {'x' * 100}\n" for number in range(1000))
    body = named(collect(FakeCluster(pods=[pod("db-0")], log=log), "shop"))["log of db-0 / main"]
    assert len(body) < 41_000
    assert body.startswith("(the beginning is left out)\nline ")
    assert body.endswith(f"line 999 {'x' * 100}\n")


def test_all_logs_together_are_bounded() -> None:
    pods = [pod(f"db-{number:02}") for number in range(40)]
    found = collect(FakeCluster(pods=pods, log="y" * 100_000), "shop")
    assert sum(len(attachment.body) for attachment in found) < 700_000
    assert "logs left out" in named(found)


def test_nothing_that_cannot_be_read_raises() -> None:
    refused = Forbidden(403, "Forbidden", "pods is forbidden")
    found = named(collect(FakeCluster(events=refused, nodes=refused, pods=refused), "shop"))
    assert found == {
        "events": "could not be read: Forbidden (403): pods is forbidden",
        "machines": "could not be read: Forbidden (403): pods is forbidden",
        "instances": "could not be read: Forbidden (403): pods is forbidden",
    }


def test_a_log_that_is_gone_is_left_out_and_one_that_fails_is_named() -> None:
    gone = FakeCluster(
        pods=[pod("db-0", restarts=1)], log=NotFound(404, "NotFound", "gone"), previous=ApiError(400, "", "")
    )
    assert not [name for name in named(collect(gone, "shop")) if name.startswith("log")]
    broken = FakeCluster(pods=[pod("db-0")], log=ApiError(500, "InternalError", "kubelet is away"))
    assert (
        named(collect(broken, "shop"))["log of db-0 / main"]
        == "could not be read: InternalError (500): kubelet is away"
    )


def test_no_events_and_no_output_are_said() -> None:
    found = named(collect(FakeCluster(pods=[pod("db-0")], log=""), "shop"))
    assert found["events, in order"] == "none in the last 300 s"
    assert found["log of db-0 / main"] == "(nothing written in this time)"
