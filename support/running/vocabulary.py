"""The types of the parameters in the steps: narrow, typed, in the words of the features."""

from __future__ import annotations

from decimal import Decimal

import behave
import parse

from support.systems.jewelry_shop import admission, budget, sums, tokens


class Duration(float):
    """Seconds that know how they were written: "30 seconds", "2 minutes"."""

    text: str

    def __new__(cls, seconds: float, text: str) -> Duration:
        made = super().__new__(cls, seconds)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


_SECONDS = {"second": 1, "minute": 60}


@parse.with_pattern(r"\d+ (?:second|minute)s?")  # type: ignore[untyped-decorator]
def _duration(text: str) -> Duration:
    number, unit = text.split()
    return Duration(int(number) * _SECONDS[unit.rstrip("s")], text)


@parse.with_pattern(r"\d+")  # type: ignore[untyped-decorator]
def _count(text: str) -> int:
    return int(text)


@parse.with_pattern(r"\d+\.\d\d")  # type: ignore[untyped-decorator]
def _money(text: str) -> Decimal:
    return Decimal(text)


@parse.with_pattern(r"\d+(?:\.\d+)? %")  # type: ignore[untyped-decorator]
def _percent(text: str) -> Decimal:
    return Decimal(text.removesuffix(" %"))


@parse.with_pattern(r"[A-Z][A-Za-z ]{1,40}")  # type: ignore[untyped-decorator]
def _company(text: str) -> str:
    return text


@parse.with_pattern(r"[A-Z]{2,3}-\d{2,4}")  # type: ignore[untyped-decorator]
def _promise(text: str) -> str:
    return text


@parse.with_pattern(r"\d+\.\d+\.\d+")  # type: ignore[untyped-decorator]
def _version(text: str) -> str:
    return text


@parse.with_pattern(sums.GOODS)  # type: ignore[untyped-decorator]
def _goods(text: str) -> tuple[sums.Line, ...]:
    return sums.read_goods(text)


@parse.with_pattern(sums.REDUCTION)  # type: ignore[untyped-decorator]
def _reduction(text: str) -> sums.Reduction:
    return sums.read_reduction(text)


def _one_of(words: dict[str, str]) -> object:
    """A type that knows a closed list of words and gives what each stands for in the profile or the domain."""

    @parse.with_pattern("|".join(sorted(words, key=len, reverse=True)))  # type: ignore[untyped-decorator]
    def convert(text: str) -> str:
        return words[text]

    return convert


# The parts as an owner calls them, and as the profile does.
PARTS = {
    "application": "django",
    "front": "nginx",
    "background worker": "worker",
    "scheduler": "scheduler",
    "cache watcher": "watcher",
    "cache": "cache",
    "database": "database",
}
# Roles of people, and the shop's own words for them.
PEOPLE = {"owner": "owner", "sales person": "employee"}
# Ways to lose a store's leading instance or an instance of a part, and the kind of fault behind each.
LOSSES = {
    "is deleted by force": "deleted",
    "has all its processes killed": "killed",
    "crashes": "crashed",
    "is deleted": "deleted gently",
}
# What somebody may try with the goods of others.
ATTEMPTS = {"read": "read", "sell": "sell", "change the stock of": "adjust"}
# What is wrong with a piece that must not come into stock.
OFFENCES = {"the same article number": "duplicate", "a price below its cost": "below cost"}
# What is wrong with a release that cannot work.
DEFECTS = {"an image that does not exist": "missing image", "a wrong database address": "wrong database"}
# Sides on which a size lies outside of the agreed ones.
SIDES = {"below the smallest size": "below", "above the largest size": "above"}
# What of a background worker is lost, and who may then finish its work.
WORKFORCE = {"background worker": "worker", "working process": "process"}
FINISHERS = {"another": "another", "any": "any"}


# Followers of the leading database member.
FOLLOWERS = {"synchronous follower": "synchronous", "other follower": "other"}
# What a piece of jewellery belongs to, in the shop's own words.
PROPERTIES = {"branch": "branch", "category": "category", "branch and category": "both"}
# What members confirm.
WRITES = {"sales": "sales", "writes": "writes"}
# What a diagnosis looks at.
AREAS = {
    "parts": "parts",
    "database": "database",
    "growth": "growth",
    "takeover": "failover",
    "fences": "fences",
}


def register() -> None:
    """Makes the types known to behave; must run before the steps are loaded."""
    behave.register_type(
        Duration=_duration,
        Count=_count,
        Money=_money,
        Percent=_percent,
        Company=_company,
        Goods=_goods,
        Reduction=_reduction,
        Part=_one_of(PARTS),
        Person=_one_of(PEOPLE),
        Loss=_one_of(LOSSES),
        Attempt=_one_of(ATTEMPTS),
        Offence=_one_of(OFFENCES),
        Defect=_one_of(DEFECTS),
        Version=_version,
        Follower=_one_of(FOLLOWERS),
        Credentials=_one_of(admission.credentials()),
        Forgery=_one_of({name: name for name in tokens.FORGERIES}),
        Refusal=_one_of(admission.REFUSALS),
        Property=_one_of(PROPERTIES),
        Demand=_one_of(budget.demands()),
        Writes=_one_of(WRITES),
        Area=_one_of(AREAS),
        Promise=_promise,
        Side=_one_of(SIDES),
        Workforce=_one_of(WORKFORCE),
        Finisher=_one_of(FINISHERS),
    )
