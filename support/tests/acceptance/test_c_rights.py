"""The rights that `holdfast rights` prints are enough for a run, and a run without one of them does not even begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.errors import ExitCode
from support.tests.acceptance import accounts
from support.tests.acceptance.accounts import Audit
from support.tests.acceptance.conftest import BEHAVE, HOLDFAST, Run
from support.tests.acceptance.test_b_refusals import refused

pytestmark = pytest.mark.acceptance

SYSTEM, ACCOUNT = "jewelry-shop", "holdfast:suite"


@pytest.fixture(scope="module")
def config(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kubeconfig of the account that has what the README tells to grant."""
    roles = run(HOLDFAST, "rights").text
    accounts.grant(roles)
    yield accounts.kubeconfig_of(ACCOUNT, tmp_path_factory.mktemp("account"))
    accounts.withdraw(roles)


def test_what_breaks_nothing_needs_the_first_part_only(run: Run, config: Path) -> None:
    """The roles of `rights look`: with a shop of its own, a look at what dead runs have left, and at faults of late."""
    accounts.grant(run(HOLDFAST, "rights", "look").text)
    ran = run(BEHAVE, "--tags", "@smoke or @JS-102 or @JS-207", env={"HOLDFAST_KUBECONFIG": str(config)})
    assert ran.code == 0, ran.text
    refused(run(BEHAVE, "--tags", "@JS-1152", env={"HOLDFAST_KUBECONFIG": str(config)}), ExitCode.MISSING_RIGHT)
    accounts.grant(run(HOLDFAST, "rights").text)


def test_a_run_gets_along_with_them(run: Run, config: Path) -> None:
    """Questions of the quick scenarios, losses of instances with all that is needed to mend them, and strangers."""
    ran = run(BEHAVE, "--tags", "@smoke or @JS-1152 or @JS-903", env={"HOLDFAST_KUBECONFIG": str(config)})
    assert ran.code == 0, ran.text


def test_a_right_that_is_missing_stops_the_run_before_it_begins(run: Run, config: Path) -> None:
    account = Cluster.connect(config, None)
    audit = Audit(account, f"system:serviceaccount:{ACCOUNT}")

    def try_to_run() -> None:
        ran = run(BEHAVE, "--tags", "@JS-1152", env={"HOLDFAST_KUBECONFIG": str(config)})
        refused(ran, ExitCode.MISSING_RIGHT, "create pods/eviction in jewelry-shop", "holdfast rights")

    with accounts.without(account, "create", "pods", SYSTEM, "eviction"):
        assert audit.changes_during(try_to_run) == []
