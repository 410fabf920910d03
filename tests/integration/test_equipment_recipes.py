"""Every recipe for equipment: what its page says to enter, entered through the forms, against entities with the same limits."""

from dataclasses import dataclass
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.components.mqtt.number import PLATFORM_SCHEMA_MODERN as MQTT_NUMBER
from homeassistant.core import ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
import yaml

from custom_components.smart_bms.equipment.options import EquipmentOptions
from custom_components.smart_bms.steering.target import TargetKind
from tests.support.protected_pack import mirrored
from tests.support.rule_books import JK_LFP

FOLDER = Path(__file__).parents[2] / "docs" / "equipment"
KINDS = {
    "Charge current or power": TargetKind.CHARGE_CURRENT,
    "Charge voltage": TargetKind.CHARGE_VOLTAGE,
    "Discharge current or power": TargetKind.DISCHARGE_CURRENT,
    "Charging on and off": TargetKind.CHARGE_SWITCH,
    "Discharging on and off": TargetKind.DISCHARGE_SWITCH,
}
NONE = "—"
KEEPS_NOTHING = {"esp32_can"}
OPTIONS = re.compile(r"`(?P<entity>[\w.]+)`(?: \(on: `(?P<on>[^`]+)`, off: `(?P<off>[^`]+)`\))?")
SIXTEEN = {"cells": (3.31,) * 16, "pack": 52.96, "soc": 60}


