"""Verdicts as something to expect: broken promises fail, measurements that say nothing are errors, never green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.evidence.attach import attach_table
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.verdicts import Verdict
from support.waiting import Unknown


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what explains it: causes seen in the live system first, then the figures beside it."""

    verdict: Verdict
    causes: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()

    def attach(self, name: str) -> Judged:
        """Attaches the figures to the running step; the verdict itself."""
        attach_table(name, ["figure", "value"], [("verdict", str(self.verdict)), *self.figures])
        return self


def keeps_the_promise(promise: str) -> ComplaintMatcher[Judged]:
    """Matches a verdict "kept". Raises Unknown for a measurement that can say neither kept nor broken."""

    def complaints(judged: Judged) -> list[str]:
        if judged.verdict.kept:
            return []
        if judged.verdict.kind != "broken":
            raise Unknown(f"{promise}: {judged.verdict}; {'; '.join(judged.causes)}".rstrip("; "))
        figures = [f"{name} {value}" for name, value in judged.figures]
        return [*judged.causes, judged.verdict.reason, *figures]

    return without_complaints(promise, complaints)
