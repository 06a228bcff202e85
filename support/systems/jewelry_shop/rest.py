"""Stores at rest: what a sale or a parked basket leaves on every instance that should have it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from support.clients.sql import SqlClient
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import ObserverError, RedisAnswerError
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.cache import CacheView
from support.systems.jewelry_shop.journey import Selling
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Unknown

_READ_ONLY = "25006"  # the database's code for a write in a read-only transaction
_WRITE = "INSERT INTO probe.ledger (ledger_id, client, seq, payload, checksum) VALUES (%s, 'refusal', 0, '', '')"
_BASKET_S = 60  # seconds that a parked basket lives: long enough to be looked for


@dataclass(frozen=True, slots=True)
class Copies:
    """On which followers a sale is visible."""

    followers: Sequence[str]
    have_it: Sequence[str]

    def __str__(self) -> str:
        return f"visible on {len(self.have_it)} of {len(self.followers)}: {', '.join(self.have_it) or 'none'}"


def followers(system: JewelryShop) -> list[Pod]:
    """The ready database members that do not have the leader's address."""
    address = system.database.leader_record()[1]
    return [pod for pod in system.parts.ready_pods("database") if pod.ip != address]


def copies_of(system: JewelryShop, selling: Selling) -> Copies:
    """Looks for a confirmed sale on every follower. Raises Broken when it was not confirmed at all."""
    expect(selling.answer, answered(201), "The sale was not confirmed")
    sale, pods = selling.answer.told("id"), followers(system)
    found = [pod.name for pod in pods if system.sql.ask(pod.ip, "SELECT id FROM sales WHERE id = %s", [sale])]
    return Copies([pod.name for pod in pods], found)


def is_visible_on(number: int) -> ComplaintMatcher[Copies]:
    """Matches when exactly so many followers exist and all of them have the sale."""

    def complaints(copies: Copies) -> list[str]:
        return [] if len(copies.followers) == len(copies.have_it) == number else [str(copies)]

    return without_complaints(f"visible on {number} followers", complaints)


@dataclass(frozen=True, slots=True)
class WriteAttempts:
    """What followers said when somebody tried to write to them: name and the database's code, empty if accepted."""

    answers: Sequence[tuple[str, str]]


def try_to_write_to_followers(system: JewelryShop) -> WriteAttempts:
    """One write straight to each follower, under the suite's own account and in its own table."""
    client: SqlClient = system.direct_sql
    ledger = f"hf:{system.run}:refusal"
    answers = [(pod.name, client.code(pod.ip, _WRITE, [ledger])) for pod in followers(system)]
    if not answers:
        raise Unknown("there is no follower to write to")
    return WriteAttempts(answers)


def are_refused_as_read_only() -> ComplaintMatcher[WriteAttempts]:
    """Matches when every follower refused because it only reads."""

    def complaints(attempts: WriteAttempts) -> list[str]:
        wrong = [(name, code) for name, code in attempts.answers if code != _READ_ONLY]
        return [f"{name} {'accepted a write' if not code else f'refused with {code}'}" for name, code in wrong]

    return without_complaints("every follower refuses to be written to", complaints)


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket that was parked in the cache through the application."""

    name: str
    content: str


def park_basket(store: Store, seconds: int = _BASKET_S) -> Basket:
    """Parks a basket with a content of its own. Raises Broken with the shop's cause when that is refused."""
    basket = Basket(f"basket-{secrets.token_hex(4)}", f"two rings {secrets.token_hex(4)}")
    answer = store.till.park_basket(basket.name, basket.content, seconds)
    expect(answer, answered(200), "A basket could not be parked")
    return basket


@dataclass(frozen=True, slots=True)
class Where:
    """Where a basket was found, and where the name of the master leads."""

    master: str  # the instance that the watchers name
    name: str  # the host name by which they name it
    same_server: bool  # whether name and instance are one and the same server process
    has_basket: bool

    def __str__(self) -> str:
        return f"{self.name} -> {self.master or 'nobody'}"


def find_basket(system: JewelryShop, basket: Basket) -> Where:
    """Looks for the basket on the server behind the master's host name. Raises Unknown when there is no master."""
    view: CacheView = system.cache.view()
    if view.master is None:
        raise Unknown(f"no master of the cache: {view}")
    pod, name = view.master.pod, view.watchers[0].master
    try:
        by_name, by_address = system.cache.process_at(name), system.cache.process_at(pod.ip)
    except (ObserverError, RedisAnswerError) as error:
        raise Unknown(f"the master {name} could not be asked: {error}") from error
    return Where(pod.name, name, by_name == by_address, bool(system.cache.keys_of(pod, f"*{basket.name}*")))


def lies_on_the_master() -> ComplaintMatcher[Where]:
    """Matches when the name of the master leads to it, and the basket is there."""

    def complaints(where: Where) -> list[str]:
        found = [] if where.same_server else [f"the name {where.name} does not lead to {where.master}"]
        return found if where.has_basket else [*found, f"the basket is not on {where.master}"]

    return without_complaints("the basket on the server that the master's name leads to", complaints)
