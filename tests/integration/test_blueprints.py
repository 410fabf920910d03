"""Every blueprint, run in Home Assistant: it does what it promises, fails safe, and does not hunt."""

from pathlib import Path

from homeassistant.components import persistent_notification
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.smart_bms.bank.member import MemberLimits
from tests.support.protected_pack import BLUEPRINTS, mirrored, with_blueprint
from tests.support.rule_books import JK_LFP

NAMES = sorted(path.stem for path in BLUEPRINTS.glob("*.yaml"))
IN_ALL_LANGUAGES = sorted(str(path.relative_to(BLUEPRINTS).with_suffix("")) for path in BLUEPRINTS.rglob("*.yaml"))
CHARGER, LOAD, HEATER = "input_boolean.charger", "input_boolean.load", "input_boolean.heater"
NUMBER, LAST_FULL, RUNNING = "input_number.charger", "input_datetime.last_full", "input_boolean.full_charge"
HALF = {"soc": 60}


DEVICE, RENAMED, BANK, BY_HAND = "device", "renamed", "bank", "by hand"
every_way = pytest.mark.parametrize("pack", [DEVICE, RENAMED, BANK, BY_HAND], indirect=True)
"""How a pack is chosen: as a device, also with entities that are renamed while the automation runs, or, as it was once,
by its entities."""
INPUTS = {
    "charge_allowed": ("allowed", "binary_sensor"),
    "discharge_allowed": ("allowed", "binary_sensor"),
    "charge_current_limit": ("limit", "sensor"),
    "discharge_current_limit": ("limit", "sensor"),
    "protection_event": ("events", "event"),
    "soc": ("soc", "sensor"),
    "temperature_2": ("temperature", "sensor"),
}


@pytest.fixture
async def pack(request, hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        pack.way = getattr(request, "param", DEVICE)
        pack.chosen = await pack.in_a_bank() if pack.way == BANK else pack.device_id
        await async_setup_component(hass, "homeassistant", {})
        await async_setup_component(hass, "persistent_notification", {})
        assert await async_setup_component(
            hass,
            "input_boolean",
            {
                "input_boolean": {
                    "charger": {"initial": True},
                    "load": {"initial": True},
                    "heater": {},
                    "full_charge": {},
                }
            },
        )
        assert await async_setup_component(
            hass, "input_number", {"input_number": {"charger": {"min": 0, "max": 100, "step": 0.1, "initial": 20}}}
        )
        assert await async_setup_component(
            hass, "input_datetime", {"input_datetime": {"last_full": {"has_date": True, "has_time": True}}}
        )
        yield pack
        if hass.services.has_service("automation", "turn_off"):
            await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.fixture
async def steady(pack):
    """A pack that has streamed so long that its limits have recovered."""
    await minutes(pack, 1.5)
    return pack


async def minutes(pack, count: float, **values) -> None:
    """Let time pass, and the pack say the same every five seconds."""
    for _ in range(round(count * 12)):
        await pack.see(5, **HALF | values)


def of(pack, *keys: str) -> dict:
    """Return what is entered for a pack: these of its entities if they are chosen by hand."""
    if pack.way == BY_HAND:
        return {INPUTS[key][0]: pack.entity(key, INPUTS[key][1]) for key in keys}
    return {"pack": pack.chosen}


async def run(pack, tmp_path, name: str, inputs: dict) -> None:
    """Run a blueprint."""
    await with_blueprint(pack.hass, tmp_path, name, inputs)
    if pack.way == RENAMED:
        await pack.rename()


def state(pack, entity_id: str) -> str:
    return pack.hass.states.get(entity_id).state


@pytest.mark.parametrize("name", IN_ALL_LANGUAGES)
def test_what_it_says_of_itself_is_right(name) -> None:
    path = BLUEPRINTS / f"{name}.yaml"
    blueprint = Blueprint(
        load_yaml_dict(path), expected_domain="automation", path=str(path), schema=AUTOMATION_BLUEPRINT_SCHEMA
    )
    assert blueprint.validate() is None
    root = Path(__file__).parents[2]
    assert blueprint.metadata["source_url"] == (
        f"https://github.com/smart-bms/smart-bms/blob/main/{path.relative_to(root)}"
    )
    assert blueprint.metadata["homeassistant"]["min_version"] == "2026.9.0"
    described = blueprint.metadata["input"]
    sections = [item for item in described.values() if "input" in item]
    for item in [*described.values(), *(row for section in sections for row in section["input"].values())]:
        assert item["name"]
        assert item.get("description") or item.get("input")
    for section in sections:
        assert section["collapsed"]
        assert all("default" in item for item in section["input"].values())
    # What was entered before there was a device goes on.
    assert "default" in described["pack"] or "target" in described["pack"]["selector"]
    page = (root / "docs" / ("blueprints.md" if "/" in name else "automations.md")).read_text()
    assert f"%2F{name.replace('/', '%2F')}.yaml" in page


@every_way
async def test_a_charger_stops_before_the_pack_and_comes_back_after_calm(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "stop_charger",
        of_the_charger(pack),
    )
    await minutes(pack, 0.2, highest=3.5)
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 0.2, highest=3.57)  # not tripped, but near
    assert pack.state("charge_allowed", "binary_sensor") == "on"
    assert state(pack, CHARGER) == "off"
    await minutes(pack, 14, highest=3.4)
    assert state(pack, CHARGER) == "off"
    await minutes(pack, 3, highest=3.4)
    assert state(pack, CHARGER) == "on"
    await pack.see(1, current=120.0, **HALF)  # the delay of the overcurrent protection runs
    assert state(pack, CHARGER) == "off"
    await minutes(pack, 17)
    assert state(pack, CHARGER) == "on"
    await pack.fall_silent()
    assert state(pack, CHARGER) == "on"  # a short silence is none
    await pack.wait(60)
    await pack.wait(60)
    assert state(pack, CHARGER) == "off"
    # Somebody turns it on all the same.
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": CHARGER}, blocking=True)
    await hass.async_block_till_done()
    assert state(pack, CHARGER) == "off"


