"""Every family and dialect in Home Assistant: found, added, shown, lost and found again."""

from collections.abc import Callable

from homeassistant.config_entries import SOURCE_BLUETOOTH
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from custom_components.smart_bms.simulator.jbd.firmware import UNKNOWN
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.smart123.labels import (
    BRIDGE,
    GEN2_BRSP,
    GEN3_BRSP,
    GEN3_NUS,
    OLD_FIRMWARE_BRIDGE,
)
from tests.support.devices import device_of, entities_of
from tests.support.flows import configure, option_form, search, set_options
from tests.support.packs import daly_pack, jbd_pack, smart123_pack

PASSWORD = "123456"
CELL_OVERVOLTAGE = 3
"""Place of a counter."""
CELL_OVERVOLTAGE_REGISTER = 0x24

type Make = Callable[[], Peripheral]

PACKS: dict[str, tuple[Make, str | None]] = {
    "jbd_classic": (lambda: jbd_pack(SP04S034, name="Shed"), None),
    "jbd_password": (lambda: jbd_pack(DP16S020, name="Shed"), PASSWORD),
    "jbd_legacy": (lambda: jbd_pack(LEGACY, name="Shed"), None),
    "jbd_2_5": (lambda: jbd_pack(WATTCYCLE, name="Shed", address="EE:C2:37:28:18:52"), None),
    "daly_d2": (lambda: daly_pack(K_D2, name="Shed"), None),
    "daly_81": (lambda: daly_pack(ESS_81, name="Shed"), None),
    "daly_81_without_probes": (lambda: daly_pack(K_81_NO_NTC, name="Shed"), None),
    "daly_a5": (lambda: daly_pack(LEGACY_A5, name="Shed"), None),
    "daly_a5_newer": (lambda: daly_pack(R24_A5, name="Shed"), None),
    "daly_other_layout": (lambda: daly_pack(LAYOUT_B, name="Shed"), None),
    "smart123_gen3": (lambda: smart123_pack(GEN3_NUS, name="Shed"), "1234"),
    "smart123_gen3_older_module": (lambda: smart123_pack(GEN3_BRSP, name="Shed"), "1234"),
    "smart123_gen2": (lambda: smart123_pack(GEN2_BRSP, name="Shed"), None),
    "smart123_bridge": (lambda: smart123_pack(BRIDGE, name="Shed"), None),
    "smart123_older_bridge": (lambda: smart123_pack(OLD_FIRMWARE_BRIDGE, name="Shed"), None),
}


VARIANTS = {"jbd_password": "extended"}
"""Of packs whose dialect we tell apart further than they do."""


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("name", PACKS)
async def test_it_is_added_and_shows_what_its_battery_does(hass, house, adopt, name) -> None:
    make, password = PACKS[name]
    pack = make()
    pack.board.battery.profile = lambda _: -20.0
    entry = await adopt(pack, password=password)
    assert entry.data["family"] == name.partition("_")[0]
    assert entry.data["identity"]["variant"] == VARIANTS.get(name, pack.variant)
    await house.until(lambda: float(house.state("sensor.shed_current")) == pytest.approx(-20, abs=0.2))
    cells = [cell.voltage for cell in pack.board.battery.cells]
    await house.until(lambda: house.state("sensor.shed_cell_1_voltage") != STATE_UNKNOWN)
    assert float(house.state("sensor.shed_voltage")) == pytest.approx(sum(cells), abs=0.2)
    assert float(house.state("sensor.shed_cell_1_voltage")) == pytest.approx(cells[0], abs=0.02)
    assert float(house.state("sensor.shed_state_of_charge")) == pytest.approx(60, abs=2)
    await house.until(lambda: house.state("binary_sensor.shed_discharging") == STATE_ON)
    switch = "relay" if name.startswith("smart123") else "mosfet"
    assert house.state(f"binary_sensor.shed_charge_{switch}") == STATE_ON
    device = device_of(hass, entry)
    assert device.model == entry.data["identity"]["model"]
    assert house.state("sensor.shed_connection") == "streaming"


WITH_ENTITIES = (
    *("jbd_classic", "jbd_2_5", "daly_d2", "daly_81", "daly_a5"),
    *("smart123_gen3", "smart123_gen2", "smart123_bridge"),
)


@pytest.mark.parametrize("name", WITH_ENTITIES)
async def test_all_entities_of_a_dialect(hass, house, adopt, snapshot, name) -> None:
    make, password = PACKS[name]
    entry = await adopt(make(), password=password, allow_control=True, experimental_writes=True)
    if name == "smart123_bridge":
        await house.until(lambda: "soh" in entry.runtime_data.capabilities.values)
    listed = {
        item.entity_id: (item.original_name, item.unit_of_measurement, item.disabled_by is None)
        for item in sorted(entities_of(hass, entry), key=lambda item: item.entity_id)
    }
    assert listed == snapshot
    assert not any(named is None or "{" in named for named, _, _ in listed.values())


