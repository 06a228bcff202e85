"""Settings, limits and profiles: read once, refused with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from support.errors import ExitCode, Refusal
from support.limits import Limits
from support.profiles import known_profiles, load_profile
from support.settings import settings_from


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOLDFAST_STATE", str(tmp_path))


def test_what_is_not_set_has_its_usual_value() -> None:
    settings = settings_from({})
    assert (settings.profile, settings.kubeconfig, settings.patience, settings.keep) == (
        "jewelry-shop",
        None,
        1,
        "none",
    )
    assert len(settings.run) == 6


def test_the_embedded_cluster_is_found(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("")
    assert settings_from({}).kubeconfig == tmp_path / "kubeconfig"
    assert settings_from({"HOLDFAST_KUBECONFIG": "/elsewhere"}).kubeconfig == Path("/elsewhere")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOLDFAST_PATIENCE", "much"),
        ("HOLDFAST_PATIENCE", "0"),
        ("HOLDFAST_PATIENCE", "1000"),
        ("KEEP", "some"),
        ("HOLDFAST_RUN", "My Run"),
    ],
)
def test_an_unreadable_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Refusal) as refusal:
        settings_from({name: value})
    assert name in str(refusal.value)
    assert refusal.value.exit_code == ExitCode.USAGE


def test_patience_scales_every_limit_but_the_promised_refusal() -> None:
    usual, patient = Limits(), Limits().scaled(3)
    assert patient.warm_up == 3 * usual.warm_up
    assert patient.connect == usual.connect


def test_the_shipped_profiles_can_be_read() -> None:
    for name in known_profiles():
        assert load_profile(name).system == name


def test_an_unknown_system_is_refused_with_the_closest_known_one() -> None:
    with pytest.raises(Refusal) as refusal:
        load_profile("jewelery-shop")
    assert 'Did you mean "jewelry-shop"?' in str(refusal.value)
    assert refusal.value.exit_code == ExitCode.UNKNOWN_SYSTEM


def changed(tmp_path: Path, change: dict[str, Any]) -> str:
    text = (Path(__file__).parents[1] / "profiles/jewelry-shop.yaml").read_text(encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(text), **change}))
    return str(file)


def test_a_profile_of_ones_own_is_a_file(tmp_path: Path) -> None:
    assert load_profile(changed(tmp_path, {"claims": 12})).claims == 12


@pytest.mark.parametrize(
    ("change", "named"),
    [({"clams": 9}, "clams"), ({"claims": "nine"}, "claims"), ({"entrance": {"host": "a", "hots": 1}}, "hots")],
)
def test_a_mistake_in_a_profile_is_named(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    with pytest.raises(Refusal, match=named):
        load_profile(changed(tmp_path, change))


def test_a_part_that_the_profile_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="no part"):
        load_profile("jewelry-shop").part("oven")
