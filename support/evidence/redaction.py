"""The one place where secrets are taken out of texts before they are written anywhere.

Two nets: values that somebody registered (in every form a value takes on its way: as it is, quoted for URLs, JSON or a
shell, in Base64), and patterns of things that are secret whoever wrote them (tokens, passwords, private keys).
Redacting a redacted text changes nothing. Better too much than too little: a hidden harmless word costs a look, a shown
password costs its replacement.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[redacted]"

# Shorter values are ordinary words by accident ("test", "shop"): masking them would make every text unreadable.
SHORTEST_SECRET = 5
# A line of a longer secret (a key file) is masked on its own from this length: enough to be unlike any other line.
SHORTEST_LINE = 16
# Characters of Base64 that carry nothing but the secret: below this they would match ordinary words.
SHORTEST_BASE64 = 8

# The name of a secret ends in one of these words ("DB_PASSWORD", "client-secret"); "secretName" and "tokenTtl" do not.
_NAME = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|api[_.-]?key|access[_.-]?key|secret[_.-]?key"
    r"|private[_.-]?key|requirepass|masterauth|sentinelauth|auth-pass|sessionid|session[_.-]?id|csrftoken|pgpassword)"
)
# What stands for "no secret here" and is worth reading in a configuration.
_HARMLESS = r"(?!(?:true|false|null|none|yes|no)\b)"
# Horizontal space only: the value of "password:" at the end of a line is not the first word of the next.
_GAP = r"[^\S\r\n]*"
_QUOTED = r"""(?P<quote>\\?["'])(?:(?!(?P=quote)).)+(?P=quote)"""
_BARE = r"[^\s\"'&<\\]+"

Replace = Callable[[re.Match[str]], str]


def _keep_ends(match: re.Match[str]) -> str:
    mark = match.group("quote") or ""
    return f"{match.group('head')}{mark}{MASK}{mark}"


def _keep_head(match: re.Match[str]) -> str:
    return f"{match.group('head')}{MASK}"


def _keep_both(match: re.Match[str]) -> str:
    return f"{match.group('head')}{MASK}{match.group('tail')}"


def _pattern(text: str, *, everything: bool = False) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | (re.DOTALL if everything else 0))


_PATTERNS: tuple[tuple[re.Pattern[str], Replace], ...] = (
    # -----BEGIN ... PRIVATE KEY----- to its end, also when the line breaks are escaped, also when the end is cut off.
    (
        _pattern(
            r"(?P<head>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(?P<tail>-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
            everything=True,
        ),
        _keep_both,
    ),
    # JSON Web Tokens: header and payload are JSON objects, so both begin with eyJ; ServiceAccount tokens are these.
    (re.compile(r"(?P<head>)eyJ[\w-]{5,}\.eyJ[\w-]{5,}(?:\.[\w-]*)?"), _keep_head),
    # Authorization: Bearer x; also Proxy-Authorization, in headers, JSON and Python's repr of both.
    (
        _pattern(
            r"(?P<head>\bauthorization\\?[\"']?\s*[:=,]\s*\\?[\"']?(?:(?:bearer|basic|token|digest|negotiate)\s+)?)"
            r"[^\s\"'\\,;<]+"
        ),
        _keep_head,
    ),
    (_pattern(r"(?P<head>\b(?:bearer|basic)\s+)(?=[\w+/=.~-]*[\d=])[\w+/=.~-]{8,}"), _keep_head),
    # Cookies carry sessions: the whole value of the header goes.
    (_pattern(r"(?P<head>\b(?:set-)?cookie\\?[\"']?\s*:\s*\\?[\"']?)[^\r\n\"'<]+"), _keep_head),
    # user:password@host in any address.
    (_pattern(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@\"']*:)[^\s/@\"']+(?P<tail>@)"), _keep_both),
    # {"name": "DB_PASSWORD", "value": "x"} and its YAML form, as containers list their environment.
    (
        _pattern(
            rf"(?P<head>{_NAME}\\?[\"']?\s*,?\s*\\?[\"']?value\\?[\"']?{_GAP}:{_GAP}){_HARMLESS}(?:{_QUOTED}|{_BARE})"
        ),
        _keep_ends,
    ),
    # password=x, "password": "x", password: x, DB_PASSWORD => x.
    (
        _pattern(rf"(?P<head>{_NAME}(?![a-z0-9_])\\?[\"']?{_GAP}(?:=>|:=|[:=]){_GAP}){_HARMLESS}(?:{_QUOTED}|{_BARE})"),
        _keep_ends,
    ),
    # --password x, requirepass x; SQL: ALTER ROLE x PASSWORD 'y'.
    (
        _pattern(
            rf"(?P<head>(?:(?<![\w-])--[\w-]{{0,40}}?{_NAME}|--pass|\brequirepass|\bmasterauth)\s+)(?:{_QUOTED}|{_BARE})"
        ),
        _keep_ends,
    ),
    (_pattern(r"(?P<head>\bpassword\s+)(?P<quote>')(?:[^']|'')*'"), _keep_ends),
)


def _base64_forms(secret: bytes) -> set[str]:
    """The characters that the secret leaves in Base64, wherever in a longer text it starts."""
    forms: set[str] = set()
    for before in range(3):  # Base64 packs 3 bytes into 4 characters, so there are three alignments
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * before + secret).decode("ascii").rstrip("=")
            # Characters that also carry bits of a neighbour are cut off: 0, 2 or 3 before; the last when it is shared.
            first = (0, 2, 3)[before]
            last = len(coded) - (1 if (before + len(secret)) % 3 else 0)
            core = coded[first:last]
            if len(core) >= SHORTEST_BASE64:
                forms.add(core)
    return forms


