"""Changing a pack from Home Assistant: entities show what was read back, and every change leaves its trace."""

import asyncio
from dataclasses import replace
import struct

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.smart_bms.const import DOMAIN, EVENT_PARAMETER
from custom_components.smart_bms.control import writer
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.entity import parameter
from custom_components.smart_bms.entity.parameter import always_rejects
from custom_components.smart_bms.entity.soc_plan_number import SOC_PLAN_NUMBERS
from tests.support.devices import device_of
from tests.support.flows import allow
from tests.support.packs import capable_pack, jbd_pack, jk_pack

ALLOWED = {"allow_control": True}
EVERYTHING = {"allow_control": True, "experimental_writes": True, "allow_dangerous": True}
CHARGE = "switch.shed_charge_switch"
OVERVOLTAGE = "number.shed_cell_overvoltage_limit"
OWNERS = {row.key for row in SOC_PLAN_NUMBERS}
"""Numbers of what the owner wants, which are not the pack's."""

pytestmark = pytest.mark.usefixtures("quick_recheck")


async def call(hass, domain, service, entity_id, context=None, **data) -> None:
    await hass.services.async_call(domain, service, {"entity_id": entity_id, **data}, blocking=True, context=context)


async def write(pack, register: int, value: int) -> None:
    """Change a parameter as the phone app would."""
    assert pack.change(register, struct.pack("<I", value))


async def test_a_switch_turns_when_the_pack_was_read_back(hass, house, pack, adopt) -> None:
    await adopt(pack, **ALLOWED)
    states = []
    hass.bus.async_listen("state_changed", lambda event: states.append(event.data["new_state"].state))
    assert house.state(CHARGE) == STATE_ON
    await call(hass, "switch", "turn_off", CHARGE)
    assert house.state(CHARGE) == STATE_OFF
    assert pack.board.charge_switch is False
    await call(hass, "switch", "turn_on", CHARGE)
    assert house.state(CHARGE) == STATE_ON


async def test_a_number_and_a_select_take_what_the_pack_took(hass, house, pack, adopt, entity_on) -> None:
    await adopt(pack, **EVERYTHING)
    await call(hass, "number", "set_value", OVERVOLTAGE, value=3.55)
    assert float(house.state(OVERVOLTAGE)) == 3.55
    await entity_on("select.shed_can_protocol")
    await house.until(lambda: house.state("select.shed_can_protocol") == "pylon")
    await call(hass, "select", "select_option", "select.shed_can_protocol", option="victron")
    assert house.state("select.shed_can_protocol") == "victron"


@pytest.fixture
def entity_on(hass, house):
    """Return what enables an entity and waits for it."""

    async def enable(entity_id: str) -> None:
        registry = er.async_get(hass)
        entry_id = registry.async_get(entity_id).config_entry_id
        registry.async_update_entity(entity_id, disabled_by=None)
        await hass.config_entries.async_reload(entry_id)
        entry = hass.config_entries.async_get_entry(entry_id)
        await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)

    return enable


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_control_is_off_until_the_user_allows_it(hass, house, pack, adopt) -> None:
    await adopt(pack)
    with pytest.raises(ServiceValidationError, match="Allow control"):
        await call(hass, "switch", "turn_off", CHARGE)
    assert house.state(CHARGE) == STATE_ON
    assert pack.board.charge_switch


async def test_after_a_refusal_the_value_that_holds_is_shown_anew(hass, house, pack, adopt, hass_admin_user) -> None:
    await adopt(pack, **ALLOWED)
    holds, written = house.state(OVERVOLTAGE), []
    hass.bus.async_listen("state_changed", lambda event: written.append(event.data["new_state"]))
    by_hand = Context(user_id=hass_admin_user.id)

    async def refused(error, *action, **data) -> list[str]:
        written.clear()
        with pytest.raises(HomeAssistantError, match=error):
            await call(hass, *action, **data)
        await hass.async_block_till_done()
        return [state.state for state in written if state.entity_id == action[-1]]

    number = ("number", "set_value", OVERVOLTAGE)
    # A browser draws a box anew only with another value: for a moment there is none.
    shown = await refused("must be higher", *number, value=3.1, context=by_hand)
    assert shown == [STATE_UNKNOWN, holds]
    # Nobody looks at the box of an automation, and a switch turns back by itself.
    assert await refused("must be higher", *number, value=3.1) == [holds]
    pack.faults.forget_writes = True
    assert await refused("did not accept", "switch", "turn_off", CHARGE, context=by_hand) == [STATE_ON]


