"""Customers: open-loop probes inside the cluster that sell, write and look, whatever the shop does meanwhile."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt, Journal, newest_row
from support.observers.ledger import StoredRow
from support.observers.plan import CacheProbe, DirectProbe, HttpProbe, JobProbe, ProbePlan, SaleProbe, read_probe
from support.observers.run import ObserverError, ProbeRun
from support.observers.verdicts import NEEDED
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Broken, Unknown, eventually

SALES, DIRECT, INSTANCES, MINORITY, LOOKS, CACHE, WORK, JOBS, PAGES, READY, ALIVE = (
    "sales",
    "direct",
    "instances",
    "minority",
    "looks",
    "cache",
    "work",
    "jobs",
    "page",
    "ready",
    "alive",
)

_LONGEST_S = 420.0  # a run ends by itself then, also when the suite has died
_DIRECT_RATE = 10.0  # direct writes per second: new connections, each costs the leader a process
_INSTANCE_RATE = 6.0  # sales per second at the instances in turn: two per second for each of three
_WORK_RATE = 2.0  # valuations per second: every worker gets some within a few seconds
_ENTRANCE_RATE = 10.0  # looks per second at each entrance
_BUYERS = 0.2  # of the customers buy, the others look
_FEW_LOOKS = 20  # at one instance before the fault
_FEW_JOBS = 20  # accepted before the fault: ten seconds of two a second
_FEW_PAGES = 5  # seconds of one a second
_VALUED = 5  # kinds of goods to be valued: a job of five steps takes the background a fraction of a second
_HEALTH_RATE = 1.0  # questions per second at each instance, for each of its pages
_HEALTH_S = 3.0  # seconds for an answer: the pages promise one within 2
_GOODS = 20  # kinds of goods: sales of one piece wait for each other
_PAGE = 50  # goods on one page of the list
_PLENTY = 100_000  # pieces of each: no run can sell them
_TILLS = 4  # further tills: different tills compete for goods only
_REACHED_S = 60.0  # seconds until the agent of a machine that was cut off can be reached again
_STOP_S = 30.0  # seconds until attempts under way have ended: the longest deadline is 12 s


@dataclass(slots=True)
class Traffic:
    """Probes under way, and what they write to."""

    run: ProbeRun
    ledger: str
    leading: str  # the probe that verdicts are about
    store: Store | None = None
    journal: Journal | None = None  # set when the run has ended
    others: list[ProbeRun] = field(default_factory=list)  # runs on other machines or begun later
    instances: list[str] = field(default_factory=list)  # names of the instances that are sold at in turn
    settled_until: float = float("inf")  # all attempts that began before had ended when `settle` was content
    needed: int = NEEDED  # confirmed attempts before and after a fault without which nothing is said
    abandoned: bool = False  # whether the observer was lost before it could be read to the end

    def warm_up(self, within: float) -> None:
        """Waits for as many confirmed attempts as a verdict needs before the fault, and until they come in a row.

        Raises Unknown when there are too few of them. When they do not come in a row nothing is raised: the verdict
        says that attempts had failed before the fault.
        """
        self.run.wait_confirmed(self.needed, self.leading, within)
        self._await_row(self._steady, within)

    def settle(self, since: float, within: float) -> None:
        """Waits until as many attempts as a verdict needs were confirmed after the last one that was not.

        What begins between this and the end of the observation is in the ledger, but no verdict waits for it.
        Says nothing when they stay out: the verdict over the bounds says it better.
        """
        if self.journal is not None:
            return
        self._await_row(lambda: self._in_a_row(since), within)

    def _await_row(self, look: Callable[[], int], within: float) -> None:
        """Waits until enough are confirmed one after the other; says nothing when they are not."""
        enough: ComplaintMatcher[int] = without_complaints(
            f"{self.needed} confirmed in a row", lambda seen: [] if seen >= self.needed else [f"{seen} so far"]
        )
        with contextlib.suppress(AssertionError):
            eventually(lambda _: look(), enough, within, "Confirmed", retrying=(ObserverError,))

    def _steady(self) -> int:
        """Confirmed in a row before the fault; what failed while the customers warmed up says nothing of the fault."""
        row = newest_row(self.run.attempts(self.leading))
        if row.confirmed >= self.needed:
            self.run.journal.steady_since = row.since
        return row.confirmed

    def _in_a_row(self, since: float) -> int:
        """Confirmed after the last failure."""
        row = newest_row(self.run.attempts(self.leading), since)
        self.settled_until = row.horizon if row.confirmed >= self.needed else float("inf")
        return row.confirmed

    def stop(self) -> Journal:
        """Ends the customers' probes, waits for what is under way, reads everything. A second call does nothing more.

        Probes on a machine that cannot be reached now go on; `stop_all` waits for them.
        """
        if self.journal is None:
            self.journal = self.run.stop(_STOP_S)
        self._stop_others()
        return self.journal

    def stop_all(self) -> Journal:
        """Ends every probe, also those on a machine that was cut off. Raises Unknown when one stays out of reach."""
        nobody: ComplaintMatcher[int] = without_complaints(
            "no probe running", lambda left: [] if left == 0 else [f"{left} are out of reach"]
        )
        journal = self.stop()
        try:
            eventually(lambda _: self._stop_others(), nobody, _REACHED_S, "A machine with probes stays out of reach")
        except Broken as broken:
            raise Unknown(str(broken)) from broken  # it says nothing of the shop
        return journal

    def attempts(self, *probes: str) -> list[Attempt]:
        """All attempts of these probes on the clock of the main run, of every run, by planned time.

        Of a machine that cannot be reached now, those that were read before.
        """
        journal = self.journal or self.run.read()  # what has ended is not asked for again
        found = [attempt for name in probes for attempt in journal.attempts(name)]
        for other in self.others:
            with contextlib.suppress(ObserverError):
                other.read()
            shift = other.to_suite_time(0.0) - self.run.to_suite_time(0.0)
            found += [attempt.moved(shift) for name in probes for attempt in other.journal.attempts(name)]
        return sorted(found, key=lambda attempt: attempt.planned)

    def abandon(self) -> None:
        """The observer itself was lost: what had been read until then is all that will ever be known."""
        self.journal, self.abandoned = self.run.journal, True

    def known(self, rows: Iterable[StoredRow]) -> list[StoredRow]:
        """Stored writes without those that an observer which was lost can have begun after it was last read."""
        if not self.abandoned:
            return list(rows)
        newest: dict[str, int] = {}
        for one in self.run.journal.attempts():
            newest[one.probe] = max(one.seq, newest.get(one.probe, one.seq))
        return [row for row in rows if row.seq <= newest.get(row.client, -1)]

    def _stop_others(self) -> int:
        for other in self.others:
            if not other.journal.ended:
                with contextlib.suppress(ObserverError):
                    other.stop(_STOP_S)
        return sum(not other.journal.ended for other in self.others)


def buy(system: JewelryShop, company: str, rate: float) -> Traffic:
    """Customers of a new shop buy at the public entrance, and somebody writes to the leader by its own name.

    Both together, because only new connections to the leader can show two members that confirm at once.
    """
    store, tills = _stocked(system, company)
    ledger = _ledger(system)
    # Before the first row can be written; undone after the probes have ended and the shop is whole again.
    system.clean_up("remove the rows of the probes", lambda: system.probe_rows.forget(ledger))
    sales = SaleProbe(
        SALES,
        rate,
        [_entrance(system)],
        _headers(system, store),
        ledger,
        [store.shop.terminal_id, *tills],
        [piece.id for piece in store.pieces],
    )
    run = system.observer.start(
        ProbePlan([sales, direct_probe(system, DIRECT, system.database.leader_address, ledger)], _LONGEST_S)
    )
    return Traffic(run, ledger, SALES, store)


def buy_at_instances(system: JewelryShop, traffic: Traffic, pods: Sequence[Pod]) -> None:
    """Beside the customers, somebody buys at each of these instances in turn, past entrance and front."""
    store = _store_of(traffic)
    port = system.profile.part("django").port
    probe = SaleProbe(
        INSTANCES,
        _INSTANCE_RATE,
        [f"http://{pod.ip}:{port}" for pod in pods],
        _headers(system, store),
        traffic.ledger,
        [store.shop.terminal_id],
        [piece.id for piece in store.pieces],
    )
    traffic.others.append(system.observer.start(ProbePlan([probe], _LONGEST_S)))
    traffic.instances = [pod.name for pod in pods]


def ask_how_it_is(system: JewelryShop, traffic: Traffic, pods: Sequence[Pod]) -> None:
    """Beside the customers, somebody asks each of these instances in turn whether it is ready, and alive."""
    port, headers = system.profile.part("django").port, {"Host": system.profile.entrance.host}

    def asking(name: str, page: str) -> HttpProbe:
        urls = [f"http://{pod.ip}:{port}{page}" for pod in pods]
        return HttpProbe(name, _HEALTH_RATE * len(pods), urls, headers, within=_HEALTH_S)

    plan = ProbePlan([asking(READY, "/health/ready/"), asking(ALIVE, "/health/live/")], _LONGEST_S)
    traffic.others.append(system.observer.start(plan))


def work_for_workers(system: JewelryShop, traffic: Traffic) -> None:
    """Beside the customers, the shop's owner has the stock valued again and again in the background."""
    probe = valuations_probe(system, _store_of(traffic), _WORK_RATE)
    traffic.others.append(system.observer.start(ProbePlan([probe], _LONGEST_S)))


