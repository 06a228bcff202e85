"""A former leader that has gone its own way: made to, and seen to have come back without a trace of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.clients.sql import QuestionFailed
from support.matchers import ComplaintMatcher, without_complaints
from support.systems.jewelry_shop import breaking
from support.systems.jewelry_shop.breaking import breaker
from support.systems.jewelry_shop.database import ClusterView, Member, agrees_on_one_leader
from support.systems.jewelry_shop.failover import Failover
from support.systems.jewelry_shop.incidents import await_end_of_fault, await_successor
from support.waiting import Deadline, Unknown, throughout
from support.world import World

_COUNT = "SELECT count(*) AS number FROM probe.ledger WHERE ledger_id = %s"
_LOOK_S = 10.0  # seconds for one look at the whole cluster
_EVERY_S = 1.0  # seconds between two looks for a second leader


@dataclass(frozen=True, slots=True)
class Divergence:
    """Rows that only the former leader has."""

    former: str
    ledger: str
    rows: int


def go_own_way(world: World, rows: int) -> Divergence:
    """When another member leads, the former leader gets rows of its own. Raises Broken when nobody takes over."""
    story, system = world.things.get(Failover), world.jewelry
    await_successor(world, story)
    ledger = f"hf:{system.run}:own-way-{secrets.token_hex(3)}"  # six digits: no two scenarios meet
    fault = breaking.diverging(system, story.leader, ledger, rows)
    breaker_ = breaker(world)
    breaker_.end(breaker_.inject(fault, [story.traffic.run], [story.leader], alongside=True))
    return Divergence(story.leader.name, ledger, rows)


@dataclass(frozen=True, slots=True)
class Return:
    """All members at one moment, and where rows of the former leader's own are found."""

    view: ClusterView
    former: str
    follower_label: str
    rows: Mapping[str, int | None]  # by member; None: it did not answer

    @property
    def member(self) -> Member | None:
        """The former leader."""
        return next((one for one in self.view.members if one.name == self.former), None)

    def __str__(self) -> str:
        left = ", ".join(f"{name} {number}" for name, number in self.rows.items() if number)
        return f"{self.view}; rows of its own: {left or 'none'}"


def look(world: World, deadline: Deadline) -> Return:
    """Everything anew."""
    divergence, system = world.things.get(Divergence), world.jewelry
    view = system.database.view(deadline)
    rows: dict[str, int | None] = {}
    for member in view.members:
        try:
            rows[member.name] = int(system.sql.value(member.pod.ip, _COUNT, [divergence.ledger]))
        except QuestionFailed:
            rows[member.name] = None
    return Return(view, divergence.former, system.database.part.follower, rows)


def follows_again(followers: int) -> ComplaintMatcher[Return]:
    """Matches when the former leader follows like the others, one of them synchronously, and its own rows are gone."""
    whole = agrees_on_one_leader(followers)

    def complaints(seen: Return) -> list[str]:
        member = seen.member
        if member is None:
            return [f"{seen.former} is not there"]
        found = _own_way(seen, member)
        if member.label != seen.follower_label:
            found.append(f"{member.name} has the role {member.label or 'of nobody'} instead of {seen.follower_label}")
        found += [text for text in whole.complaints(seen.view) if text not in found]
        found += [f"rows of its own are still on {name}: {number}" for name, number in seen.rows.items() if number]
        return found + [f"nobody knows what {name} has stored" for name, count in seen.rows.items() if count is None]

    return without_complaints(
        f"the former leader among {followers} streaming followers, one synchronous, without rows of its own", complaints
    )


def _own_way(seen: Return, member: Member) -> list[str]:
    """The cause, when the former leader is up and cannot stream because its history is another one."""
    if member is seen.view.leader or not seen.rows.get(member.name) or member.receiver == "streaming":
        return []
    told = seen.view.leader.told.get(member.name, {}) if seen.view.leader else {}
    where = f"{member.name} on {told.get('timeline') or 'an unknown one'}, the leader on {seen.view.timeline}"
    return [f"former leader cannot rejoin: timelines diverged ({where})"]


def demand_return(world: World, within: float) -> None:
    """Raises Broken unless the former leader follows in time after the end of the fault, without its own rows."""
    await_end_of_fault(world, world.things.get(Failover))
    number = world.jewelry.profile.part("database").number
    matcher = follows_again(int(number) - 1 if isinstance(number, int) else 0)
    reason = "The former leader has not come back as a follower"
    world.eventually(lambda deadline: look(world, deadline), matcher, within, reason)


def has_one_leader(name: str) -> ComplaintMatcher[ClusterView]:
    """Matches a view in which this member and nobody else leads. Raises Unknown when a member did not say."""

    def complaints(view: ClusterView) -> list[str]:
        silent = [member.name for member in view.members if member.follows is None]
        accepting = [member.name for member in view.members if member.follows is False]
        labelled = [member.name for member in view.members if member.label == view.leader_label]
        found = _besides(name, accepting, "accepts writes") + _besides(name, labelled, "is labelled as leader")
        if view.record_leader != name:
            found.append(f"the leader record names {view.record_leader or 'nobody'} instead of {name}")
        if silent and not found:
            raise Unknown(f"{', '.join(silent)} did not say whether it leads")
        return found

    return without_complaints(f"nobody but {name} leads", complaints)


def _besides(name: str, names: Sequence[str], what: str) -> list[str]:
    found = [f"{other} {what}, too" for other in names if other != name]
    return found if name in names else [*found, f"{name} no longer {what}"]


def demand_no_second_leader(world: World, seconds: float) -> None:
    """Raises Broken when for a moment another member than the present leader leads, too."""
    database = world.jewelry.database
    leader = database.view(Deadline(_LOOK_S)).leader
    if leader is None:
        raise Unknown("nobody leads the database: there is nobody to be second to")
    matcher, reason = has_one_leader(leader.name), "A second leader has appeared"
    throughout(database.view, matcher, seconds, reason, every=_EVERY_S)
