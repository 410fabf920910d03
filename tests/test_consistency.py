"""Manifest, translations, icons and code agree. What Home Assistant's own checker would say, and some more, offline."""

import ast
from collections.abc import Iterator
import dataclasses
import inspect
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.helpers.selector import validate_selector
from homeassistant.loader import Manifest
import pytest
import yaml

from custom_components.smart_bms import binary_sensor, button, event, number, select, sensor, switch
from custom_components.smart_bms.bank import compatibility, member
from custom_components.smart_bms.bank_entry.binary_sensor import BANK_BINARY_SENSORS
from custom_components.smart_bms.bank_entry.sensor import BANK_SENSORS
from custom_components.smart_bms.bank_entry.simulated_energy_issue import SIMULATED_ENERGY
from custom_components.smart_bms.binary_sensor.alarms import ALARM_DESCRIPTIONS
from custom_components.smart_bms.binary_sensor.protection import MISMATCH, PERMISSIONS
from custom_components.smart_bms.binary_sensor.states import STATE_DESCRIPTIONS
from custom_components.smart_bms.bms import errors, trust
from custom_components.smart_bms.bms.alarm import Alarm, AlarmSeverity
from custom_components.smart_bms.bms.connection_hints import HINTS as CONNECTION_HINTS, ConnectionHint
from custom_components.smart_bms.bms.connection_state import REASONS as CONNECTION_REASONS, ConnectionState
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jbd.decode import COUNTERS as JBD_COUNTERS, RESTARTS
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.condition import CONDITIONS
from custom_components.smart_bms.config_flow import SmartBmsConfigFlow
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.energy.current_correction import CurrentCorrection
from custom_components.smart_bms.entity.parameter import ENABLED_PARAMETERS, MAIN_PARAMETERS
from custom_components.smart_bms.entity.soc_plan_number import SOC_PLAN_NUMBERS
from custom_components.smart_bms.entity.steering import STEERING_SENSORS, STEERING_SWITCH
from custom_components.smart_bms.equipment.issues import EQUIPMENT_ISSUES
from custom_components.smart_bms.flow.option_forms import OPTION_FORMS
from custom_components.smart_bms.flow.options_schema import OptionField, OptionForm
from custom_components.smart_bms.options_flow import SmartBmsOptionsFlow
from custom_components.smart_bms.pack_entry import simulated
from custom_components.smart_bms.pack_entry.adapter_issue import NO_ADAPTER
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.pack_entry.connection_issues import CONNECTION_ISSUES, PAIRING, UNSUPPORTED_FIRMWARE
from custom_components.smart_bms.pack_entry.connection_policy import ConnectionPolicy, Freshness
from custom_components.smart_bms.pack_entry.publishing import ADJUSTABLE, STEPPED
from custom_components.smart_bms.pack_entry.wiring_issue import WIRING_ISSUES
from custom_components.smart_bms.protection import balance, hints, permission
from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.events import ProtectionEventType as Happened
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.limit_options import CONTRADICTIONS, LimitOptions
from custom_components.smart_bms.protection.rules import ProtectedQuantity
from custom_components.smart_bms.protection.smart123 import SMART123, SMART123_GENERATION_3
from custom_components.smart_bms.sensor.charging import charging_descriptions
from custom_components.smart_bms.sensor.energy import ENERGY_DESCRIPTIONS
from custom_components.smart_bms.sensor.health import health_descriptions
from custom_components.smart_bms.sensor.protection import descriptions_of
from custom_components.smart_bms.services.schema import CHEMISTRIES
from custom_components.smart_bms.steering.demand import FallbackAction
from custom_components.smart_bms.steering.target import TargetKind, problems
from custom_components.smart_bms.texts import PARAMETER_NAMES, SUBJECT_NAMES
from custom_components.smart_bms.trigger import TRIGGERS
from script.lib import parameters

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components" / DOMAIN
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
HACS: dict[str, Any] = json.loads((ROOT / "hacs.json").read_text())
FLOW = "".join((FOLDER / name).read_text() for name in ("config_flow.py", "flow/reconfigure_flow.py"))
"""The steps that add a pack or a bank, and those about a pack that is set up."""
BANK_OPTIONS = (FOLDER / "bank_entry" / "config_flow.py").read_text()
EQUIPMENT_OPTIONS = (FOLDER / "equipment" / "options_flow.py").read_text()
PURE = {"bank", "bms", "control", "energy", "protection", "simulator", "steering"}
HOME_ASSISTANTS_SIDE = [file for file in FOLDER.rglob("*.py") if file.relative_to(FOLDER).parts[0] not in PURE]

