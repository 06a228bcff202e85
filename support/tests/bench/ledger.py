"""How long the verdict over a million writes takes, and how much memory: `python support/tests/bench/ledger.py`.

Attempts and rows come one by one from files; reading them, making the objects and proving each row by its checksum
counts as well. Processor time is what counts: the machine may be shared. Prints one line and ends with 1 when a limit
is broken or a planted mistake was not found.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support.observers.agent.notes import note
from support.observers.attempts import Attempt
from support.observers.ledger import StoredRow, compare, row_of_sale

WRITES = 1_000_000
MOST_SECONDS, MOST_MEGABYTES = 10.0, 500.0  # the promise
LEDGER, CLIENTS = "bench", 4
LOST, DOUBLED, ALTERED = 1_003, 2_003, 5_003  # every so many writes one is lost, stored twice, or altered
UNKNOWN = 997  # every so many writes the answer got lost
FACTS = ("id", "sale_number", "total")


def write_files(folder: Path, count: int) -> tuple[Path, Path]:
    """What the clients were told, and what is stored, with the planted mistakes: made before the clock starts."""
    told, stored = folder / "told", folder / "stored"
    with told.open("w") as asked, stored.open("w") as kept:
        for number in range(count):
            client, seq = f"c{number % CLIENTS}", number // CLIENTS
            outcome = "info" if number % UNKNOWN == 0 else "ok"
            proof, facts = note(LEDGER, client, seq, "ring", "1"), facts_of(number)
            asked.write("\t".join((client, str(seq), f"{number / 50:.3f}", outcome, proof.checksum, *facts)) + "\n")
            if number % ALTERED == 2:
                facts[2] = "1.00"
            line = "\t".join((str(proof), *facts)) + "\n"
            kept.write(line * copies(number))
    return told, stored


def attempts(file: Path) -> Iterator[Attempt]:
    """The attempts, one by one."""
    with file.open() as lines:
        for line in lines:
            client, seq, moment, outcome, proof, *facts = line.rstrip().split("\t")
            at = float(moment)
            known = dict(zip(FACTS, facts, strict=True)) if outcome == "ok" else {}
            yield Attempt(client, int(seq), at, at, at, outcome, checksum=proof, facts=known)  # type: ignore[arg-type]


def rows(file: Path) -> Iterator[StoredRow]:
    """The stored rows, one by one, each proven by its checksum."""
    with file.open() as lines:
        for line in lines:
            text, *facts = line.rstrip().split("\t")
            row = row_of_sale(text, LEDGER, "ring", 1, dict(zip(FACTS, facts, strict=True)))
            if row:
                yield row


def copies(number: int) -> int:
    """How often a write is stored."""
    return 0 if number % LOST == 1 else 2 if number % DOUBLED == 3 else 1


def facts_of(number: int) -> list[str]:
    """The facts that a confirmation and its row share."""
    return [f"{number:032x}", f"S-{number:08d}", f"{number % 5000}.00"]


def main(count: int = WRITES) -> int:
    """Measures, prints, and says by the exit code whether the limits hold and every planted mistake was found."""
    with tempfile.TemporaryDirectory() as folder:
        told, stored = write_files(Path(folder), count)
        begin, began = time.perf_counter(), time.process_time()
        verdict = compare(attempts(told), rows(stored), "the leader", fault=count / 100)
        wall, seconds, megabytes = time.perf_counter() - begin, time.process_time() - began, peak()
    found = {"lost": len(verdict.lost), "doubled": len(verdict.duplicates), "altered": len(verdict.altered)}
    sure = [number for number in range(count) if number % UNKNOWN]
    planted = {
        "lost": sum(copies(number) == 0 for number in sure),
        "doubled": sum(copies(number) == 2 for number in range(count)),
        "altered": sum(number % ALTERED == 2 and copies(number) > 0 for number in sure),
    }
    sys.stdout.write(
        f"{count} writes: {seconds:.1f} s of processor time ({wall:.1f} s), {megabytes:.0f} MB at most; "
        f"found {found} of {planted}\n"
    )
    return 0 if found == planted and seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES else 1


def peak() -> float:
    """Megabytes that this process has used at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
