"""Shops of the suite's own: opened for one scenario, checked and removed at its end."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field

from support.clients.http import Answer, Way
from support.expect import expect
from support.systems.jewelry_shop.answers import answered
from support.systems.jewelry_shop.api import Body, OpenShop, Person, Session, Visitor
from support.waiting import Unknown

_LETTERS = 4  # as agreed for names of shops; with run and scenario in front no two shops meet
_SLUG = 60  # characters of a shop's short name at most
_PASSWORD_BYTES = 18  # 24 characters: no sign-in of the suite is worth guessing


@dataclass(frozen=True, slots=True)
class Naming:
    """What the names of a scenario's shops begin with."""

    run: str
    scenario: str  # of this scenario alone, also among those that run at the same time
    _given: set[str] = field(default_factory=set, repr=False)

    def slug(self) -> str:
        """A new short name, never the same twice: e2e-<run>-<scenario>-<4 letters>."""
        tail = _letters()
        while tail in self._given:
            tail = _letters()
        self._given.add(tail)
        head = f"e2e-{self.run}-{self.scenario}"[: _SLUG - _LETTERS - 1].rstrip("-")
        return f"{head}-{tail}"


def _letters() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(_LETTERS))


class Shops:
    """Opens and removes shops as the platform administrator."""

    def __init__(
        self, way: Way, administrator: Person, naming: Naming, clean_up: Callable[[str, Callable[[], None]], None]
    ):
        self._visitor = Visitor(way)
        self._administrator = administrator
        self._naming = naming
        self._clean_up = clean_up
        self.opened: list[OpenShop] = []
        self.before_removal: Callable[[OpenShop], None] = lambda _: None
        self.signed_in: Callable[[Session], None] = lambda _: None  # told of the administrator before a shop is opened

    def administrator(self) -> Session:
        """The platform administrator, signed in. Raises Broken with the shop's own cause when that fails."""
        answer = self._visitor.sign_in(self._administrator.username, self._administrator.password)
        expect(answer, answered(200), "The platform administrator cannot sign in")
        return Session(self._visitor.way, str(answer.told("access")))

    def request(self, company_name: str, slug: str = "") -> tuple[Answer, OpenShop | None]:
        """One attempt to open a shop with branch, till, owner and sales staff; the shop is None when it was refused."""
        session = self.administrator()
        self.signed_in(session)
        name = slug or self._naming.slug()
        tail = secrets.token_hex(2)  # user names are unique over all shops, also when the short name is not
        owner = _person(f"{name}.{tail}.owner", "TENANT_OWNER")
        employee = _person(f"{name}.{tail}.till1", "TENANT_EMPLOYEE")
        # Registered before the call: a shop whose confirmation got lost must go, too.
        asked: list[Answer] = []
        self._clean_up(f"remove the shop {name}", lambda: None if _surely_refused(asked) else self._remove(name))
        answer = session.send("POST", "/api/platform/shops/", _opening(company_name, name, owner, employee))
        asked.append(answer)
        if answer.status != 201:
            return answer, None
        body = answer.body
        ids = (
            str(body["tenant_id"]),
            str(body["slug"]),
            company_name,
            str(body["branch_id"]),
            str(body["terminal_id"]),
        )
        shop = OpenShop(*ids, owner, employee, answer)
        self.opened.append(shop)
        return answer, shop

    def open(self, company_name: str) -> OpenShop:
        """A shop that is open. Raises Broken with the cause when the shop refuses to open it."""
        answer, shop = self.request(company_name)
        expect(answer, answered(201), f'The shop "{company_name}" could not be opened')
        if shop is None:
            raise Unknown(f"the opening was confirmed without its ids: {answer}")
        return shop

    def session(self, person: Person) -> Session:
        """Somebody of a shop, signed in. Raises Broken with the cause when the shop refuses it."""
        answer = self._visitor.sign_in(person.username, person.password)
        expect(answer, answered(200), f"{person.role} of a new shop cannot sign in")
        return Session(self._visitor.way, str(answer.told("access")))

    def _remove(self, slug: str) -> None:
        """Reads the books of the shop, then deletes it with all its rows; a shop that never came to be is no error."""
        session = self._visitor.session(self._administrator)
        found = [row for row in session.rows(f"/api/platform/shops/?prefix={slug}") if row["slug"] == slug]
        try:
            for shop in [shop for shop in self.opened if shop.slug == slug]:
                self.opened.remove(shop)
                self.before_removal(shop)
        finally:
            for row in found:
                _deleted(delete(session, row))


def delete(administrator: Session, row: Body) -> Answer:
    """Deletes a shop, as it stands in the list of shops, with all its rows."""
    return administrator.send("DELETE", f"/api/platform/shops/{row.get('id') or row['tenant_id']}/")


def _surely_refused(asked: list[Answer]) -> bool:
    """Whether the shop said that nothing was done; then there is nothing to remove."""
    return any(400 <= answer.status < 500 or answer.told("outcome") == "not_done" for answer in asked)


def _deleted(answer: Answer) -> None:
    if answer.status not in (204, 404):  # gone already is what was asked for
        raise Unknown(f"a shop of the suite could not be removed: {answer}")


def _person(username: str, role: str) -> Person:
    return Person(username, secrets.token_urlsafe(_PASSWORD_BYTES), role)


def _opening(company_name: str, slug: str, owner: Person, employee: Person) -> dict[str, object]:
    return {
        "company_name": company_name,
        "slug": slug,
        "owner": _credentials(owner),
        "employee": _credentials(employee),
        "branch": {"name": "Main street"},
        "terminal": {"terminal_id": "till-1"},
    }


def _credentials(person: Person) -> dict[str, str]:
    return {"username": person.username, "email": f"{person.username}@example.test", "password": person.password}
