"""One database failover as a story: customers before, the fault, who took over, what customers got, what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.faults.base import Injection
from support.matchers import ComplaintMatcher, without_complaints
from support.observers.attempts import Attempt
from support.observers.bars import Bar
from support.observers.downtime import Downtime
from support.observers.overlap import Seen, judge_overlap, terms
from support.observers.run import ProbeRun
from support.observers.verdicts import Measurement, Verdict, measure
from support.systems.jewelry_shop import ledgers, pictures
from support.systems.jewelry_shop.database import ClusterView
from support.systems.jewelry_shop.effective import FailoverSettings, failover_settings
from support.systems.jewelry_shop.judging import Judged
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.system import JewelryShop
from support.systems.jewelry_shop.traffic import DIRECT, INSTANCES, MINORITY, SALES, Traffic
from support.waiting import Deadline, Unknown

# Bars of incidents in which nobody waits for a lease to run out: planned handover, lost follower, cold start.
_WITHOUT_LEASE = ("B3", "B5", "B13")
_DIRECT_NEEDED = 80  # confirmed direct writes: at ten per second as long as the 200 sales at twenty take, less a fifth
_LOOK_S = 10.0  # seconds for one look at the whole cluster


@dataclass(slots=True)
class Failover:
    """What is known of one failover."""

    system: JewelryShop
    traffic: Traffic
    before: ClusterView
    leader: Pod  # who led before
    settings: FailoverSettings
    injection: Injection
    bar: Bar
    instances: dict[str, Pod] = field(default_factory=dict)  # application and workers of before, by name
    causes: Sequence[str] = ()  # what was wrong with the settings already before the fault

    @property
    def fault(self) -> float:
        """The moment before the fault, on the clock of the customers' run."""
        return self.traffic.run.marks[self.injection.before]

    @property
    def in_effect(self) -> float:
        """The moment after the fault had been injected."""
        return self.traffic.run.marks.get(self.injection.after, self.fault)

    def blame(self, limit: float) -> list[str]:
        """The settings that make the interruption longer than promised, if there are such."""
        if self.bar.id not in _WITHOUT_LEASE:
            return [*self.causes, *self.settings.blame(limit)]
        cause = self.bar.cause(limit)
        return [*self.causes] or ([cause] if cause else [])

    def confirmed_after(self) -> list[Attempt]:
        """Confirmed writes of every kind that began after the fault was in effect and name their member."""
        found = self.traffic.attempts(SALES, DIRECT, INSTANCES, MINORITY)
        return [one for one in found if one.ok and one.answered_by and one.start >= self.in_effect]

    def taken_over(self) -> list[Attempt]:
        """Of these, those on a higher timeline than before: what the new leader has confirmed, earliest first."""
        before = self.before.timeline
        later = [one for one in self.confirmed_after() if int(one.timeline or "0", 16) > before]
        return sorted(later, key=lambda one: one.end)


def snapshot(system: JewelryShop) -> tuple[ClusterView, Pod, FailoverSettings]:
    """Who leads now, and the settings that a failover would follow. Raises Unknown when nobody leads."""
    view = system.database.view(Deadline(_LOOK_S))
    if view.leader is None or not view.timeline:
        raise Unknown(f"nobody leads the database before the fault: {view}")
    app = system.cluster.get("configmaps", system.profile.settings.app, system.namespace).get("data", {})
    return view, view.leader.pod, failover_settings(view.settings, app)


def judge_interruption(story: Failover, limit: float, needed: int = 200) -> Judged:
    """The interruption of sales and of direct writes, against the promise; stops the traffic and draws the picture."""
    journal = story.traffic.stop()
    until = story.traffic.settled_until
    sales = measure(journal, SALES, story.fault, story.in_effect, until=until)
    direct = measure(journal, DIRECT, story.fault, story.in_effect, until=until)
    verdict = sales.judge(limit, needed)
    if verdict.kept and direct.bounds.lower > limit:
        verdict = direct.judge(limit, _DIRECT_NEEDED)
    figures = [*_figures(story, sales, direct, limit), *story.settings.lines()]
    if verdict.kept and sales.bounds.lower > story.bar.seconds:
        figures.append(("remark", "slower than its settings allow, inside the promise"))
    warming = journal.failed_unsteady(SALES)
    if warming:
        told = "; ".join(sorted({one.error for one in warming}))
        figures.append(("remark", f"{len(warming)} sales failed while the customers warmed up: {told}"))
    pictures.attach_failover(story, sales, limit, verdict)
    return Judged(verdict, _causes(story, sales, direct, limit), figures).attach("Figures of the failover")


