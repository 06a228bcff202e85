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


def test_every_request_of_a_load_is_counted() -> None:
    assert replace(PLAN, rate=12, seconds=240).requests == 2880


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
    [(0.44, 3), (0.47, 5), (0.50, 3), (0.526, 0), (0.67, 0), (0.0, 0), (0.3, 19), (0.2, 32)],
    ids=[
        "the last step but one",
        "the last step",
        "nearly",
        "enough",
        "more than enough",
        "nobody tells",
        "too little",
        "never more than twice as much",
    ],
)
def test_a_rush_is_made_larger_by_what_the_last_figures_say(use: float, more: int) -> None:
    agreed = load_profile("jewelry-shop").autoscaler
    seen = [Sample(float(at), 3, "abc", "abc", {"cpu": use if at > 50 else 9.0}) for at in range(60)]
    starts = [SimpleNamespace(start=at / 20) for at in range(1200)]  # 20 a second for a minute
    run = SimpleNamespace(attempts=lambda _: starts, to_suite_time=lambda moment: moment)
    traffic: Any = SimpleNamespace(run=run, leading="goods")
    assert rush_rate.missing(seen, traffic, 12, 0.05, agreed) == more
    assert rush_rate.missing([*seen, replace(seen[-1], desired=4)], traffic, 12, 0.05, agreed) == 0


def test_a_rush_begins_with_what_the_smallest_size_can_do() -> None:
    agreed = load_profile("jewelry-shop").autoscaler
    assert rush_rate.first_rate(agreed) == 12
    assert rush_rate.first_rate(agreed.model_copy(update={"rush_per_s": 1})) == 1


@pytest.mark.parametrize(
    ("seen", "calm"),
    [
        (every_second(10, 35, SAMPLE), False),
        (every_second(10, 36, SAMPLE), True),
        ([*every_second(10, 40, _REPLACED), *every_second(40, 60, SAMPLE)], False),
        ([*every_second(10, 40, GROWN), *every_second(40, 66, SAMPLE)], True),
        ([*every_second(10, 40, SAMPLE), *every_second(40, 60, BUSIER), *every_second(60, 70, SAMPLE)], False),
        ([*every_second(10, 60, SAMPLE), *every_second(60, 70, replace(SAMPLE, ready=["a", "b"]))], False),
    ],
    ids=["not long enough", "long enough", "replaced", "given back", "a figure that asks for more", "starting"],
)
def test_a_shop_is_calm_when_nothing_of_before_asks_for_more(seen: list[Sample], calm: bool) -> None:
    assert samples.is_calm(seen, 25.0) == calm


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (every_second(10, 129, SAMPLE), False),
        (every_second(10, 132, SAMPLE), True),
        ([*every_second(10, 120, SAMPLE), *every_second(120, 125, GROWN)], True),
    ],
    ids=["of less than the present rate", "told", "grown already"],
)
def test_a_rush_waits_for_figures_of_its_present_rate(seen: list[Sample], told: bool) -> None:
    assert rush._is_told(story(seen), 130.0, seen[-1]) == told


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        (every_second(10, 80, SAMPLE), 3),
        (every_second(10, 80, BUSIER), 4),
        ([*every_second(10, 30, BUSIER), *every_second(30, 80, replace(SAMPLE, desired=4))], 4),
        ([*every_second(10, 30, BUSIER), *every_second(30, 80, SAMPLE)], 3),
        (every_second(10, 80, replace(SAMPLE, desired=4)), 3),
        (every_second(10, 80, replace(SAMPLE, use={})), 0),
    ],
    ids=["nothing", "at the end", "before, and answered", "a moment, not answered", "too eager", "nobody tells"],
)
def test_what_is_due_is_what_use_and_target_give_at_the_end_or_gave_when_it_grew(seen: list[Sample], due: int) -> None:
    assert rush._due(story(seen)) == due


def test_two_loads_of_the_same_time_are_judged_as_one() -> None:
    one = LoadResult((), 4, 0, 0.01)
    both = together([one, replace(one, planned=3, dropped=2, lateness_p99=0.2)])
    assert (both.planned, both.dropped, both.lateness_p99) == (7, 2, 0.2)
    assert together([one, replace(one, dropped=None)]).dropped is None
