"""Budget, need, settings, secrets and volumes: each way of being wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from support.profiles import load_profile
from support.systems.jewelry_shop import budget, configuration, in_use, need, volumes
from support.waiting import Unknown, mismatch

PROFILE = load_profile("jewelry-shop")
SIZES = PROFILE.sizes
assert SIZES is not None
RANGE = {"type": "Container", "max": SIZES.max, "default": SIZES.default, "defaultRequest": SIZES.default_request}
HARD = {name: str(figure) for name, figure in PROFILE.quota.items()}


def quota(**change: str | None) -> dict[str, Any]:
    hard = {name: figure for name, figure in {**HARD, **change}.items() if figure is not None}
    return {"metadata": {"name": "q"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": {"services": "10"}}}


def budget_of(*quotas: dict[str, Any], limits: dict[str, Any] | None = None) -> budget.Budget:
    return budget.Budget(quotas, [{"spec": {"limits": [limits or RANGE]}}], PROFILE)


BUDGETS: list[tuple[Callable[[], budget.Budget], str]] = [
    (lambda: budget_of(quota(pods="18")), "the budget has pods 18 instead of 30"),
    (lambda: budget_of(quota(pods=None)), "the budget has pods nothing instead of 30"),
    (lambda: budget_of(quota(ingresses="3")), "the budget has ingresses 3 instead of nothing"),
    (lambda: budget_of(quota(), quota(pods="25")), "the budget has pods 25 instead of 30"),
    (lambda: budget_of(), "there is no budget at all"),
    (lambda: budget_of(quota(), limits={"type": "Pod"}), "the max of a single instance has cpu nothing instead of 2"),
    (
        lambda: budget_of(quota(), limits={**RANGE, "default": {"cpu": "1", "memory": "128Mi"}}),
        "the default of a single instance has cpu 1 instead of 0.2",
    ),
    (lambda: budget_of(quota(), limits={**RANGE, "min": {"cpu": "1"}}), "a rule about min was not agreed"),
    (lambda: budget_of(quota(), limits={**RANGE, "type": "Pod"}), "a rule for every Pod was not agreed"),
    (lambda: budget_of({**quota(), "status": {}}), "q is not in force"),
]


def test_a_budget_as_agreed_is_accepted_however_it_is_written() -> None:
    matcher = budget.has_the_agreed_figures()
    assert matcher.matches(budget_of(quota())), mismatch(matcher, budget_of(quota()))
    assert matcher.matches(budget_of(quota(**{"requests.cpu": "1.2", "limits.memory": "6Gi"})))


@pytest.mark.parametrize(("seen", "words"), BUDGETS)
def test_a_figure_that_differs_is_named(seen: Callable[[], budget.Budget], words: str) -> None:
    assert words in mismatch(budget.has_the_agreed_figures(), seen())


def test_a_stricter_rule_beside_the_agreed_one_is_named() -> None:
    agreed = budget_of(quota())
    stricter = {"spec": {"limits": [{"type": "Container", "max": {"memory": "512Mi"}}]}}
    both = replace(agreed, ranges=[stricter, *agreed.ranges])
    said = "the max of a single instance has memory 536870912 and 1073741824 in different rules"
    assert said in mismatch(budget.has_the_agreed_figures(), both)
    assert budget.has_the_agreed_figures().matches(replace(agreed, ranges=[*agreed.ranges] * 2))


MEMORY = "more memory than one instance may have"
RULE = 'pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 1181116007'


def newcomer(demand: str = MEMORY, created: Any = None, refusal: str = RULE, left: Any = ()) -> budget.Newcomer:
    return budget.Newcomer(demand, created, refusal, left)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (newcomer(created={"spec": {}}, refusal=""), "more memory than one instance may have was let in"),
        (newcomer(refusal="exceeded quota: q"), 'does not name the rule "maximum memory usage per Container"'),
        (newcomer(left=["newcomer-1"]), "newcomer-1 is left behind"),
    ],
)
def test_a_budget_that_is_not_enforced_is_named(seen: budget.Newcomer, words: str) -> None:
    assert budget.is_refused_by_its_rule().matches(newcomer())
    assert words in mismatch(budget.is_refused_by_its_rule(), seen)


def without_sizes(**resources: Any) -> budget.Newcomer:
    given = {"limits": SIZES.default, "requests": SIZES.default_request, **resources} if SIZES else {}
    return newcomer("no sizes of its own", {"spec": {"containers": [{"resources": given}]}}, "")


def test_something_without_sizes_is_given_the_agreed_ones() -> None:
    matcher = budget.has_the_agreed_sizes(PROFILE)
    assert matcher.matches(without_sizes())
    assert "largest size has cpu nothing" in mismatch(matcher, without_sizes(limits={"memory": "128Mi"}))
    assert "reserved size has memory 33554432 instead of" not in mismatch(matcher, without_sizes(requests=None))
    assert "reserved size has memory nothing" in mismatch(matcher, without_sizes(requests=None))
    assert "exceeded quota" in mismatch(matcher, newcomer("no sizes of its own", None, "exceeded quota"))


def test_a_profile_without_sizes_proves_nothing() -> None:
    with pytest.raises(Unknown, match="sizes"):
        budget.agreed_sizes(PROFILE.model_copy(update={"sizes": None}))


@pytest.mark.parametrize(
    ("strategy", "size", "further"),
    [
        ({"type": "Recreate"}, 3, 0),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, 5, 1),
        ({"rollingUpdate": {"maxSurge": "50%"}}, 5, 3),
        ({}, 5, 2),  # a quarter, rounded up
    ],
)
def test_further_instances_during_a_replacement(strategy: Any, size: int, further: int) -> None:
    assert need.surge(strategy, size) == further


def test_what_one_instance_takes() -> None:
    small = {"resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "1", "memory": "320Mi"}}}
    first = {"resources": {"limits": {"cpu": "2", "memory": "64Mi"}}}
    found = need.each_of({"containers": [small, {}], "initContainers": [first]}, budget_of(quota()))
    assert found["requests.cpu"] == Decimal("2")  # the first step has a limit only
    assert found["requests.memory"] == (320 + 32) * 1024**2
    assert found["limits.cpu"] == Decimal("2")
    assert found["limits.memory"] == (320 + 128) * 1024**2


def test_every_line_of_the_budget_is_compared_with_its_need() -> None:
    each = {"requests.memory": budget.amount("100Mi"), "limits.memory": budget.amount("1Gi")}
    lines = need.lines_of([need.Demand("a", 20, each), need.Demand("b", 3, {})], budget_of(quota()))
    known = {line.name: line for line in lines}
    assert known["pods"].need == 23
    assert known["requests.memory"].need == budget.amount("2000Mi")
    assert known["limits.memory"].left < 0
    assert known["services"].need == 10


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([need.Line("pods", Decimal(23), Decimal(18))], "quota forbids further pods: pods: 23 of 18 needed"),
        ([need.Line("pods", Decimal(28), Decimal(30))], "pods: 28 of 30 needed, 6.7 % left"),
        ([need.Line("limits.cpu", Decimal(19), Decimal(20))], "limits.cpu: 19 of 20 needed, 5.0 % left"),
        ([], "no budget at all"),
    ],
)
def test_a_line_without_room_is_named(lines: Any, words: str) -> None:
    matcher = need.leaves(Decimal(10))
    assert matcher.matches(need.Need([need.Line("pods", Decimal(27), Decimal(30))]))
    assert words in mismatch(matcher, need.Need(lines))


AGREED = PROFILE.configuration
LONG = "kQ9-vTz3wYx7Lm2Rb8Nc4Hd6Jf1Gs5Pa0Ue_Zi-Oo_Ty3Wr7Ek9Vn"  # as random as a delivered one, and nobody's
SETTINGS = {name: dict.fromkeys(keys, "value-1") for name, keys in AGREED.settings.items()}
SECRETS = {name: {key: f"{LONG}{len(name)}{len(key)}" for key in keys} for name, keys in AGREED.secrets.items()}
KEPT = configuration.Configuration(PROFILE, SETTINGS, SECRETS, frozenset({("postgres-secrets", "app-password")}))


def kept(*, settings: Any = None, secrets: Any = None) -> configuration.Configuration:
    changed = {name: {**SETTINGS[name], **(settings or {}).get(name, {})} for name in SETTINGS}
    hidden = {name: {**SECRETS[name], **(secrets or {}).get(name, {})} for name in SECRETS}
    return replace(KEPT, settings=_without_none(changed), secrets=_without_none(hidden))


def _without_none(table: Any) -> Any:
    return {name: {key: value for key, value in row.items() if value is not None} for name, row in table.items()}


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (kept(settings={"app-config": {"POSTGRES_HOST": None}}), "setting POSTGRES_HOST missing in app-config"),
        (kept(settings={"app-config": {"POSTGRES_HOST": " "}}), "setting POSTGRES_HOST of app-config is empty"),
        (
            kept(settings={"app-config": {"SHOP_HOST": "shop.example.com"}}),
            "setting SHOP_HOST of app-config is a place",
        ),
        (
            kept(secrets={"app-secrets": {"DJANGO_SECRET_KEY": None}}),
            "DJANGO_SECRET_KEY missing: sign-ins are valid on one instance only",
        ),
        (
            kept(secrets={"postgres-secrets": {"app-password": None}}),
            "replacement pod cannot start: key app-password missing in Secret postgres-secrets",
        ),
        (
            kept(secrets={"postgres-secrets": {"probe-password": None}}),
            "key probe-password missing in Secret postgres-secrets",
        ),
        (kept(secrets={"redis-secrets": {"password": ""}}), "secret password of redis-secrets is empty"),
        (
            kept(secrets={"redis-secrets": {"password": "changeme"}}),
            "secret password of redis-secrets is a placeholder",
        ),
    ],
)
def test_what_is_missing_or_not_real_is_named(seen: Any, words: str) -> None:
    assert configuration.is_there_and_real().matches(KEPT), mismatch(configuration.is_there_and_real(), KEPT)
    assert configuration.is_there_and_real().matches(kept(settings={"app-config": {"SHOP_SWITCH": ""}}))
    assert words in mismatch(configuration.is_there_and_real(), seen)


@pytest.mark.parametrize(
    "value", ["changeme", "CHANGE_ME", "my-secret-1", "xxx", "xxxxxxxx", "aaaaaaaaaaaaaaaa", "TODO"]
)
def test_a_stand_in_is_no_secret(value: str) -> None:
    assert configuration.is_dummy(value)


@pytest.mark.parametrize("value", [LONG, "a8Xxx3Kd9-Qw_Zr5Tn", "Kd9xxxQwZr5Tn"])
def test_random_text_is_a_secret(value: str) -> None:
    assert not configuration.is_dummy(value)


def test_a_short_signing_key_is_named() -> None:
    matcher = configuration.has_signing_key_of(50)
    assert matcher.matches(KEPT)
    short = kept(secrets={"app-secrets": {"DJANGO_SECRET_KEY": LONG[:47]}})
    assert mismatch(matcher, short) == "DJANGO_SECRET_KEY has 47 characters"


@pytest.mark.parametrize("encode", [lambda text: text, lambda text: f"url://u:{text}@h", configuration.encoded])
def test_a_secret_in_a_setting_is_named_but_not_shown(encode: Callable[[str], str]) -> None:
    matcher = configuration.keeps_secrets_apart()
    assert matcher.matches(KEPT)
    told = mismatch(matcher, kept(settings={"app-config": {"LOG_LEVEL": encode(SECRETS["redis-secrets"]["password"])}}))
    assert "setting LOG_LEVEL of app-config holds the secret redis-secrets/password" in told
    assert LONG not in told


def test_no_secrets_at_all_prove_nothing() -> None:
    with pytest.raises(Unknown):
        configuration.keeps_secrets_apart().matches(replace(KEPT, secrets={}))


def variable(name: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


SPEC: dict[str, Any] = {
    "containers": [
        {
            "envFrom": [{"configMapRef": {"name": "app-config"}}],
            "env": [
                {"name": "SHOP_SERVICE", "value": "django"},
                variable("REDIS_PASSWORD", "redis-secrets", "password"),
                {"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "redis-config", "key": "CLUSTER_DOMAIN"}}},
            ],
        }
    ],
    "volumes": [{"configMap": {"name": "postgres-config"}}, {"configMap": {"name": "nginx-config"}}],
}
ENVIRONMENT = {
    **SETTINGS["app-config"],
    "HOST": "value-1",
    "SHOP_SERVICE": "django",
    "REDIS_PASSWORD": SECRETS["redis-secrets"]["password"],
}
ONE = in_use.Instance("cache", "redis-0", SPEC, ENVIRONMENT)
SLIM = PROFILE.model_copy(
    update={"configuration": AGREED.model_copy(update={"secrets": {"redis-secrets": {"password": ["cache"]}}})}
)
USED = in_use.InUse(SLIM, [ONE], SETTINGS, SECRETS, {"django-a": "1.0.0"}, "1.0.0")


def changed(*, environment: Any = None, env: Any = None) -> in_use.InUse:
    container = {**SPEC["containers"][0], **({"env": env} if env is not None else {})}
    one = replace(ONE, environment={**ENVIRONMENT, **(environment or {})}, spec={**SPEC, "containers": [container]})
    return replace(USED, instances=[one])


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            changed(environment={"REDIS_PASSWORD": "older"}),
            "redis-0 works with another REDIS_PASSWORD than Secret redis",
        ),
        (changed(env=[]), "redis-0 does not take password from Secret redis-secrets"),
        (
            changed(env=[{"name": "REDIS_PASSWORD", "value": "plain"}]),
            "REDIS_PASSWORD of redis-0 is written into its manifest",
        ),
        (
            changed(env=[{"name": "URL", "value": f"redis://:{SECRETS['redis-secrets']['password']}@redis"}]),
            "the manifest of redis-0 holds the secret redis-secrets/password",
        ),
    ],
)
def test_a_secret_from_elsewhere_is_named_but_not_shown(seen: Any, words: str) -> None:
    matcher = in_use.take_secrets_from_where_they_are_kept()
    assert matcher.matches(USED), mismatch(matcher, USED)
    assert words in mismatch(matcher, seen)
    assert LONG not in mismatch(matcher, seen)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (changed(environment={"LOG_LEVEL": "DEBUG"}), "redis-0 works with LOG_LEVEL=DEBUG, configured is value-1"),
        (changed(environment={"HOST": "other"}), "redis-0 works with HOST=other"),
        (changed(env=[]), "nobody uses redis-config"),
    ],
)
def test_a_setting_that_is_not_in_use_is_named(seen: Any, words: str) -> None:
    matcher = in_use.work_with_present_settings()
    assert matcher.matches(USED), mismatch(matcher, USED)
    assert words in mismatch(matcher, seen)


def test_another_version_is_named() -> None:
    matcher = in_use.tell_the_configured_version()
    assert matcher.matches(USED)
    assert "django-a tells version 0.9.0" in mismatch(matcher, replace(USED, versions={"django-a": "0.9.0"}))
    assert "no instance" in mismatch(matcher, replace(USED, versions={}))


def test_the_agreed_claims_are_nine() -> None:
    names = [name for _, name, _ in volumes.agreed_claims(PROFILE)]
    assert len(names) == 9
    assert {"pgdata-jewelry-shop-db-0", "data-redis-2", "data-redis-sentinel-1"} <= set(names)
    with pytest.raises(Unknown, match="12 claims, but names 9"):
        volumes.agreed_claims(PROFILE.model_copy(update={"claims": 12}))


BODY = {
    "spec": {"volumeName": "pv-1", "resources": {"requests": {"storage": "1Gi"}}},
    "status": {"phase": "Bound", "capacity": {"storage": "1024Mi"}},
}
USER = volumes.Used("db-0", True, ["/data"], [volumes.DataFolder("/data/pgroot", "/data")])
CLAIM = volumes.Claim("database", "pgdata-db-0", "1Gi", "/data", BODY, [USER])
LOST = "database data is not on a persistent volume"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": None}, f"{LOST}: claim pgdata-db-0 is missing"),
        ({"body": {**BODY, "status": {"phase": "Pending"}}}, "claim pgdata-db-0 is Pending"),
        ({"size": "2Gi"}, "claim pgdata-db-0 has 1024Mi of 1Gi, agreed are 2Gi"),
        ({"users": []}, f"{LOST}: claim pgdata-db-0 is mounted by no ready instance"),
        ({"users": [replace(USER, ready=False)]}, "mounted by no ready instance"),
        ({"users": [USER, replace(USER, pod="db-1")]}, "is shared by db-0, db-1"),
        ({"users": [replace(USER, mounts=["/other"])]}, f"{LOST}: db-0 has pgdata-db-0 at /other"),
        (
            {"users": [replace(USER, folders=[volumes.DataFolder("/tmp/pg", "/")])]},
            f"{LOST}: /tmp/pg of db-0 lies on /",
        ),
        ({"users": [replace(USER, folders=[])]}, "nobody knows where db-0 keeps its data"),
    ],
)
def test_data_that_would_not_survive_is_named(change: dict[str, Any], words: str) -> None:
    matcher = volumes.hold_the_data(1)
    assert matcher.matches(volumes.Claims([CLAIM], [])), mismatch(matcher, volumes.Claims([CLAIM], []))
    assert words in mismatch(matcher, volumes.Claims([replace(CLAIM, **change)], []))


def test_shared_unused_and_missing_volumes_are_named() -> None:
    matcher = volumes.hold_the_data(2)
    twice = volumes.Claims([CLAIM, replace(CLAIM, name="pgdata-db-1")], ["old"])
    assert "several claims are bound to pv-1" in mismatch(matcher, twice)
    assert "claim old is mounted by nobody" in mismatch(matcher, twice)
    assert "1 volumes were looked at instead of 2" in mismatch(matcher, volumes.Claims([CLAIM], []))


@pytest.mark.parametrize(
    ("hard", "used", "more", "found"),
    [
        ({"pods": "20"}, {"pods": "18"}, 2, []),
        ({"pods": "18"}, {"pods": "18"}, 0, []),
        (
            {"pods": "18"},
            {"pods": "17"},
            2,
            ["quota forbids further pods: 17 of 18 are there, 2 more would be the largest size"],
        ),
        ({"count/pods": "18"}, {"count/pods": "18"}, 1, ["quota forbids further pods: 18 of 18 are there, 1 more"]),
        ({"services": "1"}, {"services": "1"}, 2, []),
    ],
)
def test_a_budget_that_has_no_room_for_further_pods(
    hard: dict[str, str], used: dict[str, str], more: int, found: list[str]
) -> None:
    body = {"metadata": {"name": "q"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": used}}
    seen = budget.forbids_pods(budget_of(body), more)
    assert len(seen) == len(found)
    assert all(one.startswith(begin) for one, begin in zip(seen, found, strict=True))