@pytest.mark.parametrize(
    "pack",
    [
        jbd_pack(SP04S034),
        daly_pack(K_D2),
        daly_pack(ESS_81, name="JHB-40D63C3223A2"),
        daly_pack(LEGACY_A5),
        smart123_pack(GEN3_NUS),
        smart123_pack(GEN3_BRSP, name="Boat"),
        smart123_pack(GEN2_BRSP, name="Boat"),
    ],
    ids=["jbd", "daly", "daly_jhb", "daly_a5", "smart123", "smart123_brsp", "smart123_gen2"],
)
async def test_it_is_discovered(hass, house, pack) -> None:
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_BLUETOOTH
    assert flow["step_id"] == "confirm"


async def test_a_renamed_pack_is_known_by_its_address(hass, house) -> None:
    house.add(jbd_pack(SP04S034, name="Boat", mac_form=None))
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))


async def test_a_device_that_could_be_of_two_families_is_asked_in_the_language_of_each(hass, house) -> None:
    unknown = daly_pack(K_D2, name="Thing", address="11:22:33:44:55:66")
    unknown.manufacturer_data = {}
    unknown.service_uuids = ("0000fff0-0000-1000-8000-00805f9b34fb",)
    house.add(unknown)
    flow = await search(hass)
    flow = await configure(hass, flow, {"address": unknown.address})
    assert flow["step_id"] == "identified"
    flow = await configure(hass, flow, {})
    assert flow["result"].data["family"] == "daly"


# Passwords.


async def ask_for(hass, pack: Peripheral):
    flow = await search(hass)
    return await configure(hass, flow, {"address": pack.address})


async def test_a_wrong_password_is_told_and_the_right_one_lets_in(hass, house) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    house.add(pack)
    flow = await ask_for(hass, pack)
    assert (flow["step_id"], flow["errors"]) == ("password_jbd", {})
    flow = await configure(hass, flow, {"password": "000000"})
    assert (flow["step_id"], flow["errors"]) == ("password_jbd", {"base": "wrong_password"})
    flow = await configure(hass, flow, {"password": PASSWORD})
    assert flow["step_id"] == "identified"
    flow = await configure(hass, flow, {})
    assert flow["result"].data["password"] == PASSWORD


async def test_a_changed_password_is_asked_for_and_never_guessed(hass, house, adopt) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    pack.login.password = "654321"
    pack.hang_up = True
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    assert house.state("sensor.shed_connection") == "wrong_password"
    await house.until(lambda: house.state("sensor.shed_voltage") == STATE_UNAVAILABLE)
    sessions = entry.runtime_data.pack.sessions
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm_jbd"
    flow = await configure(hass, flow, {"password": "111111"})
    assert flow["errors"] == {"base": "wrong_password"}
    assert entry.runtime_data.pack.sessions == sessions
    flow = await configure(hass, flow, {"password": "654321"})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await house.until(lambda: house.state("sensor.shed_connection") == "streaming")
    assert entry.data["password"] == "654321"


async def test_a_module_that_wants_to_be_paired_is_explained(hass, house) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    pack.echo = True
    house.add(pack)
    flow = await ask_for(hass, pack)
    assert flow["errors"] == {"base": "pairing_needed"}


async def test_the_password_is_in_no_diagnostics(hass, house, adopt) -> None:
    from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics

    entry = await adopt(jbd_pack(DP16S020, name="Shed", password="246810"), password="246810")
    assert "246810" not in str(await async_get_config_entry_diagnostics(hass, entry)), "of the user"


# Polling.


async def test_one_missed_poll_is_not_shown_three_are(hass, house, adopt) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    entry = await adopt(pack)
    seen = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: event.data["entity_id"] == "sensor.shed_voltage" and seen.append(event.data["new_state"].state),
    )
    before = entry.runtime_data.pack.last_reading
    pack.asleep_requests = 2
    await house.until(lambda: entry.runtime_data.pack.last_reading is not before and not pack.asleep_requests)
    assert STATE_UNAVAILABLE not in seen
    pack.faults.silent = True
    await house.until(lambda: house.state("sensor.shed_voltage") == STATE_UNAVAILABLE)
    pack.faults.silent = False
    await house.until(lambda: house.state("sensor.shed_voltage") != STATE_UNAVAILABLE)


