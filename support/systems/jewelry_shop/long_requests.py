"""Long requests: every instance of the application is busy with one whenever it is told to leave."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from support.clients.http import Answer
from support.cluster import ApiError
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.observer import ObserverError
from support.systems.jewelry_shop.answers import cause_of
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.store import Store
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import Traffic
from support.waiting import Unknown
from support.world import World

_PACE_S = 8  # seconds that one long request takes: as long as an entrance lets it
_WITHIN_S = 20.0  # seconds until it must have ended
_PATH = f"/api/inventory/export/?pace_s={_PACE_S}"
_NEVER_SENT = "not connected"  # such a request has not begun: there was nobody any more


@dataclass(slots=True)
class LongRequests:
    """One after the other at each of these instances, until the instance leaves or everything is stopped."""

    system: JewelryShop
    store: Store
    pods: Sequence[Pod]
    answers: dict[str, list[Answer]] = field(default_factory=dict)  # by instance, in their order
    errors: list[str] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _running: list[Future[None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=8))  # size 5 at most

    def start(self) -> None:
        """Begins at every instance."""
        self.answers = {pod.name: [] for pod in self.pods}
        self._running = [self._pool.submit(self._hold, pod) for pod in self.pods]

    def stop(self) -> None:
        """Begins no further one and waits for those under way; a second call does nothing more."""
        self._stop.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()

    def _hold(self, pod: Pod) -> None:
        way = self.system.at_instance(self.store.owner, pod)
        try:
            while not self._stop.is_set() and self._stays(pod):
                self.answers[pod.name].append(way.send("GET", _PATH, within=_WITHIN_S))
        except (ObserverError, ApiError) as error:
            self.errors.append(f"{pod.name}: {error}")

    def _stays(self, pod: Pod) -> bool:
        return any(one.uid == pod.uid and not one.leaving for one in self.system.parts.pods("django"))


def begin(world: World) -> LongRequests:
    """Long requests at every instance of now, until it leaves."""
    store, system = world.things.get(Traffic).store, world.jewelry
    if store is None:
        raise Unknown("the customers have no shop whose goods could be listed")
    requests = LongRequests(system, store, system.parts.ready_pods("django"))
    world.clean_ups.add("end the long requests", requests.stop)
    requests.start()
    return requests


@dataclass(frozen=True, slots=True)
class Ended:
    """How the long requests of each instance ended; those that never began are left out."""

    answers: dict[str, list[Answer]]
    goods: int  # lines that each of them must have

    def __str__(self) -> str:
        return ", ".join(f"{name} {len(answers)}" for name, answers in self.answers.items())


def ended(world: World) -> Ended:
    """Waits for those under way. Raises Unknown when one could not be observed."""
    requests = world.things.get(LongRequests)
    requests.stop()
    if requests.errors:
        raise Unknown(f"a long request could not be observed: {'; '.join(requests.errors)}")
    begun = {name: [one for one in answers if _has_begun(one)] for name, answers in requests.answers.items()}
    return Ended(begun, len(requests.store.pieces))


def _has_begun(answer: Answer) -> bool:
    """One that was turned away because of too many others has lost nothing: nobody had begun to answer it."""
    return not answer.error.startswith(_NEVER_SENT) and answer.told("error") != "busy"


def end_well() -> ComplaintMatcher[Ended]:
    """Matches when every long request was answered to its last line. Raises Unknown when an instance had none."""

    def complaints(seen: Ended) -> list[str]:
        cut = {name: bad for name, answers in seen.answers.items() if (bad := _cut(answers, seen.goods))}
        if cut:
            told = "; ".join(f"{name}: {bad[0]}" for name, bad in cut.items())
            return [f"instances are cut off in the middle of requests: {told}"]
        if not seen.answers or not all(seen.answers.values()):
            raise Unknown(f"not every instance had a long request: {seen}")
        return []

    return without_complaints("every long request answered to its end", complaints)


def _cut(answers: Sequence[Answer], goods: int) -> list[str]:
    end = f"# end {goods}"
    bad = [one for one in answers if one.status != 200 or not one.text.rstrip().endswith(end)]
    return [f"after {one.seconds:.1f} s {_how(one)}" for one in bad]


def _how(answer: Answer) -> str:
    if answer.error:
        return answer.error
    told = f" ({cause_of(answer)})" if answer.status != 200 else ""  # the status of a listing, even of half a one
    return f"answered {answer.status}, not to its end{told}"