def valuations_probe(system: JewelryShop, store: Store, rate: float) -> HttpProbe:
    """The owner of a shop orders valuations at this pace."""
    headers = {**store.owner.authorization, "Host": system.profile.entrance.host}
    url = f"{_entrance(system)}/api/jobs/valuations/"
    return HttpProbe(WORK, rate, [url], headers, "POST", {"pace_ms": 0}, (202,))


def write_beside(system: JewelryShop, traffic: Traffic, pod: Pod) -> None:
    """Somebody on a member's own machine writes straight to that member."""
    probe = direct_probe(system, MINORITY, pod.ip, traffic.ledger)
    traffic.others.append(system.observer.start(ProbePlan([probe], _LONGEST_S), node=pod.node))


def look(system: JewelryShop, company: str, rate: float) -> Traffic:
    """Customers of a new shop look at its goods through the public entrance."""
    store = system.open_store(company)
    piece = store.stock("RING", "750.00", 10)
    probe = read_probe(LOOKS, rate, _entrance(system), piece.id, _headers(system, store))
    return Traffic(system.observer.start(ProbePlan([probe], _LONGEST_S)), "", LOOKS, store)


def look_everywhere(system: JewelryShop, traffic: Traffic, addresses: Mapping[str, str]) -> None:
    """Beside the customers, others look at the same goods through each of these entrances, by the machine's name."""
    store = _store_of(traffic)
    scheme, item, headers = system.profile.entrance.scheme, store.pieces[0].id, _headers(system, store)
    probes = [
        read_probe(f"{LOOKS}-{name}", _ENTRANCE_RATE, f"{scheme}://{address}", item, headers)
        for name, address in addresses.items()
    ]
    traffic.others.append(system.observer.start(ProbePlan(probes, _LONGEST_S)))