EVERYTHING = Capabilities(
    values=frozenset(item.needs or item.key for item in sensor.SENSOR_DESCRIPTIONS),
    cells=2,
    resistances=2,
    cell_temperatures=2,
    probes=("board", "highest", "lowest", "mosfet", "temperature_1"),
    counters=tuple(sorted((*JBD_COUNTERS, RESTARTS))),
)
PROTECTIONS = list(
    dict.fromkeys(
        rule.protection
        for rules in (JK, JBD, DALY, SMART123, SMART123_GENERATION_3)
        for rule in rules.rules
        if not rule.is_warning
    )
)
SETTINGS = {
    (setting.kind, setting.key): setting
    for family in FAMILIES
    for _, catalog in parameters.catalogs(family)
    for setting in catalog.settings.values()
    if setting.proof is not Proof.READ_ONLY and not setting.procedure
}
"""Everything that any pack can be set to, with an entity."""

PARAMETERS = {
    platform: [describe(setting) for setting in SETTINGS.values() if setting.kind is kind]
    for platform, kind, describe in (
        ("switch", SettingKind.SWITCH, switch.describe),
        ("number", SettingKind.NUMBER, number.describe),
        ("select", SettingKind.CHOICE, select.describe),
        ("button", SettingKind.COMMAND, button.describe),
    )
}
SENSORS = [
    *sensor.descriptions(EVERYTHING),
    *descriptions_of(PROTECTIONS),
    *ENERGY_DESCRIPTIONS,
    *charging_descriptions(EVERYTHING),
    *STEERING_SENSORS,
    *health_descriptions(EVERYTHING, follows_jbd_manual=True),
    *BANK_SENSORS,
    *(
        item
        for family in FAMILIES
        for _, catalog in parameters.catalogs(family)
        for item in sensor.parameter_descriptions(catalog)
    ),
]
STATES = dataclasses.replace(
    EVERYTHING,
    values=frozenset(item.needs or item.key for item in STATE_DESCRIPTIONS) | {"balancing_cells", "alarms"},
)
BINARY_SENSORS = [item for relays in (False, True) for item in binary_sensor.descriptions(STATES, Alarm, relays=relays)]
ENTITIES = {
    "sensor": SENSORS,
    "binary_sensor": [
        *BINARY_SENSORS,
        binary_sensor.PROBLEM_DESCRIPTION,
        *PERMISSIONS,
        MISMATCH,
        *BANK_BINARY_SENSORS,
    ],
    "event": [*event.EVENT_DESCRIPTIONS, *event.PROTECTION_DESCRIPTIONS],
    **PARAMETERS,
    "number": [*PARAMETERS["number"], *SOC_PLAN_NUMBERS],
    "switch": [*PARAMETERS["switch"], STEERING_SWITCH],
    "button": [*PARAMETERS["button"], button.DASHBOARD, button.RELEASE, button.RECONNECT],
}
SERVICES: dict[str, Any] = yaml.safe_load((FOLDER / "services.yaml").read_text())


def texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
    else:
        for key, branch in tree.items():
            yield from texts(branch, f"{path}.{key}" if path else key)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_manifest_is_one() -> None:
    known = set(Manifest.__annotations__)
    assert set(MANIFEST) <= known
    assert MANIFEST["domain"] == DOMAIN == FOLDER.name
    rest = [key for key in MANIFEST if key not in ("domain", "name")]
    assert list(MANIFEST) == ["domain", "name", *sorted(rest)]
    for key in ("codeowners", "documentation", "issue_tracker", "version", "iot_class", "integration_type"):
        assert MANIFEST[key]
    version = AwesomeVersion(MANIFEST["version"])
    assert version.strategy in (AwesomeVersionStrategy.SEMVER, AwesomeVersionStrategy.CALVER)
    assert MANIFEST["dependencies"] == ["bluetooth_adapters", "http"]
    assert MANIFEST["after_dependencies"] == ["energy", "frontend", "recorder"]


