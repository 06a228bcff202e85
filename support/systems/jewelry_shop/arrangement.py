"""How the shop is set up in the cluster: what nobody may have changed when a fault is over (JS-1152)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop.system import JewelryShop

# Kinds that hold the shop's settings. Not Secrets: their contents are nobody's business here, and a right of their own.
_KINDS = ("deployments", "statefulsets", "services", "horizontalpodautoscalers", "networkpolicies", "configmaps")
_CONTENTS = ("spec", "data")  # what people set; what the platform notes stands in `status` and in annotations

Arrangement = Mapping[str, Mapping[str, Any]]  # "deployments django" -> dotted name of a setting -> value


def arrangement(system: JewelryShop) -> Arrangement:
    """Labels and settings of everything that the shop consists of, read anew; sizes only where nobody scales them."""
    bodies = {kind: system.cluster.list(kind, system.namespace) for kind in _KINDS}
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in bodies["horizontalpodautoscalers"]}
    found = {}
    for kind, objects in bodies.items():
        for body in objects:
            name = body["metadata"]["name"]
            settings = {"labels": body["metadata"].get("labels", {})}
            settings |= {part: body[part] for part in _CONTENTS if part in body}
            flat = dict(_flat("", settings))
            if name in scaled:
                flat.pop("spec.replicas", None)
            found[f"{kind} {name}"] = flat
    return found


def is_as_before(before: Arrangement) -> ComplaintMatcher[Arrangement]:
    """Matches when nothing was added, removed, or set differently; says what was, and never the values."""

    def complaints(now: Arrangement) -> list[str]:
        gone = [f"{name} is gone" for name in before.keys() - now.keys()]
        new = [f"{name} was not there before" for name in now.keys() - before.keys()]
        changed = [
            f"{name} has another {setting}"
            for name in before.keys() & now.keys()
            for setting in sorted(before[name].keys() | now[name].keys())
            if before[name].get(setting) != now[name].get(setting)
        ]
        return sorted(gone + new + changed)

    return without_complaints("labels, settings and sizes as before the first fault", complaints)


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for number, inner in enumerate(value):
            yield from _flat(f"{path}[{number}]", inner)
    else:
        yield path, value
