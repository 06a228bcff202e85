"""The probes: what one attempt does, and what it calls ok, fail and info. No probe repeats anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import psycopg

from .notes import Note, note
from .resp import Redis, Refused, master_named_by
from .result import Outcome, Result
from .sql import Account, Connection, Late
from .web import Reply, exchange

_HIGHEST_RATE = 200.0  # attempts per second of one probe; above, the observer would be the load
_MOST_IN_FLIGHT = 1200  # rate x deadline of one probe: so many attempts may hang at once, each a few kilobytes
_NOT_SENT = "the connection is busy with the attempt before: nothing sent"
_INSERT = """
INSERT INTO probe.ledger (ledger_id, client, seq, payload, checksum, member, timeline, at)
VALUES (%s, %s, %s, %s, %s, current_setting('shop.member'),
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), clock_timestamp())
RETURNING member, timeline"""
_CONNECTION_ENDED = ("08", "57P")  # classes of SQLSTATE in which a statement may have been applied all the same


class Probe(Protocol):
    """One kind of attempt at one rate."""

    name: str
    rate: float  # attempts per second
    within: float  # seconds that one attempt may take

    async def prepare(self) -> None:
        """What must be there before the first attempt is planned. Raises OSError or TimeoutError."""

    def intent(self, seq: int) -> Mapping[str, Any]:
        """What is written into the journal before the attempt."""

    async def attempt(self, seq: int) -> Result:
        """One attempt; raises only for defects of the agent itself."""

    def close(self) -> None:
        """Lets go of what was kept between attempts."""


class _Base:
    def __init__(self, spec: Mapping[str, Any], within: float) -> None:
        self.name = str(spec["name"])
        self.rate = float(spec["rate"])
        self.within = float(spec.get("within") or within)
        if not 0 < self.rate <= _HIGHEST_RATE or self.rate * self.within > _MOST_IN_FLIGHT:
            raise ValueError(f"{self.name}: {self.rate:g} per second for {self.within:g} s each is more than allowed")

    async def prepare(self) -> None:
        return None

    def intent(self, seq: int) -> Mapping[str, Any]:
        del seq  # only probes that write have something to announce
        return {}

    def close(self) -> None:
        return None


class HttpProbe(_Base):
    """A request with an expected status, and fields that its JSON must hold. Reading: no answer is a failure."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(spec, 5.0)  # seconds; what reads only is answered at once or not at all
        self._urls: list[str] = list(spec["urls"])
        self._method = str(spec.get("method", "GET"))
        self._headers: dict[str, str] = dict(spec.get("headers", {}))
        self._body = None if spec.get("json") is None else json.dumps(spec["json"]).encode()
        self._statuses: list[int] = list(spec.get("expect_status", [200]))
        self._fields: dict[str, str] = dict(spec.get("expect_fields", {}))
        if self._body is not None:
            self._headers |= {"content-type": "application/json"}

    async def attempt(self, seq: int) -> Result:
        url = self._urls[seq % len(self._urls)]
        headers = self._headers | {"x-request-id": f"{self.name}-{seq:08d}"}
        reply = await exchange(url, self._method, headers, self._body, self.within)
        instance = reply.headers.get("x-served-by", "")
        if reply.status not in self._statuses:
            return Result("fail", reply.error or _short(reply), reply.status, instance=instance)
        told = reply.json() if self._fields else {}
        wrong = [name for name, value in self._fields.items() if not _holds(told, name, value)]
        if wrong:
            return Result("fail", f"another {', '.join(wrong)} than asked for", reply.status, instance=instance)
        return Result("ok", "", reply.status, instance=instance)


