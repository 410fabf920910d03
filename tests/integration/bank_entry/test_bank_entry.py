"""Banks in Home Assistant: packs of mixed families as one battery, and everything that may happen to one of them."""

from datetime import timedelta

from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_bms.bank import compatibility
from custom_components.smart_bms.bank_entry import coordinator as bank_coordinator_module
from custom_components.smart_bms.bank_entry.entity import BankEntity
from custom_components.smart_bms.bank_entry.membership import bank_issue_id, banks_with
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.storage.energy_store import energy_store
from tests.support.devices import device_of
from tests.support.flows import bank_of
from tests.support.packs import daly_pack, jbd_pack, jk_pack

VOLTAGE, CURRENT, STRINGS = "sensor.house_voltage", "sensor.house_current", "sensor.house_active_strings"


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(bank_coordinator_module, "_UPDATE_INTERVAL", timedelta(seconds=0.05))


@pytest.fixture
async def packs(house, adopt):
    """A JK and a JBD pack of four cells, at 10 and 20 A of discharge."""
    one = jk_pack(name="Shed", cells=4, profile=lambda _: -10.0, soc=0.6)
    two = jbd_pack(name="Attic", profile=lambda _: -20.0, soc=0.5)
    return [(one, await adopt(one, allow_control=True)), (two, await adopt(two, allow_control=True))]


def entries_of(packs):
    return [entry for _, entry in packs]


def number(house, entity_id: str) -> float:
    state = house.state(entity_id)
    return float("nan") if state in (None, STATE_UNKNOWN, STATE_UNAVAILABLE) else float(state)


async def test_a_bank_needs_two_packs_that_make_even_strings(hass, house, packs) -> None:
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    ids = [entry.entry_id for _, entry in packs]
    few = {"name": "House", "packs": ids[:1], "wiring": "parallel", "strings": 1}
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], few)
    assert flow["errors"] == {"packs": "too_few_packs"}
    uneven = {"name": "House", "packs": ids, "wiring": "series", "strings": 4}
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], uneven)
    assert flow["errors"] == {"strings": "uneven_strings"}


async def test_nothing_is_chosen_beforehand_and_the_order_is_seen(hass, house, packs) -> None:
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    (field,) = (key for key in flow["data_schema"].schema if key == "packs")
    assert field.default() == []
    selector = flow["data_schema"].schema[field]
    assert (selector.config["multiple"], selector.config["mode"]) == (True, "dropdown")
    entry = await bank_of(hass, entries_of([packs[1], packs[0]]), "series", 1)
    assert entry.options["packs"] == [packs[1][1].entry_id, packs[0][1].entry_id]