async def test_the_interval_is_the_users(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(SP04S034, name="Shed"))
    await set_options(hass, entry, "connection", interval=2)
    assert entry.runtime_data.pack.stale_after == 4
    await set_options(hass, entry, "connection", interval=0.5)
    await set_options(hass, entry, "pack", current_unit="100_ma")
    assert entry.runtime_data.pack.context.interval == 0.5
    assert entry.runtime_data.pack.stale_after == 1.8
    assert entry.runtime_data.pack.context.options["current_unit"] == "100_ma"


async def test_a_pack_that_speaks_by_itself_is_not_asked_for_an_interval(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    flow = await option_form(hass, entry, "connection")
    assert [str(key) for key in flow["data_schema"].schema] == ["reread_interval", "sharing"]


# Particulars.


async def test_what_a_pack_has_counted_survives_that_it_forgets(hass, house, adopt) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    pack.firmware.counters[CELL_OVERVOLTAGE] = 7
    entry = await adopt(pack)
    counter_totals = entry.runtime_data.parameters.counter_totals
    await house.until(lambda: counter_totals.totals.get("cell_overvoltage") == 7)
    pack.firmware.counters[CELL_OVERVOLTAGE] = 0
    await house.until(lambda: counter_totals.as_dict()["last"]["cell_overvoltage"] == 0)
    assert counter_totals.totals["cell_overvoltage"] == 7
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.parameters.counter_totals.totals["cell_overvoltage"] == 7


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_an_answer_that_is_lost_takes_away_no_entity(hass, house, adopt) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    entry = await adopt(pack, allow_control=True)
    before = {item.entity_id for item in entities_of(hass, entry)}
    for entity_id in ("number.shed_cell_overvoltage_limit", "number.shed_cell_overvoltage_release"):
        assert entity_id in before
        er.async_get(hass).async_update_entity(entity_id, disabled_by=None)
    read = pack.firmware.read
    pack.firmware.read = lambda register: (UNKNOWN, b"") if register == CELL_OVERVOLTAGE_REGISTER else read(register)
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    assert "cell_overvoltage" not in entry.runtime_data.pack.current_settings.values
    assert house.state("number.shed_cell_overvoltage_limit") == STATE_UNKNOWN
    assert house.state("number.shed_cell_overvoltage_release") == "3.5"
    await hass.config_entries.async_reload(entry.entry_id)
    assert {item.entity_id for item in entities_of(hass, entry)} == before
    assert "cell_overvoltage" in entry.data["catalogue"]["keys"]


async def test_a_daly_whose_password_protects_nothing_is_left_in_peace(hass, house, adopt) -> None:
    entry = await adopt(daly_pack(K_D2, name="Shed"))
    assert entry.runtime_data.pack.last_identity.details["default_password"]
    assert ir.async_get(hass).async_get_issue(DOMAIN, "default_password") is None


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_missing_probe_is_an_alarm_and_no_entity(hass, house, adopt) -> None:
    entry = await adopt(daly_pack(K_81_NO_NTC, name="Shed"))
    assert house.state("binary_sensor.shed_temperature_sensor_fault") == STATE_ON
    assert house.state("binary_sensor.shed_problem") == STATE_ON
    keys = {item.unique_id.removeprefix(f"{entry.data['address']}_") for item in entities_of(hass, entry)}
    assert "temperature_1" not in keys


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_switch_that_was_opened_by_command_is_seen(hass, house, adopt) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    await adopt(pack, allow_control=True)
    assert house.state("switch.shed_charge_switch") == STATE_ON
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.shed_charge_switch"}, blocking=True)
    await house.until(lambda: house.state("switch.shed_charge_switch") == STATE_OFF)
    await house.until(lambda: house.state("binary_sensor.shed_charge_mosfet") == STATE_OFF)
    assert house.state("binary_sensor.shed_problem") == STATE_OFF


async def test_a_board_that_is_out_of_reach_comes_with_hints(hass, house, adopt) -> None:
    pack = jbd_pack(SP04S034, name="Shed")
    await adopt(pack)
    assert "hints" not in hass.states.get("sensor.shed_connection").attributes
    house.take_away(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "no_connectable_path")
    attributes = hass.states.get("sensor.shed_connection").attributes
    assert attributes["hints"][0] == "check_supply"
    assert "A BMS without power cannot be heard: check the wiring of the battery." in attributes["explanation"]
    house.bring_back(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "streaming")
    assert "hints" not in hass.states.get("sensor.shed_connection").attributes


async def test_a_capacity_that_only_the_parameters_tell_counts_too(hass, house, adopt) -> None:
    entry = await adopt(daly_pack(K_D2, name="Shed"))
    await house.until(lambda: entry.runtime_data.energy.statistics.capacity)
    assert entry.runtime_data.energy.statistics.capacity == pytest.approx(100)
    assert entry.runtime_data.usable_energy > 0
