"""Sign-ins taken apart and made by the suite itself: genuine ones, and those that no shop may accept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from support.waiting import Unknown

Claims = Mapping[str, Any]

_PARTS = 3  # header, claims, signature
_AGO_S = 30  # seconds since an expired sign-in ended: no clock of a cluster is that wrong, no leniency that long
_LATER_S = 600  # seconds that a sign-in made here is good for: longer than any scenario
_DAY_S = 86_400
_SIGNED = {"alg": "HS256", "typ": "JWT"}
_UNSIGNED = {"alg": "none", "typ": "JWT"}


def claims_of(token: str) -> Claims:
    """What a sign-in says. Raises Unknown when it cannot be read."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise Unknown("the shop's sign-in has no readable form, so none can be forged")
    claims: Claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return claims


def signed(claims: Claims, key: str) -> str:
    """A sign-in with these claims, signed with this key."""
    head = f"{_packed(_SIGNED)}.{_packed(claims)}"
    return f"{head}.{_base64(hmac.new(key.encode(), head.encode(), hashlib.sha256).digest())}"


def lasting(token: str, key: str) -> str:
    """The same sign-in as the shop itself would make it: signed with its key, good for a while."""
    return signed({**claims_of(token), "exp": int(time.time()) + _LATER_S}, key)


def expired(token: str, key: str) -> str:
    """A sign-in that was genuine and has just ended."""
    now = int(time.time())
    return signed({**claims_of(token), "iat": now - _DAY_S, "exp": now - _AGO_S}, key)


def altered(token: str, key: str) -> str:
    """A genuine sign-in whose claims were changed afterwards; its signature is the old one."""
    del key
    head, _, signature = token.split(".")
    claims = claims_of(token)
    return f"{head}.{_packed({**claims, 'exp': int(claims.get('exp', 0)) + _DAY_S})}.{signature}"


def signed_elsewhere(token: str, key: str) -> str:
    """The right claims, signed with a key that is not the shop's."""
    return signed(claims_of(lasting(token, key)), secrets.token_urlsafe(64))  # as long as the shop's own


def unsigned(token: str, key: str) -> str:
    """The right claims, and the statement that they need no signature."""
    return f"{_packed(_UNSIGNED)}.{_packed(claims_of(lasting(token, key)))}."


# What an intruder may come with, by the words of the features; None stands for no sign-in at all.
FORGERIES: Mapping[str, Callable[[str, str], str] | None] = {
    "no sign-in": None,
    "an altered sign-in": altered,
    "an expired sign-in": expired,
    "a sign-in that somebody else has signed": signed_elsewhere,
    "an unsigned sign-in": unsigned,
}


def _packed(part: Claims) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