def spellings(secret: str) -> set[str]:
    """Every spelling of the secret that may turn up in a text."""
    forms = {secret, secret.strip()}
    forms |= {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    forms.add(re.sub(r"%[0-9A-F]{2}", lambda code: code.group().lower(), quote(secret, safe="")))
    in_json = json.dumps(secret)[1:-1]
    forms |= {in_json, json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(in_json)[1:-1]}
    forms |= {repr(secret)[1:-1], secret.replace("'", "'\\''"), secret.replace("'", "''")}
    forms |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORTEST_LINE}
    forms |= _base64_forms(secret.encode("utf-8", "surrogateescape"))
    return {form for form in forms if len(form) >= SHORTEST_SECRET}


class Redactor:
    """Knows the secrets of a run and takes them out of texts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._registered: re.Pattern[str] | None = None

    def register(self, *secrets: str | bytes | None) -> None:
        """From now on these values are masked wherever they appear; values under five characters are left alone."""
        texts = (one.decode("utf-8", "surrogateescape") if isinstance(one, bytes) else one or "" for one in secrets)
        with self._lock:
            found = {form for text in texts if len(text.strip()) >= SHORTEST_SECRET for form in spellings(text)}
            found.discard(MASK)
            if found <= self._known:
                return
            self._known |= found
            # The longest first: a secret that contains another one is masked as a whole.
            ordered = sorted(self._known, key=lambda form: (-len(form), form))
            self._registered = re.compile("|".join(re.escape(form) for form in ordered))

    def redact(self, text: str) -> str:
        """The text without secrets."""
        if self._registered is not None:
            text = self._registered.sub(MASK, text)
        for pattern, replace in _PATTERNS:
            text = pattern.sub(replace, text)
        return text

    def redact_bytes(self, body: bytes) -> bytes:
        """The same for bytes; what is not UTF-8 in them is kept as it is."""
        return self.redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def redact_tree(self, value: Any) -> Any:
        """A copy of a JSON-like value without secrets; of a Kubernetes Secret only the names of its keys are left."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {key: self._redact_entry(value, key, entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_tree(entry) for entry in value]
        return value

    def _redact_entry(self, owner: dict[Any, Any], key: Any, entry: Any) -> Any:
        if owner.get("kind") == "Secret" and key in ("data", "stringData") and isinstance(entry, dict):
            return dict.fromkeys(entry, MASK)
        named_by = owner.get("name") if key == "value" else key
        if isinstance(entry, str) and entry and isinstance(named_by, str) and _SECRET_KEY.search(named_by):
            return MASK
        return self.redact_tree(entry)


_SECRET_KEY = _pattern(rf"{_NAME}$|^(?:proxy-)?authorization$|^(?:set-)?cookie$")

REDACTOR = Redactor()
register = REDACTOR.register
redact = REDACTOR.redact
redact_bytes = REDACTOR.redact_bytes
redact_tree = REDACTOR.redact_tree