async def test_it_does_not_come_back_if_the_owner_does_not_want_that(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "stop_charger",
        of_the_charger(pack) | {"resume": False},
    )
    await minutes(pack, 0.2, highest=3.57)
    await minutes(pack, 20)
    assert state(pack, CHARGER) == "off"


@every_way
async def test_after_a_start_the_pack_has_a_minute_to_speak(hass, pack, tmp_path) -> None:
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack))
    await pack.wait(20)
    assert state(pack, CHARGER) == "on"
    await pack.wait(60)
    await pack.wait(60)
    assert state(pack, CHARGER) == "off"


@every_way
async def test_after_a_start_and_a_word_nothing_is_switched(hass, pack, tmp_path) -> None:
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack))
    await minutes(pack, 5)
    assert state(pack, CHARGER) == "on"
    await pack.fall_silent()
    await minutes(pack, 5)  # the limit rises again meanwhile
    assert state(pack, CHARGER) == "on"


async def test_what_somebody_else_turned_off_stays_off(hass, steady, tmp_path) -> None:
    pack = steady
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack))
    await hass.services.async_call("input_boolean", "turn_off", {"entity_id": CHARGER}, blocking=True)
    await minutes(pack, 20)
    assert state(pack, CHARGER) == "off"


def of_the_charger(pack) -> dict:
    return of(pack, "charge_allowed", "charge_current_limit", "protection_event") | {"charger": CHARGER}


@every_way
async def test_a_load_is_shed_before_the_pack_switches_off(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "stop_load",
        of(pack, "discharge_allowed", "discharge_current_limit", "protection_event") | {"load": LOAD},
    )
    await minutes(pack, 0.2, lowest=2.95)
    assert state(pack, LOAD) == "on"
    await minutes(pack, 0.2, lowest=2.77)
    assert pack.state("discharge_allowed", "binary_sensor") == "on"
    assert state(pack, LOAD) == "off"
    await minutes(pack, 17)
    assert state(pack, LOAD) == "on"
    await pack.see(1, current=-200.0, **HALF)
    assert state(pack, LOAD) == "off"


