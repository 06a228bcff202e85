"""The shop journey: opening, people, stock, sale and the whole working day, each beside what is stored of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.clients.http import Answer
from support.clients.sql import Row
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.answers import answered, cause_of
from support.systems.jewelry_shop.api import OpenShop, Person
from support.systems.jewelry_shop.store import Piece, Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.truth import differences
from support.waiting import Unknown

_VALUES_OF_A_PIECE = ("sku", "karat", "weight_grams", "cost_price", "selling_price", "quantity")
_VALUES_OF_A_SALE = ("sale_number", "subtotal", "total", "status", "payment_method")
_VALUES_OF_A_LINE = ("quantity", "unit_price", "discount", "subtotal")
_MIGRATIONS = "SELECT app || '.' || name AS name FROM django_migrations"


@dataclass(frozen=True, slots=True)
class Compared:
    """Something beside what it should be; empty `found` means equal."""

    what: str
    found: Sequence[str]

    def __str__(self) -> str:
        return f"{self.what}: {'; '.join(self.found) or 'as it should be'}"


def is_the_same() -> ComplaintMatcher[Compared]:
    """Matches a comparison that found no difference."""
    return without_complaints("no difference", lambda compared: compared.found)


def migrations(system: JewelryShop) -> Compared:
    """The list of layout changes shipped in the running application against the list applied in the database.

    Only looks: nothing is applied. Raises Unknown when no instance can tell what it ships.
    """
    pod = next(iter(system.parts.ready_pods("django")), None)
    if pod is None:
        raise Unknown("no ready instance of the application can tell which layout changes it ships")
    command = [*system.profile.application.manage.split(), "showmigrations", "--plan"]
    container = system.profile.part("django").container
    told = system.cluster.exec(system.namespace, pod.name, command, container=container, within=20.0)
    shipped = [line.split("]")[1].split()[0] for line in told.stdout.splitlines() if "]" in line]
    if told.code or not shipped:
        raise Unknown(f"the application did not tell which layout changes it ships: {told.stderr[-300:]}")
    planned = [line.split("]")[1].split()[0] for line in told.stdout.splitlines() if line.strip().startswith("[ ]")]
    applied = {str(row["name"]) for row in system.truth.ask(_MIGRATIONS)}
    return Compared("the layout of the database", unapplied(shipped, planned, applied))


def unapplied(shipped: Sequence[str], planned: Sequence[str], applied: set[str]) -> list[str]:
    """What is wrong between the shipped list, what the plan still holds, and the list in the database."""
    missing = [name for name in shipped if name not in applied or name in planned]
    unknown = sorted(applied - set(shipped))
    found = (
        [f"{len(missing)} unapplied migration{'s' if len(missing) > 1 else ''}: {', '.join(missing)}"]
        if missing
        else []
    )
    return found + ([f"the database has what the application does not ship: {', '.join(unknown)}"] if unknown else [])


def stored_shop(system: JewelryShop, shop: OpenShop) -> Compared:
    """Exactly the opened shop with its one branch and till is stored."""
    rows = system.truth.shops(shop.slug)
    if len(rows) != 1:
        return Compared("the stored shop", [f"{len(rows)} shops are stored under the short name"])
    wanted = {"id": shop.tenant_id, "company_name": shop.company_name, "status": "ACTIVE"}
    found = differences(wanted, rows[0], list(wanted))
    for table, id_wanted in (("branches", shop.branch_id), ("sales_terminals", shop.terminal_id)):
        stored = system.truth.ids(table, shop.tenant_id)
        found += [] if stored == {id_wanted} else [f"{table}: stored {sorted(stored)} instead of {id_wanted}"]
    return Compared("the stored shop", found)


def seen_by_owner(system: JewelryShop, shop: OpenShop) -> Compared:
    """The owner of a new shop lists exactly its one branch and its one till."""
    session = system.shops.session(shop.owner)
    found = []
    for path, id_wanted in (("/api/branches/", shop.branch_id), ("/api/terminals/", shop.terminal_id)):
        listed = [str(row["id"]) for row in session.rows(path)]
        found += [] if listed == [id_wanted] else [f"{path} lists {listed} instead of {id_wanted}"]
    return Compared("what the owner sees", found)


def nothing_stored_of(system: JewelryShop, slug: str, first: OpenShop) -> Compared:
    """A refused second shop has left no row: one shop, one branch, one till, the first shop's two people."""
    found = [] if len(system.truth.shops(slug)) == 1 else ["a second shop is stored under the short name"]
    kept = system.truth.belongings(first.tenant_id)
    wanted = {"tenants": 1, "branches": 1, "sales_terminals": 1, "users": 2}
    found += [
        f"{name}: {kept[name]} rows instead of {number}" for name, number in wanted.items() if kept[name] != number
    ]
    people = system.truth.people_named_like(f"{slug}.")
    found += [] if people == wanted["users"] else [f"{people} people are stored instead of {wanted['users']}"]
    return Compared("what is stored", found)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An attempt of a person to sign in."""

    shop: OpenShop
    person: Person
    answer: Answer

    def expected(self) -> Mapping[str, Any]:
        """Who the person is, as the shop was opened."""
        return {"username": self.person.username, "role": self.person.role, "tenant_id": self.shop.tenant_id}


def recognised(system: JewelryShop, sign_in: SignIn) -> Compared:
    """The answer to the sign-in and the profile page name the person, the role and the shop."""
    user = sign_in.answer.told("user") or {}
    wanted = sign_in.expected()
    found = [f"sign-in: {text}" for text in differences(wanted, user, list(wanted))]
    profile = system.shops.session(sign_in.person).profile()
    if profile.status != 200 or not isinstance(profile.body, dict):
        return Compared("who was recognised", [*found, f"the profile page: {cause_of(profile)}"])
    found += [f"profile page: {text}" for text in differences(wanted, profile.body, list(wanted))]
    found += [f"profile page: {text}" for text in differences(user, profile.body, ["branch_id"])]
    return Compared("who was recognised", found)


def stored_person(system: JewelryShop, sign_in: SignIn) -> Compared:
    """The person's row is the same as who signed in."""
    rows = system.truth.person(sign_in.person.username)
    if len(rows) != 1:
        return Compared("the stored person", [f"{len(rows)} people are stored under that name"])
    wanted = sign_in.expected()
    found = differences(wanted, rows[0], list(wanted))
    return Compared("the stored person", found + differences(sign_in.answer.told("user") or {}, rows[0], ["branch_id"]))


