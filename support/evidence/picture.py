"""Opens a report in a real browser, without a window: for the picture in the README and for the tests of the report.

python -m support.evidence.picture reports/latest/index.html reports/example.png ["name of a scenario"]
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import websocket
from hamcrest import is_

from support.errors import ExitCode, Refusal
from support.waiting import eventually

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Nothing but the page: no account, no updates, no fonts or lists from the network.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
_BODIES = "[document, ...[...document.querySelectorAll('iframe')].map(f => f.contentDocument)].map(d => d.body)"
_START_WITHIN = 30.0  # seconds; 1 s when idle, but two cores may be busy with a cluster
_ANSWER_WITHIN = 20.0  # seconds for one command, a picture of a long page among them


class Page:
    """A page in the browser, driven by the DevTools protocol."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=_ANSWER_WITHIN)
        self._number = 0
        self.requests: list[str] = []  # every address that the page asked for
        for domain in ("Page", "Network", "Runtime"):
            self._command(f"{domain}.enable")

    def open(self, file: Path, *, width: int = 1280, height: int = 1600) -> None:
        """Loads a file and waits until its application has drawn something."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", **size)
        self._command("Page.navigate", url=file.absolute().as_uri())
        self.wait_for("document.querySelector('#app') && document.querySelector('#app').innerText.length > 50")

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self._command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer.get("result", {}).get("value")

    def wait_for(self, script: str) -> None:
        """Waits until a JavaScript expression is true."""
        eventually(lambda _: bool(self.evaluate(script)), is_(True), _START_WITHIN, f"the page never had: {script}")

    def text(self) -> str:
        """What a reader sees as text; a scenario's description stands in a frame of its own."""
        return str(self.evaluate(f"{_BODIES}.map(body => body.innerText).join('\\n')"))

    def wait_for_image(self, name: str) -> None:
        """Waits until the image of that name is drawn."""
        shown = f"i => i.alt === {json.dumps(name)} && i.naturalWidth > 0"
        self.wait_for(f"{_BODIES}.some(body => [...body.querySelectorAll('img')].some({shown}))")

    def click(self, text: str) -> None:
        """Clicks the innermost element whose whole text this is; waits for it."""
        wanted = json.dumps(text)
        found = (
            "[...document.querySelectorAll('#app *')]"
            f".filter(e => e.innerText && e.innerText.trim() === {wanted}).pop()"
        )
        self.wait_for(f"!!({found})")
        self.evaluate(f"({found}).click()")

    def picture(self) -> bytes:
        """A PNG of what is visible."""
        return base64.b64decode(self._command("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Lets go of the page."""
        self._socket.close()

    def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result


def browser() -> str:
    """The browser's program; Refusal when there is none."""
    found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if found is None:
        raise Refusal("No Chromium is installed.", "On Debian: apt-get install chromium.", ExitCode.USAGE)
    return found


@contextmanager
def new_page() -> Iterator[Page]:
    """A page of a browser of its own, which knows nothing of the user's and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="holdfast-browser-", ignore_cleanup_errors=True) as home:
        command = [browser(), *_FLAGS, f"--user-data-dir={home}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(home) / "DevToolsActivePort"
            eventually(lambda _: _is_up(told), is_(True), _START_WITHIN, "the browser never came up")
            page = Page(_address(int(told.read_text().split()[0])))
            try:
                yield page
            finally:
                page.close()
        finally:
            process.terminate()
            process.wait(_START_WITHIN)


def _is_up(told: Path) -> bool:
    return told.exists() and len(told.read_text().split()) > 1


def _address(port: int) -> str:
    pages = httpx.get(f"http://127.0.0.1:{port}/json/list", timeout=_ANSWER_WITHIN, trust_env=False).json()
    return next(str(page["webSocketDebuggerUrl"]) for page in pages if page["type"] == "page")


def main(arguments: list[str]) -> int:
    """Makes the picture; see the head of this module."""
    if len(arguments) not in (2, 3):
        sys.stderr.write(f"{__doc__}\n")
        return int(ExitCode.USAGE)
    with new_page() as page:
        page.open(Path(arguments[0]), width=1200, height=1500)
        if len(arguments) == 3:
            page.click(arguments[2])
            page.wait_for("!!document.querySelector('iframe')")  # the description, with its chart
        Path(arguments[1]).write_bytes(page.picture())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(int(refusal.exit_code))
