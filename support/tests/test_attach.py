"""Attachments are redacted and harmless where no report is written."""

from __future__ import annotations

import base64
import json
from typing import Any

import allure
import pytest

from support.evidence import attach
from support.evidence.redaction import MASK


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    kept: list[tuple[str, str, str]] = []
    monkeypatch.setattr(allure, "attach", lambda body, name, kind: kept.append((name, body, kind.mime_type)))
    return kept


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    kept: list[str] = []
    monkeypatch.setattr(allure.dynamic, "description_html", kept.append)
    return kept


def test_without_a_report_nothing_happens() -> None:
    attach.attach_text("name", "text")
    attach.attach_svg("name", "<svg/>")
    attach.attach_figures([("a", "b", "c")])


def test_texts_and_json_are_redacted(attached: list[tuple[str, str, str]]) -> None:
    attach.attach_text("request", "password=hunter22")
    attach.attach_json("answer", {"token": "hunter22", "at": pytest, "name": "é"})
    assert attached[0] == ("request", f"password={MASK}", "text/plain")
    answer: dict[str, Any] = json.loads(attached[1][1])
    assert answer["token"] == MASK
    assert answer["name"] == "é"
    assert attached[1][2] == "application/json"


def test_a_chart_is_attached_and_shown_without_its_secrets(
    attached: list[tuple[str, str, str]], shown: list[str]
) -> None:
    attach.attach_svg('what "they" saw', "<svg><text>password=hunter22</text></svg>")
    assert attached == [('what "they" saw', f"<svg><text>password={MASK}</text></svg>", "image/svg+xml")]
    assert 'alt="what &quot;they&quot; saw"' in shown[0]
    drawn = base64.b64decode(shown[0].split("base64,")[1].split('"')[0]).decode()
    assert drawn == f"<svg><text>password={MASK}</text></svg>"


def test_figures_are_a_table_of_escaped_and_redacted_cells(
    attached: list[tuple[str, str, str]], shown: list[str]
) -> None:
    attach.attach_figures([("Down <for>", 21.4, "ttl 20 s"), ("Reads", 3, "password=hunter22")])
    expected = "<td>Down &lt;for&gt;</td><td>21.4</td><td>ttl 20 s</td>"
    assert expected in attached[0][1]
    assert expected in shown[0]
    assert shown[0].startswith("<table><tr><th>Figure</th>")
    assert shown[0].endswith("</table>")
    assert "hunter22" not in attached[0][1] + shown[0]
    assert "<td>Reads</td><td>3</td>" in shown[0]
