"""What happens before and after: of the run, and of each scenario. `environment.py` only calls this."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from support import platforms
from support.cleaning import raise_first
from support.cluster import ApiError, Cluster, NotFound
from support.equipment import install_observer, open_fault_desk
from support.errors import ExitCode, Refusal
from support.evidence.attach import attach_all, attach_text
from support.evidence.diagnostics import collect
from support.evidence.formatter import also_checked, explain
from support.evidence.places import results_dir
from support.evidence.report import write_environment
from support.interrupts import put_off, raised
from support.limits import Limits
from support.profiles import Profile, load_profile
from support.running import rights
from support.running.guard import NothingRunGuard
from support.running.needs import Needs
from support.running.tags import needs, promise_ids, refuse_unknown_tags, waived
from support.settings import settings_from
from support.suite import Lazy, Suite
from support.systems.jewelry_shop.diagnosis import known_causes
from support.world import World

_NUMBERS = itertools.count(1)  # of the scenarios of this process


def start(selection: list[str], chosen: Iterable[set[str]], config: Any) -> Suite:
    """The suite of this run. Raises Refusal within five seconds when it cannot run at all.

    `selection`: the values of --tags; `chosen`: the tags of each scenario that they choose.
    """
    signal.signal(signal.SIGTERM, raised)
    settings = settings_from()
    refuse_unknown_tags(selection)
    profile = load_profile(settings.profile)
    limits = Limits().scaled(settings.patience)
    cluster = Cluster.connect(settings.kubeconfig, settings.context or profile.kube.context or None, limits.connect)
    _refuse_absent_system(cluster, profile)
    platform = platforms.current()
    machines = platform.node_faults is not None
    means = {"machines": machines, "fences": profile.capabilities.fences}
    absent = [use for use, there in means.items() if not there]
    rights.demand(cluster, profile, rights.uses_of(chosen, absent))
    config.reporters.append(NothingRunGuard(config))
    observer = Lazy(lambda: install_observer(cluster, limits, settings.run))
    faults = Lazy(lambda: open_fault_desk(cluster, profile, limits, settings.run, machines=machines))
    suite = Suite(settings, profile, cluster, platform, limits, observer, faults)
    write_environment(results_dir(), describe(suite))
    sys.stdout.write(f"Run {suite.run}: {profile.system} in {cluster.context}. Limits: {'; '.join(limits.lines())}\n")
    return suite


def refuse(refusal: Refusal) -> NoReturn:
    """Ends the program at once: one sentence and the refusal's exit code, no stack trace, no summary of nothing.

    Not sys.exit: behave would catch it, go on to its summary and exit with 1.
    """
    sys.stdout.flush()
    sys.stderr.write(f"{refusal}\n")
    sys.stderr.flush()
    os._exit(int(refusal.exit_code))


def reason_to_skip(suite: Suite, tags: set[str]) -> str:
    """Why a scenario is not run here; empty when it is. Whatever --tags says, this decides."""
    reason = waived(tags, datetime.now(UTC).date())
    return reason or Needs(suite.cluster, suite.platform, suite.profile, suite.run).lacking(needs(tags))


def begin(suite: Suite, tags: set[str]) -> World:
    """A new world for a scenario."""
    first = next(iter(promise_ids(tags)), "none").replace("-", "").lower()
    # Worker and number: two scenarios of one promise, also at the same time, never share a name.
    name = f"{first}w{suite.settings.worker}n{next(_NUMBERS)}"
    return World(suite, name, changes_before=len(suite.cluster.mutations))


def finish(world: World, *, failed: bool, abort: Callable[[str], object]) -> None:
    """Evidence first, then clean-up; raises what could not be undone, or what was found broken on the way.

    Ctrl-C does not interrupt it: `abort` is called afterwards, so that nothing more is run.
    """
    with put_off(abort):
        _finish(world, failed=failed)


def _finish(world: World, *, failed: bool) -> None:
    if failed:
        _collect(world)
    keep = world.suite.settings.keep
    done = world.clean_ups.run(keep=keep == "all" or (keep == "failed" and failed))
    changes = world.suite.cluster.mutations[world.changes_before :]
    if changes:
        attach_text("What the suite changed in the cluster", "\n".join(changes))
    if world.remarks:
        attach_text("Remarks", "\n".join(world.remarks))
    if done:
        attach_text("Clean-up", "\n".join(map(str, done)))
    red = failed or any(entry.error for entry in done)
    # A scenario that is red for a reason of its own says nothing of an invariant that was kept in it.
    also_checked(promise for promise, kept in world.invariants.items() if not (kept and red))
    raise_first(done)


def stop(suite: Suite) -> None:
    """Gives the cluster free when the run has taken it."""
    if suite.faults.made:
        suite.faults.made.release()


def describe(suite: Suite) -> dict[str, str]:
    """What the report's environment page says of this run."""
    known = dict(line.split(" ", 1) for line in suite.settings.lines())
    known |= {"context": suite.cluster.context, "server": suite.cluster.server, "Kubernetes": suite.cluster.version()}
    return {**known, "platform": suite.platform.name, "limits": "; ".join(suite.limits.lines())}


def _refuse_absent_system(cluster: Cluster, profile: Profile) -> None:
    namespace = profile.kube.namespace
    if namespace == "default" or namespace.startswith("kube-"):
        sentence = f'The suite does not work in the namespace "{namespace}".'
        raise Refusal(sentence, "Let the system live in one of its own.", ExitCode.UNSAFE_TARGET)
    try:
        cluster.get("namespaces", namespace)
    except NotFound as error:
        sentence = f'The cluster "{cluster.context}" runs no {profile.system} (namespace "{namespace}").'
        remedy = f"Run `uv run holdfast up --system {profile.system}`."
        raise Refusal(sentence, remedy, ExitCode.NO_PLATFORM) from error
    except ApiError as error:
        sentence = f'The context "{cluster.context}" may not read the namespace "{namespace}" ({error.reason}).'
        raise Refusal(sentence, "Use an account that may.", ExitCode.MISSING_RIGHT) from error


def _collect(world: World) -> None:
    profile = world.suite.profile
    _explain(world)
    try:
        selectors = [part.selector for part in profile.parts.values()]
        attach_all(collect(world.suite.cluster, profile.kube.namespace, selectors))
    except Exception as error:  # evidence must never hide what went wrong before it
        attach_text("Diagnostics could not be collected", f"{type(error).__name__}: {error}")


def _explain(world: World) -> None:
    """The cause that a person would otherwise search for, if a look at the platform finds one (JS-1202)."""
    try:
        causes = known_causes(world.jewelry)
    except Exception as error:  # a diagnosis must never hide what went wrong before it
        attach_text("The platform could not be diagnosed", f"{type(error).__name__}: {error}")
        return
    explain(causes)
    attach_text(
        "Diagnosis of the platform", "\n".join(causes) or "No cause was found in parts, growth, takeover, fences."
    )