def table(page: Path, head: str) -> list[dict[str, str]]:
    """Return the rows of the table of a page whose first column has this name, by column; none if there is no such table."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(f"| {head} |")), None)
    if start is None:
        return []
    columns = [cell.strip() for cell in lines[start].strip("|").split("|")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(columns, (cell.strip() for cell in line.strip("|").split("|")), strict=True)))
    return rows


def number(text: str) -> float:
    """Return the number at the beginning of a cell."""
    return float(text.split(maxsplit=1)[0])


@dataclass
class Entered:
    """What an owner enters for one entity."""

    kind: TargetKind
    entity: str
    details: dict[str, Any]

    @classmethod
    def of(cls, row: dict[str, str]) -> Entered:
        """Return what a row says."""
        found = OPTIONS.match(row["entity"])
        assert found is not None, row
        keys = {
            "minimum": "lowest",
            "maximum": "highest",
            "step": "step",
            "smallest_change": "smallest change",
            "interval": "time between writes",
            "writes_per_day": "writes a day",
        }
        details: dict[str, Any] = {
            key: number(row[column]) for key, column in keys.items() if row.get(column, NONE) != NONE
        }
        kind = KINDS[row["sets"]]
        if kind.is_switch:
            details = {key: value for key, value in details.items() if key not in ("maximum", "step")}
            if found["on"]:
                details |= {"on_option": found["on"], "off_option": found["off"]}
        elif row["unit"].startswith("%"):
            details |= {"unit": "%", "scale": float(row["unit"].split()[2])}
        else:
            details["unit"] = row["unit"]
        return cls(kind, found["entity"], details)


PAGES = [page for page in sorted(FOLDER.glob("*.md")) if table(page, "sets")]


def stand_in(hass, entered: Entered, row: dict[str, str] | None) -> dict[str, Any]:
    """Show an entity as its integration does; return its attributes."""
    domain = entered.entity.partition(".")[0]
    if domain == "switch":
        hass.states.async_set(entered.entity, "off")
        return {}
    assert row is not None, entered
    if domain == "select":
        attributes: dict[str, Any] = {"options": [option.strip(" `") for option in row["unit"].split(",")]}
        hass.states.async_set(entered.entity, entered.details["off_option"], attributes)
        return attributes
    attributes = {"min": number(row["min"]), "max": number(row["max"]), "step": number(row["step"])}
    attributes["unit_of_measurement"] = row["unit"]
    hass.states.async_set(entered.entity, str(attributes["min"]), attributes)
    return attributes


def register_actions(hass) -> None:
    """Have numbers, switches and selects do what they are told, as strict as Home Assistant is."""

    @callback
    def set_value(call: ServiceCall) -> None:
        state = hass.states.get(call.data["entity_id"])
        value = call.data["value"]
        if not state.attributes["min"] <= value <= state.attributes["max"]:
            raise ServiceValidationError(f"{value} is outside of the range of {state.entity_id}")
        hass.states.async_set(state.entity_id, str(value), state.attributes)

    @callback
    def select_option(call: ServiceCall) -> None:
        state = hass.states.get(call.data["entity_id"])
        if call.data["option"] not in state.attributes["options"]:
            raise ServiceValidationError("no such option")
        hass.states.async_set(state.entity_id, call.data["option"], state.attributes)

    hass.services.async_register("number", "set_value", set_value)
    hass.services.async_register("select", "select_option", select_option)
    for how in ("on", "off"):

        @callback
        def turn(call: ServiceCall, how: str = how) -> None:
            if call.data["entity_id"] == "switch.shed_steer_equipment":
                return
            hass.states.async_set(call.data["entity_id"], how)

        hass.services.async_register("switch", f"turn_{how}", turn)


@pytest.fixture
async def pack(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see(**SIXTEEN)
        yield pack
        await hass.async_block_till_done()


async def enter(hass, pack, rows: list[Entered]) -> None:
    """Fill in the forms."""
    options = hass.config_entries.options
    flow = await options.async_init(pack.entry.entry_id)
    await options.async_configure(flow["flow_id"], {"next_step_id": "equipment"})
    for row in rows:
        await options.async_configure(flow["flow_id"], {"next_step_id": "equipment_add"})
        form = await options.async_configure(flow["flow_id"], {"kind": row.kind.value, "entity": row.entity})
        assert form["step_id"] == "equipment_details", form
        proposed = {key.schema: key.default() for key in form["data_schema"].schema if callable(key.default)}
        menu = await options.async_configure(flow["flow_id"], proposed | row.details)
        assert menu["step_id"] == "equipment", menu
    await options.async_configure(flow["flow_id"], {"next_step_id": "equipment_preview"})
    await options.async_configure(flow["flow_id"], {})
    await hass.async_block_till_done()


async def settle(pack, seconds: int, **values: Any) -> None:
    for _ in range(seconds // 4):
        await pack.see(4, **SIXTEEN | values)


def off_value(row: Entered) -> str:
    """Return what a target shows once nothing may flow: a number its lowest value."""
    if row.kind.is_switch:
        return row.details.get("off_option", "off")
    return str(row.details["minimum"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_what_a_page_says_to_enter_follows_the_pack(hass, pack, page) -> None:
    rows = [Entered.of(row) for row in table(page, "sets")]
    limits = {row["stand-in"].strip("`"): row for row in table(page, "stand-in")}
    attributes = {row.entity: stand_in(hass, row, limits.get(row.entity)) for row in rows}
    await enter(hass, pack, rows)
    stored = EquipmentOptions.of(pack.entry.options)
    assert [target.entity for target in stored.targets] == [row.entity for row in rows]
    for target in stored.targets:
        if not target.kind.is_switch:
            known = attributes[target.entity]
            assert known["min"] <= target.minimum <= target.maximum <= known["max"], target
            places = (target.minimum - known["min"]) / known["step"], target.minimum / known["step"]
            assert any(round(place, 6) % 1 == 0 for place in places), target
            assert target.step >= known["step"], target
        # Nothing that stores every value is written more often; the ESP32 keeps them in its memory.
        assert target.interval >= (5 if page.stem in KEEPS_NOTHING else 30)
        assert target.writes_per_day <= (5000 if page.stem in KEEPS_NOTHING else 400)
    register_actions(hass)
    pack.coordinator.equipment.async_switch(True)
    await settle(pack, 900)
    assert pack.state("steering_state") == "following", pack.attributes("steering_state")
    asked = pack.coordinator.demand()
    for row in rows:
        state = hass.states.get(row.entity).state
        if row.kind.is_switch:
            assert state == row.details.get("on_option", "on")
        elif row.kind is TargetKind.CHARGE_VOLTAGE:
            assert float(state) <= asked.charge_voltage
    # Too cold to be charged, then nothing is known at all.
    for _ in range(30):
        await settle(pack, 4, cells=(3.31,) * 16, coldest=1.0, hottest=3.0)
    for row in rows:
        if row.kind in (TargetKind.CHARGE_CURRENT, TargetKind.CHARGE_SWITCH):
            assert hass.states.get(row.entity).state == off_value(row), row
    await pack.fall_silent()
    for _ in range(20):
        await pack.wait(2)
    for row in rows:
        if row.kind is not TargetKind.CHARGE_VOLTAGE:
            assert hass.states.get(row.entity).state == off_value(row), row


def test_every_recipe_is_on_the_page_about_equipment() -> None:
    page = (FOLDER.parent / "equipment.md").read_text(encoding="utf-8")
    for recipe in FOLDER.glob("*.md"):
        assert f"(equipment/{recipe.name})" in page
        text = recipe.read_text(encoding="utf-8")
        for heading in ("## Pitfalls", "## Without Home Assistant", "## Sources and what was not tried"):
            assert heading in text, (recipe.name, heading)


def blocks(name: str) -> list[dict[str, Any]]:
    """Return the YAML of a page."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [yaml.load(block, _Loader) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


