"""In which order scenarios run: harmless ones beside each other, at random; those that break things last and alone."""

from __future__ import annotations

import copy
import os
import random
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.errors import ExitCode, Refusal

SEED_VARIABLE = "HOLDFAST_SEED"
_SEEDS = 1_000_000  # a number that a person can type again; more orders than anybody will ever try
# The later, the more it breaks: what a destructive scenario leaves in doubt must not spoil the verdict of another.
_ALONE = {"serial": 1, "disruptive": 1, "needs.cluster_for_itself": 2, "destructive": 2}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a worker runs in one piece: one scenario, by its place among the features and in its feature."""

    feature: int
    scenario: int
    harm: int = 0  # 0: may run beside others

    @property
    def key(self) -> tuple[int, int]:
        """As it travels between processes."""
        return self.feature, self.scenario


@dataclass(frozen=True, slots=True)
class Order:
    """The scenarios of a run in their order."""

    seed: int
    beside: Sequence[Unit]
    alone: Sequence[Unit]

    def __str__(self) -> str:
        parts = [f"{len(self.beside)} scenarios beside each other", f"{len(self.alone)} alone after them"]
        return f"{', '.join(parts)}; at random with seed {self.seed} (the same order again: --seed {self.seed})"


def harm_of(tags: Collection[str]) -> int:
    """How much a scenario with these tags may disturb others: 0 not at all."""
    return max((rank for tag, rank in _ALONE.items() if tag in tags), default=0)


def order_of(features: Sequence[Any], config: Any, seed: int) -> Order:
    """All scenarios that the selection asks for, shuffled by the seed."""
    units = [
        Unit(place, number, harm_of({str(tag) for tag in scenario.effective_tags}))
        for place, feature in enumerate(features)
        for number, scenario in enumerate(feature.walk_scenarios())
        if is_chosen(scenario, config)
    ]
    random.Random(seed).shuffle(units)  # noqa: S311 (an order, not a secret)
    alone = sorted((unit for unit in units if unit.harm), key=lambda unit: unit.harm)
    return Order(seed, [unit for unit in units if not unit.harm], alone)


def is_chosen(scenario: Any, config: Any) -> bool:
    """Whether tags, names and line numbers of the command line ask for a scenario."""
    by_tags = scenario.should_run_with_tags(config.tag_expression)
    return bool(by_tags and scenario.should_run_with_name_select(config) and not scenario.should_skip)


def chosen_tags(features: Iterable[Any], config: Any) -> list[set[str]]:
    """The tags of each scenario that the command line asks for."""
    scenarios = (scenario for feature in features for scenario in feature.walk_scenarios())
    return [{str(tag) for tag in one.effective_tags} for one in scenarios if is_chosen(one, config)]


def seed_from(environment: Mapping[str, str] | None = None) -> int:
    """The seed that was asked for, else one at random. Raises Refusal USAGE when it is no number."""
    text = (os.environ if environment is None else environment).get(SEED_VARIABLE, "")
    if not text:
        return secrets.randbelow(_SEEDS)
    if not text.isdigit():
        remedy = "Give a whole number, as an earlier run has printed it."
        raise Refusal(f'The seed "{text}" is no number.', remedy, ExitCode.USAGE)
    return int(text)


def narrowed(feature: Any, wanted: Any) -> Any:
    """The feature with this one scenario only, still inside its rule and outline; the scenario itself is no copy."""
    return _only(feature, wanted)


def _only(container: Any, wanted: Any) -> Any:
    kept = copy.copy(container)
    kept.run_items = [_piece(item, wanted) for item in container.run_items if _holds(item, wanted)]
    return kept


def _piece(item: Any, wanted: Any) -> Any:
    if item is wanted:
        return item
    if item.type == "rule":
        return _only(item, wanted)
    outline = copy.copy(item)
    outline._scenarios = [wanted]
    return outline


def _holds(item: Any, wanted: Any) -> bool:
    if item.type == "rule":
        return any(scenario is wanted for scenario in item.walk_scenarios())
    return item is wanted or (item.type == "scenario_outline" and any(row is wanted for row in item.scenarios))
