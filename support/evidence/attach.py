"""What a step or hook leaves for the report; texts are redacted on their way into it.

An attachment lands on the step that runs, else on the scenario, else on the run as a whole. Without the report's
formatter (a unit test, `behave -f plain` without configuration) these functions do nothing.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import allure
from allure_commons.types import AttachmentType

from support.evidence.redaction import redact, redact_tree


@dataclass(frozen=True)
class Attachment:
    """A named text that is ready to be attached; `kind` is "text", "json", "svg" or "html"."""

    name: str
    body: str
    kind: str = "text"


_TYPES = {
    "text": AttachmentType.TEXT,
    "json": AttachmentType.JSON,
    "svg": AttachmentType.SVG,
    "html": AttachmentType.HTML,
}

_TABLE_STYLE = (
    ":root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:12px}"
    "table{border-collapse:collapse}caption{text-align:left;font-weight:600;padding:0 0 8px}"
    "th,td{text-align:left;padding:5px 18px 5px 0;border-bottom:1px solid #8884;vertical-align:top}"
    "th{font-weight:600;opacity:.7}td:first-child{font-weight:600}"
)


def attach(attachment: Attachment) -> None:
    """Attaches what was prepared elsewhere."""
    allure.attach(redact(attachment.body), attachment.name, _TYPES[attachment.kind])


def attach_all(attachments: Iterable[Attachment]) -> None:
    """Attaches several, in their order."""
    for attachment in attachments:
        attach(attachment)


def attach_text(name: str, text: str) -> None:
    """Attaches a plain text."""
    attach(Attachment(name, text))


def attach_json(name: str, value: Any) -> None:
    """Attaches a value as indented JSON; what JSON does not know is shown as text."""
    attach(Attachment(name, json.dumps(redact_tree(value), indent=2, ensure_ascii=False, default=str), "json"))


def attach_svg(name: str, svg: str) -> None:
    """Attaches a drawing, such as a chart of support.evidence.charts, and shows it on the scenario's page."""
    attach(Attachment(name, svg, "svg"))
    coded = base64.b64encode(redact(svg).encode()).decode("ascii")
    _show(f'<img alt="{html.escape(name)}" src="data:image/svg+xml;base64,{coded}" style="width:100%">')


def attach_figures(rows: Iterable[Sequence[Any]]) -> None:
    """Attaches the figures of a verdict as rows of name, value and what it depends on, and shows them on the page."""
    figures = table("figures", ("Figure", "Value", "Depends on"), rows)
    attach(figures)
    start, end = figures.body.index("</caption>") + len("</caption>"), figures.body.index("</table>")
    _show(f"<table>{redact(figures.body[start:end])}</table>")


def _show(fragment: str) -> None:
    """Adds to the description of the scenario that runs: read without opening anything (see listener)."""
    allure.dynamic.description_html(fragment)  # type: ignore[no-untyped-call]


def attach_table(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Attaches a table."""
    attach(table(name, headings, rows))


def table(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Attachment:
    """The attachment that attach_table attaches."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(redact_tree(cell)))}</td>" for cell in row) + "</tr>" for row in rows
    )
    text = (
        f'<!doctype html><html><head><meta charset="utf-8"><style>{_TABLE_STYLE}</style></head><body><table>'
        f"<caption>{html.escape(name)}</caption><tr>{head}</tr>{body}</table></body></html>"
    )
    return Attachment(name, text, "html")