SERVICE_ALONE = {"0000ff00-0000-1000-8000-00805f9b34fb", "0000fff0-0000-1000-8000-00805f9b34fb"}
"""Users rename packs that only their address gives away, which no matcher can ask for: the flow does."""


def test_matchers_are_valid_and_hardly_ever_trust_the_service_alone() -> None:
    for matcher in MANIFEST["bluetooth"]:
        assert set(matcher) <= {
            "local_name",
            "service_uuid",
            "manufacturer_id",
            "manufacturer_data_start",
            "connectable",
        }
        assert {"local_name", "manufacturer_id"} & set(matcher) or matcher["service_uuid"] in SERVICE_ALONE
        if name := matcher.get("local_name"):
            assert not re.search(r"[*?\[]", name[:3])
        if uuid := matcher.get("service_uuid"):
            assert uuid == uuid.lower()
            assert len(uuid) == 36


def test_hacs_can_install_it() -> None:
    known = {"name", "content_in_root", "country", "filename", "hacs", "hide_default_branch", "homeassistant"}
    assert set(HACS) <= known | {"persistent_directory", "render_readme", "zip_release"}
    assert HACS["name"]
    assert AwesomeVersion(HACS["homeassistant"]) >= AwesomeVersion("2026.9.0")
    assert (ROOT / "README.md").exists()
    assert [item.name for item in (ROOT / "custom_components").iterdir() if item.is_dir() and item.name[0] != "_"] == [
        DOMAIN
    ]
    assert (FOLDER / "brand" / "icon.png").read_bytes().startswith(b"\x89PNG")


def test_every_entity_has_a_name_and_none_is_left_over() -> None:
    assert set(TEXTS["entity"]) == set(ENTITIES)
    for platform, listed in ENTITIES.items():
        named = TEXTS["entity"][platform]
        assert {item.translation_key for item in listed} == set(named)
        for item in listed:
            text = named[item.translation_key]["name"]
            assert placeholders(text) == set(item.translation_placeholders or {}), item.key


def test_every_state_of_an_enumeration_has_a_name() -> None:
    for item in SENSORS:
        if item.options:
            assert set(TEXTS["entity"]["sensor"][item.translation_key]["state"]) == set(item.options)
    assert set(TEXTS["entity"]["sensor"]["link"]["state"]) == {state.value for state in ConnectionState}
    for item in PARAMETERS["select"]:
        assert set(TEXTS["entity"]["select"][item.translation_key]["state"]) == set(
            SETTINGS[SettingKind.CHOICE, item.key].options
        )


def test_units_are_given_once() -> None:
    for item in SENSORS:
        worded = "unit_of_measurement" in TEXTS["entity"]["sensor"][item.translation_key]
        assert not (worded and item.native_unit_of_measurement), item.key


def test_every_entity_has_an_icon_from_its_class_or_from_ours() -> None:
    for platform, listed in ENTITIES.items():
        icons = ICONS["entity"][platform]
        assert set(icons) <= {item.translation_key for item in listed}
        for item in listed:
            classed = item.device_class not in (None, "enum")
            assert classed or item.translation_key in icons, item.key
        for _, icon in texts(icons):
            assert re.fullmatch(r"mdi:[a-z0-9-]+", icon)


def test_every_alarm_has_a_sensor_and_every_family_reports_known_ones() -> None:
    assert set(ALARM_DESCRIPTIONS) == set(Alarm)
    assert FAMILIES["jk"].alarms("JK04") == ()
    assert len(FAMILIES["jk"].alarms("JK02_24S")) == 16
    assert len(FAMILIES["jk"].alarms("JK02_32S")) == 29
    for family in FAMILIES:
        for variant in parameters.VARIANTS[family][2]:
            assert set(FAMILIES[family].alarms(variant)) <= set(Alarm)


