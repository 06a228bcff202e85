"""Technical patience: how long the suite waits for machinery before it gives up, by name, with one scale factor.

None of these is a promise. What the business was promised stands in the features and is never scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds by name. On a slow machine HOLDFAST_PATIENCE multiplies all of them."""

    connect: float = (
        1.5  # an API server answers in milliseconds; a refusal must come within 5 s, of which starting takes 3
    )
    observer_ready: float = 90.0  # first install: namespace, agent on every machine, image already loaded
    shop_answer: float = 12.0  # one call to the shop: its own database deadline of 10 s and 2 s of travel
    short_answer: float = 5.0  # one SQL, Redis or HTTP question that is answered from memory
    at_rest: float = 15.0  # until labels and streams have settled after whatever came before
    command: float = 15.0  # one command in a container; a management command starts the application first
    warm_up: float = 60.0  # until the probes have confirmed the writes that a verdict needs
    settle: float = 60.0  # until the probes have confirmed as many writes after the fault
    fault_effect: float = 60.0  # until an injected fault is seen to have taken effect
    rejoin: float = 120.0  # until a returned member streams again: rewinding or cloning (B6)
    journal: float = 30.0  # until the lines of a finished run are read back
    clean_up: float = 30.0  # one clean-up action

    def scaled(self, factor: float) -> Limits:
        """The same table with every value multiplied, except the connection: its refusal has a promised time."""
        values = {field.name: getattr(self, field.name) * factor for field in fields(self)}
        return Limits(**{**values, "connect": self.connect})

    def lines(self) -> list[str]:
        """One line per limit, for the start of a run and the report's environment page."""
        return [f"{field.name} {getattr(self, field.name):g} s" for field in fields(self)]
