"""Are network policies enforced on this cluster? Decided by two connections between pods of the suite's own.

They stand apart from the system under test: a system whose own fences are open must be found out, not excused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hamcrest import equal_to

from support.cleaning import CleanUps
from support.clients.ways import Outcome, Way, knock
from support.cluster import Cluster
from support.observers.strangers import ECHO_PORT, Strangers
from support.waiting import Broken, Deadline, Unknown, eventually

_EFFECT_S = 15.0  # seconds that any platform gets to enforce a new policy; ours takes less than one
_ANSWER_S = 2.0  # seconds for one connection between neighbours
_NOT_ENFORCED = "fences are not enforced here: a connection that a policy forbids was made"


@cache
def lacking(cluster: Cluster, run: str) -> str:
    """Why fences cannot be judged here; empty when they are enforced. Asked once in a run.

    Raises Unknown when not even a permitted connection can be made.
    """
    clean_ups = CleanUps()
    try:
        return judge(_attempts(Strangers(cluster, run, clean_ups.add)))
    finally:
        clean_ups.run()


Attempts = Callable[[], dict[str, Outcome]]


def _attempts(strangers: Strangers) -> Attempts:
    namespace = strangers.namespace()
    caller = strangers.add("caller", namespace, "caller")
    known = {"free": strangers.add("free", namespace, "free"), "fenced": strangers.add_fenced("x", namespace, "fenced")}
    addresses = strangers.wait([caller, *known.values()])
    ways = [Way(word, addresses[one.name], ECHO_PORT) for word, one in known.items()]

    def attempts() -> dict[str, Outcome]:
        tried = knock(strangers.cluster, namespace, caller.name, None, ways, _ANSWER_S)
        return {one.way.name: one.outcome for one in tried}

    return attempts


def judge(attempts: Attempts) -> str:
    """Why fences cannot be judged; empty when the fenced pod is out of reach and the free one is not."""

    def observe(_: Deadline) -> tuple[Outcome, Outcome]:
        seen = attempts()
        return seen["free"], seen["fenced"]

    enforced = (Outcome.ANSWERED, Outcome.BLOCKED)
    try:
        eventually(observe, equal_to(enforced), _EFFECT_S, "A permitted connection must be made, a forbidden one not")
    except Broken as error:
        last = attempts()
        if last["free"] is Outcome.ANSWERED and last["fenced"] is Outcome.ANSWERED:
            return _NOT_ENFORCED
        raise Unknown(f"nobody can tell whether fences are enforced here.\n{error}") from error
    return ""