def test_every_reason_for_failure_has_a_sentence_and_a_state() -> None:
    reasons = {
        error.reason
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.PackError) and error is not errors.PackError
    }
    of_packs = {"charge_voltage_for_other_cells"}
    assert placeholders(TEXTS["options"]["error"]["charge_voltage_for_other_cells"]) == {"lowest", "highest"}
    of_limits = set(CONTRADICTIONS)
    of_equipment = set(re.findall(r'"(\w+)": ', inspect.getsource(problems)))
    of_equipment |= {"wrong_domain", "wrong_unit", "already_a_target", "steered_elsewhere"}
    assert of_limits | of_equipment <= set(TEXTS["options"]["error"])
    of_banks = set(TEXTS["options"]["error"]) - of_packs - of_limits - of_equipment
    assert reasons | {"unknown"} | of_banks == set(TEXTS["config"]["error"])
    refused = {
        "in_another_bank",
        compatibility.CELLS_DIFFER,
        compatibility.CHEMISTRIES_DIFFER,
        compatibility.VOLTAGES_APART,
    }
    assert of_banks == {"too_few_packs", "uneven_strings"} | refused
    assert reasons == {state.value for state in CONNECTION_REASONS} == {state.value for state in CONNECTION_HINTS}


ASKING = {file.parent.name for file in (FOLDER / "bms").glob("*/*.py") if "PasswordNeededError(" in file.read_text()}


def test_every_family_that_asks_for_a_password_has_its_step() -> None:
    assert {key for key, family in FAMILIES.items() if family.takes_password} == ASKING
    for family in ASKING:
        for step in ("password", "reauth_confirm"):
            assert getattr(SmartBmsConfigFlow, f"async_step_{step}_{family}")
    for family in RECONFIGURABLE:
        assert getattr(SmartBmsConfigFlow, f"async_step_reconfigure_{family}")


RECONFIGURABLE = {
    key: ["password"] * family.takes_password + [option.key for option in family.options if option.is_transport]
    for key, family in FAMILIES.items()
    if family.takes_password or any(option.is_transport for option in family.options)
}
"""What can be changed of a family's pack that is set up."""


def test_every_progress_of_the_flow_has_a_text() -> None:
    used = set(re.findall(r'"(ask_\w+|connect)"', FLOW))
    assert set(TEXTS["config"]["progress"]) == used
    for text in TEXTS["config"]["progress"].values():
        assert placeholders(text) <= {"name", "family", "address"}


def test_texts_name_the_buttons_where_they_are() -> None:
    """*Configure* is beside the entry on the page of the integration, and a pack is added with *Add device* there."""
    for _, text in texts(TEXTS):
        assert not re.search(r"Configure\W+on the (pack|device|bank)'s page|bank's options|Add entry", text), text
    for page in (*(ROOT / "docs").glob("*.md"), ROOT / "README.md"):
        assert not re.search(r"Add entry|Configure\W+on the (pack|device|bank)'s page", page.read_text()), page.name


def test_every_step_and_abort_of_the_flow_has_a_text_and_none_is_left_over() -> None:
    steps = set(re.findall(r'step_id="(\w+)"', FLOW))
    steps |= {f"{step}_{family}" for step in ("password", "reauth_confirm") for family in ASKING}
    steps |= {f"reconfigure_{family}" for family in RECONFIGURABLE}
    assert steps == set(TEXTS["config"]["step"])
    more = re.findall(r'step_id="(\w+)"', BANK_OPTIONS + EQUIPMENT_OPTIONS)
    assert {"init", *OPTION_FORMS, *more} == set(TEXTS["options"]["step"])
    aborts = set(re.findall(r'reason="(\w+)"', FLOW)) | {"already_configured", "already_in_progress"}
    assert aborts == set(TEXTS["config"]["abort"])


def test_every_form_of_the_options_is_a_step_and_on_the_menu_with_a_description() -> None:
    menu = TEXTS["options"]["step"]["init"]
    assert set(menu["menu_options"]) == set(menu["menu_option_descriptions"]) == {*OPTION_FORMS, "equipment"}
    for step, label in menu["menu_options"].items():
        assert getattr(SmartBmsOptionsFlow, f"async_step_{step}")
        assert TEXTS["options"]["step"][step]["title"] == label
        assert menu["menu_option_descriptions"][step].endswith(".")
    made = {key: [step for step, form in OPTION_FORMS.items() if form(family)] for key, family in FAMILIES.items()}
    assert all(set(made[key]) >= set(OPTION_FORMS) - {"pack"} for key in FAMILIES)
    assert {key for key in FAMILIES if "pack" in made[key]} == {key for key in FAMILIES if FAMILIES[key].options}