@every_way
async def test_an_adjustable_charger_follows_the_limit(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "limit_charger",
        of(pack, "charge_allowed", "charge_current_limit") | {"charger": NUMBER},
    )
    await minutes(pack, 0.1, coldest=7.0)
    assert float(state(pack, NUMBER)) == 45
    await minutes(pack, 0.1, coldest=3.0)
    assert float(state(pack, NUMBER)) == 9
    await minutes(pack, 2)
    assert float(state(pack, NUMBER)) == 50  # the owner's own maximum
    await pack.see(1, highest=3.65, **HALF)
    assert float(state(pack, NUMBER)) == 0
    await minutes(pack, 2)
    await pack.fall_silent()
    assert float(state(pack, NUMBER)) == 0


@every_way
async def test_an_adjustable_inverter_follows_the_limit(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "limit_load",
        of(pack, "discharge_allowed", "discharge_current_limit") | {"load": NUMBER, "most": 100},
    )
    hass.bus.async_fire("automation_reloaded")
    await minutes(pack, 0.1)
    assert float(state(pack, NUMBER)) == 100  # the owner's own maximum
    await pack.see(1, lowest=2.85, **HALF)
    falls = float(state(pack, NUMBER))
    assert 0 < falls < 100
    await pack.see(1, lowest=2.65, **HALF)
    assert float(state(pack, NUMBER)) == 0
    await minutes(pack, 2)
    await pack.fall_silent()
    assert float(state(pack, NUMBER)) == 0


async def test_currents_are_scaled_and_the_voltage_falls_before_the_current(hass, steady, tmp_path) -> None:
    pack = steady
    assert await async_setup_component(hass, "number", {})
    hass.states.async_set("number.percent", "0", {"min": 0, "max": 100, "step": 1})
    hass.states.async_set("number.volts", "14.4", {"min": 10, "max": 16, "step": 0.1})
    sent = async_mock_service(hass, "number", "set_value")
    chosen = {"charger": "number.percent", "voltage": "number.volts", "scale": 0.5, "most": 80}
    await run(pack, tmp_path, "limit_charger", {"pack": pack.chosen, **chosen})
    hass.bus.async_fire("automation_reloaded")
    await minutes(pack, 0.1)

    def written() -> list[tuple[str, float]]:
        found = [(call.data["entity_id"][0], call.data["value"]) for call in sent]
        for entity, value in found:
            hass.states.async_set(entity, str(value), hass.states.get(entity).attributes)
        sent.clear()
        return found

    assert written()[:2] == [("number.volts", 14.0), ("number.percent", 40)]
    await minutes(pack, 0.1)
    assert written() == []
    await pack.see(1, cells=(3.55, 3.4, 3.4, 3.4), pack=13.75, **HALF)
    falling = written()
    assert falling[0][0] == "number.volts"
    assert falling[-1][0] == "number.percent"
    assert falling[-1][1] < 40


@every_way
async def test_a_cold_pack_is_warmed_and_not_charged(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "cold_charge_guard",
        of(pack, "temperature_2", "charge_allowed") | {"charger": CHARGER, "heater": [HEATER]},
    )

    async def at(celsius: float) -> tuple[str, str]:
        await minutes(pack, 1.2, coldest=celsius)
        return state(pack, CHARGER), state(pack, HEATER)

    assert await at(11.0) == ("on", "off")
    assert await at(8.5) == ("on", "off")
    assert await at(8.0) == ("on", "on")
    assert await at(4.5) == ("off", "on")
    assert await at(6.5) == ("off", "on")
    assert await at(7.0) == ("on", "on")
    assert await at(9.5) == ("on", "on")
    assert await at(10.0) == ("on", "off")
    assert await at(4.0) == ("off", "on")
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": CHARGER}, blocking=True)
    await hass.async_block_till_done()
    assert state(pack, CHARGER) == "off"
    await pack.fall_silent()
    await pack.wait(40)
    assert (state(pack, CHARGER), state(pack, HEATER)) == ("off", "on")
    await pack.wait(60)
    await pack.wait(60)
    assert (state(pack, CHARGER), state(pack, HEATER)) == ("off", "off")


@every_way
async def test_the_state_of_charge_stays_in_its_window(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "soc_window",
        of(pack, "soc", "charge_allowed") | {"charger": CHARGER},
    )

    async def at(soc: int) -> str:
        await minutes(pack, 6, soc=soc)
        return state(pack, CHARGER)

    assert [await at(soc) for soc in (69, 70, 69, 41, 40, 41, 69)] == ["on", "off", "off", "off", "on", "on", "on"]
    await pack.see(1, highest=3.65, soc=50)
    assert state(pack, CHARGER) == "off"
    assert await at(39) == "on"
    await pack.fall_silent()
    assert state(pack, CHARGER) == "on"
    await pack.wait(60)
    await pack.wait(60)
    assert state(pack, CHARGER) == "off"


