"""The typed state of one scenario, and the two attributes that behave's context may carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from behave.model import Table
from hamcrest.core.matcher import Matcher

from support import waiting
from support.cleaning import CleanUps
from support.clients.sql import QuestionFailed
from support.cluster import ApiError
from support.evidence.attach import attach_text
from support.observers.observer import ObserverError
from support.suite import Suite
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Broken, Deadline, Unknown

T = TypeVar("T")

# "Look again": the cluster, the observer or a database member did not answer this time.
_PASSING = (ApiError, ObserverError, QuestionFailed, Unknown)


class Things:
    """What the steps of a scenario have named, by kind and, where there are several, by name."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, str], Any] = {}

    def put(self, thing: object, name: str = "") -> None:
        """Keeps a thing as the latest of its kind, and under its name if it has one."""
        self._known[(type(thing), "")] = self._known[(type(thing), name)] = thing

    def named(self, kind: type[T]) -> list[T]:
        """All things of that kind that have a name, in the order of their names."""
        names = sorted(name for known, name in self._known if known is kind and name)
        return [cast(T, self._known[(kind, name)]) for name in names]

    def get(self, kind: type[T], name: str = "") -> T:
        """The thing of that kind and name. Raises Unknown with a sentence when no step has named one yet."""
        if (kind, name) not in self._known:
            raise Unknown(f"no step has named {f'{chr(34)}{name}{chr(34)}' if name else _words(kind)} yet")
        return cast(T, self._known[(kind, name)])


@dataclass(slots=True)
class World:
    """Everything that one scenario knows."""

    suite: Suite
    scenario: str  # short name in everything that the scenario creates, such as js205
    changes_before: int = 0  # changes that the suite had made in the cluster when the scenario began
    things: Things = field(default_factory=Things)
    clean_ups: CleanUps = field(default_factory=CleanUps)
    remarks: list[str] = field(default_factory=list)
    # Promises that hold whatever the scenario is about, and whether they were seen to be kept in it.
    invariants: dict[str, bool] = field(default_factory=dict)
    _jewelry: JewelryShop | None = None

    @property
    def jewelry(self) -> JewelryShop:
        """The jewelry shop as this scenario uses it."""
        if self._jewelry is None:
            suite = self.suite
            self._jewelry = JewelryShop(
                suite.cluster, suite.profile, suite.observer, suite.run, self.scenario, self._register, suite.once
            )
        return self._jewelry

    def eventually(
        self,
        observe: Callable[[Deadline], T],
        matcher: Matcher[T],
        within: float,
        reason: str,
        *,
        pause: Callable[[Deadline], None] | None = None,
        must_take_it: bool = False,
    ) -> T:
        """`support.waiting.eventually` with the timeline attached to the failing step and slow waits remarked.

        What `must_take_it`, such as the end of a fault that lasts so long, is not remarked as slow.
        """
        remark: Callable[[str], object] = (lambda _: None) if must_take_it else self.remarks.append
        try:
            return waiting.eventually(observe, matcher, within, reason, retrying=_PASSING, pause=pause, remark=remark)
        except Broken as broken:
            attach_text("What was seen, and when", "\n".join(map(_line, broken.timeline.sights)))
            raise

    def _register(self, name: str, action: Callable[[], None]) -> None:
        self.clean_ups.add(name, action, keepable=name.startswith("remove"))


class BehaveContext(Protocol):
    """behave's context as the steps may use it."""

    suite: Suite
    world: World
    table: Table | None
    text: str | None


def _line(sight: waiting.Sight) -> str:
    return f"{sight.at:7.2f} s  {sight.text}"


def _words(kind: type) -> str:
    spelled = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)
    return f"any{spelled}"
