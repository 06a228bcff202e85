"""Refusals: what a user did or lacks, in one sentence with the remedy, each kind with an exit code of its own."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `holdfast` and of a refused `behave` run (behave itself uses 0 and 1, argparse 2)."""

    OK = 0
    PROMISE_BROKEN = 1
    USAGE = 2
    NO_PLATFORM = 10  # no kubeconfig, or nobody answers at its address
    WRONG_CONTEXT = 11
    MISSING_RIGHT = 12
    UNKNOWN_TAG = 13
    UNKNOWN_SYSTEM = 14
    NOT_ROOT = 15
    NO_DISK_SPACE = 16
    IN_THE_WAY = 17  # another cluster or another run occupies what is needed
    UNSAFE_TARGET = 18
    NOTHING_RUN = 19
    BUILD_FAILED = 20  # a registry is away or a build step ended with an error
    PLATFORM_FAILED = 21  # the platform did not become ready
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class Refusal(Exception):
    """Stops a command before it does harm; printed as one sentence with its remedy, never as a stack trace."""

    def __init__(self, sentence: str, remedy: str, exit_code: ExitCode) -> None:
        super().__init__(f"{sentence} {remedy}".strip())
        self.sentence = sentence
        self.remedy = remedy
        self.exit_code = exit_code
