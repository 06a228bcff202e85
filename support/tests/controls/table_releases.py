"""Controls of releases, of instances that hang, and of maintenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from support.clients.http import Answer
from support.systems.jewelry_shop.hanging_instances import Hanging
from support.systems.jewelry_shop.long_requests import LongRequests
from support.systems.jewelry_shop.maintenance import Maintenance
from support.systems.jewelry_shop.parts import Pod
from support.systems.jewelry_shop.releases import Release, Rollout
from support.systems.jewelry_shop.traffic import LOOKS
from support.tests.controls.control import THING, Control, fake, thing
from support.tests.controls.customers import INJECTION, attempts, customers
from support.tests.test_shop_operations import ASKED, LONG, OTHER, POD, system_of
from support.waiting import SYSTEM_CLOCK

# ---------------------------------------------------------------- releases

STORY = Release(fake(), INJECTION, 0.0, [POD, OTHER], 2, "2.0.0")
NEW = [replace(pod, name=f"{pod.name}-new", uid=f"{pod.uid}-new", ip=f"{pod.ip}0") for pod in (POD, OTHER)]
GOING_ON, COMPLETE, STUCK = "ReplicaSetUpdated", "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


def rollout(reason: str, pods: Sequence[Pod], serving: Sequence[Pod] = ()) -> Rollout:
    """The application as it is rolled out: of these instances, all of them or those `serving` in service."""
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 2)
    status = {"observedGeneration": 1, "conditions": [{"type": "Progressing", "reason": reason}], **counts}
    body = {"metadata": {"generation": 1}, "spec": {"replicas": 2}, "status": status}
    return Rollout(body, pods, frozenset(pod.ip for pod in serving or pods))


def instance(version: str) -> Any:
    """An instance that tells this version."""
    return fake(send=lambda *_, **__: Answer("GET", "/health/", 200, f'{{"version": "{version}"}}'))


OLD = [POD, OTHER]
RELEASED: dict[str, Any] = {
    "jewelry.parts.ready_pods": NEW,
    "jewelry.parts.state": fake(wanted=2),
    "releases.in_service": {pod.ip for pod in NEW},
}


def looked(well: Rollout, broken: Rollout, **beside: Any) -> Control:
    """A control of a release by looks at it."""
    return Control("releases.look_at", lambda: well, lambda: broken, (STORY,), beside)


def long_requests(last: Answer) -> LongRequests:
    """Long requests at one instance, the last of which ended so."""
    made = LongRequests(fake(), fake(pieces=[None] * 20), [POD])
    made.answers = {POD.name: [LONG, last]}
    return made


# ---------------------------------------------------------------- an instance that hangs


def hanging(*serving: str) -> Hanging:
    """An instance that hangs since a moment ago; requests go to these addresses."""
    ready = [{"addresses": [address], "conditions": {"ready": True}} for address in serving]
    now = SYSTEM_CLOCK.now()
    return Hanging(system_of(endpointslices=[{"endpoints": ready}]), POD, INJECTION, now, now)


def back(restarts: int) -> list[Pod]:
    """The instance that hung, after so many restarts."""
    return [replace(POD, restarts=restarts), OTHER]


def looks(away: float) -> Any:
    """Customers of the hanging instance got nothing for a minute, those of the other one for so many seconds."""
    found = [*attempts(f"{LOOKS}-0", 60.0), *attempts(f"{LOOKS}-1", away)]
    return customers(found, instances=[POD.name, OTHER.name])


CONTROLS: dict[str, Control] = {
    "complete release": looked(
        rollout(COMPLETE, NEW), rollout(GOING_ON, NEW), **RELEASED, **{"jewelry.instance": instance("2.0.0")}
    ),
    "released version": Control(
        "jewelry.instance",
        lambda: instance("2.0.0"),
        lambda: instance("1.0.0"),
        (STORY,),
        {**RELEASED, "releases.look_at": rollout(COMPLETE, NEW)},
    ),
    "long requests": thing(long_requests(LONG), long_requests(replace(LONG, text="sku\nRING\n"))),
    "report of a stuck release": looked(rollout(STUCK, [*OLD, NEW[0]], OLD), rollout(GOING_ON, [*OLD, NEW[0]], OLD)),
    "service during a stuck release": looked(
        rollout(STUCK, [*OLD, NEW[0]], OLD),
        rollout(STUCK, [*OLD, NEW[0]], [POD, NEW[0]]),
        **{"jewelry.instance": fake(send=lambda *_, **__: Answer("GET", "/health/ready/", 503, "{}"))},
    ),
    "remains of a release": looked(rollout(COMPLETE, OLD), rollout(COMPLETE, [*OLD, NEW[0]], OLD)),
    "instances after a release": looked(rollout(COMPLETE, OLD), rollout(COMPLETE, [POD, replace(OTHER, restarts=1)])),
    "service of a hanging instance": Control(THING, lambda: hanging(OTHER.ip), lambda: hanging(POD.ip, OTHER.ip)),
    "return of a hanging instance": Control(
        "jewelry.parts.pods",
        lambda: back(1),
        lambda: back(2),
        (hanging(),),
        {"hanging_instances.in_service": {POD.ip, OTHER.ip}, "jewelry.exchanges.__getitem__": lambda *_: ""},
    ),
    "looks at the other instances": thing(looks(0.0), looks(1.0), hanging()),
    "maintenance of each part": thing(
        Maintenance(ASKED), Maintenance([replace(ASKED[0], second_refused=""), *ASKED[1:]])
    ),
}
