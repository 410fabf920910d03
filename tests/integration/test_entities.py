"""Entities: what there is, what it says, and when it says nothing."""

from collections import Counter
import dataclasses
from datetime import timedelta
import logging

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_CLASS, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry import publishing
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from lab.smart_bms_lab.packs import all_packs
from tests.support.devices import device_of, entities_of
from tests.support.packs import changed, jk_pack, sealed


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
async def test_all_entities_of_a_layout(hass, house, adopt, snapshot, variant) -> None:
    entry = await adopt(jk_pack(variant, name="Shed", cells=4))
    listed = {
        item.entity_id: {
            "name": item.original_name,
            "class": item.original_device_class,
            "unit": item.unit_of_measurement,
            "category": item.entity_category,
            "enabled": item.disabled_by is None,
            "translation_key": item.translation_key,
            "options": {key: dict(value) for key, value in item.options.items() if key.startswith("sensor")},
        }
        for item in sorted(entities_of(hass, entry), key=lambda item: item.entity_id)
    }
    assert listed == snapshot


async def test_names_are_whole_and_unique(hass, house, adopt) -> None:
    entry = await adopt(jk_pack(name="Shed"))
    names = Counter((item.domain, item.original_name) for item in entities_of(hass, entry))
    assert max(names.values()) == 1
    assert not any(name is None or "{" in name for _, name in names)


