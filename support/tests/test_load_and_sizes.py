"""Faults of size and load against a fake cluster, and what a sample tells of instances in service."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from support.errors import Refusal
from support.faults.proof import FaultFailed
from support.faults.sizes import SizeSet
from support.observers.load import LoadPlan, LoadResult, LoadRun, together
from support.profiles import load_profile
from support.systems.jewelry_shop import rush, rush_rate, samples
from support.systems.jewelry_shop.samples import Sample
from support.tests.controls.table_growth import every_second, story
from support.tests.faults_fakes import FakeCluster
from support.tests.test_capacity import BUSIER, GROWN, SAMPLE

PLAN = LoadPlan("http://x/", 2, 2, {"Authorization": "Bearer x"})
_REPLACED = replace(SAMPLE, living=["a", "b", "d"], ready=["a", "b", "d"])


def sized(size: int, generation: int) -> dict[str, Any]:
    return {"metadata": {"name": "django", "generation": generation}, "spec": {"replicas": size}}


def test_a_size_set_by_hand_is_proved_by_a_change_and_put_back_unless_it_was_corrected() -> None:
    fake, fault = FakeCluster(), SizeSet("shop", "django", 6)
    fake.put("deployments", sized(3, 1), "shop")
    assert fault.precheck(fake.as_cluster()) == "3 instances"
    fault.inject(fake.as_cluster())
    with pytest.raises(FaultFailed):
        fault.verify_injected(fake.as_cluster(), 1)
    fake.put("deployments", sized(6, 2), "shop")
    assert fault.verify_injected(fake.as_cluster(), 1) == "django was set from 3 to 6 instances"
    fault.revert(fake.as_cluster())
    assert fault.verify_reverted(fake.as_cluster(), 1) == "django has 3 instances"
    mutations = len(fake.mutations)
    fault.revert(fake.as_cluster())
    assert len(fake.mutations) == mutations
    with pytest.raises(Refusal):
        SizeSet("shop", "django", 3).precheck(fake.as_cluster())


class FakeJobs(FakeCluster):
    """Gives what it makes an identity, as the real one does."""

    def create(self, kind: str, body: Any, namespace: str | None = None) -> Any:
        super().create(kind, body, namespace)
        return self.get(kind, body["metadata"]["name"], namespace)


def test_the_load_ends_by_itself_and_its_token_is_in_the_secret_only() -> None:
    fake = FakeJobs()
    load = LoadRun(fake.as_cluster(), PLAN, "image:1", "r1")
    load.start()
    job, secret = (fake.get(kind, load.name, "holdfast") for kind in ("jobs", "secrets"))
    assert job["spec"]["activeDeadlineSeconds"] < 120  # two seconds of load, and time to start
    assert job["spec"]["ttlSecondsAfterFinished"]
    assert "Bearer x" not in json.dumps(job)
    assert "Bearer x" in secret["stringData"]["LOAD_HEADERS"]
    assert not load.over()
    fake.put("jobs", {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}, "holdfast")
    assert load.over()
    load.remove()
    assert not fake.objects


def test_a_rush_rises_slowly_and_every_request_of_it_is_counted() -> None:
    plan = rush.plan(72, 240.0, "http://x/", {})
    assert plan.phases == [(29, 20), (37, 20), (46, 20), (54, 20), (63, 20), (72, 140)]
    assert plan.requests == 20 * (29 + 37 + 46 + 54 + 63) + 140 * 72


def test_a_load_without_a_beginning_of_its_own_has_one_rate() -> None:
    assert PLAN.phases == [(2, 2)]


def test_a_rush_of_one_request_a_second_has_no_phase_without_requests() -> None:
    assert all(rate and length for rate, length in rush.plan(1, 240.0, "http://x/", {}).phases)


@pytest.mark.parametrize(
    ("use", "customers", "lighter", "rate"),
    [
        (0.33, 20.0, 24.0, 80),
        (0.40, 20.0, 24.0, 62),
        (0.033, 20.0, 24.0, 288),
        (9.0, 20.0, 24.0, 1),
        (0.0, 20.0, 24.0, 72),
        (0.33, 0.0, 0.0, 72),
    ],
    ids=["usual", "slow", "wrong or very quick", "busy already", "nobody tells", "no customers"],
)
def test_a_rush_makes_the_use_what_is_wanted(use: float, customers: float, lighter: float, rate: int) -> None:
    assert rush_rate.requests_per_s(use, customers, lighter, wanted=0.75, usual=72) == rate


def test_a_rush_is_weighed_by_the_customers_of_the_last_seconds() -> None:
    agreed = load_profile("jewelry-shop").autoscaler
    seen = [samples.Sample(float(at), 3, "abc", "abc", {"cpu": 0.33 if at > 30 else 9.0}) for at in range(60)]
    starts = [SimpleNamespace(start=at / 20) for at in range(1200)]  # 20 a second for a minute
    run = SimpleNamespace(attempts=lambda _: starts, to_suite_time=lambda moment: moment)
    traffic: Any = SimpleNamespace(run=run, leading="goods")
    assert rush_rate.weighed(seen, traffic, 24.0, 0.05, agreed) == pytest.approx(52, abs=1)
    blind = [samples.Sample(59.0, 3, "abc", "abc")]
    assert rush_rate.weighed(blind, traffic, 24.0, 0.05, agreed) == agreed.rush_per_s


def pod(name: str, ip: str) -> dict[str, Any]:
    status = {"podIP": ip, "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "uid": name}, "status": status}


def test_an_instance_in_service_where_nobody_listens_is_told_from_one_that_is_busy() -> None:
    """Each is asked until it has answered once."""

    class Seen:
        def get(self, *which: object) -> Any:
            return {"spec": {"replicas": 3}}

        def list(self, kind: str, *which: object) -> list[Any]:
            return [] if kind == "podmetrics" else [pod("a", "1"), pod("b", "2"), pod("c", "3")]

    told = {"1": "", "2": "no answer came (not connected: [Errno 111] Connect call failed)", "3": "no answer in 1 s"}
    asked: list[str] = []

    def exchange(ip: str, within: float) -> str:
        asked.append(ip)
        return told[ip]

    system: Any = SimpleNamespace(
        profile=load_profile("jewelry-shop"),
        namespace="shop",
        cluster=Seen(),
        exchanges={"django": exchange},
    )
    sampler = samples.Sampler(system, 0.1)
    seen = sampler.look()
    assert (seen.silent, seen.absent) == (["b", "c"], ["b"])
    told["2"] = ""
    assert (sampler.look().silent, sampler.look().absent) == (["c"], [])
    assert asked == ["1", "2", "3", "2", "3", "3"]
    assert sampler.answered == {"a", "b"}


@pytest.mark.parametrize(
    ("samples", "size", "until", "waited"),
    [
        ([*every_second(10, 40, SAMPLE), *every_second(40, 80, BUSIER)], 4, 75.0, 35 + 25.0),
        (every_second(10, 80, BUSIER), 4, 75.0, 65.0),
        ([*every_second(10, 50, BUSIER), *every_second(50, 80, GROWN)], 5, 50.0, 25.0),
        ([*every_second(10, 15, GROWN), *every_second(15, 50, SAMPLE), *every_second(50, 80, BUSIER)], 4, 60.0, 35.0),
        ([*every_second(10, 50, BUSIER), *every_second(50, 60, SAMPLE), *every_second(60, 80, BUSIER)], 4, 70.0, 60.0),
    ],
    ids=["told later than it was there", "from the beginning", "at once", "a figure in between", "the longest time"],
)
def test_growth_counts_from_the_demand_for_it(samples: list[Sample], size: int, until: float, waited: float) -> None:
    assert rush._waited(story(samples), size, until) == waited


@pytest.mark.parametrize(
    ("use", "more"),
    [(0.47, 17), (0.50, 10), (0.511, 0), (0.67, 0), (0.0, 0)],
    ids=["too little", "nearly", "enough", "more than enough", "nobody tells"],
)
def test_what_a_rush_lacks_is_added(use: float, more: int) -> None:
    agreed = load_profile("jewelry-shop").autoscaler
    seen = [Sample(float(at), 3, "abc", "abc", {"cpu": use}) for at in range(60)]
    starts = [SimpleNamespace(start=at / 20) for at in range(1200)]  # 20 a second for a minute
    run = SimpleNamespace(attempts=lambda _: starts, to_suite_time=lambda moment: moment)
    traffic: Any = SimpleNamespace(run=run, leading="goods")
    assert rush_rate.missing(seen, traffic, 72, 0.05, agreed) == pytest.approx(more, abs=1)
    asked_for = [*seen, replace(seen[-1], desired=4)]
    assert rush_rate.missing(asked_for, traffic, 72, 0.05, agreed) == 0


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        (every_second(10, 40, SAMPLE), 29.0),
        ([*every_second(10, 40, SAMPLE), *every_second(40, 60, GROWN)], 20.0),
        ([*every_second(10, 40, GROWN), *every_second(40, 50, SAMPLE), *every_second(50, 60, GROWN)], 10.0),
        ([*every_second(10, 40, SAMPLE), *every_second(40, 60, replace(GROWN, ready=["a", "b", "c"]))], 0.0),
    ],
    ids=["always", "grown", "back again", "starting"],
)
def test_how_long_the_same_instances_have_served(seen: list[Sample], seconds: float) -> None:
    assert samples.unchanged(seen) == seconds


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (every_second(10, 129, SAMPLE), False),
        (every_second(10, 131, SAMPLE), True),
        ([*every_second(10, 120, SAMPLE), *every_second(120, 140, _REPLACED)], False),
        ([*every_second(10, 120, SAMPLE), *every_second(120, 140, GROWN)], True),
        ([*every_second(10, 140, SAMPLE), *every_second(140, 151, _REPLACED)], True),
    ],
    ids=["of less than the full rate", "told", "just replaced", "grown already", "too late for more"],
)
def test_figures_of_a_starting_instance_do_not_say_what_a_rush_lacks(seen: list[Sample], told: bool) -> None:
    assert rush._is_told(story(seen), since=130.0, latest=150.0) == told


def test_two_loads_of_the_same_time_are_judged_as_one() -> None:
    one = LoadResult((), 4, 0, 0.01)
    both = together([one, replace(one, planned=3, dropped=2, lateness_p99=0.2)])
    assert (both.planned, both.dropped, both.lateness_p99) == (7, 2, 0.2)
    assert together([one, replace(one, dropped=None)]).dropped is None
