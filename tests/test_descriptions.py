"""What every entity's description must have so that its value can be used: digits, an icon that fits, a name that fits."""

from collections.abc import Iterator
import json
from pathlib import Path
import re

from homeassistant.components.number import NumberDeviceClass
from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription
import pytest

from custom_components.smart_bms import number
from custom_components.smart_bms.bank_entry.sensor import BANK_SENSORS
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
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


def sensors() -> Iterator[SensorEntityDescription]:
    yield from (*SENSOR_DESCRIPTIONS, *ENERGY_DESCRIPTIONS, *CONNECTION_DESCRIPTIONS, *BANK_SENSORS)
    yield from (*cell_descriptions(FEATURES), *probe_descriptions(FEATURES), *counter_descriptions(FEATURES))
    yield from (*health_descriptions(FEATURES, follows_board=True), *descriptions_of(["cell_overvoltage"]))
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
    assert not [name for name in names if len(name) > LONGEST]
