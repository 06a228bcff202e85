"""Who is let in: sign-ins at one instance and at all others, wrong passwords, forged sign-ins."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from support.clients.http import Answer, Way
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import tokens
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.api import Body, OpenShop, Person, Session, Visitor, order
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traces import Trace, left_behind, read_trace
from support.waiting import Unknown

_SIGN_IN = "/api/auth/login/"
_TWO = 2  # instances at least: with one there is nobody else to honour a sign-in
_EACH = 4  # an instance has several processes; so many questions reach each of them, as a rule


@dataclass(frozen=True, slots=True)
class Honoured:
    """A sign-in made at one instance and used at another: who answered, and what."""

    made_at: str
    used_at: str
    answer: Answer
    recognised: bool


@dataclass(frozen=True, slots=True)
class SignInsEverywhere:
    """Every sign-in at every instance, and whether the shop's common key is there."""

    uses: Sequence[Honoured]
    instances: int
    missing_key: str  # name of the key that all instances should share, empty when it is there

    def __str__(self) -> str:
        return f"{len(self.uses)} uses at {self.instances} instances"


def administrator(system: JewelryShop) -> Person:
    """The platform administrator: the only one who is there without a shop."""
    credential = system.profile.credentials.platform_admin
    return Person(credential.user, system.secret(credential), "PLATFORM_ADMIN")


def sign_in_everywhere(system: JewelryShop, person: Person) -> SignInsEverywhere:
    """Somebody signs in at each instance and uses each sign-in at each of them.

    Raises Unknown when an instance does not let the person in at all, or there is only one.
    """
    pods = system.parts.ready_pods("django")
    if len(pods) < _TWO:
        raise Unknown(f"{len(pods)} instances of the application are ready: nobody else can honour a sign-in")
    sessions = {pod.name: Visitor(system.instance(pod)).session(person) for pod in pods}
    uses = [_use(system, person, made, session, pod) for made, session in sessions.items() for pod in pods * _EACH]
    return SignInsEverywhere(uses, len(pods), _missing_key(system))


def _use(system: JewelryShop, person: Person, made_at: str, session: Session, pod: Pod) -> Honoured:
    answer = system.at_instance(session, pod).profile()
    served_by = answer.headers.get("x-served-by", pod.name)
    if system.profile.capabilities.served_by_header and served_by != pod.name:
        raise Unknown(f"asked {pod.name}, {served_by} has answered: the instances cannot be told apart")
    known = answer.status == 200 and answer.told("username") == person.username
    return Honoured(made_at, pod.name, answer, known)


def _missing_key(system: JewelryShop) -> str:
    credential = system.profile.credentials.signing_key
    try:
        return "" if system.secret(credential) else credential.key
    except Unknown:
        return credential.key


def are_honoured_everywhere() -> ComplaintMatcher[SignInsEverywhere]:
    """Matches when every instance took every sign-in for the one it is, wherever it was made."""

    def complaints(seen: SignInsEverywhere) -> list[str]:
        pairs = {(one.made_at, one.used_at): one for one in seen.uses if not one.recognised}
        why = f"{seen.missing_key} missing: " if seen.missing_key else ""
        if not pairs:
            return []
        found = [
            f"made at {made}, used at {used}: answered {one.answer.status}: {cause_of(one.answer)}"
            for (made, used), one in pairs.items()
        ]
        strangers = all(made != used for made, used in pairs)
        return [f"{why}sign-ins are valid on one instance only" if strangers else "sign-ins are not honoured", *found]

    return without_complaints("every instance honours every sign-in", complaints)


# What is sent instead of the right name and password, by the words of the features.
_CREDENTIALS: Mapping[str, Callable[[OpenShop], Body]] = {
    "a wrong password": lambda shop: _as(shop, secrets.token_urlsafe(18)),  # as long as the right one
    "almost the right password": lambda shop: _as(shop, shop.owner.password[:-1]),
    "more than the right password": lambda shop: _as(shop, shop.owner.password + "1"),
    "the password of a colleague": lambda shop: _as(shop, shop.employee.password),
    "an unknown name": lambda shop: {"username": f"{shop.slug}.nobody", "password": shop.owner.password},
    "no password": lambda shop: {"username": shop.owner.username},
    "no name": lambda shop: {"password": shop.owner.password},
}
# The statuses behind the words for a refusal.
REFUSALS = {"unknown": "401", "incomplete": "400"}


def _as(shop: OpenShop, password: str) -> Body:
    return {"username": shop.owner.username, "password": password}


def credentials() -> dict[str, str]:
    """The known ways to sign in wrongly, for the vocabulary."""
    return {name: name for name in _CREDENTIALS}


@dataclass(frozen=True, slots=True)
class Refused:
    """What somebody tried without the right to it: the answers, and everything stored before and after."""

    what: str
    answers: Sequence[Answer]
    before: Trace
    after: Trace


