"""Derived bars: what the settings of the live system allow, in seconds, with the formula and its numbers as text.

A bar is printed beside the measured bounds. The business limit decides; a figure above its bar but inside the limit is
a remark, and settings whose bar exceeds the limit are named as the cause. B-numbers are those of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One addend: its name and its seconds."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What a recovery may take by the settings that it depends on."""

    id: str
    title: str
    terms: tuple[Term, ...]
    formula: str  # how the terms are put together, in words and numbers
    seconds: float

    def __str__(self) -> str:
        return f"{self.id} {self.title}: {self.formula} = {self.seconds:g} s"

    def cause(self, limit: float) -> str:
        """The sentence that names the settings when they alone exceed a business limit; empty when they do not."""
        if self.seconds <= limit:
            return ""
        largest = max(self.terms, key=lambda term: term.seconds)
        return (
            f"the settings allow {self.seconds:g} s, the promise is {limit:g} s; "
            f"the largest part is {largest.name} {largest.seconds:g} s ({self.formula})"
        )


# Allowances that are no settings: measured on the reference system or given by the programs. All in seconds.
KUBELET_S = 15.0  # by which the kubelet's figures are behind, at most
_PROMOTION = 3.0  # of which 2 are spent waiting for the silent leader's answer
_RECONNECT = 2.0  # pause of the application's pool between two attempts
_READINESS = 2.0  # one period of the application's readiness probe
_SUPERVISOR_START = 3.0
_POD_BACK = 5.0
_CRASH_RECOVERY = 5.0
_SILENT_ANSWERS = 4.0  # members that are gone with their machine and do not refuse
_LEADER_ADDRESS = 2.0  # until every machine forwards to the new leader


def takeover(ttl: float, loop_wait: float) -> Bar:
    """B1: another member leads after the leader has fallen silent."""
    return _sum(
        "B1",
        "takeover",
        ("ttl", ttl),
        ("loop_wait", loop_wait),
        ("promotion", _PROMOTION),
        ("reconnect", _RECONNECT),
        ("readiness period", _READINESS),
    )


def restart_in_place(loop_wait: float) -> Bar:
    """B2: the killed leader comes back before its lease has run out."""
    return _sum(
        "B2",
        "restart in place",
        ("pod back", _POD_BACK),
        ("supervisor start", _SUPERVISOR_START),
        ("crash recovery", _CRASH_RECOVERY),
        ("2 x loop_wait", 2 * loop_wait),
        ("reconnect", _RECONNECT),
        ("readiness period", _READINESS),
    )


def planned_handover() -> Bar:
    """B3: the leader role is handed over on request."""
    return _sum("B3", "planned handover", ("stop", 1), ("promotion", 1), ("loop", 1), ("reconnect", _RECONNECT))


def frozen_supervisor(db_deadline: float, pool_wait: float) -> Bar:
    """B4: the leader's supervisor stands still while its server runs on."""
    return _sum(
        "B4",
        "frozen supervisor",
        ("promotion", _PROMOTION),
        ("DB_DEADLINE_S", db_deadline),
        ("reconnect", _RECONNECT),
        ("DB_POOL_WAIT_S", pool_wait),
    )


def lost_follower(wal_sender_timeout: float, loop_wait: float) -> Bar:
    """B5: commits wait for a synchronous follower that is gone until another one is named."""
    return _sum(
        "B5", "lost follower", ("wal_sender_timeout", wal_sender_timeout), ("loop_wait", loop_wait), ("decision", 1)
    )


