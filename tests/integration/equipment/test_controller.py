"""Equipment that follows a pack in Home Assistant: written, checked, safe when anything is lost."""

import asyncio
from dataclasses import replace
import json

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_bms.steering.target import Target, TargetKind
from tests.support.inverter_entities import CHARGE, DISCHARGE, MODE, SWITCH, TARGETS, VOLTS, shown, turn
from tests.support.protection_life import reading as plain_reading

FULL = ["80.0", "14.0", "100.0", "on", "Use"]
STOPPED = ["0.0", "14.0", "0.0", "off", "Save"]
NO_DATA = ["0.0", "13.6", "0.0", "off", "Save"]
"""Without data the charge voltage is at most that of floating."""


async def settle(pack, **values) -> None:
    """Let a minute pass on which the pack says the same."""
    for _ in range(30):
        await pack.see(2, **{"soc": 60} | values)


def issue(hass, pack, kind: str) -> ir.IssueEntry | None:
    found = [item for (domain, _), item in ir.async_get(hass).issues.items() if domain == DOMAIN]
    return next((item for item in found if item.translation_key == kind), None)


async def test_the_equipment_follows_the_limits_and_each_write_is_proven(hass, steered):
    pack = await steered()
    await settle(pack)
    assert shown(hass) == FULL
    assert pack.state("steering_state") == "following"
    assert pack.state("steering_writes_today") == "5"
    assert pack.state("steering_deviation") == "0"
    assert pack.state("steering_last_write") != "unknown"
    records = list(pack.coordinator.equipment.write_log.records)
    assert {record.parameter for record in records} == {CHARGE, VOLTS, DISCHARGE, SWITCH, MODE}
    assert {record.outcome for record in records} == {WriteOutcome.CONFIRMED}
    await settle(pack)
    assert pack.state("steering_writes_today") == "5"


async def test_nothing_is_written_while_it_is_off_and_a_sensor_says_what_would_be(hass, steered):
    pack = await steered(on=False)
    before = shown(hass)
    await settle(pack)
    assert shown(hass) == before
    assert pack.state("steering_state") == "off"
    assert pack.state("steering_preview") == "5"
    row = pack.attributes("steering_preview")["targets"][0]
    assert (row["entity_id"], row["shown"], row["setpoint"], row["limited_by"]) == (CHARGE, 10, 80, None)


async def test_the_deviation_is_in_percent_of_the_larger_of_what_is_shown_and_asked(hass, steered):
    hass.services.async_register("input_number", "set_value", lambda _: None)
    pack = await steered()
    await settle(pack, coldest=1.0)
    row = pack.attributes("steering_preview")["targets"][0]
    assert (row["shown"], row["setpoint"]) == (10, 0)
    assert pack.state("steering_deviation") == "100"


async def test_a_limit_that_falls_is_written_at_once_and_says_why(hass, steered):
    pack = await steered()
    await settle(pack)
    await pack.see(2, soc=60, coldest=3.0)
    assert float(shown(hass)[0]) <= 10
    assert pack.attributes("steering_preview")["targets"][0]["limited_by"] in ("coldest", None)
    await pack.see(2, soc=60, coldest=1.0)
    assert shown(hass)[0] == "0.0"
    assert shown(hass)[3] == "off"
    assert shown(hass)[2] == "100.0"


async def test_the_dry_run_has_to_be_seen_first(hass, steered):
    pack = await steered(on=False)
    options = {**pack.entry.options["equipment"], "seen": "something else"}
    hass.config_entries.async_update_entry(pack.entry, options={"equipment": options})
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert pack.state("steering_state") == "dry_run_missing"
    with pytest.raises(ServiceValidationError, match="dry run"):
        await turn(hass, pack, "on")
    assert pack.state("steering", "switch") == "off"