@pytest.mark.parametrize("step", OPTION_FORMS)
def test_texts_of_a_form_of_the_options_are_those_of_its_fields(step) -> None:
    forms = [OPTION_FORMS[step](family) for family in FAMILIES.values()]
    text = TEXTS["options"]["step"][step]
    assert {field.key for form in forms for field in form.fields} == set(text.get("data", {}))
    parts = {part.key: {field.key for field in part.fields} for form in forms for part in form.sections}
    assert parts == {key: set(part["data"]) for key, part in text.get("sections", {}).items()}
    for part in text.get("sections", {}).values():
        assert part["name"]
        assert part["description"].endswith(".")
    assert not any(placeholders(line) for _, line in texts(text))


def fields_of(form: OptionForm) -> list[OptionField]:
    return [*form.fields, *(field for part in form.sections for field in part.fields)]


def test_every_option_is_on_one_form() -> None:
    for family in FAMILIES.values():
        offered = [(field.stored_in, field.key) for form in OPTION_FORMS.values() for field in fields_of(form(family))]
        quantities = [quantity.value for quantity in ADJUSTABLE]
        permissions = ("allow_control", "experimental_writes", "allow_dangerous", "reread_interval")
        expected = [
            *(("control", key) for key in permissions),
            *([("polling", "interval")] if family.polling else []),
            *(("pack", option.key) for option in family.options),
            *(("current", item.name) for item in dataclasses.fields(CurrentCorrection)),
            *(("limits", item.name) for item in dataclasses.fields(LimitOptions)),
            *((part, key) for part in ("intervals", "dead_bands") for key in quantities),
            *(("steps", quantity.value) for quantity in STEPPED),
            *(("connection", item.name) for item in dataclasses.fields(ConnectionPolicy)),
        ]
        assert sorted(offered) == sorted(expected)


def test_every_field_of_a_form_has_a_description() -> None:
    for step in (*TEXTS["config"]["step"].values(), *TEXTS["options"]["step"].values()):
        for part in (step, *step.get("sections", {}).values()):
            assert set(part.get("data", {})) == set(part.get("data_description", {}))
    for family, fields in RECONFIGURABLE.items():
        assert list(TEXTS["config"]["step"][f"reconfigure_{family}"]["data"]) == fields


def test_placeholders_of_the_flow_are_those_it_gives() -> None:
    given = {
        "confirm": {"name", "family", "address"},
        "connect": {"name", "family", "address", "detail"},
        "contact": {"name", "family", "address"},
        **{f"password_{family}": {"name", "family", "address"} for family in ASKING},
        **{f"reauth_confirm_{family}": {"name", "detail"} for family in ASKING},
        **{f"reconfigure_{family}": {"name", "detail"} for family in RECONFIGURABLE},
        "identified": {"name", "family", "address", "model", "hw_version", "sw_version", "cells", "voltage", "soc"},
    }
    for step, part in TEXTS["config"]["step"].items():
        for _, text in texts(part):
            assert placeholders(text) <= given.get(step, set()), step
    for _, text in texts({key: TEXTS["config"][key] for key in ("error", "abort")}):
        assert not placeholders(text)


@pytest.mark.parametrize(("path", "text"), texts(TEXTS))
def test_texts_are_final_and_plain(path, text) -> None:
    assert text == text.strip()
    assert "[%key:" not in text
    assert "TODO" not in text


def test_the_whole_integration_speaks_through_translations() -> None:
    """No entity sets its name in code."""
    for file in HOME_ASSISTANTS_SIDE:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign):
                targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
                assert "_attr_name" not in targets, file.name
                assert "_attr_icon" not in targets, file.name


def test_what_is_shown_by_default_exists() -> None:
    keys = {key for _, key in SETTINGS}
    assert keys >= ENABLED_PARAMETERS
    assert set(MAIN_PARAMETERS) <= keys
    assert "discharge_switch" not in ENABLED_PARAMETERS


REASONS = {
    *permission.CODES,
    *(f"{permission.WAITS}_{condition.name}" for table in balance.TABLES.values() for condition in table.conditions),
    balance.WIRE_FLAGGED,
    balance.ONLY_CHARGING,
    balance.ONLY_RESTING,
}
TOLD = {"about", "value", "limit", "release", "seconds", "unit", "charge", "discharge"}