class _Loader(yaml.SafeLoader):
    """Reads ESPHome's tags too."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: suffix)


async def test_the_numbers_over_mqtt_are_valid(hass) -> None:
    found = [block for block in blocks("victron_mqtt.md") if "mqtt" in block]
    numbers = [item["number"] for block in found for item in block["mqtt"] if "number" in item]
    assert len(numbers) >= 2
    for item in numbers:
        MQTT_NUMBER(item)


AUTOMATIONS = [
    (name, entry)
    for name in ("victron_mqtt.md", "dbus_mqtt_battery.md", "esp32_can.md")
    if (FOLDER / name).exists()
    for block in blocks(name)
    for entry in (block.get("automation") or ([block] if "triggers" in block else ()))
]


@pytest.mark.parametrize(
    ("name", "entry"), AUTOMATIONS, ids=[f"{name}-{entry['alias']}" for name, entry in AUTOMATIONS]
)
async def test_the_automations_are_valid(hass, name, entry) -> None:
    async_mock_service(hass, "mqtt", "publish")
    async_mock_service(hass, "button", "press")
    assert await async_setup_component(hass, "automation", {"automation": [entry]})
    await hass.async_block_till_done()
    (state,) = hass.states.async_all("automation")
    assert state.state == "on"
    await turn_off_automations(hass)


async def turn_off_automations(hass) -> None:
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def test_the_battery_is_published_as_a_venus_battery(hass) -> None:
    (entry,) = [entry for name, entry in AUTOMATIONS if name == "dbus_mqtt_battery.md"]
    sent = async_mock_service(hass, "mqtt", "publish")
    values = {
        "voltage": 52.9,
        "current": -10.0,
        "state_of_charge": 63,
        "charge_voltage_limit": 56.0,
        "charge_current_limit": 90,
        "discharge_current_limit": 120,
        "lowest_cell_voltage": 3.29,
        "highest_cell_voltage": 3.31,
        "highest_temperature": 21,
    }
    for key, value in values.items():
        hass.states.async_set(f"sensor.house_battery_{key}", str(value))
    hass.states.async_set("binary_sensor.house_battery_charging_allowed", "off")
    hass.states.async_set("binary_sensor.house_battery_discharging_allowed", "on")
    hass.states.async_set("binary_sensor.house_battery_problem", "on")
    assert await async_setup_component(hass, "automation", {"automation": [entry]})
    await hass.async_block_till_done()
    hass.states.async_set("sensor.house_battery_charge_current_limit", "80")
    await hass.async_block_till_done()
    assert not sent[-1].data["retain"]
    # As the action itself takes it: as text.
    battery = json.loads(cv.string(sent[-1].data["payload"]))
    assert (battery["Dc"]["Voltage"], battery["Dc"]["Current"], battery["Dc"]["Power"]) == (52.9, -10, -529)
    assert battery["Soc"] == 63
    assert battery["Info"] == {"MaxChargeVoltage": 56, "MaxChargeCurrent": 0, "MaxDischargeCurrent": 120}
    assert battery["System"]["MinCellVoltage"] == 3.29
    count = len(sent)
    hass.states.async_set("sensor.house_battery_voltage", "unavailable")
    hass.states.async_set("sensor.house_battery_charge_current_limit", "70")
    await hass.async_block_till_done()
    assert len(sent) == count
    await turn_off_automations(hass)
