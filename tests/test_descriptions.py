"""What every entity's description must have so that its value can be used: digits, an icon that fits, a name that fits."""

from collections import Counter
from collections.abc import Iterator
import json
from pathlib import Path
import re

from homeassistant.components.number import NumberDeviceClass
from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription
import pytest

from custom_components.smart_bms import binary_sensor, button, event, number, sensor
from custom_components.smart_bms.bank_entry.binary_sensor import BANK_BINARY_SENSORS
from custom_components.smart_bms.bank_entry.sensor import BANK_SENSORS
from custom_components.smart_bms.binary_sensor.protection import MISMATCH, PERMISSIONS
from custom_components.smart_bms.binary_sensor.states import STATE_DESCRIPTIONS
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jbd.decode import COUNTERS as JBD_COUNTERS, RESTARTS
from custom_components.smart_bms.bms.settings import Catalog, Proof, SettingKind
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.smart123 import SMART123, SMART123_GENERATION_3
from custom_components.smart_bms.sensor.cells import (
    cell_descriptions,
    counter_descriptions,
    parameter_descriptions,
    probe_descriptions,
)
from custom_components.smart_bms.sensor.connection import CONNECTION_DESCRIPTIONS
from custom_components.smart_bms.sensor.energy import ENERGY_DESCRIPTIONS
from custom_components.smart_bms.sensor.health import health_descriptions
from custom_components.smart_bms.sensor.measurements import SENSOR_DESCRIPTIONS
from custom_components.smart_bms.sensor.protection import descriptions_of
from script.lib.parameters import VARIANTS, catalogs

INTEGRATION = Path("custom_components/smart_bms")
ICONS = json.loads((INTEGRATION / "icons.json").read_text(encoding="utf-8"))
NAMES = json.loads((INTEGRATION / "translations/en.json").read_text(encoding="utf-8"))["entity"]
FEATURES = Capabilities(
    cells=1, resistances=1, cell_temperatures=1, probes=("mosfet", "probe_1"), counters=(Alarm.CELL_OVERVOLTAGE,)
)
CATALOGS = [catalog for family in VARIANTS for _, catalog in catalogs(family)]
ROUNDED_BY_ITS_UNIT = {"protection_margin"}
"""Its unit goes with the limit that is nearest, and so do its digits."""
LONGEST = 37
"""Characters. What is on by itself is shorter: these are the terms of the boards, release and delay with them."""
LONGER = {
    "Discharge overtemperature warning limit",
    "Discharge undertemperature warning limit",
    "Discharge overtemperature protection 2",
    "Discharge undertemperature protection 2",
}
"""Nothing in them can be left out: without *limit* they are the alarms, without *warning* the limits of the protections."""


def sensors() -> Iterator[SensorEntityDescription]:
    yield from (*SENSOR_DESCRIPTIONS, *ENERGY_DESCRIPTIONS, *CONNECTION_DESCRIPTIONS, *BANK_SENSORS)
    yield from (*cell_descriptions(FEATURES), *probe_descriptions(FEATURES), *counter_descriptions(FEATURES))
    yield from (*health_descriptions(FEATURES, follows_jbd_manual=True), *descriptions_of(["cell_overvoltage"]))
    for catalog in CATALOGS:
        yield from parameter_descriptions(catalog)


def is_numeric(description: SensorEntityDescription) -> bool:
    return bool(description.state_class or description.native_unit_of_measurement)


def test_every_number_is_shown_with_as_many_digits_as_make_sense() -> None:
    lacking = {
        item.key for item in sensors() if is_numeric(item) and item.suggested_display_precision is None
    } - ROUNDED_BY_ITS_UNIT
    assert not lacking


SINE = {SensorDeviceClass.VOLTAGE, SensorDeviceClass.CURRENT, NumberDeviceClass.VOLTAGE, NumberDeviceClass.CURRENT}
"""Classes that Home Assistant shows as alternating current."""


def test_nothing_on_a_battery_looks_like_alternating_current() -> None:
    numbers = [
        number.describe(setting)
        for catalog in CATALOGS
        for setting in catalog.settings.values()
        if setting.kind is SettingKind.NUMBER and setting.proof is not Proof.READ_ONLY and not setting.procedure
    ]
    for domain, described in (("sensor", list(sensors())), ("number", numbers)):
        keys = {item.translation_key for item in described if item.device_class in SINE}
        assert keys
        assert not keys - ICONS["entity"][domain].keys(), domain
    assert not re.findall(r"mdi:(?:sine-wave|current-ac)", json.dumps(ICONS))


@pytest.mark.parametrize("domain", NAMES)
def test_a_name_fits(domain) -> None:
    names = [text["name"].replace("{cell}", "16").replace("{probe}", "4") for text in NAMES[domain].values()]
    assert {name for name in names if len(name) > LONGEST} <= LONGER


OURS = re.compile(r"mirror|\blink\b|power stage|sense wire|\blead|\bboard|\bdelta\b|\bspread\b|learnt|-", re.IGNORECASE)
"""Words that users do not know, or that have another one here: protection, connection, MOSFET, balance wire, BMS, difference.

Names have no hyphens: those of parameters are spelled as in sentences, where they come from the keys.
"""
SELF_DISCHARGE = {"Fastest self-discharge", "Discharge switch-on failed"}


