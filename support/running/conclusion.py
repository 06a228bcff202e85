"""The verdict over this project's own catalogue and features, and the page of the catalogue made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from behave.parser import parse_file

from support.evidence import places
from support.evidence.catalogue_page import Breakage, Entry, render, write_page
from support.evidence.proofs import read_proofs
from support.evidence.report import write_environment
from support.evidence.verdict import Judged, Verdict, judge, read_results, seed_coverage
from support.paths import project_dir
from support.platforms import delivery
from support.platforms.sabotage import Sabotage
from support.platforms.sabotage import catalogue as sabotages_of
from support.running.catalogue import promises
from support.running.tags import promise_ids

_EARLIER_RUNS = 30  # that are looked through for the last word on a promise: about a month of nightly ones


def scenarios_by_promise(features: Path | None = None) -> dict[str, list[str]]:
    """Names of the scenarios, rows of outlines each for itself, that carry the tag of each promise."""
    found: dict[str, list[str]] = {}
    for file in sorted((features or project_dir() / "features").rglob("*.feature")):
        feature = parse_file(str(file))
        for scenario in feature.walk_scenarios() if feature else ():
            tags = {str(tag) for tag in scenario.effective_tags}
            for promise in promise_ids(tags) if "wip" not in tags else ():
                found.setdefault(promise, []).append(f"{feature.name}: {_plain(scenario)}")
    return found


def verdict_of(results: Path) -> Verdict:
    """What the run with these results says of every promise of the catalogue."""
    written = {promise: len(names) for promise, names in scenarios_by_promise().items()}
    return judge(promises(), written, read_results(results))


def coverage_lines(verdict: Verdict) -> list[str]:
    """How many of the earlier tests appear with a promise that was checked, and which do not."""
    lines = []
    covered = seed_coverage({promise.id: promise.source for promise in promises().values()})
    for kind in dict.fromkeys(kind for kind, _ in covered):
        own = {number: ids for (of, number), ids in covered.items() if of == kind}
        seen = {number for number, ids in own.items() if any(_checked(verdict.judged[one]) for one in ids)}
        without = ", ".join(str(number) for number in sorted(own.keys() - seen))
        missing = f"; not {without}" if without else ""
        lines.append(f"{kind}s with a checked promise: {len(seen)} of {len(own)}{missing}")
    return lines


def conclude(run_dir: Path) -> Verdict:
    """Judges a finished run, tells its report, and writes the page of the catalogue beside it."""
    verdict = verdict_of(run_dir / "results")
    tell(run_dir, verdict)
    page = catalogue_page(verdict, run_dir.name)
    write_page(run_dir / "catalogue.html", page)
    write_page(places.reports_dir() / "latest" / "catalogue.html", page)
    return verdict


def tell(run_dir: Path, verdict: Verdict) -> str:
    """Puts the verdict onto the report's environment page; what stands there now."""
    counts, rate = verdict.lines()
    told = {"Run": run_dir.name, "Promises": counts, "Known to be kept": rate.split(": ")[1]}
    write_environment(run_dir / "results", told | {"Catalogue of promises": "catalogue.html"})
    return (run_dir / "results" / "environment.properties").read_text(encoding="utf-8")


def catalogue_page(verdict: Verdict | None, run_name: str) -> str:
    """The page: every promise with its scenarios, its last result, its sabotages and their last proofs."""
    names, last, breakages = scenarios_by_promise(), _last_words(), _sabotages()
    entries = []
    for promise in promises().values():
        now = verdict.judged[promise.id] if verdict else None
        fresh = now is not None and now.state != "not checked"
        judged, run = (now, run_name) if fresh else last.get(promise.id, (now, ""))
        own = sorted({*promise.sabotages, *(one for one, known in breakages.items() if promise.id in known.must_fail)})
        entries.append(
            Entry(
                promise.id,
                promise.title,
                promise.capability,
                promise.limit,
                promise.source,
                names.get(promise.id, []),
                judged,
                run,
                [Breakage(one, breakages[one].change if one in breakages else "not written yet") for one in own],
            )
        )
    head = [*verdict.lines(), *coverage_lines(verdict)] if verdict else []
    return render(entries, read_proofs(), head, run_name)


def text_of_catalogue() -> str:
    """The catalogue for the console: one line a promise, with its last word."""
    last, names = _last_words(), scenarios_by_promise()
    lines = []
    for promise in promises().values():
        judged, run = last.get(promise.id, (None, ""))
        word = f"{judged.state} ({run})" if judged else "never checked"
        count = len(names.get(promise.id, []))
        lines.append(f"{promise.id:8} {word:50} {count:2} scenarios  {promise.title}")
    return "\n".join(lines)


def _last_words() -> dict[str, tuple[Judged, str]]:
    """For each promise what the newest run said that judged it; runs of broken systems do not count."""
    found: dict[str, tuple[Judged, str]] = {}
    runs = sorted((places.reports_dir() / "runs").glob("*/results"), reverse=True)
    healthy = [results for results in runs if "-s-" not in results.parent.name]
    for results in healthy[:_EARLIER_RUNS]:
        for promise, judged in verdict_of(results).judged.items():
            if judged.state != "not checked":
                found.setdefault(promise, (judged, results.parent.name))
    return found


def _sabotages() -> dict[str, Sabotage]:
    found: dict[str, Sabotage] = {}
    for name in delivery.known():
        found |= sabotages_of(delivery.System(name))
    return found


def _checked(judged: Judged) -> bool:
    return judged.state in ("kept", "kept in part", "broken")


def _plain(scenario: Any) -> str:
    return str(scenario.name).split(" -- @", 1)[0].rstrip()