def _figures(story: Failover, sales: Measurement, direct: Measurement, limit: float) -> list[tuple[str, str]]:
    leader, timeline = describe_outcome(story)
    late = sales.evidence.late
    return [
        ("sales interrupted", f"{sales.bounds.lower:.2f} to {sales.bounds.upper:.2f} s"),
        ("direct writes interrupted", f"{direct.bounds.lower:.2f} to {direct.bounds.upper:.2f} s"),
        ("promised", f"{limit:g} s"),
        ("bar", str(story.bar)),
        ("led before", f"{story.leader.name} on timeline {story.before.timeline}"),
        ("led after", f"{leader} on timeline {timeline}"),
        ("proof of the fault", story.injection.proof),
        ("confirmed before / after", f"{sales.evidence.confirmed_before} / {sales.evidence.confirmed_after}"),
        ("observer late (99 %; at worst)", f"{late.p99 * 1000:.0f} ms; {late.worst * 1000:.0f} ms"),  # milliseconds
    ]


def _causes(story: Failover, sales: Measurement, direct: Measurement, limit: float) -> list[str]:
    """Why sales were away for too long, from what was seen beside them."""
    found = story.blame(limit)
    if late_although_writable(sales.bounds, direct.bounds, limit):
        in_place = describe_outcome(story)[0] == story.leader.name
        writable = direct.bounds.worst.back if direct.bounds.worst else story.fault
        found.append(why_late(_between(story, writable, sales.bounds), in_place=in_place))
    if not direct.bounds.recovered:
        found.append(f"no member confirmed writes again: {story.system.database.view(Deadline(_LOOK_S))}")
    worst = sales.bounds.worst
    since = worst.last_good if worst else story.fault
    errors = {one.error for one in story.traffic.attempts(SALES) if not one.ok and one.start >= since}
    return found + [f"customers were told: {text}" for text in sorted(errors - {""})[:3]]  # three show the pattern


def late_although_writable(sales: Downtime, direct: Downtime, limit: float) -> bool:
    """Whether new connections reach a member that confirms, in time or for good, and the application does not."""
    return direct.upper <= limit < sales.lower or (direct.recovered and not sales.recovered)


def _between(story: Failover, writable: float, sales: Downtime) -> list[Attempt]:
    """Sales while the database took writes already and the application was not yet back."""
    back = sales.worst.back if sales.worst else story.fault
    return [one for one in story.traffic.attempts(SALES) if one.start >= writable and one.end < back]


def why_late(sales: Sequence[Attempt], *, in_place: bool) -> str:
    """Why sales still failed while the database took writes: an instance that confirmed one in between is connected."""
    connected = {one.instance for one in sales if one.ok}
    clinging = {one.instance for one in sales if not one.ok and one.instance} - connected
    if connected and not clinging:
        failed = sum(not one.ok for one in sales)
        return f"instances are overloaded after the return: each confirms sales again, {failed} of {len(sales)} failed"
    if in_place:
        return "instances keep their connections of before: the leader confirms writes, the application does not"
    seen = "the new one confirms writes, the application does not"
    return f"instances keep talking to the former leader: {seen}"


