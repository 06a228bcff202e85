"""The ledger read back: what customers were told against what every database member has stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from support.clients.sql import QuestionFailed, Row
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.ledger import LedgerVerdict, StoredRow, compare, row_of_sale, row_of_table
from support.observers.verdicts import NEEDED
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import DIRECT, INSTANCES, MINORITY, SALES, Traffic
from support.waiting import Deadline, Unknown, eventually

_READ_S = 15.0  # seconds for one reading of a few thousand rows on a busy machine
_WHOLE_S = 120.0  # seconds in which a former leader is promised to be back (JS-506)
_CATCH_UP_S = 30.0  # seconds until a follower has replayed what the leader had written when it was asked

_SALES = """
SELECT l.notes AS note, s.id AS id, s.sale_number AS sale_number, s.total AS total,
       l.inventory_item_id AS item, l.quantity AS quantity
FROM sale_items l JOIN sales s ON s.id = l.sale_id WHERE l.notes LIKE %s
"""
_DIRECT = "SELECT client, seq, payload, checksum FROM probe.ledger WHERE ledger_id = %s"
_WRITTEN = "SELECT pg_current_wal_lsn()::text AS position"
_REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn AS caught_up"
# Every index of the sales, with its tables: damage shows here before a customer finds it.
_SOUND = """
SELECT count(bt_index_check(i.indexrelid, true)) AS checked FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = 'public' AND a.amname = 'btree' AND i.indisvalid
"""
_TABLES = ("sales", "sale_items", "inventory_items", "sale_counters")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The ledger at several places."""

    verdicts: Sequence[LedgerVerdict]

    def joined(self, other: ReadBack) -> ReadBack:
        """Both readings as one."""
        return ReadBack([*self.verdicts, *other.verdicts])

    def __str__(self) -> str:
        return "; ".join(map(str, self.verdicts)) or "read nowhere"


def read_at_leader(system: JewelryShop, traffic: Traffic, fault: float) -> ReadBack:
    """The ledger as whoever leads now has it. The traffic is stopped first."""
    return _read(traffic, fault, [("the leader", lambda: _rows(system, system.database.leader_address, traffic))])


def read_for_the_shop(traffic: Traffic, fault: float) -> ReadBack:
    """The sales as the shop itself lists them through the public entrance."""
    places: list[Place] = [("the shop's own list", lambda: _listed(traffic))]
    return _read(traffic, fault, places, probes=(SALES, INSTANCES))


def read_everywhere(system: JewelryShop, traffic: Traffic, fault: float) -> ReadBack:
    """The ledger on the leader, and on every follower as soon as it has replayed what the leader had.

    A machine that was away may find its instances taken from it just when they are back: a member that leaves is waited
    for once more, as long as full redundancy is promised to take. Raises Broken when it stays away.
    """
    traffic.stop_all()
    number = system.profile.part("database").number
    members = int(number) if isinstance(number, int) else 1
    complete: ComplaintMatcher[ReadBack] = without_complaints(
        f"the ledger of {members} members",
        lambda read: [] if len(read.verdicts) >= members else [f"the ledger of {len(read.verdicts)} members: {read}"],
    )
    return eventually(
        lambda _: _read_members(system, traffic, fault),
        complete,
        _WHOLE_S,
        "Not every database member is there to be read",
        retrying=(QuestionFailed, Unknown),
    )


def _read_members(system: JewelryShop, traffic: Traffic, fault: float) -> ReadBack:
    leader = system.database.leading_pod()
    position = str(system.sql.value(leader.ip, _WRITTEN))
    followers = [pod for pod in system.parts.pods("database") if pod.uid != leader.uid and not pod.leaving]
    for pod in followers:
        _catch_up(system, pod, position)
    places = [(f"{pod.name}", _reader(system, pod, traffic)) for pod in (leader, *followers)]
    return _read(traffic, fault, places)


