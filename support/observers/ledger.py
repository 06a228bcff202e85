"""What clients were told against what is stored: nothing lost, doubled, altered or unasked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from support.observers.agent.notes import Note, note, read_note
from support.observers.attempts import Attempt
from support.observers.verdicts import NEEDED, Verdict

_SHOWN = 5  # writes named in a message; the whole list belongs into an attachment

Key = tuple[str, int]  # client (the probe's name) and number


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One write as it was found again. `facts` holds what was read beside it, such as item, quantity, total."""

    client: str
    seq: int
    checksum: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Which write this is."""
        return self.client, self.seq


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """The comparison of one ledger with one place where it is stored."""

    place: str  # such as "the leader" or "jewelry-shop-db-2 after its return"
    confirmed: int  # writes that clients were told are done
    confirmed_before: int  # of these, before the fault
    stored: int
    lost: Sequence[str]  # confirmed, not stored
    phantom: Sequence[str]  # stored, although surely refused or never asked for
    duplicates: Sequence[str]  # stored more than once
    altered: Sequence[str]  # stored otherwise than confirmed
    unknown_stored: int  # outcome unknown to the client, stored
    unknown_absent: int  # outcome unknown to the client, not stored

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, doubled, altered or unasked for."""
        return not (self.lost or self.phantom or self.duplicates or self.altered)

    def judge(self, needed_before: int = NEEDED, needed_after: int = NEEDED) -> Verdict:
        """Broken as soon as one write is wrong; unknown when too few were confirmed to say anything."""
        if not self.clean:
            return Verdict("broken", str(self))
        after = self.confirmed - self.confirmed_before
        if self.confirmed_before < needed_before or after < needed_after:
            counts = f"{self.confirmed_before} of {needed_before} before, {after} of {needed_after} after the fault"
            return Verdict("unknown", f"too few confirmed writes: {counts}")
        return Verdict("kept", str(self))

    def __str__(self) -> str:
        wrong = {"lost": self.lost, "phantom": self.phantom, "duplicated": self.duplicates, "altered": self.altered}
        parts = [f"{len(found)} {name}{_some(found)}" for name, found in wrong.items()]
        unknown = f"{self.unknown_stored + self.unknown_absent} unknown ({self.unknown_stored} stored)"
        return f"{self.place}: {self.confirmed} confirmed, {', '.join(parts)}, {unknown}"


def compare(
    attempts: Iterable[Attempt], rows: Iterable[StoredRow], place: str, fault: float = float("inf")
) -> LedgerVerdict:
    """Compares the attempts of writing probes with the rows of the same ledger found at one place.

    Facts that only one side knows are not compared. `fault` divides the confirmed writes into before and after.
    """
    asked = {(attempt.probe, attempt.seq): attempt for attempt in attempts if attempt.checksum}
    stored: dict[Key, StoredRow] = {}
    counts: Counter[Key] = Counter()
    altered: set[Key] = set()
    for row in rows:
        counts[row.key] += 1
        stored[row.key] = row
        if row.key in asked and _differs(asked[row.key], row):
            altered.add(row.key)
    confirmed = [key for key, attempt in asked.items() if attempt.ok]
    unknown = [key for key, attempt in asked.items() if attempt.outcome in ("info", "uncopied", "open")]
    phantom = [key for key in stored if key not in asked or asked[key].outcome == "fail"]
    return LedgerVerdict(
        place=place,
        confirmed=len(confirmed),
        confirmed_before=sum(asked[key].end <= fault for key in confirmed),
        stored=len(stored),
        lost=_named(key for key in confirmed if key not in stored),
        phantom=_named(phantom),
        duplicates=_named(key for key, count in counts.items() if count > 1),
        altered=_named(altered),
        unknown_stored=sum(key in stored for key in unknown),
        unknown_absent=sum(key not in stored for key in unknown),
    )


def row_of_sale(
    text: str, ledger: str, item: str, quantity: int, facts: Mapping[str, str] | None = None
) -> StoredRow | None:
    """The stored write behind the note of a sale line, with what the line holds; None when it is of another ledger."""
    found = read_note(text)
    if found is None or found.ledger != ledger:
        return None
    known = {"item": item, "quantity": str(quantity)}
    return StoredRow(found.client, found.seq, _proven(found, item, str(quantity)), {**known, **(facts or {})})


def row_of_table(ledger: str, client: str, seq: int, payload: str, checksum: str) -> StoredRow:
    """The stored write behind a row of the probe's own table."""
    return StoredRow(client, seq, _proven(Note(ledger, client, seq, checksum), payload))


def row_of_cache(key: str, value: str | None, ledger: str) -> StoredRow | None:
    """The stored write behind a key of the cache and its value; None for another ledger's key or a missing value."""
    found = read_note(value or "")
    parts = key.split(":")  # hf, ledger, client, number
    if found is None or len(parts) != 4 or parts[1] != ledger or not parts[3].isdigit():
        return None
    here = (found.ledger, found.client, found.seq) == (ledger, parts[2], int(parts[3]))
    return StoredRow(parts[2], int(parts[3]), found.checksum if here else f"of another key: {value}")


def _proven(found: Note, *content: str) -> str:
    """The checksum, or a word that equals none when the content is not what it was made for."""
    whole = note(found.ledger, found.client, found.seq, *content)
    return found.checksum if whole == found else f"content differs from {found.checksum}"


def _differs(attempt: Attempt, row: StoredRow) -> bool:
    common = attempt.facts.keys() & row.facts.keys() if attempt.ok else ()
    return attempt.checksum != row.checksum or any(attempt.facts[name] != row.facts[name] for name in common)


def _named(keys: Iterable[Key]) -> list[str]:
    return [f"{client}-{seq:06d}" for client, seq in sorted(keys)]


def _some(found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f" ({', '.join(found[:_SHOWN])}{more})"
