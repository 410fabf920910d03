"""Equipment that follows a pack in Home Assistant: written, checked, safe when anything is lost."""

import asyncio
import json

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_bms.steering.target import Target, TargetKind
from tests.support.inverter_entities import CHARGE, DISCHARGE, MODE, SWITCH, TARGETS, VOLTS, shown, turn

FULL = ["80.0", "14.0", "100.0", "on", "Use"]
STOPPED = ["0.0", "14.0", "0.0", "off", "Save"]


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
        ({"on_loss": "reduce"}, STOPPED, STOPPED),
        ({"on_loss": "off", "charge_current": 20.0}, STOPPED, STOPPED),
        (
            {"on_loss": "reduce", "charge_current": 20.0, "discharge_current": 30.0},
            ["20.0", "14.0", "30.0", "on", "Use"],
            ["20.0", "14.0", "30.0", "on", "Use"],
        ),
        ({"on_loss": "hold", "longest_hold": 60.0}, FULL, STOPPED),
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


async def test_an_integration_that_raises_or_hangs_does_not_hold_up_the_others(hass, steered, monkeypatch):
    monkeypatch.setattr("custom_components.smart_bms.equipment.controller.CALL_TIMEOUT", 0.01)
    pack = await steered(TARGETS[2], TARGETS[3], on=False)

    def fail(_: ServiceCall) -> None:
        raise ValueError("no such register")

    hass.services.async_register("input_number", "set_value", fail)
    await turn(hass, pack, "on")
    await settle(pack)
    assert shown(hass)[3] == "on"
    assert pack.state("steering_state") in ("not_following", "pending")


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


async def test_what_was_written_is_in_the_write_log_and_in_diagnostics(hass, steered, hass_ws_client):
    pack = await steered(TARGETS[0])
    await settle(pack)
    assert await async_setup_component(hass, "smart_bms", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "smart_bms/write_log", "entry_id": pack.entry.entry_id})
    (record,) = (await client.receive_json())["result"]["records"]
    assert (record["parameter"], record["old"], record["new"], record["found"]) == (CHARGE, 10, 80, 80)
    assert (record["outcome"], record["source"]) == ("confirmed", "equipment")
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


async def test_a_last_write_that_takes_too_long_does_not_hold_up_the_end(hass, steered, monkeypatch, caplog):
    pack = await steered(TARGETS[0])
    await settle(pack)
    monkeypatch.setattr("custom_components.smart_bms.equipment.controller.STOP_TIMEOUT", 0.05)

    async def hang(_: ServiceCall) -> None:
        await asyncio.sleep(30)

    hass.services.async_register("input_number", "set_value", hang)
    await asyncio.wait_for(pack.coordinator.equipment.async_stop(), 5)
    assert pack.coordinator.equipment.write_log.records[-1].new == 0
