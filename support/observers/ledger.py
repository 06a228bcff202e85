"""What clients were told against what is stored: nothing lost, doubled, altered or unasked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct

from support.observers.agent.notes import checksum, read_note
from support.observers.attempts import Attempt, Outcome
from support.observers.verdicts import NEEDED, Verdict

_SHOWN = 5  # writes named in a message; the whole list belongs into an attachment

Key = tuple[str, int]  # client (the probe's name) and number


@dataclass(slots=True)  # not frozen: a million of them are made for one verdict, and that would double the time
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
    asked = _Asked(fault)
    for attempt in attempts:
        if attempt.checksum:
            asked.add(attempt)
    seen: dict[str, set[int]] = defaultdict(set)
    twice: set[Key] = set()
    altered: set[Key] = set()
    for row in rows:
        known = seen[row.client]
        if row.seq in known:
            twice.add(row.key)
        known.add(row.seq)
        if asked.differs(row):
            altered.add(row.key)
    return asked.verdict(place, seen, twice, altered)


class _Asked:
    """What clients were told, kept small: a million writes of five facts each take 200 MB instead of 1700.

    Checksums and facts are only ever compared, so 64 bits of each one's hash are kept; that two different texts have
    the same one happens once in 10^19 comparisons.
    """

    def __init__(self, fault: float) -> None:
        self._fault = fault
        self._records: dict[str, dict[int, bytes]] = defaultdict(dict)  # client -> number -> record
        self._layouts: list[_Layout] = []
        self._place: dict[tuple[str, ...], int] = {}

    def add(self, attempt: Attempt) -> None:
        """One write that was asked for; one that is told again replaces the earlier telling."""
        code, facts = _CODES[attempt.outcome], attempt.facts
        names = tuple(facts) if code == _OK else ()
        place = self._place.get(names)
        if place is None:
            place = self._place[names] = len(self._layouts)
            self._layouts.append(_Layout(names))
        head = code | (attempt.end <= self._fault) << _BEFORE | place << _NAMES
        hashes = map(hash, facts.values()) if names else ()
        record = self._layouts[place].struct.pack(head, hash(attempt.checksum), *hashes)
        self._records[attempt.probe][attempt.seq] = record

    def differs(self, row: StoredRow) -> bool:
        """Whether a row is stored otherwise than it was confirmed; facts that only one side knows are not compared."""
        record = self._records.get(row.client, _NONE).get(row.seq)
        if record is None:
            return False
        head, proof = _HEAD.unpack_from(record)
        if proof != hash(row.checksum):
            return True
        layout, facts = self._layouts[head >> _NAMES], row.facts
        told: tuple[int, ...] = layout.struct.unpack(record)[2:]  # behind head and checksum
        try:
            found: tuple[int, ...] = tuple(map(hash, map(facts.__getitem__, layout.names)))
            return found != told
        except KeyError:  # a fact that only the client was told
            known = zip(layout.names, told, strict=True)
            return any(name in facts and hash(facts[name]) != one for name, one in known)

    def verdict(self, place: str, seen: Mapping[str, set[int]], twice: set[Key], altered: set[Key]) -> LedgerVerdict:
        """The verdict, once every row has been seen."""
        told: Counter[tuple[int, bool, bool]] = Counter()  # code, before the fault, stored
        lost: list[Key] = []
        phantom = [
            (client, seq)
            for client, numbers in seen.items()
            for seq in numbers
            if self._code(client, seq) in (None, _FAIL)
        ]
        for client, records in self._records.items():
            stored = seen.get(client, set())
            for seq, record in records.items():
                head = _HEAD.unpack_from(record)[0]
                code, here = head & _CODE_MASK, seq in stored
                told[code, bool(head >> _BEFORE & 1), here] += 1
                if code == _OK and not here:
                    lost.append((client, seq))
        return LedgerVerdict(
            place=place,
            confirmed=sum(count for (code, _, _), count in told.items() if code == _OK),
            confirmed_before=sum(count for (code, before, _), count in told.items() if code == _OK and before),
            stored=sum(map(len, seen.values())),
            lost=_named(lost),
            phantom=_named(phantom),
            duplicates=_named(twice),
            altered=_named(altered),
            unknown_stored=sum(count for (code, _, here), count in told.items() if code == _UNKNOWN and here),
            unknown_absent=sum(count for (code, _, here), count in told.items() if code == _UNKNOWN and not here),
        )

    def _code(self, client: str, seq: int) -> int | None:
        record = self._records.get(client, {}).get(seq)
        return None if record is None else int(_HEAD.unpack_from(record)[0] & _CODE_MASK)


_OK, _FAIL, _UNKNOWN = range(3)
_CODES: Mapping[Outcome, int] = {"ok": _OK, "fail": _FAIL, "info": _UNKNOWN, "uncopied": _UNKNOWN, "open": _UNKNOWN}
_CODE_MASK, _BEFORE, _NAMES = 3, 2, 3  # bits of a record's head: two for the code, one for "before", the rest for names
_NONE: Mapping[int, bytes] = {}
_HEAD = Struct("<2q")  # head and checksum, of 64 bits each; the facts follow


class _Layout:
    """A record with these facts: its head, its checksum, then one hash for each of them."""

    __slots__ = ("names", "struct")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names, self.struct = names, Struct(f"<{len(names) + 2}q")


def row_of_sale(
    text: str, ledger: str, item: str, quantity: int, facts: Mapping[str, str] | None = None
) -> StoredRow | None:
    """The stored write behind the note of a sale line, with what the line holds; None when it is of another ledger."""
    parts = text.split(":")
    # As read_note says it, without an object for each of a million rows.
    if len(parts) != 5 or parts[1] != ledger or parts[0] != "lg" or not parts[3].isdigit():
        return None
    client, seq, number = parts[2], int(parts[3]), str(quantity)
    known = {"item": item, "quantity": number, **facts} if facts else {"item": item, "quantity": number}
    return StoredRow(client, seq, _proven(parts[4], ledger, client, seq, item, number), known)


def row_of_table(ledger: str, client: str, seq: int, payload: str, proof: str) -> StoredRow:
    """The stored write behind a row of the probe's own table."""
    return StoredRow(client, seq, _proven(proof, ledger, client, seq, payload))


def row_of_cache(key: str, value: str | None, ledger: str) -> StoredRow | None:
    """The stored write behind a key of the cache and its value; None for another ledger's key or a missing value."""
    found = read_note(value or "")
    parts = key.split(":")  # hf, ledger, client, number
    if found is None or len(parts) != 4 or parts[1] != ledger or not parts[3].isdigit():
        return None
    here = (found.ledger, found.client, found.seq) == (ledger, parts[2], int(parts[3]))
    return StoredRow(parts[2], int(parts[3]), found.checksum if here else f"of another key: {value}")


def _proven(told: str, ledger: str, client: str, seq: int, *content: str) -> str:
    """The checksum, or a word that equals none when the content is not what it was made for."""
    return told if checksum(ledger, client, seq, *content) == told else f"content differs from {told}"


def _named(keys: Iterable[Key]) -> list[str]:
    return [f"{client}-{seq:06d}" for client, seq in sorted(keys)]


def _some(found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f" ({', '.join(found[:_SHOWN])}{more})"