def sign_in_with(system: JewelryShop, store: Store, what: str) -> Refused:
    """One attempt to sign in as the owner, with something wrong."""
    before = read_trace(system.truth, store.shop.tenant_id)
    answer = system.way.send("POST", _SIGN_IN, _CREDENTIALS[what](store.shop))
    return Refused(what, [answer], before, read_trace(system.truth, store.shop.tenant_id))


def is_refused(status: int) -> ComplaintMatcher[Refused]:
    """Matches when every call was refused with exactly this status."""

    def complaints(refused: Refused) -> list[str]:
        found = [] if refused.answers else [f"nobody tried {refused.what}"]
        for answer in refused.answers:
            if 200 <= answer.status < 300:  # the statuses that mean "done"
                kind = "sign-in with " if answer.path == _SIGN_IN else ""
                found.append(f"{kind}{refused.what} was accepted: {answer.method} {answer.path}")
            elif answer.status != status:
                told = f"{answer.method} {answer.path} with {refused.what}"
                found.append(f"{told} was answered {answer.status} instead of {status}: {cause_of(answer)}")
        return found

    return without_complaints(f"a refusal {status}", complaints)


def has_left_nothing() -> ComplaintMatcher[Refused]:
    """Matches when no row of the shop is stored otherwise than before, the time of the last sign-in included."""
    return without_complaints(
        "nothing stored otherwise than before", lambda seen: left_behind(seen.before, seen.after, "a refused call")
    )


def come_with(system: JewelryShop, store: Store, what: str) -> Refused:
    """Looks, sells and takes goods into stock with a forged sign-in.

    Raises Unknown when a sign-in that the suite has made by the same means is refused, too: then nothing is proved.
    """
    first = Visitor(system.way).sign_in(store.shop.owner.username, store.shop.owner.password)
    access, refresh = str(first.told("access") or ""), str(first.told("refresh") or "")
    key = system.secret(system.profile.credentials.signing_key)
    genuine = Session(system.way, tokens.lasting(access, key)).profile()
    if genuine.status != 200:
        raise Unknown(f"the suite cannot make a sign-in that the shop honours: {genuine}")
    before = read_trace(system.truth, store.shop.tenant_id)
    forge = tokens.FORGERIES[what]
    if forge is None:
        answers = _calls(system.way, store, {})
    else:
        answers = _calls(system.way, store, Session(system.way, forge(access, key)).authorization)
        answers.append(system.way.send("POST", "/api/auth/refresh/", {"refresh": forge(refresh, key)}))
    return Refused(what, answers, before, read_trace(system.truth, store.shop.tenant_id))


def _calls(way: Way, store: Store, headers: Mapping[str, str]) -> list[Answer]:
    piece = store.pieces[0]
    sale = order(store.shop.terminal_id, [{"inventory_item_id": piece.id, "quantity": 1}])
    change = {"adjustment_type": "SET", "quantity": 0, "reason": "stocktaking"}
    calls: Sequence[tuple[str, str, Body | None]] = (
        ("GET", "/api/user/profile/", None),
        ("GET", "/api/inventory/items/", None),
        ("GET", f"/api/inventory/items/{piece.id}/", None),
        ("GET", "/api/sales/", None),
        ("POST", "/api/pos/sales/create/", sale),
        ("POST", "/api/inventory/items/create/", store.description("RING", "750.00", 1)),
        ("POST", f"/api/inventory/items/{piece.id}/adjust-stock/", change),
    )
    return [way.send(method, path, body, headers) for method, path, body in calls]


@dataclass(frozen=True, slots=True)
class LastSignIn:
    """When the owner was last noted to have signed in, before and after a fresh sign-in."""

    before: str
    after: str

    def __str__(self) -> str:
        return f"noted {self.before or 'never'}, then {self.after or 'never'}"


def last_sign_in(refused: Refused, system: JewelryShop, store: Store) -> LastSignIn:
    """What is noted now, beside what was noted before the refused calls."""
    now = read_trace(system.truth, store.shop.tenant_id)
    return LastSignIn(*(_noted(trace, store.shop.owner.username) for trace in (refused.before, now)))


def _noted(trace: Trace, username: str) -> str:
    rows = [row for row in trace.tables.get("users", {}).values() if row["username"] == username]
    if len(rows) != 1:
        raise Unknown(f"{username} is stored {len(rows)} times")
    return str(rows[0]["last_login"] or "")


def is_noted() -> ComplaintMatcher[LastSignIn]:
    """Matches when a sign-in has left its time: only then the absence of a later one means that nobody was let in."""

    def complaints(seen: LastSignIn) -> list[str]:
        return [] if seen.after and seen.after != seen.before else [f"the sign-in was not noted: {seen}"]

    return without_complaints("the time of the sign-in noted", complaints)