async def form_of(hass, packs, wiring="parallel", strings=1):
    """Return what the form says to these packs."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    chosen = {
        "name": "Other",
        "packs": [entry.entry_id for entry in entries_of(packs)],
        "wiring": wiring,
        "strings": strings,
    }
    return await hass.config_entries.flow.async_configure(flow["flow_id"], chosen)


async def test_what_cannot_be_one_battery_is_refused_with_the_reason(hass, house, packs, adopt) -> None:
    long = jk_pack(name="Barn", address="C8:47:80:00:00:16", cells=16)
    third = (long, await adopt(long))
    assert (await form_of(hass, [packs[0], third]))["errors"] == {"packs": "cells_differ"}
    # Also while nobody hears it.
    house.take_away(long)
    await house.until(lambda: not third[1].runtime_data.available)
    assert (await form_of(hass, [packs[0], third]))["errors"] == {"packs": "cells_differ"}
    # In series that is fine.
    assert (await form_of(hass, [packs[0], third], "series"))["type"] is FlowResultType.CREATE_ENTRY
    assert (await form_of(hass, packs))["errors"] == {"packs": "in_another_bank"}
    for bank in banks_with(hass, third[1].entry_id):
        await hass.config_entries.async_remove(bank.entry_id)
    # Also while it is not set up.
    await hass.config_entries.async_unload(third[1].entry_id)
    assert (await form_of(hass, [packs[0], third]))["errors"] == {"packs": "cells_differ"}


async def test_strings_far_apart_are_refused_and_a_bank_may_be_edited(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    flow = await bank_form(hass, bank)
    chosen = {"packs": [entry.entry_id for entry in entries_of(packs)], "wiring": "parallel", "strings": 1}
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], chosen)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.config_entries.async_remove(bank.entry_id)
    discharge(packs[1][0])
    await house.until(lambda: packs[1][1].runtime_data.data.voltage < 12.3)
    assert (await form_of(hass, packs))["errors"] == {"packs": "voltages_apart"}


async def test_a_bank_has_nothing_to_reconfigure(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    context = {"source": SOURCE_RECONFIGURE, "entry_id": bank.entry_id}
    flow = await hass.config_entries.flow.async_init(DOMAIN, context=context)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_bank")


async def bank_form(hass, bank):
    """Return the form about which packs a bank is made of."""
    menu = await hass.config_entries.options.async_init(bank.entry_id)
    assert menu["menu_options"] == ["bank", "equipment"]
    flow = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "bank"})
    assert flow["step_id"] == "bank"
    return flow


def discharge(pack) -> None:
    """Bring a pack to 3 V per cell, still far above its limits."""
    pack.board.battery.profile = lambda _: 0.0
    for cell in pack.board.battery.cells:
        cell.soc = 0.06


async def blocked(hass, house, code: str, reason: str) -> None:
    allowed = [f"binary_sensor.house_{side}charging_allowed" for side in ("", "dis")]
    await house.until(lambda: all(house.state(entity_id) == STATE_OFF for entity_id in allowed))
    assert house.state("binary_sensor.house_problem") == STATE_ON
    for entity_id in (*allowed, "binary_sensor.house_problem"):
        attributes = hass.states.get(entity_id).attributes
        assert attributes["reasons"] == [code]
        assert reason in attributes["explanation"]
    assert number(house, "sensor.house_charge_current_limit") == 0
    assert number(house, "sensor.house_discharge_current_limit") == 0


async def test_a_member_that_became_another_pack_blocks_the_bank(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    allowed = "binary_sensor.house_charging_allowed"
    await house.until(lambda: house.state(allowed) == STATE_ON)
    packs[0][0].board.battery = Battery(cells=8, capacity=100, soc=0.6)
    await blocked(hass, house, "cells_differ", "different numbers of cells in series: Shed 8, Attic 4")
    assert house.state(VOLTAGE) == STATE_UNKNOWN
    # Nobody connects them through us; cutting off is always possible.
    with pytest.raises(ServiceValidationError, match="different numbers of cells"):
        await switch(hass, on=True)
    await switch(hass, on=False)
    assert not packs[1][0].board.charge_switch


async def test_strings_that_drift_far_apart_block_the_bank_until_they_are_together(
    hass, house, packs, monkeypatch
) -> None:
    monkeypatch.setattr(compatibility, "MIN_DURATION", 0.2)
    await bank_of(hass, entries_of(packs))
    allowed = "binary_sensor.house_charging_allowed"
    await house.until(lambda: house.state(allowed) == STATE_ON)
    discharge(packs[1][0])
    await blocked(hass, house, "voltages_apart", "far apart (V): Shed 13")
    for cell in packs[1][0].board.battery.cells:
        cell.soc = 0.6
    await house.until(lambda: house.state(allowed) == STATE_ON)
    assert house.state("binary_sensor.house_problem") == STATE_OFF


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_two_families_in_parallel_are_one_battery(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    await house.until(lambda: number(house, CURRENT) == pytest.approx(-30, abs=0.3))
    assert number(house, VOLTAGE) == pytest.approx(13.2, abs=0.3)
    assert number(house, "sensor.house_state_of_charge") == pytest.approx(55, abs=2)
    assert number(house, "sensor.house_full_capacity") == pytest.approx(200, abs=1)
    assert number(house, "sensor.house_power") == pytest.approx(-30 * 13.2, abs=12)
    assert house.state(STRINGS) == "2"
    lowest = hass.states.get("sensor.house_lowest_cell_voltage")
    assert lowest.attributes["pack"] in ("Shed", "Attic")
    assert house.state("binary_sensor.house_discharging_allowed") == STATE_ON
    assert number(house, "sensor.house_data_age") < 5
    shares = hass.states.get(CURRENT).attributes["shares"]
    assert shares["Shed"]["expected"] == 50
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, bank.entry_id), bank.entry_id)
    for _, entry in packs:
        (pack_device,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
        assert pack_device.via_device_id == device.id
    found = await async_get_config_entry_diagnostics(hass, bank)
    assert found["bank"]["counted"] == 2
    assert "Shed" not in str(found["bank"])


async def test_packs_in_series_add_their_voltages(hass, house, packs) -> None:
    packs[0][0].board.battery.profile = lambda _: -20.0
    await house.until(lambda: packs[0][1].runtime_data.data.current < -19)
    await bank_of(hass, entries_of(packs), "series")
    await house.until(lambda: number(house, CURRENT) == pytest.approx(-20, abs=0.5))
    assert number(house, VOLTAGE) == pytest.approx(26.4, abs=0.5)
    assert number(house, "sensor.house_full_capacity") == pytest.approx(100, abs=1)


async def test_a_pack_that_vanishes_is_left_out_and_comes_back(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    house.take_away(packs[1][0])
    await house.until(lambda: house.state(STRINGS) == "1")
    assert hass.states.get(STRINGS).attributes["left_out"] == [{"pack": "Attic", "reason": "stale"}]
    assert "Attic is left out: there is no current data from it." in hass.states.get(STRINGS).attributes["explanation"]
    await house.until(lambda: number(house, CURRENT) == pytest.approx(-10, abs=0.3))
    house.take_away(packs[0][0])
    await house.until(lambda: house.state(VOLTAGE) == STATE_UNAVAILABLE)
    assert house.state("sensor.house_energy_discharged") not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    # Nothing counts, and that is said too; whether anything is wrong nobody knows.
    await house.until(lambda: house.state(STRINGS) == "0")
    assert len(hass.states.get(STRINGS).attributes["left_out"]) == 2
    assert house.state("binary_sensor.house_problem") == STATE_UNKNOWN
    house.bring_back(packs[0][0])
    house.bring_back(packs[1][0])
    await house.until(lambda: house.state(STRINGS) == "2")


async def test_a_pack_that_may_not_be_charged_is_left_out_of_charging(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    allowed = "binary_sensor.house_charging_allowed"
    await house.until(lambda: all(entry.runtime_data.protection_engine.mirror.charge.allowed for _, entry in packs))
    await house.until(lambda: house.state(allowed) == STATE_ON)
    packs[0][0].board.extra_alarms.add("cell_overvoltage")
    left_out = lambda: hass.states.get(allowed).attributes["left_out"]  # noqa: E731
    await house.until(lambda: {"pack": "Shed", "reason": "charge_blocked"} in left_out())
    assert house.state(allowed) == STATE_ON
    await house.until(lambda: house.state("binary_sensor.house_problem") == STATE_ON)
    problem = hass.states.get("binary_sensor.house_problem").attributes
    assert problem["alarms"] == ["Shed: cell_overvoltage"]
    assert problem["explanation"] == "Shed: The pack reports: Cell overvoltage."


async def test_a_renamed_pack_is_called_by_its_new_name(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    hass.config_entries.async_update_entry(packs[1][1], title="Cellar")
    house.take_away(packs[1][0])
    await house.until(lambda: house.state(STRINGS) == "1")
    assert hass.states.get(STRINGS).attributes["explanation"].startswith("Cellar ")


async def test_a_removed_pack_leaves_a_parallel_bank(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    await hass.config_entries.async_remove(packs[1][1].entry_id)
    await house.until(lambda: house.state(STRINGS) == "1")
    assert bank.options == {"packs": [packs[0][1].entry_id], "strings": 1}
    assert hass.states.get(STRINGS).attributes["left_out"] == []


async def test_a_series_bank_without_one_of_its_packs_asks_for_help(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs), "series")
    await house.until(lambda: house.state(STRINGS) == "1")
    await hass.config_entries.async_remove(packs[1][1].entry_id)
    await house.until(lambda: house.state(VOLTAGE) == STATE_UNAVAILABLE)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, bank_issue_id(bank.entry_id))
    assert issue.translation_placeholders == {"bank": "House", "pack": "Attic"}
    await hass.config_entries.async_reload(bank.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, bank_issue_id(bank.entry_id))
    await hass.config_entries.async_remove(bank.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, bank_issue_id(bank.entry_id))


async def test_its_packs_can_be_chosen_anew(hass, house, packs, adopt) -> None:
    bank = await bank_of(hass, entries_of(packs))
    third = daly_pack(name="Barn", cells=4, profile=lambda _: -5.0)
    entry = await adopt(third)
    flow = await bank_form(hass, bank)
    all_three = [*(entry.entry_id for _, entry in packs), entry.entry_id]
    chosen = {"packs": all_three, "wiring": "series", "strings": 2}
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], chosen)
    assert flow["errors"] == {"strings": "uneven_strings"}
    await hass.config_entries.options.async_configure(flow["flow_id"], chosen | {"wiring": "parallel"})
    await house.until(lambda: house.state(STRINGS) == "3")
    await house.until(lambda: number(house, CURRENT) == pytest.approx(-35, abs=0.5))
    # One that is taken out again is no longer connected through it.
    flow = await bank_form(hass, bank)
    chosen = {"packs": all_three[:2], "wiring": "parallel", "strings": 1}
    await hass.config_entries.options.async_configure(flow["flow_id"], chosen)
    await house.until(lambda: house.state(STRINGS) == "2")
    device = device_of(hass, entry)
    assert device.via_device_id is None


# Energy.


async def test_a_bank_counts_what_its_packs_count_and_goes_on_after_a_restart(hass, hass_storage, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    counters = [entry.runtime_data.energy.counter for _, entry in packs]
    begun = [counter.total.discharged for counter in counters]
    count = bank.runtime_data.count
    await house.until(lambda: sum(c.total.discharged for c in counters) - sum(begun) > 0.002)
    await house.until(lambda: count.total.discharged > 0.001)
    gained = sum(counter.total.discharged for counter in counters) - sum(begun)
    assert count.total.discharged <= gained + 1e-6
    await hass.config_entries.async_reload(bank.entry_id)
    kept = hass_storage[energy_store(hass, bank.entry_id).key]["data"]
    assert bank.runtime_data.count.total.discharged >= kept["total"]["discharged"] > 0


async def test_a_bank_is_added_to_the_energy_dashboard(recorder_mock, hass, house, packs) -> None:
    assert await async_setup_component(hass, "energy", {})
    bank = await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    target = {"entity_id": "button.house_add_to_energy_dashboard"}
    await hass.services.async_call("button", "press", target, blocking=True)
    (battery,) = (await async_get_manager(hass)).data["energy_sources"]
    assert battery["stat_energy_to"] == "sensor.house_energy_charged"
    assert battery["power_config"] == {"stat_rate_inverted": "sensor.house_power"}
    assert battery["capacity"] == pytest.approx(2.6, abs=0.1)
    assert bank.title == battery["name"]


# Acting on all.


async def switch(hass, on: bool) -> None:
    service = "turn_on" if on else "turn_off"
    await hass.services.async_call("switch", service, {"entity_id": "switch.house_charge_switch"}, blocking=True)


async def test_a_switch_acts_on_every_pack(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state("switch.house_charge_switch") == STATE_ON)
    await switch(hass, on=False)
    assert not packs[0][0].board.charge_switch
    assert not packs[1][0].board.charge_switch
    await house.until(lambda: house.state("switch.house_charge_switch") == STATE_OFF)
    await switch(hass, on=True)
    assert packs[0][0].board.charge_switch


async def test_a_switch_that_holds_only_in_part_says_where(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state("switch.house_charge_switch") == STATE_ON)
    house.take_away(packs[1][0])
    await house.until(lambda: house.state(STRINGS) == "1")
    # Where the one stands that nobody hears is not known.
    await house.until(lambda: house.state("switch.house_charge_switch") == STATE_UNKNOWN)
    with pytest.raises(HomeAssistantError, match=r"Done: Shed. Failed: Attic: .*Not set up: 0"):
        await switch(hass, on=False)
    assert not packs[0][0].board.charge_switch
    states = hass.states.get("switch.house_charge_switch").attributes
    assert states["packs"]["Attic"] is None
    await hass.config_entries.async_unload(packs[1][1].entry_id)
    with pytest.raises(HomeAssistantError, match="Not set up: 1"):
        await switch(hass, on=True)
    assert set(states["packs"]) == {"Shed", "Attic"}


async def test_an_action_on_a_bank_answers_for_each_pack(hass, house, packs) -> None:
    bank = await bank_of(hass, entries_of(packs))
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, bank.entry_id), bank.entry_id)
    answer = await hass.services.async_call(
        DOMAIN, "get_parameters", {"device_id": [device.id]}, blocking=True, return_response=True
    )
    assert [pack["name"] for pack in answer["packs"]] == ["Shed", "Attic"]
    with pytest.raises(ServiceValidationError, match="cannot be calibrated"):
        await hass.services.async_call(
            DOMAIN, "calibrate_current", {"device_id": device.id, "current": 5.0}, blocking=True
        )


async def test_the_discharge_switch_is_off_by_default(hass, house, packs) -> None:
    await bank_of(hass, entries_of(packs))
    assert er.async_get(hass).async_get("switch.house_discharge_switch").disabled


async def test_one_entity_that_fails_takes_no_other_with_it(hass, house, packs, monkeypatch, caplog) -> None:
    bank = await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    whole = BankEntity._submit

    def fail(self) -> bool:
        if self.entity_description.key == "voltage":
            raise RuntimeError
        return whole(self)

    monkeypatch.setattr(BankEntity, "_submit", fail)
    house.take_away(packs[1][0])
    await house.until(lambda: house.state(STRINGS) == "1")
    failures = bank.runtime_data.isolation.failures
    await house.until(lambda: failures["entity voltage"].count > 3)
    assert failures["entity voltage"].error == "RuntimeError"
    assert caplog.text.count("entity voltage failed") == 1


async def test_a_bank_that_cannot_be_judged_claims_nothing(hass, house, packs, monkeypatch) -> None:
    bank = await bank_of(hass, entries_of(packs))
    await house.until(lambda: house.state(STRINGS) == "2")
    assert house.state("sensor.house_status") not in (STATE_UNKNOWN, None)

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(bank_coordinator_module, "bank_statuses", broken)
    await house.until(lambda: house.state("sensor.house_status") == STATE_UNKNOWN)
    assert bank.runtime_data.available
    monkeypatch.undo()
    await house.until(lambda: house.state("sensor.house_status") != STATE_UNKNOWN)
