"""The way through the entrance: what is sent, and that no answer is an answer too."""

from __future__ import annotations

import httpx

from support.clients.http import PublicWay


def way(handler: httpx.MockTransport) -> PublicWay:
    made = PublicWay("http", "198.18.0.11", "shop.local", "run1")
    made._client = httpx.Client(transport=handler)
    return made


def test_a_form_is_sent_as_a_browser_does_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/accounts/login/")
        assert request.content == b"login=anna&password=a+b"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (request.headers["host"], request.headers["cookie"]) == ("shop.local", "a=b")
        return httpx.Response(302, headers={"location": "/dashboard/"})

    fields = {"login": "anna", "password": "a b"}
    told = way(httpx.MockTransport(answer)).send_form("/accounts/login/", fields, {"Cookie": "a=b"})
    assert (told.status, told.headers["location"]) == (302, "/dashboard/")
    assert told.request_id.startswith("hf-run1-")


def test_a_body_is_sent_as_json_and_silence_is_an_answer() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.content == b'{"a":1}'
        raise httpx.ReadTimeout("time is over")

    told = way(httpx.MockTransport(answer)).send("PUT", "/x", {"a": 1})
    assert (told.status, told.error) == (0, "ReadTimeout: time is over")