async def test_what_could_only_refuse_is_there_but_not_enabled(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(name="Attic"), **ALLOWED)
    prefix = f"{entry.runtime_data.address}_parameter_"
    entities = {
        item.unique_id.removeprefix(prefix): item.disabled_by is None
        for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if item.unique_id.startswith(prefix)
    }
    assert entities["charge_switch"]
    # On this board writing any of these makes it forget what it counted.
    assert [
        key for key, enabled in entities.items() if enabled and key not in ("charge_switch", "discharge_switch")
    ] == []
    assert {"cell_overvoltage", "cell_undervoltage", "balance_trigger", "max_charge_current"} <= entities.keys()


async def test_what_the_user_allows_is_enabled_from_the_start(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(name="Attic"))
    setting = entry.runtime_data.catalog.settings["cell_overvoltage"]
    assert always_rejects(setting, WritePermission(control=True))
    assert not always_rejects(setting, WritePermission(control=True, dangerous=True))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("forget_writes", "did not accept"), ("distort_writes", "but the pack now has")],
)
async def test_a_write_that_does_not_hold_shows_the_truth(hass, house, pack, adopt, fault, sentence) -> None:
    await adopt(pack, **ALLOWED)
    setattr(pack.faults, fault, True)
    with pytest.raises(HomeAssistantError, match=sentence):
        await call(hass, "number", "set_value", OVERVOLTAGE, value=3.55)
    shown = pack.board.limits.cell_overvoltage
    assert float(house.state(OVERVOLTAGE)) == pytest.approx(shown)


async def test_a_link_lost_meanwhile_is_said_and_settled_later(hass, house, pack, adopt) -> None:
    entry = await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)

    def obey_and_vanish(handle: int, data: bytes) -> None:
        pack.change(data[4], data[6 : 6 + data[5]])
        pack.hang_up = True
        del pack.on_write

    pack.on_write = obey_and_vanish
    with pytest.raises(HomeAssistantError, match="could not be read back"):
        await call(hass, "switch", "turn_off", CHARGE)
    await house.until(lambda: len(events) == 2)
    assert [event.data["outcome"] for event in events] == ["unknown", "confirmed"]
    assert house.state(CHARGE) == STATE_OFF
    assert not ir.async_get(hass).async_get_issue(DOMAIN, f"drift_{entry.entry_id}")


async def test_a_reload_in_the_middle_waits_for_the_read_back(hass, house, pack, adopt) -> None:
    entry = await adopt(pack, **ALLOWED)
    pack.faults.ready_delay = 60
    task = hass.async_create_task(call(hass, "switch", "turn_off", CHARGE))
    while pack.written[-1][4] != 0x1D:
        await asyncio.sleep(0.01)
    await hass.config_entries.async_reload(entry.entry_id)
    await task
    assert [record.outcome for record in entry.runtime_data.parameters.writer.write_log.records] == ["confirmed"]


async def test_a_reload_in_the_middle_is_settled_by_the_next_connection(hass, house, pack, adopt, monkeypatch) -> None:
    entry = await adopt(pack, **ALLOWED)
    monkeypatch.setattr(writer, "CLOSE_TIMEOUT", 0.0)
    events = async_capture_events(hass, EVENT_PARAMETER)
    pack.faults.ready_delay = 60
    task = hass.async_create_task(call(hass, "switch", "turn_off", CHARGE))
    while pack.written[-1][4] != 0x1D:
        await asyncio.sleep(0.01)
    await hass.config_entries.async_reload(entry.entry_id)
    await asyncio.gather(task, return_exceptions=True)
    await house.until(lambda: len(events) == 2)
    assert [event.data["outcome"] for event in events] == ["unknown", "confirmed"]
    records = entry.runtime_data.parameters.writer.write_log.records
    assert [record.outcome for record in records] == ["confirmed"]


async def test_parameters_outlive_a_link_that_is_lost_for_a_minute(hass, house, pack, adopt, monkeypatch) -> None:
    entry = await adopt(pack, **ALLOWED)
    house.take_away(pack)
    await house.until(lambda: house.state(CHARGE) == STATE_UNAVAILABLE, 20.0)
    assert house.state(OVERVOLTAGE) == "3.6"
    with pytest.raises(ServiceValidationError, match="not connected"):
        await call(hass, "number", "set_value", OVERVOLTAGE, value=3.55)
    # But not for long.
    monkeypatch.setattr(parameter, "MAX_AGE_SHOWN", 0.0)
    entry.runtime_data.async_update_listeners()
    assert house.state(OVERVOLTAGE) == STATE_UNAVAILABLE
    house.bring_back(pack)
    await house.until(lambda: house.state(OVERVOLTAGE) == "3.6", 20.0)