def full_strength(loop_wait: float, shrinking: float = 0.0) -> Bar:
    """B6: every part is back to its full number; the largest of its parts, rounded up to half minutes."""
    parts = (
        Term("rejoin (60 + 10 + 2 x loop_wait)", 60 + 10 + 2 * loop_wait),  # rewound or cloned, streaming, chosen
        Term("cache followers", 60.0),
        Term("pods", 90.0),
        Term("size back (B12)", shrinking),
    )
    largest = max(term.seconds for term in parts)
    rounded = -(-largest // 30) * 30  # half minutes, upwards
    listed = ", ".join(f"{term.name} {term.seconds:g}" for term in parts)
    return Bar("B6", "full strength", parts, f"largest of {listed}; rounded up", rounded)


def two_failures(ttl: float, loop_wait: float) -> Bar:
    """B7: a second leader is lost during the first one's replacement."""
    one = takeover(ttl, loop_wait)
    return Bar("B7", "two failures", one.terms, f"2 x B1 ({one.formula})", 2 * one.seconds)


def cache_takeover(down_after: float, name_cache: float = 0.0) -> Bar:
    """B8: the watchers replace a silent cache master; names cached for more than 5 s are waited for."""
    return _sum(
        "B8",
        "cache takeover",
        ("down-after", down_after),
        ("ping", 1),
        ("start spread and election", 2),
        ("client's discovery", 2),
        *([("name-service caching", name_cache)] if name_cache > 5 else []),  # 5 s are within the discovery
    )


def lost_worker(visibility: float, restore_every: float) -> Bar:
    """B9: work of a lost worker is finished by another one."""
    return _sum(
        "B9",
        "lost worker",
        ("CELERY_VISIBILITY_S", visibility),
        ("CELERY_RESTORE_S", restore_every),
        ("waiting in the queue", 5),
        ("rest of the job", 10),
        ("busy machine", 10),
    )


def queue_after_cache_failover(down_after: float, resend_after: float, resend_every: float) -> Bar:
    """B10: work accepted during a cache failover is finished."""
    return _sum(
        "B10",
        "queue after cache failover",
        ("B8", cache_takeover(down_after).seconds),
        ("broker reconnect", 5),
        ("JOB_RESEND_AFTER_S", resend_after),
        ("JOB_RESEND_EVERY_S", resend_every),
        ("backlog", 15),
    )


def growth(
    metrics: float, hpa_sync: float, pod_ready: float, kubelet: float = KUBELET_S, start_delay: float = 0.0
) -> Bar:
    """B11: load brings further instances."""
    return _sum(
        "B11",
        "growth",
        ("kubelet's figures", kubelet),
        ("metrics-server", metrics),
        ("autoscaler", hpa_sync),
        ("pod Ready", pod_ready),
        *([("SHOP_START_DELAY_S", start_delay)] if start_delay else []),
    )


def shrinking(
    window: float, steps: int, metrics: float, hpa_sync: float, kubelet: float = KUBELET_S, period: float = 15.0
) -> Bar:
    """B12: the size goes back after load, one step per period (15 s unless the autoscaler is set otherwise)."""
    return _sum(
        "B12",
        "shrinking",
        ("window", window),
        ("kubelet's figures", kubelet),
        ("metrics-server", metrics),
        ("autoscaler", hpa_sync),
        (f"{steps} steps x {period:g}", steps * period),
    )


def delivered(start_delay: float = 0.0) -> Bar:
    """B13: everything is ready after delivery; B15, a cold start, takes as long."""
    return _sum("B13", "delivered", ("all Ready", 180), *([("SHOP_START_DELAY_S", start_delay)] if start_delay else []))


def hanging_instance_out(period: float, misses: int, timeout: float) -> Bar:
    """B14, first part: an instance that hangs receives no more requests."""
    return _sum(
        "B14",
        "hanging instance out",
        (f"{misses} misses x {timeout:g}", misses * timeout),
        ("period", period),
        ("endpoints", 1),
        ("allowance", 1),
    )


def hanging_instance_back(
    period: float, misses: int, timeout: float, grace: float, start: float = 15.0, start_delay: float = 0.0
) -> Bar:
    """B14, second part: its container has been replaced and serves; `start` also covers its readiness."""
    return _sum(
        "B14",
        "hanging instance back",
        ("liveness period", period),
        (f"{misses - 1} x period", (misses - 1) * period),
        ("timeout", timeout),
        ("grace", grace),
        ("start", start),
        ("readiness", 4),
        *([("SHOP_START_DELAY_S", start_delay)] if start_delay else []),
    )


def machine_lost(ttl: float, loop_wait: float) -> Bar:
    """B16: the leader's machine loses its power or is cut off."""
    return _sum(
        "B16",
        "machine of the leader lost",
        ("ttl", ttl),
        ("loop_wait", loop_wait),
        ("promotion", _PROMOTION),
        ("silent answers", _SILENT_ANSWERS),
        ("reconnect", _RECONNECT),
        ("leader address", _LEADER_ADDRESS),
    )


def parts_replaced(not_ready_after: float, toleration: float) -> Bar:
    """B17: parts of a lost machine are replaced elsewhere."""
    return _sum(
        "B17",
        "parts of a lost machine replaced",
        ("not-ready detection", not_ready_after),
        ("toleration", toleration),
        ("start elsewhere", 60),
    )


def reconnected(tcp_user_timeout: float, connect_timeout: float) -> Bar:
    """JS-505: running instances reach the new leader."""
    return _sum(
        "JS-505",
        "instances reconnect",
        ("tcp_user_timeout", tcp_user_timeout),
        ("connect_timeout", connect_timeout),
        ("readiness period", _READINESS),
    )


def _sum(id_: str, title: str, *terms: tuple[str, float]) -> Bar:
    addends = tuple(Term(name, float(seconds)) for name, seconds in terms)
    formula = " + ".join(f"{term.name} {term.seconds:g}" for term in addends)
    return Bar(id_, title, addends, formula, sum(term.seconds for term in addends))
