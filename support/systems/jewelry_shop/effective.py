"""The failover settings as they are now, the bars that follow from them, and the setting to blame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.observers import bars
from support.observers.bars import Bar

_SMALLEST_TTL = 20.0  # seconds; the supervisor silently raises anything smaller


@dataclass(frozen=True, slots=True)
class FailoverSettings:
    """Settings of the database's failover."""

    ttl: float
    loop_wait: float
    deadline: float  # longest time that one request may spend on the database
    pool_wait: float
    synchronous_mode: bool

    @property
    def lease(self) -> float:
        """Seconds for which a silent leader keeps its role."""
        return max(_SMALLEST_TTL, self.ttl)

    def takeover(self) -> Bar:
        """Another member leads and the application writes to it."""
        return bars.takeover(self.lease, self.loop_wait)

    def restart(self) -> Bar:
        """The same member leads again."""
        return bars.restart_in_place(self.loop_wait)

    def frozen_supervisor(self) -> Bar:
        """The supervisor is frozen, its database is not."""
        return bars.frozen_supervisor(self.deadline, self.pool_wait)

    def planned_handover(self) -> Bar:
        """The leader role is handed over on request."""
        return bars.planned_handover()

    def lost_machine(self) -> Bar:
        """The leader's machine is gone."""
        return bars.machine_lost(self.lease, self.loop_wait)

    def blame(self, limit: float) -> list[str]:
        """The setting that makes takeover slower than promised, if there is one."""
        if self.takeover().seconds <= limit:
            return []
        return [f"lease of {self.lease:g} s makes takeover slower than {limit:g} s"]

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each setting, for the report."""
        return [
            ("ttl", f"{self.ttl:g} s"),
            ("loop_wait", f"{self.loop_wait:g} s"),
            ("synchronous_mode", "on" if self.synchronous_mode else "off"),
            ("DB_DEADLINE_S", f"{self.deadline:g} s"),
            ("DB_POOL_WAIT_S", f"{self.pool_wait:g} s"),
        ]


def failover_settings(database: Mapping[str, Any], app: Mapping[str, str]) -> FailoverSettings:
    """From the database's live configuration and the application's; what is not set is as the products have it."""
    return FailoverSettings(
        ttl=float(database.get("ttl", 30)),
        loop_wait=float(database.get("loop_wait", 10)),
        deadline=float(app.get("DB_DEADLINE_S", 10)),
        pool_wait=float(app.get("DB_POOL_WAIT_S", 2)),
        synchronous_mode=str(database.get("synchronous_mode", False)).lower() not in ("false", "off", "0"),
    )