ALLOWED_BY = {
    "allow_control": ("control_off",),
    "experimental_writes": ("experimental_off",),
    "allow_dangerous": ("confirm_needed", "clears_history", "above_chemistry", "below_chemistry", "other_chemistry"),
}
"""Options, and the refusals that each would have allowed."""


def test_refusals_name_the_option_that_would_allow_it() -> None:
    labels = TEXTS["options"]["step"]["control"]["data"]
    for option, codes in ALLOWED_BY.items():
        for code in codes:
            message = TEXTS["exceptions"][code]["message"]
            assert f'"{labels[option]}" under Configure' in message
            # A second word is only asked for by actions: an entity must not send people to itself.
            assert option != "allow_dangerous" or 'the action "Set parameters" with "Confirm"' in message


def test_every_reason_uses_only_what_it_is_told() -> None:
    for key, text in TEXTS["exceptions"].items():
        if key.startswith(("reason_", "hint_")):
            assert placeholders(text["message"]) <= TOLD
            assert text["message"].endswith(".")


@pytest.mark.parametrize(
    ("file", "known", "behavior", "mode"),
    [("triggers", TRIGGERS, "each", "crossed"), ("conditions", CONDITIONS, "any", "is")],
)
def test_triggers_and_conditions_are_described_alike_everywhere(file, known, behavior, mode) -> None:
    offered = {key: row for key, row in yaml.safe_load((FOLDER / f"{file}.yaml").read_text()).items() if key[0] != "."}
    assert set(offered) == set(known) == set(TEXTS[file]) == set(ICONS[file])
    for key, row in offered.items():
        fields = row.get("fields", {})
        assert set(fields) == set(TEXTS[file][key].get("fields", {}))
        assert row["target"]["primary_entities_only"] is False
        assert TEXTS[file][key]["description"].endswith(".")
        for field in fields.values():
            validate_selector(field["selector"])
        if "protection" in fields:
            assert set(fields["protection"]["selector"]["select"]["options"]) == set(PROTECTIONS)
        if "behavior" in fields:
            assert fields["behavior"]["default"] == behavior
        if "threshold" in fields:
            assert fields["threshold"]["selector"]["numeric_threshold"]["mode"] == mode


def test_every_protection_event_has_a_name() -> None:
    named = TEXTS["entity"]["event"]["protection_event"]["state_attributes"]["event_type"]["state"]
    assert set(named) == {kind.value for kind in Happened}


def codes_in_code() -> set[str]:
    """Return every code of a finding, and every key of an exception, that is written in the code."""
    files = [*HOME_ASSISTANTS_SIDE, *(FOLDER / "control").glob("*.py")]
    text = "\n".join(file.read_text() for file in files)
    plain = re.findall(
        r'(?:code=|pair_issue\(\s*|rejection\(\s*|_issue\(\s*|translation_domain=DOMAIN,\s*translation_key=)"([a-z_]+)"',
        text,
    )
    rules = re.findall(r'_Rule\("\w+", "(\w+)"', text) + re.findall(r'"(\w+_off)"\)\)', text)
    ways = re.findall(r'code ?= ?"(\w+)" if .* else "(\w+)"', text)
    return {*plain, *rules, *(key for pair in ways for key in pair)}


def test_every_refusal_and_every_issue_has_a_sentence_and_none_is_left_over() -> None:
    held = {WriteOutcome.CONFIRMED, WriteOutcome.CHANGED_ELSEWHERE, WriteOutcome.PENDING}
    written = {f"write_{outcome}" for outcome in set(WriteOutcome) - held}
    commands = {f"command_{outcome}" for outcome in set(WriteOutcome) - held - {WriteOutcome.DIFFERENT}}
    reasons = {f"reason_{code}" for code in REASONS} | {f"hint_{code}" for code in (*hints.CODES, *ConnectionHint)}
    left_out = {f"left_out_{why}" for why in member.REASONS}
    unfit = {f"unfit_{code}" for code in (*compatibility.INCOMPATIBLE, compatibility.CAPACITIES_DIFFER)}
    reported = {"recording_ready", "recording_runs"} | unfit
    reported |= {"dashboard_added", "dashboard_renewed", "dashboard_there_already"}
    assert codes_in_code() | written | commands | reasons | left_out | reported == set(TEXTS["exceptions"])
    done = {f"write_{outcome}" for outcome in set(WriteOutcome) - {WriteOutcome.PENDING}} | {"write_undetermined"}
    logged = set(TEXTS["selector"]["logbook"]["options"]) - {"by_repair"}
    assert logged == done | commands | {"command_confirmed"}
    for key, text in TEXTS["exceptions"].items():
        last = text["message"].rpartition("\n")[2]
        assert last.endswith((".", "}")), key