def describe_outcome(story: Failover) -> tuple[str, str]:
    """Who confirmed last, and on which timeline; "nobody" when nobody did."""
    last = max(story.confirmed_after(), key=lambda one: one.end, default=None)
    return (last.answered_by, str(int(last.timeline or "0", 16))) if last else ("nobody", "none")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the database came back: which members confirmed after the fault, on which timelines."""

    before: str
    timeline_before: int
    after: Sequence[tuple[str, int]]  # member and timeline, in order of time
    pod_replaced: bool

    def __str__(self) -> str:
        if len(self.after) != 1:
            return f"confirmed after the fault: {self.after}"
        member, timeline = self.after[0]
        how = "restart in place" if member == self.before else "promotion"
        return f"{how}: {self.before} on timeline {self.timeline_before}, then {member} on {timeline}"


def outcome(story: Failover) -> Outcome:
    """Read from what the confirmations themselves name. Raises Unknown when nothing was confirmed on a new timeline."""
    found: list[tuple[str, int]] = []
    for one in story.taken_over():
        entry = (one.answered_by, int(one.timeline, 16))
        found += [] if entry in found else [entry]
    if not found:
        raise Unknown(f"nothing was confirmed on a later timeline than {story.before.timeline}")
    pods = {pod.name: pod.uid for pod in story.system.parts.pods("database")}
    replaced = pods.get(story.leader.name) != story.leader.uid
    return Outcome(story.leader.name, story.before.timeline, found, replaced)


def is_one_outcome() -> ComplaintMatcher[Outcome]:
    """Matches when after the fault exactly one member confirmed, on one later timeline."""

    def complaints(seen: Outcome) -> list[str]:
        return [] if len(seen.after) == 1 else [f"more than one member or timeline confirmed: {seen.after}"]

    return without_complaints("either a restart in place or a promotion, never both", complaints)


def is_another_member(story: Failover) -> Judged:
    """Whether another member than before has confirmed writes on a higher timeline."""
    others = {one.answered_by for one in story.taken_over()} - {story.leader.name}
    if others:
        return Judged(Verdict("kept", f"{', '.join(sorted(others))} took over"))
    blame = story.settings.blame(story.settings.takeover().seconds - 1)
    return Judged(Verdict("broken", f"no other member took over from {story.leader.name}"), blame)


def judge_one_at_a_time(story: Failover) -> Judged:
    """Whether at any moment two members confirmed, by the member and timeline stored with each confirmation."""
    story.traffic.stop_all()
    found = terms([_seen_by(run) for run in (story.traffic.run, *story.traffic.others)])
    figures = [("term", str(term)) for term in found]

    def nothing_lost() -> bool:
        read = ledgers.read_at_leader(story.system, story.traffic, story.fault)
        return bool(read.verdicts) and not any(one.lost for one in read.verdicts)

    return Judged(judge_overlap(found, nothing_lost), synchrony(story), figures).attach("Who confirmed when")


def _seen_by(run: ProbeRun) -> Seen:
    return Seen([one.moved(run.to_suite_time(0.0)) for one in run.attempts()], run.clock.uncertainty)


def synchrony(story: Failover) -> list[str]:
    """The missing synchronous follower, when it is missing."""
    if story.settings.synchronous_mode:
        return []
    return ["no synchronous follower"]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """The database's own record of a change of leadership."""

    found: bool
    reason: str
    time: str
    leader: str

    def __str__(self) -> str:
        return f"{self.time}: {self.reason}, then {self.leader}" if self.found else "no entry"


def history_entry(story: Failover) -> HistoryEntry:
    """The entry that ends the timeline of before."""
    for entry in story.system.database.history():
        if int(entry[0]) >= story.before.timeline:
            words = [str(word) for word in entry]
            return HistoryEntry(True, *(words[place] if len(words) > place else "" for place in (2, 3, 4)))
    return HistoryEntry(False, "", "", "")


def tells_when_and_why() -> ComplaintMatcher[HistoryEntry]:
    """Matches an entry with its time, its reason and the new leader."""

    def complaints(entry: HistoryEntry) -> list[str]:
        if not entry.found:
            return ["the history has no entry for the change"]
        return [f"the entry lacks its {name}" for name in ("reason", "time", "leader") if not getattr(entry, name)]

    return without_complaints("an entry with time, reason and new leader", complaints)