class SaleProbe(_Base):
    """One sale of one piece, through the entrance or at instances in turn; its ledger id travels in the line's note."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(spec, 12.0)  # seconds: the shop's own deadline of 10 s and 2 s of travel
        self._ledger = str(spec["ledger"])
        self._urls: list[str] = list(spec["urls"])
        self._headers = {**spec.get("headers", {}), "content-type": "application/json"}
        self._tills: list[str] = list(spec["tills"])
        self._items: list[str] = list(spec["items"])
        if not (self._urls and self._tills and self._items):
            raise ValueError(f"{self.name}: needs an address, a till and an item")

    def _note(self, seq: int) -> Note:
        return note(self._ledger, self.name, seq, self._item(seq), "1")  # one piece

    def _item(self, seq: int) -> str:
        return self._items[seq % len(self._items)]

    def intent(self, seq: int) -> Mapping[str, Any]:
        return {"checksum": self._note(seq).checksum}

    async def attempt(self, seq: int) -> Result:
        line = {"inventory_item_id": self._item(seq), "quantity": 1, "notes": str(self._note(seq))}
        sale = {
            "terminal_id": self._tills[seq % len(self._tills)],
            "items": [line],
            "payment_method": "CASH",
            "tax_rate": "10.00",
            "discount_type": None,
            "discount_value": "0.00",
        }
        headers = self._headers | {"x-request-id": f"{self._ledger}-{self.name}-{seq:06d}"[-64:]}  # 64: what is taken
        url = self._urls[seq % len(self._urls)]
        reply = await exchange(url, "POST", headers, json.dumps(sale).encode(), self.within)
        return self._judge(reply, self._item(seq))

    def _judge(self, reply: Reply, item: str) -> Result:
        instance = reply.headers.get("x-served-by", "")
        if reply.status == 0:
            return Result("info" if reply.sent else "fail", reply.error)
        told = reply.json()
        if reply.status == 201 and isinstance(told, dict):
            member, _, timeline = reply.headers.get("x-confirmed-by", "").partition("/")
            facts = {name: str(told[name]) for name in ("id", "sale_number", "total") if name in told}
            facts |= {"item": item, "quantity": "1"}
            return Result("ok", "", 201, member, timeline, instance, facts)
        refused = 400 <= reply.status < 500
        not_done = reply.status == 503 and isinstance(told, dict) and told.get("outcome") == "not_done"
        outcome: Outcome = "fail" if refused or not_done else "info"
        return Result(outcome, _short(reply), reply.status, instance=instance)


class JobProbe(_Base):
    """One piece of background work asked for; the id of what was accepted is kept, to be looked for afterwards."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(spec, 12.0)  # seconds: as for a sale
        self._url = str(spec["url"])
        self._headers = {**spec.get("headers", {}), "content-type": "application/json"}
        self._body = json.dumps(spec["json"]).encode()

    async def attempt(self, seq: int) -> Result:
        headers = self._headers | {"x-request-id": f"{self.name}-{seq:08d}"}
        reply = await exchange(self._url, "POST", headers, self._body, self.within)
        instance = reply.headers.get("x-served-by", "")
        if reply.status == 0:
            return Result("info" if reply.sent else "fail", reply.error)
        told = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.status == 202 and "id" in told:
            return Result("ok", "", 202, instance=instance, facts={"id": str(told["id"])})
        refused = 400 <= reply.status < 500 or (reply.status == 503 and told.get("outcome") == "not_done")
        return Result("fail" if refused else "info", _short(reply), reply.status, instance=instance)