@pytest.mark.parametrize(
    ("fallback", "at_once", "later"),
    [
        ({"on_loss": "reduce"}, NO_DATA, NO_DATA),
        ({"on_loss": "off", "charge_current": 20.0}, NO_DATA, NO_DATA),
        (
            {"on_loss": "reduce", "charge_current": 20.0, "discharge_current": 30.0},
            ["20.0", "13.6", "30.0", "on", "Use"],
            ["20.0", "13.6", "30.0", "on", "Use"],
        ),
        ({"on_loss": "hold", "longest_hold": 60.0}, FULL, NO_DATA),
    ],
)
async def test_without_data_it_does_what_the_owner_chose(hass, steered, fallback, at_once, later):
    pack = await steered(**fallback)
    await settle(pack)
    await pack.fall_silent()
    await pack.wait(2)
    assert shown(hass) == at_once
    assert pack.state("steering_state") in ("no_data", "pending")
    for _ in range(40):
        await pack.wait(2)
    assert shown(hass) == later
    assert pack.state("steering_state") == "no_data"
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL


@pytest.mark.parametrize(
    ("fallback", "left"),
    [
        ({"on_stop": "reduce"}, STOPPED),
        ({"on_stop": "off"}, STOPPED),
        ({"on_stop": "hold"}, FULL),
        ({"on_stop": "reduce", "charge_current": 15.0}, ["15.0", "14.0", "0.0", "on", "Save"]),
    ],
)
async def test_when_it_is_unloaded_it_leaves_the_equipment_as_the_owner_chose(hass, steered, fallback, left):
    pack = await steered(**fallback)
    await settle(pack)
    await hass.config_entries.async_unload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass) == left
    await hass.config_entries.async_setup(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert pack.state("steering", "switch") == "on"
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL


async def test_when_home_assistant_stops_it_leaves_the_equipment_as_the_owner_chose(hass, steered):
    pack = await steered(on_stop="off")
    await settle(pack)
    await pack.coordinator.equipment.async_stop()
    assert shown(hass) == STOPPED
    await settle(pack)
    assert shown(hass) == STOPPED


async def test_killed_in_between_it_begins_with_what_it_finds(hass, hass_storage, steered):
    pack = await steered()
    await settle(pack)
    kept = pack.coordinator.equipment._content()
    # As after a kill: nothing was written at the end, and somebody has set the inverter meanwhile.
    stored = {"version": 1, "minor_version": 1, "key": "x", "data": kept}
    pack.coordinator.equipment._is_ended = True
    await hass.config_entries.async_unload(pack.entry.entry_id)
    await pack.wait(61)
    hass_storage[f"smart_bms.{pack.entry.entry_id}.equipment"] = stored
    await hass.services.async_call("input_number", "set_value", {"entity_id": CHARGE, "value": 150}, blocking=True)
    await hass.config_entries.async_setup(pack.entry.entry_id)
    await hass.async_block_till_done()
    await pack.wait(2)
    assert shown(hass)[0] == "0.0"  # nothing is known yet
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL


async def test_equipment_that_ignores_is_reported_with_what_it_shows(hass, steered):
    pack = await steered(TARGETS[0], on=False)
    hass.services.async_register("input_number", "set_value", lambda _: None)
    await turn(hass, pack, "on")
    await settle(pack)
    await settle(pack)
    assert pack.state("steering_state") == "not_following"
    found = issue(hass, pack, "equipment_not_following")
    assert found is not None
    assert found.translation_placeholders == {"name": "Shed", "entity": CHARGE, "shown": "10", "wanted": "80"}
    assert pack.coordinator.equipment.write_log.records[-1].outcome is WriteOutcome.REFUSED
    assert len(pack.coordinator.equipment.write_log.records) == 3
    await turn(hass, pack, "off")
    assert issue(hass, pack, "equipment_not_following") is None


async def fail(_: ServiceCall) -> None:
    raise ValueError("no such register")


async def hang(_: ServiceCall) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("trouble", [fail, hang])
async def test_an_integration_that_raises_or_hangs_does_not_hold_up_the_others(hass, steered, trouble):
    pack = await steered(TARGETS[2], TARGETS[3], on=False)
    hass.services.async_register("input_number", "set_value", trouble)
    await turn_without_waiting(hass, pack, "on")
    for _ in range(30):
        await see_without_waiting(hass, pack, soc=60)
    assert shown(hass)[3] == "on"
    assert pack.state("steering_state") in ("not_following", "pending")
    # Switched off, nothing that was on its way is set any more.
    await turn_without_waiting(hass, pack, "off")
    assert pack.coordinator.equipment._calls == {}


async def turn_without_waiting(hass, pack, how: str) -> None:
    """Switch the steering; what hangs must not hold up the test."""
    data = {"entity_id": pack.entity("steering", "switch")}
    await hass.services.async_call("switch", f"turn_{how}", data, blocking=True)


async def see_without_waiting(hass, pack, **values) -> None:
    """Let two seconds pass, and the pack say that all is well."""
    pack.now += 2
    pack.show(plain_reading(pack.now, **values))
    for _ in range(10):
        await asyncio.sleep(0)


async def test_somebody_else_who_sets_more_is_corrected_twice_and_then_reported(hass, steered):
    pack = await steered(TARGETS[0])
    await settle(pack)
    for expected in (80.0, 80.0, 150.0):
        await hass.services.async_call("input_number", "set_value", {"entity_id": CHARGE, "value": 150}, blocking=True)
        await settle(pack)
        assert float(shown(hass)[0]) == expected
    assert pack.state("steering_state") == "other_master"
    assert issue(hass, pack, "equipment_other_master") is not None
    await turn(hass, pack, "off")
    await turn(hass, pack, "on")
    await settle(pack)
    assert shown(hass)[0] == "80.0"
    assert issue(hass, pack, "equipment_other_master") is None


async def test_an_entity_that_is_gone_is_reported_after_ten_minutes(hass, steered):
    gone = Target(entity="number.gone", kind=TargetKind.CHARGE_CURRENT)
    pack = await steered(gone)
    await settle(pack)
    assert pack.state("steering_state") == "missing"
    assert issue(hass, pack, "equipment_missing") is None
    for _ in range(10):
        await settle(pack)
    assert issue(hass, pack, "equipment_missing") is not None
    hass.states.async_set("number.gone", "not a number")
    await pack.see(2)
    assert pack.state("steering_state") == "missing"


async def test_a_bank_steers_too_and_keeps_the_slots_of_its_packs(hass, steered, freezer):
    pack = await steered(on=False)
    await pack.in_a_bank()
    options = {**pack.bank.options, **pack.entry.options}
    hass.config_entries.async_update_entry(pack.bank, options=options)
    await hass.config_entries.async_reload(pack.bank.entry_id)
    await hass.async_block_till_done()
    entity = f"switch.{pack.bank.title.lower()}_steer_equipment"
    await hass.services.async_call("switch", "turn_on", {"entity_id": entity}, blocking=True)
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL
    assert pack.coordinator._is_guarded()
    await pack.fall_silent()
    await pack.wait(2)
    assert shown(hass) == STOPPED


async def test_the_entities_go_with_the_equipment(hass, steered):
    pack = await steered()
    entity = pack.entity("steering", "switch")
    hass.config_entries.async_update_entry(pack.entry, options={})
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(entity) is None
    assert pack.entry.state is ConfigEntryState.LOADED
    with pytest.raises(AssertionError):
        pack.entity("steering_state")


async def test_a_broken_store_is_set_aside_and_steering_stays_off(hass, hass_storage, steered):
    pack = await steered(on=False)
    await hass.config_entries.async_unload(pack.entry.entry_id)
    await pack.wait(61)
    key = f"smart_bms.{pack.entry.entry_id}.equipment"
    data = {"on": "yes", "steering": {"writes": 3}, "log": {}, "last_write": 5}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    await hass.config_entries.async_setup(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert pack.state("steering", "switch") == "off"
    assert hass_storage[f"{key}.set_aside"]["data"].keys() == {"on", "steering", "log", "last_write"}


async def test_what_was_written_is_in_the_write_log_and_in_diagnostics(hass, steered):
    pack = await steered(TARGETS[0])
    await settle(pack)
    (record,) = pack.coordinator.equipment.write_log.records
    assert (record.parameter, record.old, record.new, record.found) == (CHARGE, 10, 80, 80)
    assert (record.outcome, record.source) == (WriteOutcome.CONFIRMED, "equipment")
    found = await async_get_config_entry_diagnostics(hass, pack.entry)
    assert found["equipment"]["state"] == "following"
    assert found["equipment"]["writes_today"] == 1
    assert found["equipment"]["targets"][0]["entity_id"] == CHARGE
    assert found["equipment"]["written"][0]["new"] == 80
    json.dumps(found["equipment"])


async def test_without_equipment_there_is_none_in_diagnostics(hass, steered):
    pack = await steered(on=False)
    hass.config_entries.async_update_entry(pack.entry, options={})
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert (await async_get_config_entry_diagnostics(hass, pack.entry))["equipment"] is None


async def test_a_last_write_that_takes_too_long_does_not_hold_up_the_end(hass, steered, freezer):
    pack = await steered(TARGETS[0])
    await settle(pack)

    hass.services.async_register("input_number", "set_value", hang)
    end = asyncio.create_task(pack.coordinator.equipment.async_stop())
    for _ in range(10):
        await asyncio.sleep(0)
    freezer.tick(20)
    await end
    assert pack.coordinator.equipment.write_log.records[-1].new == 0


async def test_a_rise_that_is_on_its_way_is_taken_back_when_nothing_may_flow(hass, steered):
    pack = await steered(TARGETS[0], on=False)
    written = []

    async def slow(call: ServiceCall) -> None:
        written.append(call.data["value"])
        await asyncio.Event().wait()

    hass.services.async_register("input_number", "set_value", slow)
    await turn_without_waiting(hass, pack, "on")
    for _ in range(3):
        await see_without_waiting(hass, pack, soc=60)
    await see_without_waiting(hass, pack, soc=60, coldest=-5.0, hottest=-4.0)
    assert written == [80.0, 0.0]
    await turn_without_waiting(hass, pack, "off")


async def test_a_bank_that_cannot_be_judged_counts_as_without_data(hass, steered):
    """After a start readings come before parameters: neither current may stay, and no switch goes on."""
    pack = await steered(on=False)
    await pack.in_a_bank()
    options = {**pack.bank.options, **pack.entry.options}
    hass.config_entries.async_update_entry(pack.bank, options=options)
    await hass.config_entries.async_reload(pack.bank.entry_id)
    await hass.async_block_till_done()
    equipment = pack.bank.runtime_data.equipment
    equipment.async_switch(True)
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL
    pack.coordinator.protection_engine.reset()
    pack.settings = {}
    await settle(pack)
    assert shown(hass) == STOPPED
    assert equipment.state == "no_data"


async def test_a_bank_whose_update_fails_is_not_steered_by_old_data(hass, steered, monkeypatch):
    pack = await steered(on=False)
    await pack.in_a_bank()
    options = {**pack.bank.options, **pack.entry.options}
    hass.config_entries.async_update_entry(pack.bank, options=options)
    await hass.config_entries.async_reload(pack.bank.entry_id)
    await hass.async_block_till_done()
    bank = pack.bank.runtime_data
    bank.equipment.async_switch(True)
    await settle(pack)
    await settle(pack)
    assert shown(hass) == FULL
    monkeypatch.setattr(bank, "_count_energy", lambda: 1 / 0)
    await settle(pack, coldest=-5.0, hottest=-4.0)
    assert shown(hass)[0] == "0.0"
    monkeypatch.setattr(bank, "_merge", lambda: 1 / 0)
    await settle(pack)
    assert shown(hass) == STOPPED


async def test_after_a_short_hold_the_current_does_not_fall_when_data_is_back(hass, steered):
    pack = await steered(TARGETS[0], on_loss="hold", longest_hold=60.0)
    await settle(pack)
    await pack.fall_silent()
    await pack.wait(4)
    assert shown(hass)[0] == "80.0"
    for _ in range(30):
        await pack.see(2, soc=60)
        assert shown(hass)[0] == "80.0"
    assert pack.state("steering_writes_today") == "1"


async def test_an_entity_with_another_unit_is_not_understood(hass, steered):
    pack = await steered(replace(TARGETS[0], entity_unit="A"))
    await settle(pack)
    state = hass.states.get(CHARGE)
    hass.states.async_set(CHARGE, "0.08", {**state.attributes, "unit_of_measurement": "kA"})
    await settle(pack)
    assert pack.state("steering_state") == "missing"
    assert hass.states.get(CHARGE).state == "0.08"