async def test_the_device_is_the_pack(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    device = device_of(hass, entry)
    assert device.name == "Shed"
    assert device.manufacturer == "Jikong"
    assert device.model == "JK_PB2A16S20P"
    assert (device.hw_version, device.sw_version) == ("19A", "19.27")
    assert device.serial_number == "SIM80000001"
    assert device.connections == {(dr.CONNECTION_BLUETOOTH, pack.address)}


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_values_are_those_of_the_pack(hass, house, adopt, monkeypatch) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.time_left._SETTLES", 0.1)
    pack = jk_pack(name="Shed", profile=lambda _: -20.0, soc=0.5, cells=4)
    await adopt(pack)
    for key in ("design_capacity", "time_to_empty"):
        await house.until(lambda key=key: house.state(f"sensor.shed_{key}") != STATE_UNKNOWN)
    expected = {
        "sensor.shed_current": -20.0,
        "sensor.shed_state_of_charge": 50,
        "sensor.shed_remaining_capacity": 50,
        "sensor.shed_full_capacity": 100,
        "sensor.shed_design_capacity": 100,
        "sensor.shed_state_of_health": 99,
        "sensor.shed_time_to_empty": 2.5,
        "sensor.shed_stored_energy": 0.65,
        "sensor.shed_cell_1_voltage": pack.board.battery.cells[0].voltage,
        "sensor.shed_temperature_1": 22,
        "sensor.shed_cycles": 43,
    }
    for entity_id, value in expected.items():
        assert float(house.state(entity_id)) == pytest.approx(value, rel=0.03), entity_id
    power = float(house.state("sensor.shed_power"))
    assert power == pytest.approx(-20 * pack.board.battery.voltage, rel=0.02)
    assert house.state("sensor.shed_time_to_full") == STATE_UNKNOWN
    assert house.state("sensor.shed_charge_stage") == "discharging"
    assert house.state("binary_sensor.shed_charging") == STATE_OFF
    assert house.state("binary_sensor.shed_discharging") == STATE_ON
    assert house.state("binary_sensor.shed_charge_mosfet") == STATE_ON


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_alarms_are_published_at_once(hass, house, pack, adopt) -> None:
    await adopt(pack)
    assert house.state("binary_sensor.shed_problem") == STATE_OFF
    pack.board.latches["charge_undertemperature"].tripped = True
    pack.board.limits.charge_undertemperature_release = 99
    await house.until(lambda: house.state("binary_sensor.shed_problem") == STATE_ON, 1.0)
    assert house.state("binary_sensor.shed_charge_undertemperature_alarm") == STATE_ON
    assert house.state("binary_sensor.shed_charge_mosfet") == STATE_OFF
    assert house.state("binary_sensor.shed_cell_overvoltage_alarm") == STATE_OFF


async def test_a_default_password_is_no_problem(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    pack.board.extra_alarms.add("default_password")
    await house.until(lambda: "default_password" in (entry.runtime_data.data.alarms or ()))
    assert house.state("binary_sensor.shed_problem") == STATE_OFF
    by_key = {item.unique_id: item for item in entities_of(hass, entry)}
    nag = by_key[f"{pack.address}_alarm_default_password"]
    assert nag.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert nag.original_device_class is None
    assert by_key[f"{pack.address}_alarm_cell_overvoltage"].original_device_class == "problem"
    # It is named all the same, for who asks.
    await house.until(lambda: hass.states.get("binary_sensor.shed_problem").attributes["other_alarms"])
    reported = hass.states.get("binary_sensor.shed_problem").attributes
    assert (reported["alarms"], reported["other_alarms"]) == ([], ["default_password"])


async def test_numbers_are_calm(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed", profile=lambda now: -20 + (now % 0.7))
    entry = await adopt(pack)
    # The parameters have to be told twice; then limits and mirror appear, once.
    await house.until(lambda: house.state("sensor.shed_protection") not in (None, "unknown"))
    await hass.async_block_till_done()
    written: list[str] = []
    hass.bus.async_listen("state_changed", lambda event: written.append(event.data["entity_id"]))
    seen: set[float] = set()
    entry.runtime_data.async_add_listener(lambda: seen.add(entry.runtime_data.data.current))
    await house.until(lambda: len(seen) > 30)
    assert written.count("sensor.shed_current") == 0
    assert len(written) < 5


async def test_a_kettle_is_seen_at_once_with_its_power(hass, house, adopt) -> None:
    load = [-1.0]
    pack = jk_pack(name="Shed", profile=lambda now: load[0] + (now % 0.7))
    await adopt(pack)
    await house.until(lambda: house.state("sensor.shed_current") not in (None, "unknown"))
    load[0] = -35.0
    # Two simulated readings, of which the house lives twenty times as fast as the clock on the wall.
    await house.until(lambda: float(house.state("sensor.shed_current") or 0) < -30, 1.0)
    assert float(house.state("sensor.shed_power") or 0) < -700


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_without_the_pack_entities_exist_and_wait_for_it(hass, house, pack) -> None:
    capabilities = Capabilities(
        values=frozenset({"voltage", "soc", "alarms", "balancing"}),
        cells=8,
        resistances=8,
        probes=("mosfet", "temperature_1"),
    )
    identity = {
        "variant": "JK02_32S",
        "model": "JK_OLD",
        "hw_version": "1",
        "sw_version": "15.1",
        "serial_number": "",
        "name": "",
    }
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Shed",
        unique_id=pack.address,
        data={"address": pack.address, "family": "jk", "identity": identity, "features": capabilities.as_dict()},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert house.state("sensor.shed_voltage") == STATE_UNAVAILABLE
    assert house.state("sensor.shed_cell_8_voltage") == STATE_UNAVAILABLE
    assert house.state("sensor.shed_mosfet_temperature") == STATE_UNAVAILABLE
    assert house.state("binary_sensor.shed_cell_overvoltage_alarm") == STATE_UNAVAILABLE
    assert house.state("sensor.shed_connection") == "no_connectable_path"
    assert house.state("sensor.shed_data_age") == STATE_UNKNOWN
    assert house.state("sensor.shed_current") is None

    house.add(pack)
    await house.until(lambda: house.state("sensor.shed_voltage") not in (STATE_UNAVAILABLE, STATE_UNKNOWN))
    # What was not known of it is learned, and kept.
    await house.until(lambda: house.state("sensor.shed_current") not in (None, STATE_UNAVAILABLE))
    assert house.state("sensor.shed_temperature_5") is not None
    assert entry.data["identity"]["model"] == "JK_PB2A16S20P"
    assert "temperature_5" in entry.data["features"]["probes"]
    device = device_of(hass, entry)
    assert device.model == "JK_PB2A16S20P"


@pytest.mark.parametrize(
    ("fault", "state"),
    [("silent", ConnectionState.SILENT), ("frozen", ConnectionState.FROZEN)],
)
async def test_a_stream_that_brings_nothing_new_is_unavailable_and_says_why(
    hass, house, pack, adopt, monkeypatch, fault, state
) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.trust.FROZEN_AFTER", 0.1)
    monkeypatch.setattr("custom_components.smart_bms.bms.reconnect.BACKOFF", (60.0,))
    await adopt(pack)
    seen: set[str] = set()
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.add(event.data["new_state"].state) if event.data["entity_id"] == "sensor.shed_connection" else None
        ),
    )
    setattr(pack.faults, fault, True)
    await house.until(lambda: house.state("sensor.shed_voltage") == STATE_UNAVAILABLE)
    await house.until(lambda: state in seen)


async def test_a_silent_pack_is_silent_while_it_is_reconnected(hass, house, pack, adopt, caplog) -> None:
    caplog.set_level(logging.INFO)
    entry = await adopt(pack)
    shown: list[tuple[str, dict]] = []

    def see(event) -> None:
        new = event.data["new_state"]
        if new is not None and new.entity_id == "sensor.shed_connection":
            shown.append((new.state, dict(new.attributes)))

    hass.bus.async_listen("state_changed", callback(see))
    pack.faults.silent = True
    sessions = entry.runtime_data.pack.sessions
    await house.until(lambda: entry.runtime_data.pack.sessions > sessions + 2)
    assert {state for state, _ in shown} == {ConnectionState.SILENT}
    reported = [attributes for _, attributes in shown]
    assert {"connecting", "identifying", "waiting"} <= {attributes["step"] for attributes in reported}
    since = {dt_util.parse_datetime(attributes["since"]) for attributes in reported}
    assert max(since) - min(since) <= timedelta(seconds=1)
    assert "vendor's app" in reported[0]["explanation"]
    assert "Shed is lost: silent" in caplog.text
    pack.faults.silent = False
    await house.until(lambda: house.state("sensor.shed_connection") == "streaming")
    assert {"since", "step", "hints", "explanation"}.isdisjoint(hass.states.get("sensor.shed_connection").attributes)


async def test_a_pack_behind_a_full_proxy_waits_for_a_slot(hass, house, pack, adopt) -> None:
    await adopt(pack)
    house.take_away(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "no_connectable_path")
    for number in range(3):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    house.bring_back(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "no_free_slot")
    assert "proxy" in hass.states.get("sensor.shed_connection").attributes["explanation"]
    house.proxy.release("AA:AA:AA:AA:AA:00")
    await house.until(lambda: house.state("sensor.shed_voltage") != STATE_UNAVAILABLE)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_age_of_the_data_grows_while_the_pack_is_away(hass, house, pack, adopt, monkeypatch) -> None:
    entry = await adopt(pack)
    coordinator = entry.runtime_data
    assert house.state("sensor.shed_data_age") == "0"
    house.take_away(pack)
    await house.until(lambda: house.state("sensor.shed_voltage") == STATE_UNAVAILABLE)
    reading = coordinator.pack.last_reading
    coordinator.pack.last_reading = dataclasses.replace(reading, measured_at=reading.measured_at - 3600)
    for item in hass.data["entity_components"]["sensor"].entities:
        if item.entity_id == "sensor.shed_data_age":
            item._filter.open()
    coordinator._async_tick(None)
    await hass.async_block_till_done()
    assert float(house.state("sensor.shed_data_age")) > 3500


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (None, None),
        (0.7, 0),
        (9.9, 0),
        (59, 50),
        (61, 60),
        (599, 540),
        (1900, 1800),
        (3599, 3000),
        (90_000, 90_000),
        (93_000, 90_000),
    ],
)
def test_an_age_is_told_in_steps_that_grow_with_it(age, shown) -> None:
    assert publishing.quantize_age(age) == shown


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_pack_whose_version_lies_has_the_alarms_of_what_it_sends(hass, house, adopt) -> None:
    await adopt(jk_pack(name="Shed", sw_version="10.09"))
    await house.until(lambda: house.state("binary_sensor.shed_discharge_undertemperature_alarm") is not None)