async def start_top_balance(hass, pack, tmp_path, last_full: str, **more) -> None:
    """Let the time of day come at which it begins."""
    await hass.services.async_call(
        "input_datetime", "set_datetime", {"entity_id": LAST_FULL, "datetime": last_full}, blocking=True
    )
    await hass.services.async_call("input_boolean", "turn_off", {"entity_id": CHARGER}, blocking=True)
    await run(
        pack,
        tmp_path,
        "top_balance",
        of(pack, "soc", "charge_allowed")
        | {
            "charger": CHARGER,
            "last_full": LAST_FULL,
            "running": RUNNING,
            "at": later(10),
            "hold": 10,
        }
        | more,
    )
    await minutes(pack, 0.5)


def later(seconds: int) -> str:
    """Return the time of day in so many seconds."""
    return dt_util.as_local(dt_util.utc_from_timestamp(dt_util.utcnow().timestamp() + seconds)).strftime("%H:%M:%S")


@every_way
async def test_every_few_days_it_is_charged_full_and_held_there(hass, steady, tmp_path) -> None:
    pack = steady
    await start_top_balance(hass, pack, tmp_path, "2020-01-01 00:00:00")
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 5, soc=99)
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 5, soc=100)
    assert state(pack, CHARGER) == "on"  # held
    await minutes(pack, 7, soc=100)
    assert state(pack, CHARGER) == "off"
    remembered = hass.states.get(LAST_FULL).attributes["timestamp"]
    assert remembered == pytest.approx(dt_util.utcnow().timestamp(), abs=900)


@every_way
async def test_a_full_charge_ends_when_the_rules_say_so(hass, steady, tmp_path) -> None:
    pack = steady
    await start_top_balance(hass, pack, tmp_path, "2020-01-01 00:00:00")
    assert state(pack, CHARGER) == "on"
    await pack.see(1, highest=3.65, soc=90)
    assert (state(pack, CHARGER), state(pack, RUNNING)) == ("off", "on")  # it waits
    await minutes(pack, 1, soc=90)
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 0.2, highest=3.65, soc=100)  # full, and so it says
    assert (state(pack, CHARGER), state(pack, RUNNING)) == ("off", "off")
    assert not hass.states.get(LAST_FULL).state.startswith("2020")


async def test_a_full_charge_that_takes_too_long_ends(hass, steady, tmp_path) -> None:
    pack = steady
    await start_top_balance(hass, pack, tmp_path, "2020-01-01 00:00:00", longest=1)
    await minutes(pack, 30)
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 36)
    assert (state(pack, CHARGER), state(pack, RUNNING)) == ("off", "off")


async def test_ending_a_full_charge_by_hand_turns_the_charger_off(hass, steady, tmp_path) -> None:
    pack = steady
    await start_top_balance(hass, pack, tmp_path, "2020-01-01 00:00:00")
    assert state(pack, CHARGER) == "on"
    await hass.services.async_call("input_boolean", "turn_off", {"entity_id": RUNNING}, blocking=True)
    await hass.async_block_till_done()
    assert state(pack, CHARGER) == "off"


async def test_a_charger_that_cannot_be_set_so_low_is_switched_off(hass, steady, tmp_path) -> None:
    pack = steady
    assert await async_setup_component(hass, "number", {})
    hass.states.async_set("number.ev", "20", {"min": 6, "max": 32, "step": 1})
    sent = async_mock_service(hass, "number", "set_value")
    await run(
        pack,
        tmp_path,
        "limit_charger",
        of(pack, "charge_allowed", "charge_current_limit") | {"charger": "number.ev", "switch": [CHARGER]},
    )
    await pack.see(1, highest=3.65, **HALF)
    assert state(pack, CHARGER) == "off"
    assert sent[-1].data["value"] == 6
    await minutes(pack, 2, coldest=6.0)
    assert state(pack, CHARGER) == "on"
    assert sent[-1].data["value"] == 32