async def test_a_write_in_doubt_is_not_what_was_read_before_it(hass, house, pack, adopt, monkeypatch) -> None:
    entry = await adopt(pack, **ALLOWED)
    control = entry.runtime_data.parameters.writer
    monkeypatch.setattr(control, "is_in_doubt", lambda key: key == "cell_overvoltage")
    house.take_away(pack)
    await house.until(lambda: house.state(CHARGE) == STATE_UNAVAILABLE, 20.0)
    assert house.state(OVERVOLTAGE) == STATE_UNAVAILABLE


async def test_parameters_are_unknown_until_they_are_read(hass, house, pack, adopt, monkeypatch) -> None:
    monkeypatch.setattr(parameter, "MAX_AGE_SHOWN", 0.0)
    entry = await adopt(pack, **ALLOWED)
    pack.faults.corrupt_settings = 1000
    pack.hang_up = True
    await house.until(lambda: entry.runtime_data.pack.sessions > 1 and entry.runtime_data.available)
    assert house.state(OVERVOLTAGE) == STATE_UNKNOWN
    assert house.state(CHARGE) == STATE_UNKNOWN
    pack.faults.corrupt_settings = 0
    await entry.runtime_data.parameters.writer.refresh()
    await house.until(lambda: house.state(OVERVOLTAGE) == "3.6")


async def test_only_what_the_model_has_and_the_user_risks_is_offered(hass, house, adopt) -> None:
    entry = await adopt(jk_pack("JK02_24S", name="Shed"), **ALLOWED)
    registry = er.async_get(hass)

    def offered() -> set[str]:
        entities = er.async_entries_for_config_entry(registry, entry.entry_id)
        controls = [item for item in entities if item.domain in ("switch", "number", "select", "button")]
        listed = {item.entity_id for item in controls if item.translation_key not in OWNERS}
        return listed - {
            "button.shed_add_to_energy_dashboard",
            "button.shed_let_the_phone_in",
            "button.shed_connect_now",
        }

    assert offered() == set()
    await allow(hass, entry, **EVERYTHING)
    await house.until(lambda: {CHARGE, OVERVOLTAGE} <= offered())
    assert "switch.shed_heating_switch" not in offered()
    await allow(hass, entry, **dict.fromkeys(EVERYTHING, False))
    await house.until(lambda: not offered())


async def test_parameters_have_entities_while_the_pack_is_away(hass, house, pack, adopt) -> None:
    entry = await adopt(pack, **ALLOWED)
    house.take_away(pack)
    await hass.config_entries.async_reload(entry.entry_id)
    assert house.state(OVERVOLTAGE) == "unavailable"
    assert hass.states.get(OVERVOLTAGE).attributes["max"] == 4.35


async def test_a_command_of_the_board_is_backed_up_first(hass, house, adopt, entity_on) -> None:
    pack = capable_pack(name="Shed")
    await adopt(pack, **EVERYTHING)
    pack.board.limits.cell_overvoltage = 3.55
    await entity_on("button.shed_load_bms_preset_lfp")
    await entity_on("button.shed_load_bms_preset_nmc")
    with pytest.raises(ServiceValidationError, match="for NMC cells, and the pack has LFP cells"):
        await call(hass, "button", "press", "button.shed_load_bms_preset_nmc")
    await call(hass, "button", "press", "button.shed_load_bms_preset_lfp")
    assert float(house.state(OVERVOLTAGE)) == 3.6
    with pytest.raises(ServiceValidationError, match="Shed before Load BMS preset LFP"):
        await hass.services.async_call(
            DOMAIN,
            "compare_parameters",
            {"device_id": device(hass), "profile": "x"},
            blocking=True,
            return_response=True,
        )


def device(hass) -> str:
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    found = device_of(hass, entry)
    return found.id


async def test_every_change_leaves_an_event_and_a_record(hass, house, pack, adopt, hass_admin_user) -> None:
    entry = await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": CHARGE}, blocking=True, context=Context(user_id=hass_admin_user.id)
    )
    (event,) = events
    assert event.context.user_id == hass_admin_user.id
    assert event.data == {
        "device_id": device(hass),
        "name": "Shed",
        "parameter": "charge_switch",
        "old": True,
        "new": False,
        "found": False,
        "unit": "",
        "command": False,
        "outcome": "confirmed",
        "source": "switch",
        "user": hass_admin_user.name,
    }
    (record,) = entry.runtime_data.parameters.writer.write_log.records
    assert record.user == hass_admin_user.name
    await hass.config_entries.async_reload(entry.entry_id)
    (record,) = entry.runtime_data.parameters.writer.write_log.records
    assert record.outcome == "confirmed"