def keeps_every_confirmed_write(
    places: int,
    event: str = "missing after failover",
    causes: Sequence[str] = (),
    needed_after: int = NEEDED,
) -> ComplaintMatcher[ReadBack]:
    """Matches when at so many places at least nothing is lost, doubled, altered or unasked for.

    `event` ends the sentence about lost sales, `causes` begin it. Raises Unknown when too few writes were confirmed
    before or after the fault to say anything, or when the ledger was read at too few places.
    """

    def complaints(read: ReadBack) -> list[str]:
        verdicts = [(one, one.judge(needed_after=needed_after)) for one in read.verdicts]
        broken = [one for one, verdict in verdicts if verdict.kind == "broken"]
        lost = [one for one in broken if one.lost]
        if broken:
            worst = [f"confirmed sales {event}: {max(len(one.lost) for one in lost)}"] if lost else []
            return [*causes, *worst, *map(str, broken)]
        for one, verdict in verdicts:
            if not verdict.kept:
                raise Unknown(f"{one.place}: {verdict}")
        if len(read.verdicts) < places:
            raise Unknown(f"the ledger was read at {len(read.verdicts)} places instead of {places}")
        return []

    return without_complaints("every confirmed write stored exactly once, as confirmed, and nothing else", complaints)


def is_sound() -> ComplaintMatcher[Sequence[str]]:
    """Matches when nothing was found to be damaged."""
    return without_complaints("sound indexes and tables", lambda found: found)


def soundness(system: JewelryShop) -> Sequence[str]:
    """What is wrong with indexes and tables of the shop on the leader; empty when they are sound."""
    leader, found = system.database.leader_address, []
    try:
        if int(system.sql.value(leader, _SOUND, within=_READ_S)) == 0:
            raise Unknown("no index was checked")
    except QuestionFailed as error:
        found.append(f"an index is not sound: {error.error}")
    for table in _TABLES:
        rows = system.sql.ask(leader, "SELECT blkno, msg FROM verify_heapam(%s::regclass)", [table], within=_READ_S)
        found += [f"{table}, block {row['blkno']}: {row['msg']}" for row in rows]
    return found


Place = tuple[str, Callable[[], Iterable[StoredRow]]]


def _read(
    traffic: Traffic,
    fault: float,
    places: Sequence[Place],
    probes: Sequence[str] = (SALES, INSTANCES, DIRECT, MINORITY),
) -> ReadBack:
    traffic.stop_all()
    attempts = traffic.attempts(*probes)
    rows_at = [(place, traffic.known(rows())) for place, rows in places]
    return ReadBack([compare(attempts, rows, place, fault) for place, rows in rows_at])


def _reader(system: JewelryShop, pod: Pod, traffic: Traffic) -> Callable[[], Iterable[StoredRow]]:
    return lambda: _rows(system, pod.ip, traffic)


def _rows(system: JewelryShop, host: str, traffic: Traffic) -> list[StoredRow]:
    """Sales and direct writes of a ledger as one member has them. Raises QuestionFailed."""
    sold = system.sql.ask(host, _SALES, [f"lg:{traffic.ledger}:%"], within=_READ_S)
    rows = [
        row_of_sale(str(row["note"]), traffic.ledger, str(row["item"]), int(row["quantity"]), _facts(row))
        for row in sold
    ]
    direct = system.sql.ask(host, _DIRECT, [traffic.ledger], within=_READ_S)
    return [row for row in rows if row] + [_direct(traffic.ledger, row) for row in direct]


def _direct(ledger: str, row: Row) -> StoredRow:
    return row_of_table(ledger, str(row["client"]), int(row["seq"]), str(row["payload"]), str(row["checksum"]))


def _listed(traffic: Traffic) -> list[StoredRow]:
    if traffic.store is None:
        raise Unknown("these customers have no shop to look into")
    rows = []
    for sale in traffic.store.owner.rows("/api/sales/"):
        for line in sale["items"]:
            facts = {"id": str(sale["id"]), "sale_number": str(sale["sale_number"]), "total": str(sale["total"])}
            item, quantity = str(line["inventory_item"]), int(line["quantity"])
            rows.append(row_of_sale(str(line["notes"]), traffic.ledger, item, quantity, facts))
    return [row for row in rows if row]


def _facts(row: Row) -> dict[str, str]:
    return {name: str(row[name]) for name in ("id", "sale_number", "total")}


def _catch_up(system: JewelryShop, pod: Pod, position: str) -> None:
    def caught_up(_: Deadline) -> bool:
        return bool(system.sql.value(pod.ip, _REPLAYED, [position]))

    matcher: ComplaintMatcher[bool] = without_complaints(
        "caught up", lambda done: [] if done else ["it has not replayed the leader's writes"]
    )
    eventually(caught_up, matcher, _CATCH_UP_S, f"{pod.name} does not catch up", retrying=(QuestionFailed,))
