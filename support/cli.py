"""The `holdfast` command: a cluster, the reference systems on it, the tests, the report."""

from __future__ import annotations

import argparse
import errno
import subprocess
import sys
from collections.abc import Callable, Sequence

from support import locks, platforms
from support.errors import ExitCode, Refusal
from support.platforms.commands import CommandFailed
from support.progress import Steps

DESCRIPTION = "Acceptance tests in business language for platforms on Kubernetes that must survive failures."


def _up(options: argparse.Namespace) -> int:
    from support.platforms import delivery

    delivery.require_known(options.system)
    platform, steps = platforms.chosen(), Steps()
    with locks.cluster_for(locks.UP, platform.name, steps.say):
        platform.up(options.nodes, lambda: delivery.archives(options.system, platform, steps))
        delivery.deliver(options.system, platform, steps)
    return ExitCode.OK


def _down(options: argparse.Namespace) -> int:
    platforms.chosen().down(purge=options.purge)
    return ExitCode.OK


def _status(_: argparse.Namespace) -> int:
    status = platforms.chosen().status()
    print(f"{status.name}: {status.summary}")
    for node in status.nodes:
        print(f"  {node.name}  {'on' if node.powered else 'off'}  {node.detail}")
    return ExitCode.OK if status.running else ExitCode.NO_PLATFORM


def _doctor(_: argparse.Namespace) -> int:
    lacking = False
    for name in platforms.KNOWN:
        print(f"{name}:")
        for need in platforms.by_name(name).doctor():
            lacking |= name == platforms.chosen().name and not need.present
            remedy = f"; to get it: {need.remedy}" if need.remedy and not need.present else ""
            print(f"  {'ok     ' if need.present else 'missing'} {need.what}: {need.detail}{remedy}")
    return ExitCode.NO_PLATFORM if lacking else ExitCode.OK


def _kubectl(options: argparse.Namespace) -> int:
    from support.platforms import kubectl

    kubectl.replace_this_process(options.arguments)
    return ExitCode.OK


def _test(options: argparse.Namespace) -> int:
    from support.running import run

    return run.test(options.behave, nodes=options.nodes, jobs=options.jobs, seed=options.seed)


def _report(_: argparse.Namespace) -> int:
    from support.running import run

    return run.report_again()


def _catalogue(_: argparse.Namespace) -> int:
    from support.running import run

    return run.show_catalogue()


def _prove(options: argparse.Namespace) -> int:
    from support.running import prove

    return prove.prove(options.sabotage)


def _halt(_: argparse.Namespace) -> int:
    from support.cluster.client import Cluster
    from support.faults import halt
    from support.settings import settings_from

    settings = settings_from()
    cluster = Cluster.connect(settings.kubeconfig, settings.context or None)
    for line in halt.halt(cluster, platforms.current()) or ["no fault is open"]:
        print(line)
    return ExitCode.OK


def _rights(options: argparse.Namespace) -> int:
    from support.profiles import load_profile
    from support.running import rights
    from support.settings import settings_from

    known = rights.uses()
    unknown = [use for use in options.use if use not in known]
    if unknown:
        raise Refusal(f"Rights have no use {unknown[0]!r}.", f"Known: {', '.join(known)}.", ExitCode.USAGE)
    chosen = {rights.ALWAYS, *options.use} if options.use else set(known)
    profile = load_profile(settings_from().profile)
    sys.stdout.write(rights.manifest(profile, [use for use in known if use in chosen], options.user))
    return ExitCode.OK


def _steps(_: argparse.Namespace) -> int:
    formatter = "support.running.step_catalogue:StepCatalogue"
    words = ["--dry-run", "--format", formatter, "--no-summary", "--no-source", "features"]
    told = subprocess.run([sys.executable, "-m", "behave", *words], stdout=subprocess.PIPE, text=True, check=False)
    lines = told.stdout.splitlines(keepends=True)  # behave names its runner first, which is no step
    sys.stdout.write("".join(line for line in lines if not line.startswith("USING RUNNER")))
    return told.returncode


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="holdfast", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    up = command("up", "bring up a cluster and a reference system on it; repairs one that lost power", _up)
    up.add_argument("--system", default="jewelry-shop", help="reference system to deliver (default: %(default)s)")
    up.add_argument(
        "--nodes", type=int, choices=(1, 3), default=3, help="machines of the cluster (default: %(default)s)"
    )
    down = command("down", "remove the cluster; build results stay", _down)
    down.add_argument("--purge", action="store_true", help="remove build results too")
    command("status", "say how the cluster stands", _status)
    command("doctor", "say what is missing on this machine and how to get it", _doctor)
    kubectl = command("kubectl", "run kubectl with the cluster's kubeconfig", _kubectl)
    kubectl.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of kubectl")
    test = command("test", "bring the platform up if needed, run behave, build the report", _test)
    test.add_argument(
        "--nodes", type=int, choices=(1, 3), default=3, help="machines of the cluster (default: %(default)s)"
    )
    test.add_argument(
        "--jobs",
        type=_positive,
        default=2,
        help="processes for scenarios that break nothing; the others run alone after them (default: %(default)s)",
    )
    test.add_argument("--seed", type=int, help="number that decides the order (default: one at random, printed)")
    command("report", "build the report of the last run again", _report)
    command("catalogue", "list every promise with the last word on it, and write the page of the catalogue", _catalogue)
    prove = command("prove", "break the platform on purpose and demand that the tests turn red with the cause", _prove)
    prove.add_argument("sabotage", nargs="+", help="id of a sabotage, such as JS-S-28, or `all`")
    command("halt", "revert every fault now", _halt)
    granted = command("rights", "print the roles that the suite needs in a cluster, for `kubectl apply -f -`", _rights)
    granted.add_argument("use", nargs="*", help="what for: look, faults, fences, machines (default: everything)")
    granted.add_argument("--user", default="", help="who gets them (default: the account `suite` in `holdfast`)")
    command("steps", "list the vocabulary of the features, with an explanation and an example each", _steps)
    return parser


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Everything that `test` and `kubectl` do not know themselves is passed on as it is."""
    if arguments and arguments[0] == "kubectl":
        return argparse.Namespace(run=_kubectl, arguments=list(arguments[1:]))
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.behave = rest
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a refusal is one sentence on standard error and an exit code of its own."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(options.run(options))
    except Refusal as refusal:
        print(f"holdfast: {refusal}", file=sys.stderr)
        return refusal.exit_code
    except CommandFailed as failed:
        print(f"holdfast: a step failed: {failed}. `holdfast doctor` says what is missing here.", file=sys.stderr)
        return ExitCode.PLATFORM_FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"holdfast: the disk is full ({error.filename}). Free some space, then run it again.", file=sys.stderr)
        return ExitCode.NO_DISK_SPACE
    except KeyboardInterrupt:
        print("holdfast: interrupted; the same command goes on where this one stopped.", file=sys.stderr)
        return ExitCode.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