async def test_removing_a_pack_removes_its_journal(hass, house, pack, adopt, hass_storage) -> None:
    entry = await adopt(pack, **ALLOWED)
    await call(hass, "switch", "turn_off", CHARGE)
    assert f"{DOMAIN}.{entry.entry_id}" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage


async def test_parameters_are_looked_at_now_and_then(hass, house, pack, adopt, monkeypatch) -> None:
    monkeypatch.setattr("custom_components.smart_bms.pack_entry.parameters.timedelta", lambda minutes: _tenth())
    await adopt(pack, **ALLOWED)
    await write(pack, 0x1D, 0)
    await house.until(lambda: house.state(CHARGE) == STATE_OFF)


def _tenth():
    from datetime import timedelta

    return timedelta(seconds=0.1)


async def test_only_administrators_change_the_configuration(hass, house, pack, adopt, hass_read_only_user) -> None:
    hass_read_only_user.groups[0].policy = {"entities": True}
    await adopt(pack, **ALLOWED)
    context = Context(user_id=hass_read_only_user.id)
    for domain, service, data in (
        ("number", "set_value", {"entity_id": OVERVOLTAGE, "value": 3.55}),
        ("switch", "turn_on", {"entity_id": "switch.shed_smart_sleep"}),
    ):
        with pytest.raises(ServiceValidationError, match="Only administrators"):
            await hass.services.async_call(domain, service, data, blocking=True, context=context)
    await hass.services.async_call("switch", "turn_off", {"entity_id": CHARGE}, blocking=True, context=context)
    assert house.state(CHARGE) == STATE_OFF


async def test_round_numbers_in_other_units_are_taken(hass, house, pack, adopt, entity_on) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    await adopt(pack, **ALLOWED)
    entity_id = "number.shed_charge_overtemperature_limit"
    await entity_on(entity_id)
    await call(hass, "number", "set_value", entity_id, value=150)
    assert pack.board.limits.charge_overtemperature == 65.6


async def test_limits_follow_the_pack(hass, house, pack, adopt, entity_on) -> None:
    entry = await adopt(pack, **EVERYTHING)
    await entity_on("select.shed_can_protocol")
    pack.label = replace(pack.label, model="JK_PB2A16S15P")
    pack.memory.info[202] = bytes((0b100,))
    pack.hang_up = True
    await house.until(lambda: entry.runtime_data.pack.last_identity.model == "JK_PB2A16S15P")
    current = "number.shed_charge_overcurrent_limit"
    await house.until(lambda: entry.runtime_data.catalog.settings["max_charge_current"].maximum == 150)
    await house.until(lambda: hass.states.get(current).attributes["max"] == 150)
    assert hass.states.get("select.shed_can_protocol").attributes["options"] == ["pylon"]


async def test_what_the_pack_takes_no_more_loses_its_entity(hass, house, adopt) -> None:
    pack = capable_pack(name="Shed")
    entry = await adopt(pack, **EVERYTHING)
    registry = er.async_get(hass)
    button = "button.shed_factory_reset"
    assert registry.async_get(button)
    pack.label = replace(pack.label, commands=pack.label.commands - {0x9D})
    pack.hang_up = True
    await house.until(lambda: "factory_reset" not in entry.runtime_data.catalog.settings)
    await hass.config_entries.async_reload(entry.entry_id)
    assert registry.async_get(button) is None
    assert registry.async_get(OVERVOLTAGE)


async def test_a_renamed_pack_is_told_by_its_new_name(hass, house, pack, adopt) -> None:
    entry = await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)
    hass.config_entries.async_update_entry(entry, title="Basement")
    await call(hass, "switch", "turn_off", CHARGE)
    assert events[0].data["name"] == "Basement"


async def test_the_owners_words_stay_out_of_events(hass, house, pack, adopt) -> None:
    await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)
    data = {"device_id": device(hass), "parameters": {"user_data": "My street 7"}}
    await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)
    assert events[0].data["outcome"] == "confirmed"
    assert "My street" not in str(events[0].data)


async def test_a_command_that_changes_nothing_is_said(hass, house, adopt, entity_on) -> None:
    pack = capable_pack(name="Shed")
    await adopt(pack, **EVERYTHING)
    await entity_on("button.shed_factory_reset")
    pack.faults.forget_writes = True
    with pytest.raises(HomeAssistantError, match="Factory reset did not change anything"):
        await call(hass, "button", "press", "button.shed_factory_reset")
