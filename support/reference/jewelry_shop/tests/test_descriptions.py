"""What the shop's YAML files say fits what its code knows."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

HOME = Path(__file__).parents[1]
# Told by the pod, not by the ConfigMap.
FROM_THE_POD = {
    "pod_name",
    "shop_service",
    "shop_environment",
    "django_secret_key",
    "platform_admin_password",
    "postgres_password",
    "postgres_platform_password",
    "redis_password",
}
# Read by the start script alone.
OF_THE_START_SCRIPT = {"SHOP_START_DELAY_S"}


def _config() -> ast.Module:
    return ast.parse((HOME / "app" / "shop" / "config.py").read_text())


def _settings() -> set[str]:
    found = next(node for node in _config().body if isinstance(node, ast.ClassDef) and node.name == "Config")
    names = {node.target.id for node in found.body if isinstance(node, ast.AnnAssign)}
    return names - FROM_THE_POD


def _switches() -> set[str]:
    made = next(
        node
        for node in _config().body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SWITCHES"
    )
    return set(ast.literal_eval(made.value.args[0]))


def _catalogue() -> list[dict]:
    return yaml.safe_load((HOME / "sabotages" / "catalogue.yaml").read_text())


def test_every_setting_is_in_the_config_map_and_read():
    documents = yaml.safe_load_all((HOME / "manifests" / "configuration.yaml").read_text())
    told = next(document["data"] for document in documents if document["metadata"]["name"] == "app-config")
    assert {name.lower() for name in told.keys() - OF_THE_START_SCRIPT} == _settings()


def test_settings_are_text():
    for document in yaml.safe_load_all((HOME / "manifests" / "configuration.yaml").read_text()):
        assert all(isinstance(value, str) for value in document["data"].values())


def test_every_switch_is_guarded_in_the_code_and_in_the_catalogue():
    code = "".join(path.read_text() for path in (HOME / "app").rglob("*.py"))
    for word in _switches():
        assert f'sabotaged("{word}")' in code, word
    listed = {step["switch"] for entry in _catalogue() for step in entry.get("steps", []) if "switch" in step}
    assert listed == _switches()


def test_every_overlay_is_there_and_used():
    named = {entry["overlay"] for entry in _catalogue() if entry["kind"] == "fresh"}
    assert named == {path.parent.name for path in (HOME / "sabotages").glob("*/kustomization.yaml")}


def test_ids_are_unique():
    ids = [entry["id"] for entry in _catalogue()]
    assert len(ids) == len(set(ids))