@dataclass(frozen=True, slots=True)
class Adding:
    """An attempt to take a piece into stock."""

    store: Store
    sent: Mapping[str, Any]
    answer: Answer
    before: Sequence[Row]  # the shop's goods as they were stored before


def add_described(store: Store, values: Mapping[str, str]) -> Adding:
    """The owner takes a ring with these values into stock; a colleague has looked for it before, in vain.

    What is remembered of that look must not hide the ring afterwards.
    """
    whole_numbers = {name: int(values[name]) for name in ("karat", "quantity")}
    described = store.description("RING", values["selling_price"], whole_numbers["quantity"])
    sent = {**described, **values, **whole_numbers}
    for path in _searches(str(sent["sku"])).values():
        expect(store.till.send("GET", path), answered(200), "A colleague cannot look for what is not there yet")
    return Adding(store, sent, store.owner.add_item(sent), ())


def add_offending(system: JewelryShop, store: Store, offence: str) -> Adding:
    """The owner takes a ring into stock that must be refused."""
    sent = store.description("RING", "750.00", 1)
    sent |= {"sku": store.pieces[0].sku} if offence == "duplicate" else {"cost_price": "750.01"}
    before = stored_goods(system, store)
    return Adding(store, sent, store.owner.add_item(sent), before)


def stored_goods(system: JewelryShop, store: Store) -> list[Row]:
    """All goods of a shop as they are stored, every column."""
    return system.truth.ask("SELECT * FROM inventory_items WHERE tenant_id = %s ORDER BY id", [store.shop.tenant_id])


def _searches(sku: str) -> dict[str, str]:
    return {"stock list": f"/api/inventory/items/?search={sku}", "till search": f"/api/pos/search/products/?q={sku}"}


@dataclass(frozen=True, slots=True)
class Search:
    """What a colleague found, and the seconds that the slowest way took."""

    compared: Compared
    seconds: float


def is_found_within(seconds: float) -> ComplaintMatcher[Search]:
    """Matches a search that found the right values by every way, in time."""

    def complaints(search: Search) -> list[str]:
        late = [f"it took {search.seconds:.2f} s"] if search.seconds > seconds else []
        return [*search.compared.found, *late]

    return without_complaints(f"the same values by every way within {seconds:g} s", complaints)


def found_by_colleague(adding: Adding) -> Search:
    """Three ways in which a colleague looks for a new piece."""
    expect(adding.answer, answered(201), "The ring was not taken into stock")
    item, sku, till = str(adding.answer.told("id")), adding.sent["sku"], adding.store.till
    ways = {
        **_searches(sku),
        "own page": f"/api/inventory/items/{item}/",
    }
    found, slowest = [], 0.0
    for name, path in ways.items():
        answer = till.send("GET", path)
        slowest = max(slowest, answer.seconds)
        found += [f"{name}: {text}" for text in _piece_differences(adding.sent, item, answer)]
    return Search(Compared("what the colleague finds", found), slowest)


def _piece_differences(sent: Mapping[str, Any], item: str, answer: Answer) -> list[str]:
    if answer.status != 200:
        return [cause_of(answer)]
    rows = answer.body.get("results", [answer.body])
    matching = [row for row in rows if str(row["id"]) == item]
    if len(matching) != 1 or len(rows) != 1:
        return [f"the piece occurs {len(matching)} times among {len(rows)}"]
    return differences(sent, matching[0], _VALUES_OF_A_PIECE)


