"""The rights that a run asks for before it begins, and the roles that give exactly these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml

from support.cluster.kinds import kind_of
from support.cluster.rights import Right
from support.errors import ExitCode, Refusal
from support.faults import guards, janitor
from support.faults.base import Fault
from support.faults.load import Rush
from support.faults.machines import ClusterPowerOff, NodePowerOff
from support.faults.pods import AllPodsDeleted, PodDeleted, PodsEvicted
from support.faults.policies import PartsCutOff
from support.faults.processes import Place, ProcessesFrozen, ProcessesKilled
from support.faults.releases import Released
from support.faults.scripts import DATABASE_MEMBER, Processes
from support.faults.sizes import SizeSet
from support.faults.workers import WorkerLost
from support.profiles import load_profile
from support.running import rights
from support.tests.api_fake import FakeApi

PROFILE = load_profile("jewelry-shop")
SYSTEM, OWN = "jewelry-shop", "holdfast"


def granted(manifest: str) -> Iterator[tuple[str | None, str, str, str, str]]:
    """Namespace, group, resource, verb and name of everything that the roles of a manifest allow."""
    for body in yaml.safe_load_all(manifest):
        for rule in body.get("rules", []):
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    for name in rule.get("resourceNames", [""]):
                        place = body["metadata"].get("namespace")
                        yield place, rule["apiGroups"][0], resource, verb, name


PLACE = Place(SYSTEM, "one", "postgres")
FAULTS: list[Fault] = [
    PodDeleted(SYSTEM, "one", 0),
    PodsEvicted(SYSTEM, ["one"]),
    AllPodsDeleted(SYSTEM),
    ProcessesFrozen([PLACE], [Processes.SERVER], 9),
    ProcessesKilled(PLACE, DATABASE_MEMBER),
    WorkerLost(PLACE),
    Released(SYSTEM, "django", {}, "version 2.0.0", 9),
    SizeSet(SYSTEM, "django", 3),
    PartsCutOff([PLACE], {}, [], {}, [], 9),
    Rush(SYSTEM, MagicMock()),
    NodePowerOff(MagicMock(), "two", 9),
    ClusterPowerOff(MagicMock(), 9),
]


@pytest.fixture
def api() -> FakeApi:
    """A server for an account that is no administrator and may do everything that it is asked for."""
    found = FakeApi()
    found.forbidden.add(("*", "*"))
    return found


def test_what_a_run_needs_follows_from_its_scenarios() -> None:
    assert rights.uses_of([]) == ["look"]
    assert rights.uses_of([{"smoke"}, {"JS-901"}]) == ["look"]
    assert rights.uses_of([{"destructive", "needs.node_power"}, {"disruptive"}]) == ["look", "faults", "machines"]
    assert rights.uses_of([{"needs.fences"}]) == ["look", "fences"]
    assert rights.uses_of([{"needs.fences"}, {"disruptive"}], absent=["fences"]) == ["look", "faults"]


def test_nobody_needs_more_than_he_uses() -> None:
    reading = {right.verb for right in rights.rights_of(PROFILE, ["look"]) if right.namespace == SYSTEM}
    assert reading == {"get", "list", "create", "delete"}
    changed = {right.kind for right in rights.rights_of(PROFILE, ["look"]) if right.verb in ("create", "delete")}
    assert changed == {"pods", "configmaps", "daemonsets"}, "of the system: a command, and the pod that is never run"
    assert Right("patch", "deployments", SYSTEM) not in rights.rights_of(PROFILE, ["look", "fences"])


def test_no_line_of_the_table_is_overruled_by_a_later_one() -> None:
    """YAML takes the last of two equal keys without a word."""
    whole: Any = yaml.compose(rights._TABLE.read_text())
    mappings = [whole, *(use for _, use in whole.value), *(place for _, use in whole.value for _, place in use.value)]
    for mapping in mappings:
        keys = [key.value for key, _ in mapping.value]
        assert len(keys) == len(set(keys)), keys


def test_the_roles_give_exactly_what_is_asked_for() -> None:
    asked = set()
    for right in rights.rights_of(PROFILE, rights.uses()):
        known = kind_of(right.kind)
        resource = f"{known.plural}/{right.subresource}" if right.subresource else known.plural
        asked.add((right.namespace, known.group, resource, right.verb, right.name))
    assert set(granted(rights.manifest(PROFILE, rights.uses()))) == asked
    assert not any("*" in str(one) for one in asked), "no rule for everything"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_what_a_fault_needs_was_asked_for_at_the_start(fault: Fault) -> None:
    asked = rights.rights_of(PROFILE, ["look", "faults"])
    assert {*guards._BOOKKEEPING, *fault.rights()} <= set(asked)


@pytest.mark.parametrize("machines", [False, True], ids=["", "machines"])
def test_the_suite_may_whatever_it_gives_the_janitor(machines: bool) -> None:
    """The API server lets nobody give away a right that he has not."""
    bodies = [*janitor._role(SYSTEM), *(janitor._looking_at_machines() if machines else [])]
    bodies += list(yaml.safe_load_all(janitor.WORKLOAD.manifest.read_text()))
    given = set(granted(yaml.safe_dump_all(bodies)))
    own = set(granted(rights.manifest(PROFILE, ["look", "faults", *(["machines"] if machines else [])])))
    assert given
    assert given <= own


def test_nothing_is_asked_of_an_entrance_whose_address_is_known() -> None:
    entrance = PROFILE.entrance.model_copy(update={"address": "192.0.2.1"})
    told = rights.rights_of(PROFILE.model_copy(update={"entrance": entrance}), ["look"])
    assert {right.namespace for right in told} == {None, SYSTEM, OWN}
    assert "projectcontour" in {right.namespace for right in rights.rights_of(PROFILE, ["look"])}


def test_the_roles_go_to_an_account_of_their_own_or_to_somebody() -> None:
    bodies = list(yaml.safe_load_all(rights.manifest(PROFILE, ["look"])))
    assert [body["kind"] for body in bodies[:2]] == ["Namespace", "ServiceAccount"]
    given = [body["subjects"][0] for body in bodies if "subjects" in body]
    assert given
    assert all(one == {"kind": "ServiceAccount", "name": "suite", "namespace": OWN} for one in given)
    bodies = list(yaml.safe_load_all(rights.manifest(PROFILE, ["look"], "carol")))
    assert "ServiceAccount" not in {body["kind"] for body in bodies}
    assert {body["subjects"][0]["name"] for body in bodies if "subjects" in body} == {"carol"}


def test_who_holds_them_all_is_let_in(api: FakeApi) -> None:
    rights.demand(api.cluster(), PROFILE, rights.uses())
    assert api.mutating == []


@pytest.mark.parametrize(
    ("uses", "forbidden", "words"),
    [
        (["look"], ("get", "secrets"), "may not get secrets in jewelry-shop."),
        (["look"], ("create", "pods/exec"), "may not create pods/exec in jewelry-shop."),
        (["look"], ("patch", "namespaces"), "may not patch namespaces holdfast."),
        (["look", "faults"], ("create", "pods/eviction"), "may not create pods/eviction in jewelry-shop."),
        (["look", "machines"], ("create", "clusterroles"), "may not create clusterroles."),
    ],
)
def test_a_missing_right_is_one_sentence_before_the_run(
    api: FakeApi, uses: list[str], forbidden: tuple[str, str], words: str
) -> None:
    api.forbidden.add(forbidden)
    with pytest.raises(Refusal) as refused:
        rights.demand(api.cluster(), PROFILE, uses)
    assert words in str(refused.value)
    assert "holdfast rights" in str(refused.value)
    assert refused.value.exit_code == ExitCode.MISSING_RIGHT
    assert api.mutating == []


def test_what_is_not_used_may_be_missing(api: FakeApi) -> None:
    api.forbidden |= {("patch", "deployments"), ("create", "pods/eviction"), ("create", "namespaces")}
    rights.demand(api.cluster(), PROFILE, ["look"])


def test_who_may_next_to_nothing_hears_a_few_and_how_many_more(api: FakeApi) -> None:
    api.trusted = False
    with pytest.raises(Refusal, match=r"may not get namespaces, .* and \d+ more\."):
        rights.demand(api.cluster(), PROFILE, rights.uses())


def test_an_administrator_is_asked_once() -> None:
    api = FakeApi()
    rights.demand(api.cluster(), PROFILE, rights.uses())
    asked = [(one["verb"], one["group"], one["resource"], one["namespace"]) for one in api.reviews]
    assert asked == [("*", "*", "*", "")]
