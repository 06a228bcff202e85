"""A visitor who is signed in with a browser: on every instance, before and after the cache has changed its master."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.clients.http import Answer, PublicWay
from support.cluster import NotFound
from support.evidence.attach import attach_table
from support.evidence.redaction import REDACTOR
from support.expect import expect
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt
from support.observers.observer import ObserverError, RedisAnswerError
from support.systems.jewelry_shop import outages
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.api import Person, Visitor
from support.systems.jewelry_shop.cache import CacheView
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.incidents import await_end_of_fault
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic, open_dashboards
from support.waiting import Unknown
from support.world import World

_SIGN_IN = "/accounts/login/"
_DASHBOARD = "/dashboard/"
_FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_COOKIE = "tenant_sessionid"
_ANSWER_S = 5.0  # seconds for one answer of an instance
_PAGES_NEEDED = 10  # pages of each instance after the promised time, while the old master is still away
_SIGNED_OUT = 302  # the way to the sign-in page
_FOLLOWING = ("django", "worker")  # parts that must be connected to the master


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A visitor with the cookie that the shop has given, and what the shop has stored of the sign-in."""

    username: str
    cookie: str
    key: str  # under which the sign-in is stored
    content: str

    def __repr__(self) -> str:
        return f"SignedIn({self.username})"  # never the cookie


@dataclass(frozen=True, slots=True)
class Welcome:
    """What instances say to a visitor: by instance, why it does not know him; empty when it does."""

    by_instance: Mapping[str, str]
    causes: Sequence[str] = ()


def demand_common_sign_in(world: World) -> None:
    """Raises Broken unless a sign-in at one instance is valid at every other one."""
    system = world.jewelry
    pods = system.parts.ready_pods("django")
    if not pods:
        raise Unknown("no instance of the application is ready")
    credential = system.profile.credentials.platform_admin
    administrator = Person(credential.user, system.secret(credential), "PLATFORM_ADMIN")
    session = Visitor(system.instance(pods[0])).session(administrator)
    answers = {pod.name: system.at_instance(session, pod).profile() for pod in pods}
    wrong = {name: "" if answer.status == 200 else cause_of(answer) for name, answer in answers.items()}
    expect(Welcome(wrong, _key_causes(system)), is_welcome(), "A sign-in is not valid on every instance")


def is_welcome() -> ComplaintMatcher[Welcome]:
    """Matches when every instance knows the visitor; nobody to ask is no welcome."""

    def complaints(seen: Welcome) -> list[str]:
        strange = [f"{name} does not know the visitor: {why}" for name, why in seen.by_instance.items() if why]
        if not seen.by_instance:
            return ["no instance was asked"]
        return [*seen.causes, *strange] if strange else []

    return without_complaints("every instance knows who is signed in", complaints)


def _key_causes(system: JewelryShop) -> list[str]:
    """A key that is not there explains sign-ins that only one instance accepts."""
    credential = system.profile.credentials.signing_key
    try:
        data = system.cluster.get("secrets", credential.secret, system.namespace).get("data", {})
    except NotFound:
        data = {}
    if data.get(credential.key):
        return []
    return [f"{credential.key} missing: sign-ins are valid on one instance only"]


def arrive(world: World, company: str) -> SignedIn:
    """The owner of a new shop signs in with a browser and then opens the dashboard at every instance every second."""
    demand_common_sign_in(world)
    system = world.jewelry
    store = system.open_store(company)
    cookie = _sign_in(system, store)
    pods = system.parts.ready_pods("django")
    told = {pod.name: _opened(system, pod, cookie, store.shop.owner.username) for pod in pods}
    expect(Welcome(told, cache_causes(system)), is_welcome(), "A visitor who has just signed in is not known")
    key, content = _stored(system, cookie)
    visiting = open_dashboards(system, pods, f"{_COOKIE}={cookie}", store.shop.owner.username)
    world.things.put(outages.start(world, visiting))
    return SignedIn(store.shop.owner.username, cookie, key, content)


