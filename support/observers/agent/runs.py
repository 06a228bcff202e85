"""Runs: open-loop probing by plan, written line by line into a file that outlives whoever asked for it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .aside import here_or_aside
from .journal import Journal, has_ended, read_lines
from .probes import Probe
from .result import Result

_NAME = re.compile(r"^[a-z0-9-]{1,60}$")  # of runs, ledgers and probes: part of file names and of stored notes
_LONGEST_RUN_S = 1800.0  # seconds; a forgotten run must not load the system for a night
_KEPT_RUNS_S = 6 * 3600.0  # seconds that the lines of an old run are kept
_GRACE_S = 2.0  # seconds after the deadline of the last attempt until a run counts as ended
_LAST_LINES_S = 1.0  # seconds for the last lines to reach the disk when the agent is told to end


def now() -> float:
    """Seconds on this machine's monotonic clock, the only clock of the observer."""
    return time.monotonic()


class Run:
    """One plan in execution. Ends by its deadline, by `stop`, never by the absence of who started it."""

    def __init__(self, name: str, plan: Mapping[str, Any], journal: Journal) -> None:
        self.name = name
        self.running = True
        self._journal = journal
        self._probes: Sequence[Probe] = [here_or_aside(spec) for spec in plan["probes"]]
        self._seconds = float(plan["deadline_s"])
        _check(self._probes, self._seconds)
        self._stop = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()

    def mark(self, name: str) -> float:
        """Writes a moment of interest into the journal; its time on the observer's clock."""
        at = now()
        if self.running:
            self._journal.write("mark", name=name, at=at)
        return at

    def stop(self) -> None:
        """No further attempts; those under way end by themselves."""
        self._stop.set()

    def abandon(self, within: float) -> None:
        """Writes down, `within` seconds at most, what has been noted so far; nothing more is."""
        if self.running:
            self.running = False
            for probe in self._probes:
                probe.close()
            self._journal.close()
            self._journal.settle(within)

    def settle(self) -> None:
        """After the end: waits until the last lines are in the file."""
        self._journal.settle(_LAST_LINES_S)

    async def execute(self) -> None:
        """The whole run."""
        try:
            for probe in self._probes:
                await probe.prepare()
        except (OSError, TimeoutError) as error:
            self._end(f"a probe could not be prepared: {error}")
            return
        begin = now()
        rates = {probe.name: probe.rate for probe in self._probes}
        self._journal.write("begin", at=begin, deadline=begin + self._seconds, rates=rates)
        spacing = [1 / probe.rate / len(self._probes) * place for place, probe in enumerate(self._probes)]
        pacers = [self._pace(probe, begin + first) for probe, first in zip(self._probes, spacing, strict=True)]
        stopper = asyncio.get_running_loop().call_later(self._seconds, self._stop.set)
        try:
            await asyncio.gather(*pacers)
            if self._attempts:
                await asyncio.wait(self._attempts, timeout=max(probe.within for probe in self._probes) + _GRACE_S)
            self._end("over")
        finally:
            stopper.cancel()
            self._end("broken off")

    def _end(self, reason: str) -> None:
        if self.running:
            self._journal.write("end", at=now(), reason=reason)
            self.abandon(0.0)

    async def _pace(self, probe: Probe, begin: float) -> None:
        """Starts attempt n at begin + n / rate, whatever the attempts before it are doing."""
        seq = 0
        while not self._stop.is_set():
            planned = begin + seq / probe.rate
            pause = planned - now()
            if pause > 0:
                await asyncio.sleep(pause)
                if self._stop.is_set():
                    return
            task = asyncio.create_task(self._attempt(probe, seq, planned))
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)
            seq += 1

    async def _attempt(self, probe: Probe, seq: int, planned: float) -> None:
        which = {"probe": probe.name, "seq": seq}
        self._journal.write("intent", **which, planned=planned, start=now(), **probe.intent(seq))
        try:
            result = await probe.attempt(seq)
        except Exception as error:  # a defect of ours must show in the verdict, not vanish in a task
            result = Result("info", f"defect of the observer: {type(error).__name__}: {error}")
        if self.running:
            self._journal.write("outcome", **which, end=now(), **result.line())


class Runs:
    """All runs of this agent, those of a former life of it too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for path in folder.glob("*.ndjson"):
            if not has_ended(path):
                left = Journal(path)
                left.write("end", at=now(), reason="the observer was restarted")
                left.close()
                left.settle(_LAST_LINES_S)

    def start(self, plan: Mapping[str, Any]) -> Run:
        """Begins a run. Raises ValueError or KeyError for a plan that cannot be executed."""
        name = str(plan["id"])
        path = self._path(name)
        if path.exists():
            raise ValueError(f"there has been a run {name} already")
        self._forget_old()
        run = self._open(name, plan, path)
        self._live[name] = run
        task = asyncio.create_task(run.execute())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def _open(self, name: str, plan: Mapping[str, Any], path: Path) -> Run:
        journal = Journal(path)
        try:
            return Run(name, plan, journal)
        except Exception:
            journal.close()
            path.unlink()
            raise

    def get(self, name: str) -> Run:
        """A run of this life of the agent; KeyError otherwise."""
        return self._live[name]

    def stop_of(self, suite_run: str) -> int:
        """No further attempts of the runs that a run of the suite has begun here; how many were under way."""
        theirs = [run for name, run in self._live.items() if run.running and name.startswith(f"{suite_run}-")]
        for run in theirs:
            run.stop()
        return len(theirs)

    def lines(self, name: str, start: int) -> bytes:
        """Lines of a run from byte `start` on. Raises FileNotFoundError."""
        ended = self._live.get(name)
        if ended and not ended.running:
            ended.settle()
        return read_lines(self._path(name), start)

    def close(self) -> None:
        """Ends all runs at once: what has been noted is in the files when this returns."""
        for run in self._live.values():
            run.abandon(_LAST_LINES_S)

    @property
    def running(self) -> int:
        """How many runs are under way."""
        return sum(run.running for run in self._live.values())

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is no name for a run: small letters, digits and hyphens only")
        return self._folder / f"{name}.ndjson"

    def _forget_old(self) -> None:
        for path in self._folder.glob("*.ndjson"):
            run = self._live.get(path.stem)
            if (run is None or not run.running) and time.time() - path.stat().st_mtime > _KEPT_RUNS_S:
                path.unlink()
                self._live.pop(path.stem, None)


def _check(probes: Sequence[Probe], seconds: float) -> None:
    names = [probe.name for probe in probes]
    if not names or len(set(names)) != len(names) or not all(_NAME.match(name) for name in names):
        raise ValueError(f"the probes need names of their own in small letters, digits and hyphens: {names}")
    if not 0 < seconds <= _LONGEST_RUN_S:
        raise ValueError(f"a run may last {_LONGEST_RUN_S:g} s, not {seconds:g} s")
