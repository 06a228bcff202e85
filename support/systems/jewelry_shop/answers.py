"""What the shop's answers mean: the cause behind a refusal, in the words that a person would search for."""

from __future__ import annotations

from support.clients.http import Answer
from support.matchers import ComplaintMatcher, without_complaints

# The shop's own codes for "I cannot do that now", as causes. Its own reason follows in the message.
_CAUSES = {
    "database_read_only": "application is connected to a follower: read-only transaction",
    "database_unavailable": "application has no answer from its database",
    "cache_unavailable": "application has no answer from its cache",
    "busy": "application instance is busy with other calls",
    "shop_unavailable": "no application instance answers the front",
    "internal": "application failed with an error of its own",
}


def cause_of(answer: Answer) -> str:
    """Why an answer is not the good one, from what the shop itself says."""
    if answer.error:
        return f"no answer came ({answer.error}, after {answer.seconds:.1f} s)"
    code = str(answer.told("error") or "")
    if code:
        reason = answer.told("reason")
        known = _CAUSES.get(code, code)
        return known + (f' (the shop says "{reason}")' if reason else "")
    return f"the shop says {answer.text[:200]!r}"  # enough of any other refusal


def answered(status: int, *others: int) -> ComplaintMatcher[Answer]:
    """Matches an answer with one of these statuses, whatever it took."""
    wanted = (status, *others)

    def complaints(answer: Answer) -> list[str]:
        if answer.status in wanted:
            return []
        return [f"{answer.method} {answer.path} was answered {answer.status or 'not at all'}: {cause_of(answer)}"]

    return without_complaints(f"an answer {' or '.join(map(str, wanted))}", complaints)


def answered_within(status: int, seconds: float) -> ComplaintMatcher[Answer]:
    """Matches an answer with this status that came in time."""

    def complaints(answer: Answer) -> list[str]:
        if answer.status != status:
            return [f"{answer.method} {answer.path} was answered {answer.status or 'not at all'}: {cause_of(answer)}"]
        return [f"the answer took {answer.seconds:.2f} s"] if answer.seconds > seconds else []

    return without_complaints(f"an answer {status} within {seconds:g} s", complaints)


def tells(**wanted: object) -> ComplaintMatcher[Answer]:
    """Matches a good answer whose fields have these values."""

    def complaints(answer: Answer) -> list[str]:
        if not 200 <= answer.status < 300:  # the statuses that mean "done"
            return [f"{answer.method} {answer.path} was answered {answer.status or 'not at all'}: {cause_of(answer)}"]
        return [
            f"{name} is {answer.told(name)!r} instead of {value!r}"
            for name, value in wanted.items()
            if answer.told(name) != value
        ]

    return without_complaints(", ".join(f"{name} {value}" for name, value in wanted.items()), complaints)