@pytest.mark.parametrize("domain", NAMES)
def test_names_are_the_words_of_the_field(domain) -> None:
    names = {text["name"] for text in NAMES[domain].values()}
    assert not {name for name in names if OURS.search(name)} - SELF_DISCHARGE


PROBES = ("board", "highest", "lowest", "mosfet", *(f"temperature_{number}" for number in range(1, 9)))
COUNTERS = tuple(sorted((*JBD_COUNTERS, RESTARTS)))
BY_KIND = {
    SettingKind.SWITCH: "switch",
    SettingKind.NUMBER: "number",
    SettingKind.CHOICE: "select",
    SettingKind.COMMAND: "button",
}
RULES = {"jk": (JK,), "jbd": (JBD,), "daly": (DALY,), "smart123": (SMART123, SMART123_GENERATION_3)}


def names_on_a_device(family: str, catalog: Catalog, variant: str) -> Iterator[tuple[str, str, str]]:
    """Yield platform, key and name of every entity that a pack of a family could have at once."""
    values = frozenset(item.needs or item.key for item in SENSOR_DESCRIPTIONS)
    states = frozenset(item.needs or item.key for item in STATE_DESCRIPTIONS)
    all_of_it = Capabilities(
        values=values | states | {"balancing_cells", "alarms"},
        cells=32,
        resistances=32,
        cell_temperatures=32,
        probes=PROBES,
        counters=COUNTERS,
    )
    protections = dict.fromkeys(
        rule.protection for rules in RULES[family] for rule in rules.rules if not rule.is_warning
    )
    described = {
        "sensor": [
            *(*sensor.descriptions(all_of_it), *ENERGY_DESCRIPTIONS, *parameter_descriptions(catalog)),
            *health_descriptions(all_of_it, follows_jbd_manual=True),
            *descriptions_of(list(protections)),
        ],
        "binary_sensor": [
            *binary_sensor.descriptions(
                all_of_it, FAMILIES[family].alarms(variant), relays=FAMILIES[family].switches_relays
            ),
            *(binary_sensor.PROBLEM_DESCRIPTION, *PERMISSIONS, MISMATCH),
        ],
        "event": [*event.EVENT_DESCRIPTIONS, *event.PROTECTION_DESCRIPTIONS],
        "button": [button.DASHBOARD, button.RELEASE, button.RECONNECT],
    }
    for platform, items in described.items():
        for item in items:
            name: str = NAMES[platform][item.translation_key]["name"]
            yield platform, item.translation_key, name.format(**item.translation_placeholders or {})
    for setting in catalog.settings.values():
        if setting.proof is not Proof.READ_ONLY and not setting.procedure and setting.kind in BY_KIND:
            yield BY_KIND[setting.kind], setting.key, NAMES[BY_KIND[setting.kind]][setting.key]["name"]


DEVICES = [
    (family, variant, catalog)
    for family in VARIANTS
    for variant, (_, catalog) in zip(VARIANTS[family][2], catalogs(family), strict=True)
]


@pytest.mark.parametrize(("family", "variant", "catalog"), DEVICES, ids=[f"{one}-{two}" for one, two, _ in DEVICES])
def test_a_name_on_a_device_is_that_of_one_entity(family, variant, catalog) -> None:
    """A number, an alarm and a switch of one name cannot be told apart; a sensor may show what a number sets."""
    rows = list(names_on_a_device(family, catalog, variant))
    counted = Counter((platform, name) for platform, _, name in rows)
    assert not [named for named, count in counted.items() if count > 1]
    keys: dict[str, set[str]] = {}
    for _, key, name in rows:
        keys.setdefault(name, set()).add(key)
    assert not {name: sharing for name, sharing in keys.items() if len(sharing) > 1}


def test_a_name_on_a_bank_is_that_of_one_entity() -> None:
    of_banks = [NAMES["sensor"][item.translation_key]["name"] for item in BANK_SENSORS]
    of_banks += [NAMES["binary_sensor"][item.translation_key]["name"] for item in BANK_BINARY_SENSORS]
    of_banks += [NAMES["switch"][key]["name"] for key in ("charge_switch", "discharge_switch")]
    assert len(set(of_banks)) == len(of_banks)


ENDINGS = {
    "number": re.compile(r" (limit|release|delay)$"),
    "alarm": re.compile(r" (alarm|fault|failed|warning)$"),
}
PROTECTIONS = {rule.protection for tables in RULES.values() for table in tables for rule in table.rules}
NO_ALARMS = {"Default password in use", "GPS disconnected", "GPS lock active", "Switched off by command"}
"""What a pack reports beside its alarms."""


def test_parameters_of_protections_and_alarms_end_as_what_they_are() -> None:
    numbers = NAMES["number"]
    assert {key for key in PROTECTIONS if key in numbers} >= {"cell_overvoltage", "charge_undertemperature"}
    of_protections = [
        text["name"]
        for key, text in numbers.items()
        if key.startswith(tuple(PROTECTIONS)) and not key.endswith("hysteresis")
    ]
    assert not [name for name in of_protections if not ENDINGS["number"].search(name)]
    alarms = {text["name"] for key, text in NAMES["binary_sensor"].items() if key.startswith("alarm_")}
    assert {name for name in alarms if not ENDINGS["alarm"].search(name)} == NO_ALARMS
