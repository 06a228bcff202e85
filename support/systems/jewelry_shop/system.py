"""One scenario's view of the jewelry shop: every domain object, made when it is first needed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from support.clients.http import Answer, PublicWay, request_id
from support.clients.sql import Account, QuestionFailed, SqlClient
from support.cluster import Cluster, Json, NotFound
from support.evidence.redaction import REDACTOR
from support.expect import expect
from support.observers.observer import Observer, ObserverError, RedisAnswerError
from support.profiles import Credential, Profile
from support.suite import Once
from support.systems.jewelry_shop import leftovers
from support.systems.jewelry_shop.addresses import Addresses, Exchange
from support.systems.jewelry_shop.api import OpenShop, Person, Session
from support.systems.jewelry_shop.cache import Cache
from support.systems.jewelry_shop.database import Database
from support.systems.jewelry_shop.integrity import Books, adds_up, read_books
from support.systems.jewelry_shop.parts import Parts, Pod
from support.systems.jewelry_shop.probe_rows import ProbeRows
from support.systems.jewelry_shop.shops import Naming, Shops
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.truth import Truth
from support.waiting import Unknown

_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_ANSWER_S = 5.0  # the promised time for one answer of an endpoint

CleanUp = Callable[[str, Callable[[], None]], None]


class JewelryShop:
    """The system under test as one scenario uses it. What it opens is removed through `clean_up`."""

    def __init__(
        self,
        cluster: Cluster,
        profile: Profile,
        observer: Callable[[], Observer],
        run: str,
        scenario: str,
        clean_up: CleanUp,
        once: Once,
    ) -> None:
        self.cluster, self.profile, self.run = cluster, profile, run
        self.namespace = profile.kube.namespace
        self._observer, self._clean_up, self._once = observer, clean_up, once
        self._naming = Naming(run, scenario)
        self.stores: list[Store] = []
        self._opened: list[PublicWay] = []
        # Registered before anything else, so that it comes last: what is cleaned up may still need the way.
        clean_up("close the way through the entrance", self._close)

    @property
    def clean_up(self) -> CleanUp:
        """Where what a scenario makes is registered for its removal."""
        return self._clean_up

    @property
    def observer(self) -> Observer:
        """The observer inside the cluster, installed when it is first needed."""
        return self._observer()

    @cached_property
    def parts(self) -> Parts:
        """The parts of the system."""
        return Parts(self.cluster, self.profile)

    @cached_property
    def way(self) -> PublicWay:
        """The public entrance."""
        entrance = self.profile.entrance
        way = PublicWay(entrance.scheme, self.entrance_addresses[0], entrance.host, self.run)
        self._opened.append(way)
        return way

    @cached_property
    def entrance_addresses(self) -> list[str]:
        """Addresses of the entrance, the control plane's machine first: no fault of a machine ever hits that one."""
        given = self.profile.entrance.address
        return [given] if given else find_entrances(self.cluster, self.profile.entrance.namespace)

    @cached_property
    def shops(self) -> Shops:
        """Shops of this scenario's own."""
        credential = self.profile.credentials.platform_admin
        administrator = Person(credential.user, self.secret(credential), "PLATFORM_ADMIN")
        shops = Shops(self.way, administrator, self._naming, self._clean_up)
        shops.before_removal = self._check_books
        shops.signed_in = self._remove_left_overs
        return shops

    @cached_property
    def sql(self) -> SqlClient:
        """Reads any database member with the suite's read-only account."""
        credential = self.profile.credentials.reader
        account = Account(credential.user, self.secret(credential), credential.database)
        return SqlClient(self.observer, account, self.profile.part("database").port)

    @cached_property
    def direct_sql(self) -> SqlClient:
        """Writes to the suite's own table, and to nothing else."""
        credential = self.profile.credentials.probe
        account = Account(credential.user, self.secret(credential), credential.database)
        return SqlClient(self.observer, account, self.profile.part("database").port)

    @property
    def probe_rows(self) -> ProbeRows:
        """The rows of the suite's own table."""
        return ProbeRows(self.direct_sql, self.database.leader_address)

    @cached_property
    def database(self) -> Database:
        """The database cluster."""
        return Database(self.cluster, self.profile, self.parts, self.observer, self.sql)

    @cached_property
    def cache(self) -> Cache:
        """The cache."""
        return Cache(self.profile, self.parts, self.observer, self.secret(self.profile.credentials.cache))

    @cached_property
    def truth(self) -> Truth:
        """What is stored, read from the leader."""
        return Truth(self.sql, self.database.leader_address)

    @cached_property
    def addresses(self) -> Addresses:
        """The internal addresses."""
        return Addresses(self.cluster, self.profile, self.parts, self.exchanges)

    @cached_property
    def exchanges(self) -> dict[str, Exchange]:
        """One exchange with an instance of each part in its own protocol; what is wrong with its answer."""
        return {
            "django": lambda ip, within: self._ask_http(ip, "django", "/health/", within),
            "nginx": lambda ip, within: self._ask_http(ip, "nginx", "/nginx-health", within),
            "database": self._ask_database,
            "cache": lambda ip, within: self._ask_redis(ip, "cache", within),
            "watcher": lambda ip, within: self._ask_redis(ip, "watcher", within),
        }

    def open_store(self, company_name: str) -> Store:
        """A new shop with its people signed in. Raises Broken with the cause when the shop refuses."""
        shop = self.shops.open(company_name)
        self.stores.append(Store(shop, self.shops.session(shop.owner), self.shops.session(shop.employee)))
        return self.stores[-1]

    def instance(self, pod: Pod, part: str = "django") -> InstanceWay:
        """The way straight to one instance, past the entrance and the front."""
        return InstanceWay(self.observer, pod, self.profile.part(part).port, self.profile.entrance.host, self.run)

    def at_instance(self, session: Session, pod: Pod) -> Session:
        """A session used straight at one instance of the application."""
        return session.over(self.instance(pod))

    def secret(self, credential: Credential) -> str:
        """The value of a credential; it is never shown anywhere. Raises Unknown when it is not there."""
        try:
            data = self.cluster.get("secrets", credential.secret, self.namespace).get("data", {})
        except NotFound:
            data = {}
        if credential.key not in data:
            raise Unknown(f"the credential {credential.secret}/{credential.key} is not there")
        value = base64.b64decode(data[credential.key]).decode()
        REDACTOR.register(value)
        return value

    def configured(self, place: str) -> str:
        """One setting, from "<config map>/<key>". Raises Unknown when it is not there."""
        name, _, key = place.partition("/")
        data = self.cluster.get("configmaps", name, self.namespace).get("data", {})
        if key not in data:
            raise Unknown(f"the setting {place} is not there")
        return str(data[key])

    def books(self, shop: OpenShop) -> Books:
        """Stock and money of a shop as they are stored."""
        return read_books(self.truth, shop.slug, shop.tenant_id)

    def _close(self) -> None:
        for way in self._opened:
            way.close()

    def _check_books(self, shop: OpenShop) -> None:
        expect(self.books(shop), adds_up(), f'Stock and money of "{shop.company_name}" do not add up (JS-354)')

    def _remove_left_overs(self, administrator: Session) -> None:
        if self._once.first("remove left-overs"):
            leftovers.remove(self.cluster, administrator, self.probe_rows, self.run)

    def _ask_http(self, ip: str, part: str, path: str, within: float) -> str:
        url = f"http://{ip}:{self.profile.part(part).port}{path}"
        # The front's own health page is for nobody in particular; under the shop's name it would be the application's.
        headers = {"Host": self.profile.entrance.host} if part == "django" else {}
        came = self.observer.ask_http(url, headers=headers, within=within)
        return "" if came.status == 200 else f"answers {came.status or came.error}"

    def _ask_database(self, ip: str, within: float) -> str:
        try:
            return "" if self.sql.value(ip, "SELECT 1 AS one", within=within) == 1 else "answers nonsense"
        except QuestionFailed as error:
            return f"does not answer: {error.error}"

    def _ask_redis(self, ip: str, part: str, within: float) -> str:
        password = self.secret(self.profile.credentials.cache) if part == "cache" else ""
        try:
            answer = self.observer.ask_redis(ip, self.profile.part(part).port, password, [["PING"]], within=within)
        except (ObserverError, RedisAnswerError) as error:
            return f"does not answer: {error}"
        return "" if str(answer[0]).upper() in ("PONG", "TRUE") else f"answers {answer[0]!r}"


