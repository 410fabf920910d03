r"""123\SmartBMS in Home Assistant: the three transports from the first advertisement to the day the pack comes back."""

import logging

from homeassistant.config_entries import SOURCE_BLUETOOTH
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.entity.soc_plan_number import SOC_PLAN_NUMBERS
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN2_BRSP, GEN3_NUS
from tests.support.devices import device_of
from tests.support.flows import configure, option_menu, search, set_options
from tests.support.log_lines import problems_in
from tests.support.packs import smart123_pack

PIN = "1234"
PACKS = {
    "nordic": (lambda: smart123_pack(GEN3_NUS, profile=lambda _: -20.0), PIN),
    "blueradios": (lambda: smart123_pack(GEN2_BRSP, profile=lambda _: -20.0), None),
    "bridge": (lambda: smart123_pack(BRIDGE, name="UART", profile=lambda _: -20.0), None),
}
NAMES = {"nordic": "123_smartbms_50_6c", "blueradios": "123_smartbms_50_6c", "bridge": "uart"}


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("transport", PACKS)
async def test_found_added_streamed_lost_and_regained(hass, house, transport, caplog) -> None:
    make, pin = PACKS[transport]
    pack = make()
    house.add(pack)
    if transport == "bridge":
        # Nobody can know what is behind it: it is offered to whoever looks for it, with a question mark.
        assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        flow = await search(hass)
        (selector,) = flow["data_schema"].schema.values()
        assert selector.config["options"][0]["label"].startswith("? UART")
        flow = await configure(hass, flow, {"address": pack.address})
    else:
        await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
        (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        assert flow["context"]["source"] == SOURCE_BLUETOOTH
        assert flow["context"]["title_placeholders"] == {"name": "123\\SmartBMS"}
        flow = await configure(hass, flow, {})
    if pin is not None:
        assert flow["step_id"] == "password_smart123"
        flow = await configure(hass, flow, {"password": pin})
    assert flow["step_id"] == "identified"
    assert flow["description_placeholders"]["cells"] == "8"
    flow = await configure(hass, flow, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY

    name = NAMES[transport]
    voltage = f"sensor.{name}_voltage"
    await house.until(lambda: house.state(voltage) not in (None, STATE_UNAVAILABLE))
    assert float(house.state(voltage)) == pytest.approx(pack.board.battery.voltage, abs=0.1)
    await house.until(lambda: house.state(f"sensor.{name}_cell_8_voltage") not in (None, STATE_UNKNOWN))
    assert hass.states.get(f"sensor.{name}_cell_8_voltage").attributes["measured_at"]
    assert house.state(f"sensor.{name}_connected_through") == "Garage proxy"
    assert house.state(f"binary_sensor.{name}_problem") == STATE_OFF
    assert house.state(f"binary_sensor.{name}_state_of_charge_calibrated") == STATE_ON
    await house.until(lambda: house.state(f"sensor.{name}_cell_overvoltage_limit") == "3.65")

    house.take_away(pack)
    await house.until(lambda: house.state(voltage) == STATE_UNAVAILABLE)
    await house.until(lambda: house.state(f"sensor.{name}_connection") == "no_connectable_path")
    house.bring_back(pack)
    await house.until(lambda: house.state(voltage) != STATE_UNAVAILABLE)
    lost = [record for record in caplog.records if "is lost" in record.message]
    assert len(lost) == 1
    assert not [line for line in problems_in(caplog) if "is back" not in line]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("transport", PACKS)
async def test_a_broken_chain_is_an_alarm_and_shows_no_measurement(hass, house, adopt, transport) -> None:
    make, pin = PACKS[transport]
    pack = make()
    await adopt(pack, password=pin)
    name = NAMES[transport]
    pack.comm_error = True
    await house.until(lambda: house.state(f"binary_sensor.{name}_cell_communication_fault") == STATE_ON)
    assert house.state(f"binary_sensor.{name}_problem") == STATE_ON
    assert house.state(f"sensor.{name}_voltage") == STATE_UNKNOWN
    pack.comm_error = False
    await house.until(lambda: house.state(f"binary_sensor.{name}_problem") == STATE_OFF)
    await house.until(lambda: house.state(f"sensor.{name}_voltage") != STATE_UNKNOWN)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_frames_that_stop_are_an_alarm_too(hass, house, adopt) -> None:
    pack = PACKS["bridge"][0]()
    await adopt(pack)
    pack.stream_stops = True
    await house.until(lambda: house.state("binary_sensor.uart_cell_communication_fault") == STATE_ON)
    assert house.state("binary_sensor.uart_charge_relay") == STATE_UNKNOWN
    assert house.state("sensor.uart_voltage") == STATE_UNKNOWN


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_both_sides_of_the_battery_are_ready_for_the_energy_dashboard(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed", sensors=2, profile=lambda _: 10.0)
    pack.board.load = lambda _: 30.0
    await adopt(pack, password=PIN)
    await house.until(lambda: house.state("sensor.shed_load_power") not in (None, STATE_UNKNOWN, "0.0"))
    assert float(house.state("sensor.shed_source_current")) == pytest.approx(40, abs=1)
    assert float(house.state("sensor.shed_load_current")) == pytest.approx(30, abs=1)
    await house.until(lambda: house.state("sensor.shed_energy_discharged_bms") not in (None, STATE_UNKNOWN))
    for flow, whose in (("collected", ""), ("consumed", ""), ("charged", "_bms"), ("discharged", "_bms")):
        for period in ("", "_today"):
            state = hass.states.get(f"sensor.shed_energy_{flow}{period}{whose}")
            assert state.attributes["device_class"] == "energy"
            assert state.attributes["state_class"] == "total_increasing"
            assert state.attributes["unit_of_measurement"] == "kWh"


OWNERS = {row.key for row in SOC_PLAN_NUMBERS}
"""Numbers of what the owner wants, which are not the pack's."""


async def test_nothing_can_be_changed_unless_the_owner_wants_experiments(hass, house, adopt) -> None:
    entry = await adopt(smart123_pack(GEN3_NUS, name="Shed"), password=PIN, allow_control=True)
    registry = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    controls = [item for item in registry if item.domain in ("number", "switch", "select", "button")]
    offered = {item.entity_id for item in controls if item.translation_key not in OWNERS}
    assert offered == {"button.shed_add_to_energy_dashboard", "button.shed_let_the_phone_in", "button.shed_connect_now"}
    with pytest.raises(ServiceValidationError, match="not been proven"):
        await change(hass, entry, {"cell_undervoltage": 2.55})


async def change(hass, entry, parameters, **flags):
    device = device_of(hass, entry)
    data = {"device_id": device.id, "parameters": parameters, **flags}
    return await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_change_takes_a_second_word_and_is_shown_when_it_was_read_back(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password=PIN, allow_control=True, experimental_writes=True)
    with pytest.raises(ServiceValidationError, match="dangerous"):
        await change(hass, entry, {"cell_undervoltage": 2.55})
    await change(hass, entry, {"cell_undervoltage": 2.55}, confirm=True)
    await house.until(lambda: house.state("sensor.shed_cell_undervoltage_limit") == "2.55")
    assert pack.board.settings.v_min == 510


async def test_a_change_without_a_safe_way_is_explained(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    pack.board.settings.capacity = 255
    entry = await adopt(pack, password=PIN, allow_control=True, experimental_writes=True)
    with pytest.raises(ServiceValidationError, match="Choose a value in between first"):
        await change(hass, entry, {"battery_capacity": 25_600}, confirm=True)


async def test_options_reach_the_driver(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed", temperature=0.0)
    entry = await adopt(pack, password=PIN)
    before = float(house.state("sensor.shed_lowest_cell_temperature"))
    assert "pack" in (await option_menu(hass, entry))["menu_options"]
    chosen = {"temperature_formula": "document", "current_scale": "125_ma", "transport": "records"}
    await set_options(hass, entry, "pack", **chosen)
    await house.until(lambda: house.state("sensor.shed_lowest_cell_temperature") not in (STATE_UNAVAILABLE, None))
    assert before - float(house.state("sensor.shed_lowest_cell_temperature")) == pytest.approx(5, abs=1)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_what_was_learned_outlives_a_restart(hass, house, adopt, hass_storage) -> None:
    pack = PACKS["bridge"][0]()
    entry = await adopt(pack)
    assert entry.runtime_data.pack.context.learned["transport"] == "frames"
    await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[f"smart_bms.{entry.entry_id}"]["data"]["learnt"]["transport"] == "frames"
    pack.stream_stops = True
    await hass.config_entries.async_setup(entry.entry_id)
    # Known as a bridge, it is never spoken to, silent or not.
    await house.until(lambda: house.state("binary_sensor.uart_cell_communication_fault") == STATE_ON)
    assert not pack.written


async def test_the_pin_is_nowhere(hass, house, adopt, hass_client, caplog) -> None:
    caplog.set_level(logging.DEBUG, logger="custom_components.smart_bms")
    pack = smart123_pack(GEN3_NUS, name="Shed")
    pack.board.settings.pin = "8642"
    entry = await adopt(pack, password="8642", allow_control=True)
    await house.until(lambda: "log" in entry.runtime_data.pack.context.learned)
    diagnostics = str(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    ours = "\n".join(record.message for record in caplog.records if "smart_bms" in record.name)
    for text in (diagnostics, ours, str(dict(hass.states.async_all()[0].attributes))):
        assert "8642" not in text
        assert b"8642".hex() not in text
        assert b"38363432".hex() not in text
    assert "learnt" in diagnostics


async def test_a_changed_pin_is_asked_for_and_not_guessed(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    await adopt(pack, password=PIN)
    pack.board.settings.pin = "8642"
    pack.hang_up = True
    await house.until(lambda: house.state("sensor.shed_connection") == "wrong_password")
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm_smart123"
    flow = await configure(hass, flow, {"password": "1111"})
    assert flow["errors"] == {"base": "wrong_password"}
    flow = await configure(hass, flow, {"password": "8642"})
    assert flow["reason"] == "reauth_successful"
    await house.until(lambda: house.state("sensor.shed_connection") == "streaming")
    assert pack.dialect.wrong_pins == 0


@pytest.mark.parametrize("kind", [0, 1, 5])
async def test_the_vendors_other_products_are_never_offered(hass, house, kind) -> None:
    other = smart123_pack(GEN3_NUS, name="123\\TUNE+", device_type=kind)
    house.add(other)
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    flow = await search(hass)
    assert flow["step_id"] == "nothing_found"


async def test_a_gateway_to_nobody_says_so(hass, house) -> None:
    bridge = smart123_pack(BRIDGE, name="UART")
    bridge.stream_stops = True
    house.add(bridge)
    flow = await search(hass)
    flow = await configure(hass, flow, {"address": bridge.address})
    assert flow["errors"] == {"base": "silent"}


async def test_a_full_proxy_is_named(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    await adopt(pack, password=PIN)
    house.take_away(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "no_connectable_path")
    house.proxy._allocated.extend(["A", "B", "C"])
    house.proxy._report()
    house.bring_back(pack)
    await house.until(lambda: house.state("sensor.shed_connection") == "no_free_slot")
    del house.proxy._allocated[:]
    house.proxy._report()
    await house.until(lambda: house.state("sensor.shed_connection") == "streaming")


async def test_a_write_that_the_pack_forgets_is_told(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password=PIN, allow_control=True, experimental_writes=True)
    pack.faults.forget_writes = True
    with pytest.raises(HomeAssistantError, match="did not accept"):
        await change(hass, entry, {"cell_undervoltage": 2.55}, confirm=True)


async def test_reading_temperatures_in_another_way_is_no_change_by_somebody_else(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password=PIN, allow_control=True)
    control = entry.runtime_data.parameters.writer
    await house.until(lambda: control.baseline.values.get("cell_overtemperature") == 49.9)
    await set_options(hass, entry, "pack", temperature_formula="document")
    control = entry.runtime_data.parameters.writer
    await house.until(lambda: control.baseline.values.get("cell_overtemperature") == 53.0)
    assert not control.drift
    assert not ir.async_get(hass).issues
    # What the app really changes is still noticed.
    assert pack.change_elsewhere(b"C6-051!\r")
    await control.refresh()
    assert "cell_overvoltage" in control.drift


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_thresholds_do_not_flicker_when_the_link_breaks_for_a_moment(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password=PIN)
    await house.until(lambda: house.state("sensor.shed_cell_overvoltage_limit") == "3.65")
    seen: list[str] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            event.data["entity_id"] == "sensor.shed_cell_overvoltage_limit"
            and seen.append(event.data["new_state"].state)
        ),
    )
    pack.hang_up = True
    await house.until(lambda: entry.runtime_data.pack.sessions == 2 and entry.runtime_data.pack.current_settings)
    assert STATE_UNKNOWN not in seen


async def test_a_wrong_way_of_talking_is_silence_and_no_alarm(hass, house, adopt) -> None:
    pack = smart123_pack(GEN2_BRSP, name="Shed")
    entry = await adopt(pack)
    await set_options(hass, entry, "pack", transport="frames")
    await house.until(lambda: house.state("sensor.shed_connection") == "silent")
    assert house.state("binary_sensor.shed_problem") == STATE_UNAVAILABLE


async def test_measured_at_belongs_to_the_value_that_is_shown(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password=PIN)
    await house.until(lambda: house.state("sensor.shed_cell_3_voltage") not in (None, STATE_UNKNOWN))
    before = hass.states.get("sensor.shed_cell_3_voltage")
    heard = entry.runtime_data.data.cell_times[2]
    await house.until(lambda: entry.runtime_data.data.cell_times[2] > heard + 0.5)
    assert hass.states.get("sensor.shed_cell_3_voltage") is before
    pack.absent = {3}
    await house.until(lambda: house.state("sensor.shed_cell_3_voltage") == STATE_UNKNOWN)
    assert "measured_at" not in hass.states.get("sensor.shed_cell_3_voltage").attributes


@pytest.mark.parametrize("service", ["0000ffe0-0000-1000-8000-00805f9b34fb", "0000fff0-0000-1000-8000-00805f9b34fb"])
async def test_other_products_are_not_offered_as_packs_of_other_makes_either(hass, house, service) -> None:
    other = smart123_pack(GEN3_NUS, name="Thing", device_type=5)
    other.service_uuids = (service,)
    house.add(other)
    flow = await search(hass)
    assert flow["step_id"] == "nothing_found"
