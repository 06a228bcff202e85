"""Settings of growth and shrinking as they are now, and the bars that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.cluster import Json, NotFound
from support.observers import bars
from support.observers.bars import Bar
from support.systems.jewelry_shop import platform_settings
from support.systems.jewelry_shop.system import JewelryShop

_STOCK_WINDOW_S = 300.0  # before the autoscaler shrinks, when nothing is set
_STOCK_DOWN = {"type": "Percent", "value": 100, "periodSeconds": 15}  # likewise
_MOST_STEPS = 100  # more than any agreed size has


@dataclass(frozen=True, slots=True)
class ScalingSettings:
    """What growth and shrinking depend on. Seconds."""

    metrics: float  # between two figures
    period: float  # between two looks of the autoscaler
    pod_ready: float
    start_delay: float
    window: float  # for which the autoscaler remembers the highest need
    down: Sequence[Json]  # policies of shrinking
    disabled: bool  # shrinking is switched off
    exists: bool = True  # whether there is an autoscaler at all

    @property
    def figures_late(self) -> float:
        """By how much figures are behind the demand, at most."""
        return bars.KUBELET_S + self.metrics

    def growth(self) -> Bar:
        """B11."""
        return bars.growth(self.metrics, self.period, self.pod_ready, start_delay=self.start_delay)

    def shrinking(self, size: int, smallest: int) -> Bar:
        """B12, from a size to the smallest."""
        step = max(float(policy["periodSeconds"]) for policy in self.down)
        return bars.shrinking(self.window, self.steps(size, smallest), self.metrics, self.period, period=step)

    def steps(self, size: int, smallest: int) -> int:
        """Steps from a size to the smallest: with the policy that allows most, as the autoscaler takes it."""
        taken = 0
        while size > smallest and taken < _MOST_STEPS:
            size -= max(1, *(_most(policy, size) for policy in self.down))
            taken += 1
        return taken

    def blame(self) -> list[str]:
        """The setting that forbids shrinking, if there is one."""
        if not self.exists:
            return ["there is no autoscaler"]
        return ["shrinking is switched off in the autoscaler (selectPolicy Disabled)"] if self.disabled else []


def _most(policy: Json, size: int) -> int:
    value = int(policy["value"])
    return value if policy["type"] == "Pods" else size * value // 100  # percent


def read_settings(system: JewelryShop) -> ScalingSettings:
    """The settings now; without an autoscaler as they would be when nothing is set."""
    agreed, platform = system.profile.autoscaler, system.profile.platform
    try:
        spec = system.cluster.get("horizontalpodautoscalers", agreed.name, system.namespace)["spec"]
    except NotFound:
        spec = {}
    app = system.cluster.get("configmaps", system.profile.settings.app, system.namespace).get("data", {})
    down = spec.get("behavior", {}).get("scaleDown", {})
    return ScalingSettings(
        metrics=platform_settings.metrics_resolution(system.cluster, platform.metrics_s),
        period=platform_settings.autoscaler_period(system.cluster, platform.hpa_sync_s),
        pod_ready=platform.pod_ready_s,
        start_delay=float(app.get("SHOP_START_DELAY_S", 0)),
        window=float(down.get("stabilizationWindowSeconds", _STOCK_WINDOW_S)),
        down=down.get("policies") or [_STOCK_DOWN],
        disabled=down.get("selectPolicy") == "Disabled",
        exists=bool(spec),
    )