def named(*places: str) -> set[str]:
    """Return the keys that have a name in one of these places."""
    paths = dict(texts(TEXTS))
    patterns = [re.compile(re.escape(place).replace(r"\{\}", r"(\w+)")) for place in places]
    return {match[1] for path in paths for pattern in patterns if (match := pattern.fullmatch(path))}


def test_every_parameter_has_a_name_for_sentences() -> None:
    keys = {
        setting.key
        for family in FAMILIES
        for _, catalog in parameters.catalogs(family)
        for setting in catalog.settings.values()
        if not setting.key.startswith(("register_", "wire_resistance_"))
    }
    assert not keys - named(*PARAMETER_NAMES)
    extra = set(TEXTS["selector"]["parameter"]["options"])
    known = {key for family in FAMILIES for _, catalog in parameters.catalogs(family) for key in catalog.known}
    assert not extra - keys - known


def test_everything_that_a_reason_may_be_about_has_a_name() -> None:
    conditions = {
        condition.name
        for rules in (SMART123, SMART123_GENERATION_3)
        for tables in rules.relays.values()
        for table in tables.values()
        for condition in (*table.on, *table.off)
    }
    conditions |= {condition.name for table in balance.TABLES.values() for condition in table.conditions}
    others = {"balance_switch", "balance_current"} | {str(quantity) for quantity in ProtectedQuantity}
    assert not ({*PROTECTIONS, *Alarm} | conditions | others) - named(*SUBJECT_NAMES)
    # In the attributes of entities, where they are codes.
    reasons = TEXTS["entity"]["binary_sensor"]["charge_allowed"]["state_attributes"]["reasons"]["state"]
    without_subject = {permission.NO_DATA, permission.NO_SETTINGS, permission.NO_RULES, permission.SWITCHED_OFF}
    without_subject |= {permission.PACK_BLOCKS_SILENTLY, permission.NOT_SAID, permission.CONTRADICTION}
    without_subject |= {permission.MODE, permission.FINE, *compatibility.INCOMPATIBLE}
    assert not ({*PROTECTIONS, *Alarm} | without_subject) - set(reasons)
    balancing = TEXTS["entity"]["binary_sensor"]["balance_expected"]["state_attributes"]["reasons"]["state"]
    assert {balance.WIRE_FLAGGED, balance.ONLY_CHARGING, balance.ONLY_RESTING, "balance_trigger"} <= set(balancing)


def test_every_hint_and_every_doubt_has_a_name() -> None:
    sensors = TEXTS["entity"]["sensor"]
    assert set(sensors["link"]["state_attributes"]["hints"]["state"]) == set(ConnectionHint)
    assert set(sensors["nearest_protection"]["state_attributes"]["hints"]["state"]) == set(hints.CODES)
    doubts = {f"implausible_{name}" for name in (*trust.RANGES, "cell_voltage", "temperature")}
    doubts |= {f"jump_{name}" for name in (*trust.JUMPS, "cell_voltage", "temperature")}
    doubts |= {trust.DISAGREE, trust.NO_CELLS, "frozen"}
    assert set(sensors["link"]["state_attributes"]["doubt"]["state"]) == doubts


