"""The platform asked for its parts and addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.systems.jewelry_shop.addresses import Address
from support.systems.jewelry_shop.parts import PartState, since_delivery
from support.systems.jewelry_shop.system import JewelryShop
from support.waiting import Deadline


@dataclass(frozen=True, slots=True)
class Readiness:
    """The parts at one moment, and how long ago the last of them was rolled out."""

    states: Sequence[PartState]
    since_delivery: float

    def left(self, limit: float) -> float:
        """Seconds that the shop still has to become complete; 0 when the promised time is over."""
        return max(0.0, limit - self.since_delivery)


@dataclass(frozen=True, slots=True)
class LookUp:
    """Where the internal addresses led at one moment."""

    addresses: Sequence[Address]


class States(list[PartState]):
    """Parts that print as one line."""

    def __str__(self) -> str:
        return ", ".join(map(str, self))


def read(system: JewelryShop) -> Readiness:
    """All parts of the profile, now."""
    states = system.parts.states()
    return Readiness(states, since_delivery(states))


def observer_of(system: JewelryShop) -> Callable[[Deadline], Sequence[PartState]]:
    """An observation of all parts for `eventually`."""
    return lambda _: States(system.parts.states())


def look_up(system: JewelryShop) -> LookUp:
    """Where each internal address leads, now."""
    return LookUp(system.addresses.read(asking=False))


def ask_all(system: JewelryShop, within: float) -> Sequence[Address]:
    """One exchange with every instance behind every address, each `within` seconds."""
    return system.addresses.read(asking=True, within=within)
