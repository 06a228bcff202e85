"""Ledger ids as they travel through the shop and come back: `lg:<ledger>:<client>:<seq>:<checksum>`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_PREFIX = "lg"
_DIGITS = 6  # of the sequence number; a run of hours at 50 per second stays below a million
_CHECKSUM = 8  # hexadecimal digits: one altered row in four thousand million would go unnoticed


@dataclass(frozen=True, slots=True)
class Note:
    """Who wrote what: a ledger, a client of it, a number, and a checksum over number and content."""

    ledger: str
    client: str
    seq: int
    checksum: str

    def __str__(self) -> str:
        return f"{_PREFIX}:{self.ledger}:{self.client}:{self.seq:0{_DIGITS}d}:{self.checksum}"


def checksum(ledger: str, client: str, seq: int, *content: str) -> str:
    """The checksum of one write: it covers who wrote it and what was written."""
    whole = "\n".join((ledger, client, str(seq), *content))
    return hashlib.sha256(whole.encode()).hexdigest()[:_CHECKSUM]


def note(ledger: str, client: str, seq: int, *content: str) -> Note:
    """The note for one write with this content."""
    return Note(ledger, client, seq, checksum(ledger, client, seq, *content))


def read_note(text: str) -> Note | None:
    """The note in a stored row, None when the text is none of ours."""
    parts = text.split(":")
    if len(parts) != 5 or parts[0] != _PREFIX or not parts[3].isdigit():  # prefix, ledger, client, number, checksum
        return None
    return Note(parts[1], parts[2], int(parts[3]), parts[4])
