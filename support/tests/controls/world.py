"""The world of a control: recorded things and parts of the shop as the control wants them, everything else a dummy."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock, patch

from hamcrest.core.matcher import Matcher

from support import waiting
from support.cluster import ApiError
from support.profiles import load_profile
from support.systems.jewelry_shop.cache_incidents import CacheStory
from support.systems.jewelry_shop.journey import Adding, Selling, SignIn
from support.tests.controls.control import THING, Later
from support.tests.controls.table import CONTROLS
from support.waiting import Deadline

_ANSWERED: dict[str, type] = {"adding": Adding, "selling": Selling, "signing in": SignIn}
_SHORT_S = 0.05  # for every wait: a fake does not change by itself


class ControlThings:
    """What steps have recorded; a kind that no control gives is a dummy."""

    def __init__(self) -> None:
        self.known: dict[type, Any] = {}

    def get(self, kind: type, _: str = "") -> Any:
        """The thing of that kind."""
        return self.known.setdefault(kind, MagicMock(name=kind.__name__))

    def put(self, thing: object, _: str = "") -> None:
        """Keeps a thing."""
        self.known[type(thing)] = thing


class ControlWorld:
    """Stands in for support.world.World."""

    def __init__(self) -> None:
        self.things = ControlThings()
        self.jewelry: Any = MagicMock(name="jewelry")
        self.jewelry.profile = load_profile("jewelry-shop")
        self.suite: Any = MagicMock(name="suite", limits=MagicMock(at_rest=_SHORT_S), profile=self.jewelry.profile)
        self.remarks: list[str] = []
        self._patches: list[Any] = []

    def set_up(self, name: str, *, broken: bool) -> None:
        """The fake of one control, as promised or with its promise broken."""
        control = CONTROLS[name]
        for thing in control.things:
            self.things.put(thing)
        for where, value in control.beside.items():
            self._place(where, value)
        self._place(control.where, control.broken() if broken else control.well())

    def eventually(
        self, observe: Callable[[Deadline], Any], matcher: Matcher[Any], _: float, reason: str, **__: Any
    ) -> Any:
        """The real wait, cut short."""
        return waiting.eventually(observe, matcher, _SHORT_S, reason, retrying=(ApiError,))

    def restore(self) -> None:
        """Takes every patch away."""
        for each in reversed(self._patches):
            each.stop()

    def _place(self, where: str, value: Any) -> None:
        head, *path, last = where.split(".") if "." in where else [where, where]
        if where == THING:
            self.things.put(value)
        elif head in _ANSWERED:
            self.things.known[_ANSWERED[head]] = MagicMock(answer=value)
        elif head in ("jewelry", "story"):
            self._put(self.jewelry if head == "jewelry" else self._story(), [*path, last], value)
        else:
            module = importlib.import_module(f"support.systems.jewelry_shop.{head}")
            real = getattr(module, last)
            fake = _telling(value) if callable(real) else value
            self._patches.append(patch.object(module, last, fake))
            self._patches[-1].start()

    def _put(self, holder: Any, path: list[str], value: Any) -> None:
        for part in path[:-1]:
            holder = getattr(holder, part)
        setattr(holder, path[-1], _telling(value))

    def _story(self) -> Any:
        story = MagicMock(name="story", at=0.0)
        story.name, story.leader.name, story.injection.fault.seconds = "redis-0.redis-headless.x", "redis-1", 0.0
        story.name = "redis-0.redis-headless.shop.svc.cluster.local"
        self.things.known[CacheStory] = story
        return story


def _telling(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value() if isinstance(value, Later) else value
