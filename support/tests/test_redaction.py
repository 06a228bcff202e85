"""Secrets are masked in every form, ordinary text is left alone, and doing it twice changes nothing."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from urllib.parse import quote, quote_plus

import pytest

from support.evidence.redaction import MASK, Redactor

SECRET = "s3cr&t/val\"ue+'x é"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl-_x"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda code: code.group().lower(), quote(SECRET, safe="")),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps(SECRET)),
        repr(SECRET),
        SECRET.replace("'", "''"),
        SECRET.replace("'", "'\\''"),
    ],
)
def test_a_registered_secret_is_masked_in_every_spelling(redactor: Redactor, form: str) -> None:
    redactor.register(SECRET)
    shown = redactor.redact(f"before {form} after")
    assert MASK in shown
    assert "s3cr" not in shown
    assert "val" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:", "x" * 17])
@pytest.mark.parametrize("after", ["", "z", "zz", "zzz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_registered_secret_is_masked_inside_base64(
    redactor: Redactor, before: str, after: str, encode: object
) -> None:
    secret = "correct-horse-battery"
    redactor.register(secret)
    coded = encode(f"{before}{secret}{after}".encode()).decode()  # type: ignore[operator]
    shown = redactor.redact(coded)
    assert MASK in shown
    left = shown.replace(MASK, "")
    # What is left belongs to the neighbours, or is one character that the secret shares with them at each end.
    assert len(left.rstrip("=")) <= (len(before) + len(after)) * 4 / 3 + 4


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"token {JWT} end", JWT),
        (f"cut token {JWT.rsplit('.', 1)[0]}", "eyJpc3Mi"),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Authorization: opaque-value", "opaque-value"),
        ('{"Authorization": "Token 12345abc"}', "12345abc"),
        ("[('Authorization', 'Bearer zzz999')]", "zzz999"),
        ("curl -H 'Proxy-Authorization: Basic dTpw'", "dTpw"),
        ("sent Bearer abcdef123456", "abcdef123456"),
        ("Cookie: sessionid=abc123; csrftoken=def456", "def456"),
        ("Set-Cookie: sessionid=abc123; HttpOnly", "abc123"),
        ("postgresql://shop:hunter22@db:5432/shop", "hunter22"),
        ("redis://:hunter22@cache:6379/0", "hunter22"),
        ("password=hunter22", "hunter22"),
        ("password = hunter22", "hunter22"),
        ("PGPASSWORD=hunter22 psql", "hunter22"),
        ("DB_PASSWORD: hunter22", "hunter22"),
        ('{"password": "hunter 22"}', "hunter 22"),
        ('{"db.password":"hunter22","user":"x"}', "hunter22"),
        ('{\\"password\\": \\"hunter22\\"}', "hunter22"),
        ("{'client_secret': 'hunter22'}", "hunter22"),
        ("connect(password='hunter22')", "hunter22"),
        ("?user=a&access_token=hunter22&x=1", "hunter22"),
        ("api-key: hunter22", "hunter22"),
        ("--password hunter22", "hunter22"),
        ("--db-password 'hunter 22'", "hunter 22"),
        ("redis-cli --pass hunter22 ping", "hunter22"),
        ("requirepass hunter22", "hunter22"),
        ("masterauth hunter22", "hunter22"),
        ("ALTER ROLE shop PASSWORD 'hunt''er22'", "er22"),
        ('{"name": "DB_PASSWORD", "value": "hunter22"}', "hunter22"),
        ("- name: DB_PASSWORD\n  value: hunter22", "hunter22"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ('"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----"', "MIIE"),
        ("-----BEGIN EC PRIVATE KEY-----\nMIIE cut off", "MIIE"),
    ],
)
def test_what_looks_like_a_secret_is_masked(redactor: Redactor, text: str, hidden: str) -> None:
    shown = redactor.redact(text)
    assert hidden not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "text",
    [
        "FATAL: password authentication failed for user shop",
        "secretName: jewelry-shop-db",
        "automountServiceAccountToken: false",
        "the shop answered 503 after 2.0 s: outcome not_done",
        "basic authentication is required, bearer of bad news",
        "valueFrom: {secretKeyRef: {key: x}}",
        "password:\n  valueFrom: nothing",
        "tokenTtl: 30",
        "NOAUTH Authentication required.",
        '{"password": ""}',
        "2026-11-21 09:14:02 http://shop:80/items?page=2 took 0.1 s",
        "https://shop.example/a:b/c@d",
        "jewelry-shop-db-0 leader timeline 3",
    ],
)
def test_ordinary_text_is_left_alone(redactor: Redactor, text: str) -> None:
    assert redactor.redact(text) == text


def test_redacting_twice_changes_nothing(redactor: Redactor) -> None:
    redactor.register(SECRET, "hunter22")
    text = (
        f"password=hunter22 {JWT} postgres://a:bbbbb@c {{'token': 'x1'}} Authorization: Bearer hunter22\n"
        f"Cookie: a=b\n--password x {SECRET}\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    )
    once = redactor.redact(text)
    assert redactor.redact(once) == once


def test_values_keep_their_neighbours(redactor: Redactor) -> None:
    assert redactor.redact("?token=abc&page=2") == f"?token={MASK}&page=2"
    assert redactor.redact('{"password": "x", "user": "shop"}') == f'{{"password": "{MASK}", "user": "shop"}}'
    assert redactor.redact("<td>password=x</td><td>12 s</td>") == f"<td>password={MASK}</td><td>12 s</td>"
    assert redactor.redact("postgresql://shop:pw@db/shop") == f"postgresql://shop:{MASK}@db/shop"


def test_short_and_empty_values_are_not_registered(redactor: Redactor) -> None:
    redactor.register("", None, "shop", b"  ab  ")
    assert redactor.redact("the shop is open, ab") == "the shop is open, ab"


def test_a_secret_inside_a_longer_one_does_not_leave_its_rest(redactor: Redactor) -> None:
    redactor.register("horse")
    redactor.register("horse-battery-staple")
    assert redactor.redact("a horse-battery-staple b horse") == f"a {MASK} b {MASK}"


def test_every_long_line_of_a_key_file_is_masked_alone(redactor: Redactor) -> None:
    redactor.register("short\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n")
    assert redactor.redact("  MIIEvQIBADANBgkqhkiG9w0BAQEF") == f"  {MASK}"
    assert redactor.redact("short of breath") == "short of breath"


def test_bytes_that_are_not_text_survive(redactor: Redactor) -> None:
    redactor.register(b"hunter22")
    assert redactor.redact_bytes(b"\xff\xfe hunter22 \x00\x80") == f"\udcff\udcfe {MASK} \x00\udc80".encode(
        "utf-8", "surrogateescape"
    )


def test_a_tree_keeps_its_shape_and_a_kubernetes_secret_its_keys(redactor: Redactor) -> None:
    redactor.register("hunter22")
    tree = {
        "kind": "Secret",
        "data": {"password": "aHVudGVyMjI=", "url": "eA=="},
        "items": [{"name": "API_TOKEN", "value": "x"}, {"name": "MODE", "value": "on hunter22"}, 3, None, True],
        "clientSecret": "y",
        "password": {"secretKeyRef": {"name": "db"}},
    }
    assert redactor.redact_tree(tree) == {
        "kind": "Secret",
        "data": {"password": MASK, "url": MASK},
        "items": [{"name": "API_TOKEN", "value": MASK}, {"name": "MODE", "value": f"on {MASK}"}, 3, None, True],
        "clientSecret": MASK,
        "password": {"secretKeyRef": {"name": "db"}},
    }
    assert tree["clientSecret"] == "y", "the original is not changed"


def test_a_long_log_is_redacted_quickly(redactor: Redactor) -> None:
    redactor.register(*(f"secret-number-{number}" for number in range(50)))
    line = (
        "2026-11-21T09:14:02.123Z INFO no action. I am (jewelry-shop-db-0), the leader with the lock " + "-" * 80 + "\n"
    )
    started = time.monotonic()
    redactor.redact(line * 5_000)  # about 900 kB, more than diagnostics attach for one container
    assert time.monotonic() - started < 30  # measured 0.6 s on a quiet machine; quadratic behaviour would take minutes


def test_registering_from_several_threads_loses_nothing(redactor: Redactor) -> None:
    threads = [threading.Thread(target=redactor.register, args=(f"thread-secret-{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = " ".join(f"thread-secret-{number}" for number in range(20))
    assert redactor.redact(text) == " ".join([MASK] * 20)