def test_every_action_is_described_and_its_selectors_are_valid() -> None:
    described = TEXTS["services"]
    assert set(SERVICES) == set(described) == set(ICONS["services"])
    for name, service in SERVICES.items():
        fields = (service or {}).get("fields", {})
        assert set(fields) == set(described[name].get("fields", {})), name
        for field in fields.values():
            validate_selector(field["selector"])
            assert "example" in field or "device" in field["selector"] or field.get("default") is False
        for part in (described[name], *described[name].get("fields", {}).values()):
            assert part["name"]
            assert part["description"].endswith(".")
    assert set(TEXTS["selector"]["chemistry"]["options"]) == set(CHEMISTRIES)
    choices = {
        option.key: set(option.choices) for family in FAMILIES.values() for option in family.options if option.choices
    }
    choices |= {"chemistry": set(CHEMISTRIES), "simulated": set(simulated.CHOICES)}
    choices |= {"freshness": {choice.value for choice in Freshness}}
    choices |= {"wiring": {"parallel", "series"}}
    choices |= {"target_kind": set(TargetKind), "fallback_action": set(FallbackAction)}
    choices |= {"protection": set(PROTECTIONS), "severity": {severity.value for severity in AlarmSeverity}}
    sentences = {"logbook", "parameter", "subject", "text", "value"}
    """Not choices, but texts that Home Assistant has no other place for."""
    found = {key: set(part["options"]) for key, part in TEXTS["selector"].items()}
    assert {key: options for key, options in found.items() if key not in sentences} == choices
    assert sentences <= set(found)


def test_every_issue_has_its_texts() -> None:
    wires = {f"wiring_{kind}" for kind in WIRING_ISSUES}
    pairing = {"pairing_adapter", "pairing_proxy"}
    connection = (set(CONNECTION_ISSUES) - {PAIRING}) | pairing
    alone = {"drift", "default_password", "bank_member_removed", "disk_full", "set_aside", NO_ADAPTER, SIMULATED_ENERGY}
    equipment = set(EQUIPMENT_ISSUES.values())
    assert set(TEXTS["issues"]) == alone | wires | connection | equipment
    for key in equipment:
        assert "entity" in placeholders(TEXTS["issues"][key]["description"])
        assert placeholders(TEXTS["issues"][key]["description"]) <= {"name", "entity", "shown", "wanted"}
    for key in connection:
        wanted = {"other_integration": {"integration"}, "no_free_slot": {"adapters"}, "second_client": set[str]()}
        wanted[UNSUPPORTED_FIRMWARE] = {"model", "firmware"}
        assert placeholders(TEXTS["issues"][key]["description"]) == {"name"} | wanted.get(key, {"adapter"}), key
        assert placeholders(TEXTS["issues"][key]["title"]) == {"name"}
    for key in wires:
        assert placeholders(TEXTS["issues"][key]["description"]) == {"name", "cells"}
    assert placeholders(TEXTS["issues"]["disk_full"]["description"]) == {"reason"}
    assert placeholders(TEXTS["issues"][NO_ADAPTER]["description"]) == {"packs"}
    assert placeholders(TEXTS["issues"][SIMULATED_ENERGY]["description"]) == {"names"}
    set_aside = TEXTS["issues"]["set_aside"]["fix_flow"]["step"]["confirm"]["description"]
    assert placeholders(set_aside) == {"name", "parts", "file"}
    assert placeholders(TEXTS["issues"]["drift"]["title"]) == {"name"}
    assert placeholders(TEXTS["issues"]["drift"]["fix_flow"]["step"]["init"]["description"]) == {"changes"}
    assert set(TEXTS["issues"]["drift"]["fix_flow"]["step"]["init"]["menu_options"]) == {"accept", "restore"}


def test_the_page_of_parameters_is_what_the_code_says() -> None:
    assert parameters.DOCUMENT.read_text() == parameters.document(), "run script/parameters"


def test_the_title_of_a_step_that_shows_progress_needs_no_name() -> None:
    """Home Assistant fills in names in the text of such a step, but not in its title, and shows an error there."""
    assert "{" not in TEXTS["config"]["step"]["contact"]["title"]


def test_system_health_names_every_number() -> None:
    code = (FOLDER / "system_health.py").read_text()
    assert set(TEXTS["system_health"]["info"]) == set(re.findall(r'^        "(\w+)":', code, re.MULTILINE))


CATEGORIES = {
    *("config", "options", "selector", "entity", "services", "exceptions", "issues", "triggers", "conditions"),
    "system_health",
}
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*|zh-Hans")


def test_translations_have_the_categories_and_keys_that_home_assistant_accepts() -> None:
    for file in (FOLDER / "translations").glob("*.json"):
        tree = json.loads(file.read_text())
        assert set(tree) == CATEGORIES, file
        for path, text in texts(tree):
            assert all(SLUG.fullmatch(key) for key in path.split(".")), (file.name, path)
            assert not re.search(r"https?://|<a |\[%key:", text), (file.name, path)