def goods_request(system: JewelryShop, traffic: Traffic) -> tuple[str, Mapping[str, str]]:
    """Address and headers of the list of goods of the customers' shop, through the public entrance.

    The shop gets a full page of goods first: the more of the work is the application's, the less of the machine goes
    into asking.
    """
    store = _store_of(traffic)
    for number in range(len(store.pieces), _PAGE):
        store.stock(f"GOODS{number:02}", "750.00", 10)
    return f"{_entrance(system)}/api/inventory/items/", _headers(system, store)


def trade(system: JewelryShop, company: str, rate: float) -> Traffic:
    """Customers of a new shop look at its goods, and every fifth of them buys, through the public entrance."""
    store, tills = _stocked(system, company)
    headers, ledger = _headers(system, store), _ledger(system)
    looking = read_probe(LOOKS, rate * (1 - _BUYERS), _entrance(system), store.pieces[0].id, headers)
    goods, places = [piece.id for piece in store.pieces], [store.shop.terminal_id, *tills]
    buying = SaleProbe(SALES, rate * _BUYERS, [_entrance(system)], headers, ledger, places, goods)
    return Traffic(system.observer.start(ProbePlan([looking, buying], _LONGEST_S)), ledger, LOOKS, store)


def look_at_instances(system: JewelryShop, company: str, rate: float) -> Traffic:
    """Customers of a new shop look at its goods at every instance of the application, past entrance and front."""
    store, pods = system.open_store(company), system.parts.ready_pods("django")
    piece, port = store.stock("RING", "750.00", 10), system.profile.part("django").port
    probes = [
        read_probe(f"{LOOKS}-{number}", rate, f"http://{pod.ip}:{port}", piece.id, _headers(system, store))
        for number, pod in enumerate(pods)
    ]
    if not probes:
        raise Unknown("no instance of the application is ready")
    run = system.observer.start(ProbePlan(probes, _LONGEST_S))
    return Traffic(run, "", probes[0].name, store, instances=[pod.name for pod in pods], needed=_FEW_LOOKS)