async def test_cold_is_cold_in_fahrenheit_too(hass, steady, tmp_path) -> None:
    pack = steady
    hass.states.async_set("sensor.outside", "33", {"unit_of_measurement": "°F"})
    await run(
        pack,
        tmp_path,
        "cold_charge_guard",
        of(pack, "charge_allowed") | {"temperature": "sensor.outside", "charger": CHARGER, "heater": [HEATER]},
    )
    await minutes(pack, 1.2)
    assert (state(pack, CHARGER), state(pack, HEATER)) == ("off", "on")
    hass.states.async_set("sensor.outside", "55", {"unit_of_measurement": "°F"})
    await minutes(pack, 0.2)
    assert (state(pack, CHARGER), state(pack, HEATER)) == ("on", "off")


async def test_a_full_charge_may_pass_the_window(hass, steady, tmp_path) -> None:
    pack = steady
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": RUNNING}, blocking=True)
    await run(
        pack,
        tmp_path,
        "soc_window",
        of(pack, "soc", "charge_allowed") | {"charger": CHARGER, "full_charge": [RUNNING]},
    )
    await minutes(pack, 2, soc=90)
    assert state(pack, CHARGER) == "on"
    await hass.services.async_call("input_boolean", "turn_off", {"entity_id": RUNNING}, blocking=True)
    await minutes(pack, 2, soc=90)
    assert state(pack, CHARGER) == "off"


async def test_a_pack_that_was_full_lately_is_left_alone(hass, steady, tmp_path) -> None:
    pack = steady
    lately = dt_util.now().strftime("%Y-%m-%d %H:%M:%S")
    await start_top_balance(hass, pack, tmp_path, lately)
    assert state(pack, CHARGER) == "off"


@every_way
async def test_an_alarm_is_told_in_a_sentence(hass, steady, tmp_path) -> None:
    pack = steady
    reported = async_mock_service(hass, "test", "tell")
    await run(
        pack,
        tmp_path,
        "alarm_notification",
        {
            "pack": {"device_id": [pack.chosen]},
            "tell": [{"action": "test.tell", "data": {"title": "{{ title }}", "message": "{{ message }}"}}],
        },
    )
    await pack.see(1, **HALF, alarms=("default_password",))
    assert not reported
    await pack.see(1, **HALF, highest=3.65, current=12.3, alarms=("cell_overvoltage",))
    assert reported[0].data == {
        "title": "Shed: Cell overvoltage",
        "message": (
            "Shed reports: Cell overvoltage (fault). Highest cell 1 at 3.65 V, lowest cell 4 at 3.29 V. "
            "Current 12.3 A. State of charge 60 %."
        ),
    }
    await pack.see(1, **HALF)
    assert reported[1].data["title"] == "Shed: Cell overvoltage is over"
    assert reported[1].data["message"].startswith("Shed no longer reports: Cell overvoltage")


@every_way
@pytest.mark.parametrize("later", [0, 14], ids=["between two looks", "as it looks anyhow"])
async def test_silence_turns_off_what_must_not_run_unwatched(hass, steady, tmp_path, later) -> None:
    pack = steady
    await pack.see(later)
    reported = async_mock_service(hass, "test", "tell")
    await run(
        pack,
        tmp_path,
        "stale_data",
        {
            "pack": {"device_id": [pack.chosen]},
            "switches": [CHARGER, LOAD],
            "after": {"seconds": 60},
            "then": [{"action": "test.tell"}],
        },
    )
    await pack.fall_silent()
    await pack.wait(50)
    assert state(pack, CHARGER) == "on"
    await pack.wait(15)
    assert (state(pack, CHARGER), state(pack, LOAD)) == ("off", "off")
    assert len(reported) == 1
    # Somebody turns it on all the same.
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": CHARGER}, blocking=True)
    await pack.wait(60)
    await pack.wait(60)
    assert state(pack, CHARGER) == "off"
    assert len(reported) == 2


async def test_a_short_silence_changes_nothing(hass, steady, tmp_path) -> None:
    pack = steady
    await run(
        pack,
        tmp_path,
        "stale_data",
        {"pack": {"device_id": [pack.device_id]}, "switches": [CHARGER], "after": {"seconds": 60}},
    )
    await pack.fall_silent()
    await pack.wait(30)
    await minutes(pack, 2)
    assert state(pack, CHARGER) == "on"


