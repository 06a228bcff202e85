"""The cluster client over a transport that records what it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from support.cluster import ApiError, Cluster, Conflict, Forbidden, NotFound, WatchExpired
from support.cluster.changes import Changes
from support.cluster.errors import error_for
from support.cluster.kinds import kind_of, kind_of_object
from support.waiting import Deadline


class Recorder:
    """Answers what it was given, and remembers the questions."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any], Any, str]] = []
        self.lines: list[bytes] = []

    def send(self, method: str, path: str, query: Mapping[str, Any], body: Any, content: str, within: float) -> bytes:
        self.asked.append((method, path, {k: v for k, v in query.items() if v}, body, content))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def send_raw(self, method: str, path: str, body: bytes | None, within: float) -> tuple[int, bytes]:
        self.asked.append((method, path, {}, body, ""))
        status, data = self.answers.pop(0)
        return int(status), bytes(data)

    def stream(self, path: str, query: Mapping[str, Any], within: float) -> Iterator[bytes]:
        self.asked.append(("WATCH", path, dict(query), None, ""))
        yield from self.lines


def client(*answers: Any) -> tuple[Cluster, Recorder]:
    recorder = Recorder(*answers)
    return Cluster(recorder, "here", "https://there"), recorder


@pytest.mark.parametrize(
    ("word", "namespace", "path"),
    [
        ("pods", "shop", "/api/v1/namespaces/shop/pods"),
        ("pods", None, "/api/v1/pods"),
        ("nodes", "ignored", "/api/v1/nodes"),
        ("leases", "shop", "/apis/coordination.k8s.io/v1/namespaces/shop/leases"),
        ("podmetrics", "shop", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"),
        ("example.org/v1/rings", "shop", "/apis/example.org/v1/namespaces/shop/rings"),
    ],
)
def test_kinds_have_their_addresses(word: str, namespace: str | None, path: str) -> None:
    assert kind_of(word).path(namespace) == path


def test_an_object_of_a_namespace_needs_one() -> None:
    with pytest.raises(ValueError, match="without a namespace"):
        kind_of("pods").path(None, "redis-0")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match='unknown kind "pod"'):
        kind_of("pod")


def test_the_kind_of_an_object_is_found_by_its_own_words() -> None:
    assert kind_of_object({"apiVersion": "apps/v1", "kind": "Deployment"}).plural == "deployments"
    route = {"apiVersion": "example.org/v1", "kind": "Route", "metadata": {"namespace": "a"}}
    assert kind_of_object(route).path("a", "x") == "/apis/example.org/v1/namespaces/a/routes/x"


def test_lists_carry_their_selectors_and_version() -> None:
    cluster, asked = client({"items": [{"a": 1}], "metadata": {"resourceVersion": "42"}})
    assert cluster.list_at("pods", "shop", "app=x", "status.phase=Running") == ([{"a": 1}], "42")
    assert asked.asked[0][2] == {"labelSelector": "app=x", "fieldSelector": "status.phase=Running"}


def test_an_empty_list_is_a_list() -> None:
    cluster, _ = client({"items": None, "metadata": {}})
    assert cluster.list("pods", "shop") == []


def test_patches_say_what_kind_they_are() -> None:
    cluster, asked = client({}, {})
    cluster.patch("deployments", "django", [{"op": "remove"}], "shop", how="json")
    cluster.patch("deployments", "django", {"spec": {}}, "shop", subresource="scale")
    assert asked.asked[0][4] == "application/json-patch+json"
    assert asked.asked[1][1].endswith("/deployments/django/scale")
    assert asked.asked[1][4] == "application/merge-patch+json"


def test_apply_is_server_side_and_overrules() -> None:
    cluster, asked = client({})
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}})
    method, path, query, _, content = asked.asked[0]
    assert (method, path, content) == ("PATCH", "/api/v1/namespaces/shop/configmaps/a", "application/apply-patch+yaml")
    assert query == {"fieldManager": "holdfast", "force": "true"}


def test_every_change_is_written_down_and_no_question_is() -> None:
    cluster, _ = client({}, {}, {"items": []}, {"status": {"allowed": True}})
    cluster.create("configmaps", {"metadata": {"name": "a"}}, "shop")
    cluster.delete("pods", "redis-0", "shop", grace=0)
    cluster.list("pods")
    cluster.allowed("delete", "pods", "shop")
    assert cluster.mutations == ["create configmaps a in shop", "delete pods redis-0 in shop"]


def test_deleting_what_is_gone_is_no_error() -> None:
    cluster, _ = client(NotFound(404, "NotFound", "gone"), Forbidden(403, "Forbidden", "no"))
    cluster.delete("pods", "a", "shop")
    with pytest.raises(Forbidden):
        cluster.delete("pods", "a", "shop")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (409, Conflict), (403, Forbidden), (410, WatchExpired), (500, ApiError)],
)
def test_every_refusal_has_its_class(status: int, kind: type[ApiError]) -> None:
    error = error_for(status, "Reason", "message")
    assert type(error) is kind
    assert str(status) in str(error)


def test_rights_are_asked_with_group_and_subresource() -> None:
    cluster, asked = client({"status": {"allowed": False}})
    assert cluster.allowed("create", "pods", "shop", "exec") is False
    wanted = asked.asked[0][3]["spec"]["resourceAttributes"]
    place = {"namespace": "shop", "subresource": "exec", "name": ""}
    assert wanted == {"verb": "create", "group": "", "resource": "pods", **place}


def test_a_watch_gives_changes_and_raises_when_its_version_is_gone() -> None:
    cluster, recorder = client()
    gone = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}
    recorder.lines = [json.dumps({"type": "ADDED", "object": {"a": 1}}).encode(), json.dumps(gone).encode()]
    changes = cluster.watch("pods", "shop", since="7")
    assert next(changes) == ("ADDED", {"a": 1})
    with pytest.raises(WatchExpired):
        next(changes)


def test_a_pause_watches_from_the_version_that_was_read() -> None:
    cluster, recorder = client({"items": [], "metadata": {"resourceVersion": "9"}})
    recorder.lines = [json.dumps({"type": "MODIFIED", "object": {}}).encode()]
    changes = Changes(cluster, "pods", "shop", "app=x")
    assert changes.observe(Deadline(5)) == []
    changes.pause(Deadline(5))
    assert recorder.asked[-1][2]["resourceVersion"] == "9"


def test_the_proxy_gives_any_answer_of_the_pod() -> None:
    cluster, asked = client((503, b"away"))
    assert cluster.proxy("holdfast", "observer-x", 8088, "POST", "/ask", {"a": 1}) == (503, b"away")
    assert asked.asked[0][1] == "/api/v1/namespaces/holdfast/pods/observer-x:8088/proxy/ask"


def test_a_pod_is_asked_for_as_maintenance_does_it() -> None:
    cluster, asked = client({"status": "Success"}, ApiError(429, "TooManyRequests", "budget"))
    cluster.evict("a", "shop")
    method, path, _, body, _ = asked.asked[0]
    assert (method, path) == ("POST", "/api/v1/namespaces/shop/pods/a/eviction")
    assert body["kind"] == "Eviction"
    assert cluster.mutations == ["evict pods a in shop"]
    with pytest.raises(ApiError) as refused:
        cluster.evict("b", "shop")
    assert refused.value.status == 429
