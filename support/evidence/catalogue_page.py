"""The page of the catalogue: every promise with its scenarios, its last result, its sabotages and their last proofs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from support.evidence.proofs import Proof
from support.evidence.redaction import redact
from support.evidence.verdict import Judged

_STYLE = """
:root{color-scheme:light dark;--kept:#2e8b57;--red:#c0392b;--dim:#8889}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem}h2{margin:2.4rem 0 .4rem}p.head{margin:.1rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0;
border-bottom:1px solid var(--dim)}th{font-weight:600;opacity:.7}td:first-child{white-space:nowrap;font-weight:600}
td:nth-child(2){width:34%}td:nth-child(4){width:32%}small{opacity:.75;display:block}
.kept,.caught{color:var(--kept);font-weight:600}.broken,.missed{color:var(--red);font-weight:600}
ul{margin:.2rem 0 0;padding-left:1.1rem}
"""
_SHOWN = 160  # characters of a message; the whole one is in the report


@dataclass(frozen=True, slots=True)
class Breakage:
    """A sabotage in words."""

    id: str
    change: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One promise as the page shows it. `judged` is its last word, `run` the run that said it."""

    id: str
    title: str
    capability: str
    limit: str = ""
    source: str = ""
    scenarios: Sequence[str] = field(default_factory=tuple)
    judged: Judged | None = None
    run: str = ""
    breakages: Sequence[Breakage] = field(default_factory=tuple)


def render(entries: Iterable[Entry], proofs: Mapping[str, Proof], head: Sequence[str], run_name: str) -> str:
    """The page as one file that opens anywhere."""
    title, told = "Catalogue of promises", [f"Run {run_name}", *head] if head else []
    parts = [f"<h1>{title}</h1>", *(f'<p class="head">{_text(line)}</p>' for line in told)]
    for capability, group in groupby(entries, key=lambda entry: entry.capability):
        rows = "".join(_row(entry, proofs) for entry in group)
        heading = "<tr><th>Id</th><th>Promise</th><th>Last result</th><th>Broken on purpose</th></tr>"
        parts.append(f"<h2>{_text(capability)}</h2><table>{heading}{rows}</table>")
    start = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return redact(f"{start}</head><body>{''.join(parts)}</body></html>")


def write_page(file: Path, page: str) -> Path:
    """Writes it in one go: a reader never sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.tmp")
    unfinished.write_text(page, encoding="utf-8")
    return unfinished.replace(file)


def _row(entry: Entry, proofs: Mapping[str, Proof]) -> str:
    about = "; ".join(filter(None, [f"limit: {entry.limit}" if entry.limit else "", f"source: {entry.source}"]))
    scenarios = "".join(f"<li>{_text(name)}</li>" for name in dict.fromkeys(entry.scenarios))
    promise = f"{_text(entry.title)}<small>{_text(about)}</small><ul>{scenarios}</ul>"
    broken = "".join(_proof(one, proofs.get(one.id) or Proof(one.id)) for one in entry.breakages) or "no sabotage yet"
    return f'<tr id="{entry.id}"><td>{entry.id}</td><td>{promise}</td><td>{_word(entry)}</td><td>{broken}</td></tr>'


def _word(entry: Entry) -> str:
    if entry.judged is None or entry.judged.state == "not checked":
        return f"not checked<small>{_text(entry.judged.why if entry.judged else 'no run yet')}</small>"
    style = {"kept": "kept", "broken": "broken"}.get(entry.judged.state, "")
    why = entry.judged.why[:_SHOWN]
    return (
        f'<span class="{style}">{entry.judged.state}</span><small>{_text(why)}</small><small>{_text(entry.run)}</small>'
    )


def _proof(breakage: Breakage, proof: Proof) -> str:
    style = "caught" if proof.caught else "missed" if proof.at else ""
    words = f"<small>{_text(proof.words[0][:_SHOWN])}</small>" if proof.words else ""
    what = f"{breakage.id}: {_text(breakage.change)}"
    return f'<div>{what} <small><span class="{style}">{_text(str(proof))}</span></small>{words}</div>'


def _text(words: str) -> str:
    return html.escape(re.sub(r"\s+", " ", words).strip())
