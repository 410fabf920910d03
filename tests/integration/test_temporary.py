"""What a calibration switches for a moment is on again, whatever comes between: a reload, new options, an end, a crash."""

import asyncio
from copy import deepcopy

from homeassistant.const import STATE_ON
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.smart_bms.const import DOMAIN, EVENT_PARAMETER
from custom_components.smart_bms.control import calibration, writer
from tests.support.devices import device_of
from tests.support.flows import option_form

ALLOWED = {"allow_control": True}


pytestmark = pytest.mark.usefixtures("quick_recheck")


@pytest.fixture
def calibrating(hass, pack, adopt, monkeypatch):
    """Return what begins a calibration, and comes back while both switches are off: the current never seems to stop."""
    monkeypatch.setattr(calibration, "_MAX_REST_CURRENT", -1.0)

    async def begin():
        entry = await adopt(pack, **ALLOWED)
        found = device_of(hass, entry)
        data = {"device_id": found.id, "voltage": 26.9, "confirm": True}
        task = hass.async_create_task(hass.services.async_call(DOMAIN, "calibrate_voltage", data, blocking=True))
        async with asyncio.timeout(8):
            while pack.board.charge_switch or pack.board.discharge_switch:
                await asyncio.sleep(0.01)
        return entry, task

    return begin


def switches(pack) -> tuple[bool, bool]:
    return pack.board.charge_switch, pack.board.discharge_switch


def assert_told_as_ours(hass, entry) -> None:
    records = entry.runtime_data.parameters.writer.write_log.records
    assert records
    assert "changed_elsewhere" not in {record.outcome for record in records}
    assert {record.source for record in records} == {"calibrate_voltage"}
    assert not ir.async_get(hass).async_get_issue(DOMAIN, f"drift_{entry.entry_id}")


async def test_a_reload_waits_until_the_switches_are_on_again(hass, house, pack, calibrating) -> None:
    entry, task = await calibrating()
    events = async_capture_events(hass, EVENT_PARAMETER)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert switches(pack) == (True, True)
    with pytest.raises(HomeAssistantError, match="about to disconnect"):
        await task
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    assert house.state("switch.shed_charge_switch") == STATE_ON
    assert {event.data["outcome"] for event in events} == {"confirmed"}
    assert_told_as_ours(hass, entry)


async def test_options_that_end_control_do_not_leave_the_house_dark(
    hass, house, pack, calibrating, monkeypatch
) -> None:
    entry, task = await calibrating()
    monkeypatch.setattr(writer, "CLOSE_TIMEOUT", 0.3)
    pack.faults.forget_writes = True  # nothing comes through any more before the link is gone
    flow = await option_form(hass, entry, "control")
    await hass.config_entries.options.async_configure(flow["flow_id"], {"allow_control": False})
    await asyncio.gather(task, return_exceptions=True)
    assert switches(pack) == (False, False)
    pack.faults.forget_writes = False
    pack.hang_up = True
    await house.until(lambda: switches(pack) == (True, True))
    await house.until(lambda: not entry.runtime_data.parameters.writer.temporary.values)
    assert entry.runtime_data.permission.control is False
    assert_told_as_ours(hass, entry)


async def test_the_end_of_home_assistant_waits_for_it_too(hass, pack, calibrating) -> None:
    _, task = await calibrating()
    await hass.async_stop()
    assert switches(pack) == (True, True)
    await asyncio.gather(task, return_exceptions=True)


async def test_after_a_crash_it_is_put_back_at_the_next_connection(
    hass, house, pack, calibrating, hass_storage
) -> None:
    entry, task = await calibrating()
    key = f"{DOMAIN}.{entry.entry_id}"
    kept = deepcopy(hass_storage[key])
    assert kept["data"]["temporary"]["values"] == {"charge_switch": True, "discharge_switch": True}
    entry.runtime_data.parameters.writer._finished = True  # the process is gone: nobody puts anything back
    await asyncio.gather(task, return_exceptions=True)
    await hass.config_entries.async_unload(entry.entry_id)
    assert switches(pack) == (False, False)
    hass_storage[key] = kept
    await hass.config_entries.async_setup(entry.entry_id)
    await house.until(lambda: switches(pack) == (True, True))
    await house.until(lambda: not entry.runtime_data.parameters.writer.temporary.values)
    await house.until(lambda: house.state("switch.shed_charge_switch") == STATE_ON)
    assert_told_as_ours(hass, entry)
    assert hass_storage[key]["data"]["temporary"] == {}