class DirectProbe(_Base):
    """One row into the probe's own table; on a new connection, or on one that is kept until it breaks."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._connect_s = float(spec.get("connect_s", 1.0))  # seconds until connected
        self._statement_s = float(spec.get("statement_s", 2.0))  # seconds until confirmed
        super().__init__(spec, self._connect_s + self._statement_s)
        self._ledger = str(spec["ledger"])
        names = ("user", "password", "database")
        self._account = Account(str(spec["host"]), int(spec["port"]), *(str(spec[name]) for name in names))
        self._kept = bool(spec.get("kept"))
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    def intent(self, seq: int) -> Mapping[str, Any]:
        return {"checksum": self._note(seq).checksum}

    def _note(self, seq: int) -> Note:
        return note(self._ledger, self.name, seq, _payload(seq))

    async def attempt(self, seq: int) -> Result:
        if not self._kept:
            return await self._on_new(seq)
        try:
            async with asyncio.timeout(self.within):
                await self._turn.acquire()
        except TimeoutError:
            return Result("fail", _NOT_SENT)
        try:
            return await self._on_kept(seq)
        finally:
            self._turn.release()

    async def _on_new(self, seq: int) -> Result:
        connection = await self._connect()
        if isinstance(connection, Result):
            return connection
        try:
            return await self._insert(connection, seq)
        finally:
            connection.close()

    async def _on_kept(self, seq: int) -> Result:
        if self._connection is None:
            connection = await self._connect()
            if isinstance(connection, Result):
                return connection
            self._connection = connection
        result = await self._insert(self._connection, seq)
        if result.outcome != "ok":
            self.close()
        return result

    async def _connect(self) -> Connection | Result:
        try:
            return await Connection.open(self._account, self._connect_s, self._statement_s)
        except (psycopg.Error, OSError) as error:  # TimeoutError is an OSError
            return Result("fail", f"not connected: {_first_line(error) or 'time is over'}")

    async def _insert(self, connection: Connection, seq: int) -> Result:
        values = (self._ledger, self.name, seq, _payload(seq), self._note(seq).checksum)
        try:
            _, rows = await connection.ask(_INSERT, values, self._statement_s)
        except Late as error:
            return Result("info", str(error))
        except psycopg.Error as error:
            state = error.sqlstate or ""
            known = bool(state) and not state.startswith(_CONNECTION_ENDED)
            return Result("fail" if known else "info", f"{state} {_first_line(error)}".strip())
        return Result("ok", answered_by=str(rows[0][0]), timeline=str(rows[0][1]))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class CacheProbe(_Base):
    """SET and WAIT for one copy, on the master that a watcher names; asked anew for each attempt."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(spec, 3.0)  # seconds; three watchers of 1 s each may have to be asked
        self._ledger = str(spec["ledger"])
        self._watchers: list[str] = list(spec["watchers"])
        self._master = str(spec["master"])
        self._password = str(spec.get("password", ""))
        self._watcher_password = str(spec.get("watcher_password", ""))

    def intent(self, seq: int) -> Mapping[str, Any]:
        return {"checksum": self._note(seq).checksum}

    def _note(self, seq: int) -> Note:
        return note(self._ledger, self.name, seq, _payload(seq))

    async def attempt(self, seq: int) -> Result:
        end = asyncio.get_running_loop().time() + self.within
        try:
            async with asyncio.timeout_at(end):
                host, port = await master_named_by(self._watchers, seq, self._master, self._watcher_password)
                connection = await Redis.connect(host, port, self._password)
        except (OSError, EOFError, TimeoutError, Refused) as error:
            return Result("fail", f"not connected: {str(error) or 'time is over'}")
        try:
            return await self._write(connection, seq, end, _short_name(host))
        finally:
            connection.close()

    async def _write(self, connection: Redis, seq: int, end: float, master: str) -> Result:
        key, accepted = f"hf:{self._ledger}:{self.name}:{seq:06d}", False
        try:
            async with asyncio.timeout_at(end):
                await connection.ask("SET", key, str(self._note(seq)), "EX", "3600")  # an hour, then it goes by itself
                accepted = True
                copies = int(await connection.ask("WAIT", "1", "500"))  # one follower within 500 ms
        except Refused as error:
            return Result("info" if accepted else "fail", str(error), answered_by=master)
        except (OSError, EOFError, TimeoutError) as error:
            return Result("info", str(error) or "time is over", answered_by=master)
        return Result("ok" if copies else "uncopied", answered_by=master)


_KINDS: dict[str, Callable[[Mapping[str, Any]], Probe]] = {
    "http": HttpProbe,
    "sale": SaleProbe,
    "job": JobProbe,
    "direct": DirectProbe,
    "cache": CacheProbe,
}


def probe_from(spec: Mapping[str, Any]) -> Probe:
    """The probe that a plan describes. Raises ValueError or KeyError with what is wrong."""
    kind = _KINDS.get(str(spec.get("kind")))
    if kind is None:
        raise ValueError(f"there is no probe {spec.get('kind')!r}; there are {', '.join(_KINDS)}")
    return kind(spec)


def _payload(seq: int) -> str:
    return f"row {seq:06d}"  # plain text, so that a person can read the table


def _short(reply: Reply) -> str:
    return reply.body[:150].decode(errors="replace").strip() or f"status {reply.status}"  # characters of a refusal


def _short_name(host: str) -> str:
    return host if host.replace(".", "").isdigit() else host.split(".", 1)[0]


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]


def _holds(told: Any, name: str, value: str) -> bool:
    return isinstance(told, dict) and str(told.get(name)) == value