async def test_absurd_frames_never_reach_an_entity(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    shown = house.state("sensor.shed_state_of_charge")
    coordinator = entry.runtime_data
    pack.send(17, changed(sealed(pack.cell_info(), 2, 77), 173, b"\xe4"))
    pack.send(17, sealed(b"\xff" * 300, 2))
    await house.until(lambda: coordinator.pack.dropped.total() >= 2)
    assert house.state("sensor.shed_state_of_charge") == shown


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_packs_of_the_demo_are_in_the_states_they_claim(hass, house, adopt) -> None:
    loaded, cold, _, _, _, balancing, _, _ = all_packs()
    await adopt(loaded)
    assert house.state("binary_sensor.house_battery_discharging") == STATE_ON
    await adopt(cold)
    assert house.state("binary_sensor.jk_bd6a24s10p_7b_02_charge_undertemperature_alarm") == STATE_ON
    await adopt(balancing)
    await house.until(lambda: house.state("binary_sensor.jk_b5a24s_1d_03_balancing") == STATE_ON)


async def test_the_packs_of_other_makes_in_the_demo_are_in_the_states_they_claim(hass, house, adopt) -> None:
    _, _, full, storage, offgrid, _, locked, _ = all_packs()
    await adopt(offgrid, password="1234")
    await house.until(lambda: house.state("sensor.123_smartbms_0d_02_load_power") not in (None, STATE_UNKNOWN))
    await hass.config_entries.async_unload(hass.config_entries.async_entries(DOMAIN)[0].entry_id)
    await adopt(full)
    assert house.state("binary_sensor.caravan_charging") == STATE_ON
    await adopt(storage)
    assert house.state("binary_sensor.dl_401710015c06_discharging") == STATE_ON
    await adopt(locked, password="123456")


async def test_sensors_have_the_classes_that_triggers_and_dashboards_look_for(hass, house, pack, adopt) -> None:
    await adopt(pack)
    soc = hass.states.get("sensor.shed_state_of_charge")
    assert soc.attributes[ATTR_DEVICE_CLASS] == SensorDeviceClass.BATTERY
    assert soc.attributes["unit_of_measurement"] == "%"
    charging = hass.states.get("binary_sensor.shed_charging")
    assert charging.attributes[ATTR_DEVICE_CLASS] == "battery_charging"
    assert hass.states.get("sensor.shed_cycles").attributes["unit_of_measurement"] == "cycles"