def _sign_in(system: JewelryShop, store: Store) -> str:
    """The cookie that the shop gives to the owner. Raises Broken with the cause when it gives none."""
    entrance, person = system.profile.entrance, store.shop.owner
    way = PublicWay(entrance.scheme, system.entrance_addresses[0], entrance.host, system.run)
    try:
        form = way.send("GET", _SIGN_IN)
        token = _FORM_TOKEN.search(form.text)
        fields = {"login": person.username, "password": person.password}
        fields |= {"csrfmiddlewaretoken": token[1]} if token else {}
        referer = {"Referer": f"{entrance.scheme}://{entrance.host}{_SIGN_IN}", "Accept": "text/html"}
        answer = way.send_form(_SIGN_IN, fields, {**referer, "Cookie": _cookies(form)})
    finally:
        way.close()
    given = re.search(rf"{_COOKIE}=([^;,\s]+)", answer.headers.get("set-cookie", ""))
    REDACTOR.register(given[1] if given else "-no-cookie-")
    causes = [] if given else cache_causes(system)
    expect(SignInPage(answer, bool(given), causes), lets_in(), "A visitor cannot sign in")
    return given[1] if given else ""


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What the sign-in page has answered."""

    answer: Answer
    cookie: bool
    causes: Sequence[str]


def lets_in() -> ComplaintMatcher[SignInPage]:
    """Matches an answer that leads to the dashboard with a cookie."""

    def complaints(page: SignInPage) -> list[str]:
        leads = page.answer.headers.get("location", "")
        if page.answer.status == _SIGNED_OUT and leads == _DASHBOARD and page.cookie:
            return []
        return [*page.causes, f"the sign-in page answered {page.answer.status}: {cause_of(page.answer)}"]

    return without_complaints("the way to the dashboard, and a cookie", complaints)


def _cookies(answer: Answer) -> str:
    """The cookies of an answer as a browser sends them back."""
    return "; ".join(f"{name}={value}" for name, value in re.findall(r"(?:^|, )(\w+)=([^;,]+)", _set(answer)))


def _set(answer: Answer) -> str:
    return answer.headers.get("set-cookie", "")


def _opened(system: JewelryShop, pod: Pod, cookie: str, username: str) -> str:
    headers = {"Cookie": f"{_COOKIE}={cookie}", "Accept": "application/json"}
    answer = system.instance(pod).send("GET", _DASHBOARD, headers=headers, within=_ANSWER_S)
    if answer.status == 200 and answer.told("user") == username:
        return ""
    return "it leads to the sign-in page" if answer.status == _SIGNED_OUT else cause_of(answer)


def _stored(system: JewelryShop, cookie: str) -> tuple[str, str]:
    """Key and content of the stored sign-in on the master. Raises Unknown when it cannot be found."""
    view = system.cache.view()
    if view.master is None:
        raise Unknown(f"the cache has no master: {view}")
    try:
        keys = system.cache.keys_of(view.master.pod, f"*{cookie}*")
        values = system.cache.ask_server(view.master.pod, *(["GET", key] for key in keys))
    except (ObserverError, RedisAnswerError) as error:
        raise Unknown(f"the stored sign-in cannot be read: {error}") from error
    return (keys[0], str(values[0])) if len(keys) == 1 else ("", f"{len(keys)} stored sign-ins")


def cache_causes(system: JewelryShop) -> list[str]:
    """Whether instances of the application are not connected to the master that the watchers name."""
    view: CacheView = system.cache.view()
    if view.master is None:
        return [f"the cache has no master: {view}"]
    pods = [pod for part in _FOLLOWING for pod in system.parts.pods(part) if not pod.leaving]
    try:
        clients = str(system.cache.ask_server(view.master.pod, ["CLIENT", "LIST"])[0])
    except (ObserverError, RedisAnswerError) as error:
        return [f"the master {view.master.pod.name} does not answer: {error}"]
    return strangers(view.master.pod.name, pods, clients)


def strangers(master: str, pods: Sequence[Pod], clients: str) -> list[str]:
    """Instances of which the master has no connection, in words."""
    known = set(re.findall(r"\baddr=([^\s]+):\d+", clients))
    away = [pod.name for pod in pods if pod.ip not in known]
    if not away:
        return []
    share = f"{len(away)} of {len(pods)} instances"
    return [f"application does not follow the cache master: {share} are not connected to {master} ({', '.join(away)})"]


@dataclass(frozen=True, slots=True)
class Visits:
    """What the visitor saw around the fault, instance by instance; moments count from the fault."""

    pages: Mapping[str, Sequence[Attempt]]  # by instance
    fault: float  # before the fault, on the visitor's clock
    in_effect: float
    over: float  # the old master stood still at least until then
    before: SignedIn
    after: tuple[str, str]  # key and content of the stored sign-in
    causes: Sequence[str]

    def figures(self) -> list[tuple[str, str]]:
        """By instance how many pages showed the name, and when the last one that did not was opened."""
        return [(name, self._words(pages)) for name, pages in self.pages.items()]

    def _words(self, pages: Sequence[Attempt]) -> str:
        bad = [page.start - self.fault for page in pages if not page.ok]
        last = f", the last one without it {max(bad):.1f} s after the fault" if bad else ""
        return f"{sum(page.ok for page in pages)} of {len(pages)} pages with the name{last}"

    def __str__(self) -> str:
        return "; ".join(f"{name}: {words}" for name, words in self.figures())


def visits(world: World) -> Visits:
    """Everything that the visitor saw until the old master was back, and what is stored of the sign-in then."""
    story, signed_in = world.things.get(CacheStory), world.things.get(SignedIn)
    traffic = world.things.get(Traffic)
    await_end_of_fault(world, story)
    causes = cache_causes(world.jewelry)
    journal = traffic.stop()
    if journal.interrupted:
        raise Unknown(f"the visitor was interrupted: {journal.end_reason}")
    names = list(journal.rates)
    pages = {pod: journal.attempts(name) for pod, name in zip(traffic.instances, names, strict=True)}
    over = story.fault + story.injection.fault.seconds
    after = _stored(world.jewelry, signed_in.cookie)
    seen = Visits(pages, story.fault, story.in_effect, over, signed_in, after, causes)
    attach_table("Pages of the visitor", ["instance", "seen"], [("bar", f"{story.bar} + 2 s"), *seen.figures()])
    return seen


def stay_signed_in(limit: float) -> ComplaintMatcher[Visits]:
    """Matches when every instance showed the name from `limit` seconds after the fault on, the old master being away.

    Raises Unknown when too few pages were opened in that time to say so.
    """

    def complaints(seen: Visits) -> list[str]:
        found = [text for name, pages in seen.pages.items() for text in _late(seen, name, pages, limit)]
        if found or not seen.pages:
            return [*seen.causes, *found] or ["no instance was visited"]
        for name, pages in seen.pages.items():
            _doubt(seen, name, pages, limit)
        return []

    return without_complaints(f"the visitor's name on every instance, {limit:g} s after the fault", complaints)


def _late(seen: Visits, name: str, pages: Sequence[Attempt], limit: float) -> list[str]:
    late = [page for page in pages if page.start >= seen.in_effect + limit and not page.ok]
    if not late:
        return []
    out = sum(page.status == _SIGNED_OUT for page in late)
    last = late[-1]
    what = "leads to the sign-in page" if out else f"says {last.error[:120] or last.status!r}"
    return [f"{name} {what} {last.start - seen.fault:.0f} s after the fault ({len(late)} pages without the name)"]


def _doubt(seen: Visits, name: str, pages: Sequence[Attempt], limit: float) -> None:
    while_away = [page for page in pages if seen.in_effect + limit <= page.start and page.end <= seen.over]
    if len(while_away) < _PAGES_NEEDED:
        raise Unknown(f"{name}: only {len(while_away)} pages were opened in time while the old master was away")
    last_bad = max((page.start for page in pages if page.end >= seen.fault and not page.ok), default=seen.fault)
    first_good = min(page.end for page in pages if page.ok and page.start >= last_bad)
    if first_good > seen.fault + limit + 1.0:  # a second between two pages
        raise Unknown(f"{name}: back between {last_bad - seen.fault:.1f} s and {first_good - seen.fault:.1f} s")


def keeps_the_stored_sign_in() -> ComplaintMatcher[Visits]:
    """Matches when the sign-in is stored under the same key with the same content."""

    def complaints(seen: Visits) -> list[str]:
        key, content = seen.after
        if not key:
            return [*seen.causes, f"the master has {content} for the visitor's cookie"]
        found = [] if key == seen.before.key else ["the sign-in is stored under another key"]
        return found if content == seen.before.content else [*found, "the stored sign-in has another content"]

    return without_complaints("the stored sign-in as it was", complaints)