class InstanceWay:
    """Straight to one instance, from inside the cluster."""

    def __init__(self, observer: Observer, pod: Pod, port: int, host: str, run: str) -> None:
        self.pod = pod
        self._observer, self._base, self._host, self._run = observer, f"http://{pod.ip}:{port}", host, run

    def send(self, method: str, path: str, body: Any = None, headers: Any = None, within: float = _ANSWER_S) -> Answer:
        """One exchange, as through the entrance."""
        sent = {"Host": self._host, "X-Request-ID": request_id(self._run), **(headers or {})}
        came = self._observer.ask_http(self._base + path, method=method, headers=sent, json=body, within=within)
        known = {"x-request-id": sent["X-Request-ID"], **{key.lower(): value for key, value in came.headers.items()}}
        return Answer(method, path, came.status or 0, came.text, known, came.duration, came.error or "")


def find_entrances(cluster: Cluster, namespace: str) -> list[str]:
    """Addresses of the machines that carry a ready entrance. Raises Unknown when there is none."""
    return list(entrances_by_machine(cluster, namespace).values())


def entrances_by_machine(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The address of each machine that carries a ready entrance. Raises Unknown when there is none."""
    pods = cluster.list("pods", namespace, "app=envoy")
    carrying = {body["spec"].get("nodeName") for body in pods if _is_ready(body)}
    nodes = [body for body in cluster.list("nodes") if body["metadata"]["name"] in carrying]
    found = {body["metadata"]["name"]: _address(body) for body in sorted(nodes, key=_control_plane_first)}
    if not found:
        raise Unknown(f'no machine has a ready entrance (namespace "{namespace}")')
    return found


def _is_ready(body: Json) -> bool:
    conditions: Sequence[Json] = body.get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _control_plane_first(body: Json) -> tuple[bool, str]:
    return _CONTROL_PLANE not in body["metadata"].get("labels", {}), body["metadata"]["name"]


def _address(body: Json) -> str:
    return next(str(entry["address"]) for entry in body["status"]["addresses"] if entry["type"] == "InternalIP")
