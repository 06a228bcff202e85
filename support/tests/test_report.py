"""The report as its readers get it: rendered from a real run of behave and opened in a real browser."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from support.errors import ExitCode, Refusal
from support.evidence import places, report
from support.evidence.picture import new_page
from support.tests.test_formatter import SECRET, Run, behave

FAILED = "Sales go on after the leader was cut off"
PASSED = "Sales go on after the leader's machine has lost power"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return behave(tmp_path_factory.mktemp("report"), "--tags", "not @not_chosen")


@pytest.fixture(scope="module")
def page_file(run: Run) -> Path:
    results = run.folder / "results"
    report.write_environment(results, {"Kubernetes": "v1.36.0", "limits: scale": 1.0, "database": f"password={SECRET}"})
    history = run.folder / "history.jsonl"
    return report.build(results, run.folder / "index.html", run_name="holdfast: mixture", history=history)


def test_it_is_one_file_without_tracker_and_secret(page_file: Path) -> None:
    page = page_file.read_text()
    assert "googletagmanager" not in page
    assert "gtag(" not in page
    assert SECRET not in page
    assert not list(page_file.parent.glob(".*.tmp"))


def test_main_page_and_scenario_pages_in_a_browser(page_file: Path, run: Run) -> None:
    with new_page() as page:
        page.open(page_file)
        page.wait_for("document.body.innerText.includes('Orders survive')")
        text = page.text()
        for expected in (
            "holdfast: mixture",
            "jewelry-shop",
            "Automatic database failover",
            "Sales go on within thirty",
        ):
            assert expected in text
        counts = {status: sum(result["status"] == status for result in run.results.values()) for status in STATUSES}
        for status, count in counts.items():
            assert f"{status.capitalize()} {count}" in text
        assert text.index("jewelry-shop") < text.index("Automatic database failover") < text.index(PASSED)
        assert "Kubernetes\nv1.36.0" in text
        assert "limits: scale\n1" in text
        assert len(page.picture()) > 20_000  # bytes: an empty page is a tenth of this

        page.click(FAILED)
        page.wait_for_image("what the shoppers saw")
        text = page.text()
        for expected in (
            "Failed",
            "Sales stood still for at least 35.9 seconds; promised are at most 30.",
            "Category: Product: a promise is broken",
            "JS-505",
            "ttl 20 s + loop_wait 2 s",
            "log of jewelry-shop-db-2 / patroni",
        ):
            assert expected in text
        assert len(page.picture()) > 50_000
        asked = [address for address in page.requests if not address.startswith(("file:", "data:", "blob:"))]
    assert asked == [], "the report needs no network"


STATUSES = ("failed", "broken", "passed", "skipped")


def test_categories_tell_product_suite_and_platform_apart(page_file: Path) -> None:
    with new_page() as page:
        page.open(page_file)
        page.click("Categories")
        page.wait_for("document.body.innerText.includes('Platform: the cluster below failed')")
        text = page.text()
    for category in ("Product: a promise is broken", "Suite: a test or its clean-up failed", "Not known: too little"):
        assert category in text


def test_earlier_runs_show_as_history_and_rendering_twice_is_no_second_run(page_file: Path, run: Run) -> None:
    history = run.folder / "history.jsonl"
    assert len(history.read_text().splitlines()) == 1
    report.build(run.folder / "results", run.folder / "again.html", run_name="again", history=history)
    assert len(history.read_text().splitlines()) == 1
    (run.folder / "results" / ".in-history").unlink()
    report.build(run.folder / "results", run.folder / "again.html", run_name="another run", history=history)
    assert len(history.read_text().splitlines()) == 2


def test_a_run_folder_gets_its_page_and_the_newest_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(results: Path, output: Path, *, run_name: str) -> Path:
        output.write_text(f"page of {run_name}")
        return output

    monkeypatch.setattr(report, "build", render)
    monkeypatch.setattr(report, "reports_dir", lambda: tmp_path)
    (tmp_path / "run").mkdir()
    latest = report.build_run(tmp_path / "run", run_name="nightly")
    assert latest == tmp_path / "latest" / "index.html"
    assert latest.read_text() == (tmp_path / "run" / "index.html").read_text() == "page of nightly"


@pytest.mark.parametrize("newer", ["run", "plain"])
def test_the_newest_results_are_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer: str) -> None:
    rendered: list[tuple[Path, Path]] = []

    def render(results: Path, output: Path, *, run_name: str) -> Path:
        rendered.append((results, output))
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(run_name)
        return output

    monkeypatch.setattr(report, "build", render)
    monkeypatch.setattr(report, "reports_dir", lambda: tmp_path)
    for folder, at in (
        (tmp_path / "runs" / "a" / "results", 2000),
        (tmp_path / "results", 3000 if newer == "plain" else 1),
    ):
        folder.mkdir(parents=True)
        (folder / "x-result.json").touch()
        os.utime(folder / "x-result.json", (at, at))
    (tmp_path / "runs" / "empty" / "results").mkdir(parents=True)
    assert report.build_newest() == tmp_path / "latest" / "index.html"
    assert rendered[0][0] == (tmp_path / "results" if newer == "plain" else tmp_path / "runs" / "a" / "results")


def test_results_go_where_the_run_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(places.RUN_DIR_VARIABLE, raising=False)
    assert places.results_dir() == places.reports_dir() / "results"
    monkeypatch.setenv(places.RUN_DIR_VARIABLE, str(tmp_path))
    assert places.results_dir() == tmp_path / "results"
    monkeypatch.setattr(places, "reports_dir", lambda: tmp_path)
    made = places.new_run_dir("abc")
    assert made.is_dir()
    assert made.parent == tmp_path / "runs"
    assert made.name.endswith("Z-abc")


def test_no_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        report.build(tmp_path, tmp_path / "index.html", run_name="nothing")
    assert refused.value.exit_code == ExitCode.NOTHING_RUN
    assert "uv run behave" in str(refused.value)


def test_a_missing_extra_is_refused_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (tmp_path / "x-result.json").write_text("{}")
    with pytest.raises(Refusal, match="uv sync --extra report"):
        report.build(tmp_path, tmp_path / "index.html", run_name="nothing")


def test_an_install_that_fails_says_so_and_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path))
    npm = tmp_path / "npm.js"
    monkeypatch.setattr(report, "_npm", lambda: npm)
    npm.write_text("console.error('npm error network: no route'); process.exit(1)")
    with pytest.raises(Refusal, match="npm error network: no route") as refused:
        report.install()
    assert refused.value.exit_code == ExitCode.BUILD_FAILED
    npm.write_text("process.exit(0)")
    home = report.install()
    assert (home / ".complete").exists()
    npm.write_text("process.exit(1)")
    assert report.install() == home, "what is complete is not installed again"


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://elsewhere.example/x.js"></script>',
        '<link rel="stylesheet" href="http://elsewhere.example/x.css">',
        "<script>gtag('js')</script>",
    ],
)
def test_a_page_that_would_still_call_another_host_is_refused(page: str) -> None:
    with pytest.raises(Refusal, match="would call another host"):
        report.without_tracker(page)


def test_links_for_readers_are_no_calls() -> None:
    page = '<a href="https://example.org">more</a>'
    assert report.without_tracker(page) == page


def test_environment_values_are_merged_and_redacted(tmp_path: Path) -> None:
    report.write_environment(tmp_path, {"Kubernetes": "v1", "profile": {"token": "abc"}})
    report.write_environment(tmp_path, {"Kubernetes": "v2"})
    lines = (tmp_path / "environment.properties").read_text().splitlines()
    assert "Kubernetes = v2" in lines
    assert "profile = {'token': '[redacted]'}" in lines
    assert any(line.startswith("Suite = Python 3.") and "behave 1.3" in line for line in lines)


def test_the_lock_file_pins_the_renderer_and_names_no_registry() -> None:
    lock = json.loads((places.reports_dir() / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/allure"]["version"].startswith("3.18.")
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