def have_stock_valued(system: JewelryShop, company: str, rate: float) -> Traffic:
    """The owner of a new shop hands the valuation of its stock to the background, again and again."""
    store = system.open_store(company)
    for number in range(_VALUED):
        store.stock(f"RING{number:02}", "750.00", _PLENTY)
    headers = {**store.owner.authorization, "Host": system.profile.entrance.host}
    probe = JobProbe(JOBS, rate, f"{_entrance(system)}/api/jobs/valuations/", headers, {"pace_ms": 0})
    run = system.observer.start(ProbePlan([probe], _LONGEST_S))
    return Traffic(run, "", JOBS, store, needed=_FEW_JOBS)


def open_dashboards(system: JewelryShop, pods: Sequence[Pod], cookie: str, username: str) -> Traffic:
    """One visitor opens the dashboard at each of these instances once a second, always with the same cookie."""
    port, host = system.profile.part("django").port, system.profile.entrance.host
    probes = [
        HttpProbe(
            f"{PAGES}-{number}",
            1.0,
            [f"http://{pod.ip}:{port}/dashboard/"],
            {"Host": host, "Cookie": cookie, "Accept": "application/json"},
            expect_fields={"user": username},
        )
        for number, pod in enumerate(pods)
    ]
    run = system.observer.start(ProbePlan(probes, _LONGEST_S))
    return Traffic(run, "", probes[0].name, instances=[pod.name for pod in pods], needed=_FEW_PAGES)


def write_to_cache(system: JewelryShop, rate: float) -> Traffic:
    """Somebody writes to the master that a watcher names, and has each write copied."""
    ledger = _ledger(system)
    part = system.profile.part("watcher")
    watchers = [f"{pod.ip}:{part.port}" for pod in system.parts.ready_pods("watcher")]
    if not watchers:
        raise Unknown("no watcher of the cache is ready to name the master")
    password = system.secret(system.profile.credentials.cache)
    probe = CacheProbe(CACHE, rate, watchers, part.master, password, ledger)
    return Traffic(system.observer.start(ProbePlan([probe], _LONGEST_S)), ledger, CACHE)


def direct_probe(system: JewelryShop, name: str, host: str, ledger: str) -> DirectProbe:
    """Writes into the suite's own table, on a new connection each time."""
    credential = system.profile.credentials.probe
    return DirectProbe(
        name, _DIRECT_RATE, host, credential.user, system.secret(credential), credential.database, ledger
    )


def _stocked(system: JewelryShop, company: str) -> tuple[Store, list[str]]:
    store = system.open_store(company)
    for number in range(_GOODS):
        store.stock(f"RING{number:02}", "750.00", _PLENTY)
    return store, store.open_tills(_TILLS)


def _store_of(traffic: Traffic) -> Store:
    if traffic.store is None:
        raise Unknown("these customers have no shop to buy in")
    return traffic.store


def _ledger(system: JewelryShop) -> str:
    return f"{system.run}-{secrets.token_hex(3)}"  # six digits: two scenarios of a run never share a ledger


def _entrance(system: JewelryShop) -> str:
    return f"{system.profile.entrance.scheme}://{system.entrance_addresses[0]}"


def _headers(system: JewelryShop, store: Store) -> Mapping[str, str]:
    return {**store.till.authorization, "Host": system.profile.entrance.host}