def stored_piece(system: JewelryShop, adding: Adding) -> Compared:
    """The row of a new piece has the values that were sent."""
    rows = system.truth.item(str(adding.answer.told("id")))
    found = differences(adding.sent, rows[0], _VALUES_OF_A_PIECE) if len(rows) == 1 else [f"{len(rows)} rows"]
    return Compared("the stored piece", found)


def unchanged_goods(system: JewelryShop, adding: Adding) -> Compared:
    """A refused piece has changed nothing in the shop's goods."""
    after = stored_goods(system, adding.store)
    return Compared("the stock", [] if after == list(adding.before) else ["the stored goods have changed"])


@dataclass(frozen=True, slots=True)
class Selling:
    """An attempt to sell pieces of one kind."""

    store: Store
    piece: Piece
    quantity: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many pieces are left, as the shop shows it and as it is stored."""

    before: int
    shown: int
    stored: int

    def __str__(self) -> str:
        return f"{self.shown} shown, {self.stored} stored ({self.before} before)"


def remaining(system: JewelryShop, store: Store, piece: Piece) -> Remaining:
    """Asks the shop, and the database."""
    shown = store.till.item(piece.id)
    expect(shown, answered(200), "The shop does not show its goods")
    return Remaining(piece.opening, int(shown.told("quantity")), int(system.truth.item(piece.id)[0]["quantity"]))


def leaves(number: int) -> ComplaintMatcher[Remaining]:
    """Matches when so many pieces are left, by both accounts."""

    def complaints(left: Remaining) -> list[str]:
        if left.shown == left.stored == number:
            return []
        if left.shown == left.stored == left.before and number < left.before:
            return [f"stock unchanged after a confirmed sale: {left}"]
        return [str(left)]

    return without_complaints(f"{number} left, in the shop and in its database", complaints)


def stored_sale(system: JewelryShop, selling: Selling) -> Compared:
    """Sale and lines are stored exactly once and equal what the customer was told, field by field."""
    expect(selling.answer, answered(201), "The sale was not confirmed")
    told = selling.answer.body
    rows, lines = system.truth.sale(told["id"]), system.truth.lines(told["id"])
    if len(rows) != 1 or len(lines) != len(told["items"]):
        return Compared("the stored sale", [f"confirmed sale is stored {len(rows)} times, with {len(lines)} lines"])
    found = differences(told, rows[0], [*_VALUES_OF_A_SALE, "discount_amount", "tax"])
    ids = {"tenant_id": selling.store.shop.tenant_id, "terminal_id": told["terminal"], "branch_id": told["branch"]}
    found += differences({**ids, "employee_id": told["employee"]}, rows[0], [*ids, "employee_id"])
    for line, row in zip(told["items"], lines, strict=True):
        found += differences(line, row, _VALUES_OF_A_LINE)
        found += differences({"inventory_item_id": line["inventory_item"]}, row, ["inventory_item_id"])
    return Compared("the stored sale", found)


def same_everywhere(system: JewelryShop, selling: Selling) -> Compared:
    """Every instance of the application, asked one by one, shows the sale as it was confirmed; so does the database."""
    told = selling.answer.body
    pods = system.parts.ready_pods("django")
    if not pods:
        raise Unknown("no ready instance of the application was found")
    found = list(stored_sale(system, selling).found)
    for pod in pods:
        shown = system.at_instance(selling.store.till, pod).sale(told["id"])
        if shown.status != 200:
            found.append(f"{pod.name}: {cause_of(shown)}")
        else:
            found += [f"{pod.name}: {text}" for text in differences(told, shown.body, _VALUES_OF_A_SALE)]
    return Compared("the sale", found)


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day from sign-in to a stored sale, and how long it took."""

    selling: Selling
    remaining: Remaining
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.remaining}"


def play_working_day(system: JewelryShop, company_name: str, clock: Callable[[], float] = time.monotonic) -> WorkingDay:
    """Opens a shop, signs in, takes goods into stock, sells one and reads it back, all under the public name.

    Raises Broken with the shop's own cause at the first thing that is refused.
    """
    started = clock()
    store = system.open_store(company_name)
    piece = store.stock("RING", "750.00", 10)  # ten pieces: what the journey promises to bring down to nine
    answer = store.sell((piece, 1))
    expect(answer, answered(201), "The sale of the working day was not confirmed")
    shown = store.till.sale(str(answer.told("id")))
    expect(shown, answered(200), "The sale of the working day cannot be read back")
    seconds = clock() - started
    return WorkingDay(Selling(store, piece, 1, answer), remaining(system, store, piece), seconds)


def succeeds_within(seconds: float) -> ComplaintMatcher[WorkingDay]:
    """Matches a day that lowered the stock by its one sale, in time."""
    stock = leaves(9)  # of the ten that the day begins with

    def complaints(day: WorkingDay) -> list[str]:
        found = stock.complaints(day.remaining)
        return [*found, f"the day took {day.seconds:.1f} s"] if day.seconds > seconds else [*found]

    return without_complaints(f"a whole working day within {seconds:g} s", complaints)
