"""Progress of long commands: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def words(seconds: float) -> str:
    """A duration as people say it: `4 s`, `5 min 12 s`."""
    whole = round(seconds)
    # A minute has 60 seconds.
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


@dataclass
class Steps:
    """Shows which step runs, how long it usually takes and, when it is done, how long it took."""

    console: Console = field(default_factory=lambda: Console(file=sys.stderr, highlight=False, soft_wrap=True))

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text, markup=False)

    @contextmanager
    def step(self, title: str, usually_s: float) -> Iterator[None]:
        """Run a step; `usually_s` is what it takes on two cores, in seconds."""
        started = time.monotonic()
        try:
            if self.console.is_terminal:
                with self._bar(title, usually_s):
                    yield
            else:
                self.say(f"... {title} (usually {words(usually_s)})")
                yield
        except BaseException:
            self.say(f"  x {title}: ended after {words(time.monotonic() - started)}")
            raise
        self.say(f" ok {title} ({words(time.monotonic() - started)})")

    @contextmanager
    def _bar(self, title: str, usually_s: float) -> Iterator[None]:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None, pulse_style="cyan"),
            TimeElapsedColumn(),
            TextColumn(f"usually {words(usually_s)}"),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            progress.add_task(title, total=None)
            yield
