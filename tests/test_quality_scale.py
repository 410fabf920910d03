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
            assert said == "done", rule
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
        ("docs-triggers", "triggers.yaml", "triggers.md"),
        ("docs-conditions", "conditions.yaml", "conditions.md"),
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


DOCUMENTED = {
    "docs-high-level-description": ("../README.md", "# Smart BMS"),
    "docs-installation-instructions": ("start.md", "## Install"),
    "docs-installation-parameters": ("start.md", "## Add your first pack"),
    "docs-removal-instructions": ("start.md", "## Remove it"),
    "docs-configuration-parameters": ("start.md", "## Set what you need"),
    "docs-data-update": ("start.md", "## How often values change"),
    "docs-examples": ("automations.md", "## Blueprints"),
    "docs-known-limitations": ("reliability.md", "## What this does not show"),
    "docs-supported-devices": ("jk.md", "## "),
    "docs-supported-functions": ("entities.md", "# Entities"),
    "docs-troubleshooting": ("troubleshooting.md", "## Repairs"),
    "docs-use-cases": ("use-cases.md", "# Use cases"),
}
"""Where each rule about documentation is kept, and under which heading."""


def test_each_rule_about_documentation_has_its_place() -> None:
    elsewhere = {"docs-actions", "docs-triggers", "docs-conditions"}
    assert set(DOCUMENTED) | elsewhere == {rule for rule in RULES if rule.startswith("docs-")}
    for rule, (page, heading) in DOCUMENTED.items():
        assert heading in (ROOT / "docs" / page).read_text(encoding="utf-8"), rule


def test_every_menu_of_the_options_is_documented() -> None:
    text = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    for name in TEXTS["options"]["step"]["init"]["menu_options"].values():
        assert f"| {name} |" in text or name in (ROOT / "docs" / "banks.md").read_text(encoding="utf-8"), name


def test_every_state_of_the_connection_is_documented() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    for name in TEXTS["entity"]["sensor"]["link"]["state"].values():
        assert name in text, name


def test_every_error_that_users_see_is_translated() -> None:
    raised = re.compile(r"raise (?:ServiceValidationError|HomeAssistantError|ConfigEntry\w+)\(([^)]*)\)", re.DOTALL)
    for path in FOLDER.rglob("*.py"):
        for arguments in raised.findall(path.read_text(encoding="utf-8")):
            assert "translation_key" in arguments, path


def test_actions_are_registered_once_and_nothing_is_kept_by_domain() -> None:
    setup = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    once, _, of_entries = setup.partition("async def async_setup_entry")
    assert "async_setup_services(hass)" in once
    assert "async_setup_services" not in of_entries
    for path in FOLDER.rglob("*.py"):
        assert "hass.data[DOMAIN]" not in path.read_text(encoding="utf-8"), path


def test_diagnostics_exist_for_entries_and_devices() -> None:
    text = (FOLDER / "diagnostics.py").read_text(encoding="utf-8")
    assert "async def async_get_config_entry_diagnostics(" in text
    assert "async def async_get_device_diagnostics(" in text