# What is missing.

OTHERS = {
    "stop_charger": {"charger": CHARGER},
    "stop_load": {"load": CHARGER},
    "limit_charger": {"charger": NUMBER},
    "limit_load": {"load": NUMBER},
    "cold_charge_guard": {"charger": CHARGER},
    "soc_window": {"charger": CHARGER},
    "top_balance": {"charger": CHARGER, "last_full": LAST_FULL, "running": RUNNING},
}
"""What each blueprint needs beside the pack."""


def reported(hass, name: str) -> str:
    """Return the notification of an automation."""
    found = persistent_notification._async_get_or_create_notifications(hass)
    return found.get(f"smart_bms_automation.{name}", {}).get("message", "")


@pytest.mark.parametrize("pack", [DEVICE, BANK], indirect=True)
@pytest.mark.parametrize("name", OTHERS)
async def test_without_an_entity_that_is_needed_nothing_is_allowed_and_it_says_so(hass, steady, tmp_path, name) -> None:
    pack, registry = steady, er.async_get(hass)
    side = "discharge" if name.endswith("_load") else "charge"
    (allowed,) = (
        entry.entity_id
        for entry in er.async_entries_for_device(registry, pack.chosen)
        if entry.translation_key == f"{side}_allowed"
    )
    registry.async_update_entity(allowed, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": RUNNING}, blocking=True)
    await run(pack, tmp_path, name, OTHERS[name] | {"pack": pack.chosen})
    hass.bus.async_fire("automation_reloaded")
    await minutes(pack, 6)
    assert float(state(pack, NUMBER)) == 0 if name.startswith("limit_") else state(pack, CHARGER) == "off"
    house = "House" if pack.way == BANK else "Shed"
    assert reported(hass, name).startswith(
        f"No enabled entity of {house} was found for: {side.capitalize().removesuffix('e')}ing allowed"
    )


@pytest.mark.parametrize("name", OTHERS)
async def test_without_a_pack_nothing_is_allowed_and_it_says_so(hass, steady, tmp_path, name) -> None:
    pack = steady
    await hass.services.async_call("input_boolean", "turn_off", {"entity_id": CHARGER}, blocking=True)
    await run(pack, tmp_path, name, OTHERS[name])
    hass.bus.async_fire("automation_reloaded")
    await hass.async_block_till_done()
    assert reported(hass, name).startswith("No battery pack or bank is selected.")
    assert state(pack, CHARGER) == "off"


async def test_a_pack_that_was_removed_is_told(hass, steady, tmp_path) -> None:
    pack = steady
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack))
    await hass.config_entries.async_remove(pack.entry.entry_id)
    await hass.async_block_till_done()
    await pack.wait(60)
    assert state(pack, CHARGER) == "off"
    assert reported(hass, "stop_charger").startswith("The selected battery pack or bank no longer exists.")


async def test_an_entity_chosen_by_hand_counts_before_that_of_the_device(hass, steady, tmp_path) -> None:
    pack = steady
    hass.states.async_set("binary_sensor.own", "on")
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack) | {"allowed": "binary_sensor.own"})
    await pack.see(1, **HALF)
    assert state(pack, CHARGER) == "on"
    hass.states.async_set("binary_sensor.own", "off")
    await hass.async_block_till_done()
    assert state(pack, CHARGER) == "off"
    assert not reported(hass, "stop_charger")


async def test_a_pack_of_a_bank_may_be_silent_as_long_as_one_alone(hass, steady, tmp_path, monkeypatch) -> None:
    """The others then have to carry all."""
    pack = steady
    pack.way, pack.chosen = BANK, await pack.in_a_bank()
    await minutes(pack, 1.5)
    bank = pack.bank.runtime_data
    await run(pack, tmp_path, "stop_charger", of_the_charger(pack) | {"current": 40})
    await minutes(pack, 1)
    limits = MemberLimits(
        charge_voltage=56.0, charge_current=30.0, discharge_current=50.0, charge_limited_by="left_out"
    )
    monkeypatch.setattr(bank._limiter, "update", lambda *_, **__: limits)
    await minutes(pack, 0.75)
    assert state(pack, CHARGER) == "on"
    await minutes(pack, 2)
    assert state(pack, CHARGER) == "off"
