"""quality_scale.yaml says what is so: all rules that are known, reasons for what does not apply, and claims that the code keeps."""

import json
from pathlib import Path
import re
from typing import Any

import yaml

from custom_components.smart_bms import BANK_PLATFORMS, PLATFORMS
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.config_flow import SmartBmsConfigFlow

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components" / "smart_bms"
SCALE: dict[str, Any] = yaml.safe_load((FOLDER / "quality_scale.yaml").read_text(encoding="utf-8"))["rules"]
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
TEXTS = json.loads((FOLDER / "translations" / "en.json").read_text(encoding="utf-8"))
RULES = [
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
    "async-dependency",
    "inject-websession",
    "strict-typing",
]
"""Of June 2026, bronze to platinum."""


def status(rule: str) -> str:
    said = SCALE[rule]
    return said if isinstance(said, str) else said["status"]


def modules() -> dict[str, str]:
    """Return the text of each module in the root, and of each package there by its name."""
    files = [(path.stem, path) for path in FOLDER.glob("*.py")]
    files += [(path.parent.name, path) for path in FOLDER.glob("*/__init__.py")]
    return {name: path.read_text(encoding="utf-8") for name, path in files}


def keys_of(name: str) -> list[str]:
    return [key for key in yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")) if not key.startswith(".")]


def test_every_rule_is_judged_and_no_other() -> None:
    assert list(SCALE) == RULES
    assert len(RULES) == 54


def test_what_does_not_apply_has_a_reason() -> None:
    for rule, said in SCALE.items():
        if isinstance(said, str):
            assert said in ("done", "todo"), rule
        else:
            assert set(said) == {"status", "comment"}, rule
            assert said["status"] == "exempt", rule
            assert len(said["comment"]) > 20, rule


def test_flows_are_claimed_as_they_are() -> None:
    steps = dir(SmartBmsConfigFlow)
    ours = {step for base in SmartBmsConfigFlow.__mro__ if "smart_bms" in base.__module__ for step in vars(base)}
    assert (status("reauthentication-flow") == "done") is ("async_step_reauth" in ours)
    assert (status("reconfiguration-flow") == "done") is ("async_step_reconfigure" in ours)
    assert (status("discovery") == "done") is ("async_step_bluetooth" in steps and bool(MANIFEST["bluetooth"]))
    assert status("config-flow") == "done"
    assert MANIFEST["config_flow"]


def test_polling_and_requirements_are_claimed_as_they_are() -> None:
    assert (status("appropriate-polling") == "done") is any(family.polling for family in FAMILIES.values())
    assert (status("dependency-transparency") == "done") is bool(MANIFEST.get("requirements"))
    fetches = any("aiohttp_client" in path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    assert (status("inject-websession") == "exempt") is not fetches


def test_actions_triggers_and_conditions_are_documented() -> None:
    for rule, file, page in (
        ("docs-actions", "services.yaml", "control.md"),
        ("docs-triggers", "triggers.yaml", "automations.md"),
        ("docs-conditions", "conditions.yaml", "automations.md"),
    ):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert status(rule) == "done"
        section = rule.removeprefix("docs-")
        texts = TEXTS["services" if section == "actions" else section]
        for key in keys_of(file):
            assert f"smart_bms.{key}" in text or f"`{key}`" in text or texts[key]["name"] in text, key


def test_platforms_say_how_many_updates_run_at_once() -> None:
    assert status("parallel-updates") == "done"
    for platform in {*PLATFORMS, *BANK_PLATFORMS}:
        assert re.search(r"^PARALLEL_UPDATES\b", modules()[platform], re.MULTILINE), platform


def test_what_is_done_has_its_file() -> None:
    for rule, file in (
        ("diagnostics", "diagnostics.py"),
        ("repair-issues", "repairs.py"),
        ("icon-translations", "icons.json"),
        ("entity-translations", "translations/en.json"),
        ("strict-typing", "py.typed"),
        ("brands", "brand/icon.png"),
        ("common-modules", "coordinator.py"),
        ("common-modules", "entity/__init__.py"),
        ("action-setup", "services.yaml"),
    ):
        assert (status(rule) == "done") is (FOLDER / file).exists(), rule
    assert status("action-exceptions") == status("exception-translations") == "done"
    assert TEXTS["exceptions"]
    assert MANIFEST["codeowners"]
