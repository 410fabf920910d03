"""Try with a simulated pack: no radio, clearly labeled, nothing left when it is gone."""

import asyncio

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry import simulated
from custom_components.smart_bms.storage.profiles import async_profiles
from tests.support.devices import device_of
from tests.support.flows import add_simulated, allow, choose_simulated

pytestmark = pytest.mark.usefixtures("quick_simulation")


@pytest.fixture
async def no_radio(hass, enable_custom_integrations, enable_bluetooth):
    """A house in which nothing is heard at all."""
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("key", simulated.CHOICES)
async def test_a_pack_of_every_family_streams_without_any_radio_and_says_what_it_is(hass, no_radio, key) -> None:
    entry = await add_simulated(hass, key)
    assert entry.title.startswith("Simulated ")
    assert entry.data["simulated"] == key
    device = device_of(hass, entry)
    assert device.name.startswith("Simulated ")
    assert device.model.endswith("(simulated)")
    assert not device.connections
    listed = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    voltage = next(item for item in listed if item.unique_id == f"{entry.unique_id}_voltage")
    assert "simulated" in voltage.entity_id
    state = hass.states.get(voltage.entity_id)
    assert state.state != STATE_UNAVAILABLE
    for item in listed:
        if (shown := hass.states.get(item.entity_id)) is not None:
            assert shown.attributes["attribution"] == "Simulated pack: no real battery"
    through = next(item for item in listed if item.unique_id.endswith("_connected_through"))
    assert hass.states.get(through.entity_id).state == "simulation"


async def test_the_clock_of_a_simulated_pack_is_right(hass, no_radio) -> None:
    entry = await add_simulated(hass, "smart123")
    async with asyncio.timeout(8):
        while "clock_offset" not in (details := entry.runtime_data.pack.last_reading.details):
            await asyncio.sleep(0.05)
    # It lives faster here.
    assert abs(details["clock_offset"]) <= 30


@pytest.mark.parametrize("key", ["jk", "daly"])
async def test_nobody_is_asked_to_change_a_password_that_is_not_there(hass, no_radio, key) -> None:
    entry = await add_simulated(hass, key)
    async with asyncio.timeout(8):
        while not entry.runtime_data.pack.current_settings:
            await asyncio.sleep(0.02)
    await hass.async_block_till_done()
    assert not ir.async_get(hass).issues


async def test_there_is_one_of_each(hass, no_radio) -> None:
    await add_simulated(hass, "jk")
    flow = await choose_simulated(hass, "jk")
    assert flow["reason"] == "already_configured"
    await add_simulated(hass, "daly")
    assert {entry.title for entry in hass.config_entries.async_entries(DOMAIN)} == {"Simulated JK", "Simulated Daly"}


async def test_it_starts_again_with_home_assistant(hass, no_radio) -> None:
    entry = await add_simulated(hass, "smart123")
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    async with asyncio.timeout(8):
        while not entry.runtime_data.available:
            await asyncio.sleep(0.02)


async def test_its_parameters_can_be_changed_like_those_of_a_real_one(hass, no_radio) -> None:
    entry = await add_simulated(hass, "smart123")
    await allow(hass, entry, allow_control=True, experimental_writes=True, allow_dangerous=True)
    async with asyncio.timeout(8):
        while not (entry.runtime_data.available and entry.runtime_data.pack.current_settings):
            await asyncio.sleep(0.02)
    await hass.async_block_till_done()
    device = device_of(hass, entry)
    answer = await hass.services.async_call(
        DOMAIN,
        "set_parameters",
        {"device_id": device.id, "parameters": {"cell_undervoltage": 2.55}},
        blocking=True,
        return_response=True,
    )
    (result,) = answer["packs"][0]["results"]
    assert result["outcome"] == "confirmed"


async def test_it_has_nothing_to_reconfigure(hass, no_radio) -> None:
    for key in ("jbd", "smart123"):
        entry = await add_simulated(hass, key)
        context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
        flow = await hass.config_entries.flow.async_init(DOMAIN, context=context)
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_simulated")


@pytest.fixture
async def recorder(recorder_mock):
    """Return a database."""
    return recorder_mock


async def test_nothing_is_left_of_it(recorder, hass, no_radio) -> None:
    from homeassistant.components.recorder.history import state_changes_during_period
    from homeassistant.components.recorder.statistics import list_statistic_ids
    from homeassistant.util import dt as dt_util
    from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

    start = dt_util.utcnow()
    entry = await add_simulated(hass, "jbd")
    entities = [item.entity_id for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)]
    await async_wait_recording_done(hass)
    voltage = "sensor.simulated_jbd_voltage"
    history = await recorder.async_add_executor_job(state_changes_during_period, hass, start, None, voltage)
    assert history[voltage]
    profiles = async_profiles(hass)
    async with asyncio.timeout(10):
        while entry.runtime_data.pack.current_settings is None:
            await asyncio.sleep(0.02)
    await entry.runtime_data.parameters.async_backup("before spring")
    await profiles.async_backup(entry.runtime_data.pack, "of a real pack")

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not any(state.entity_id in entities for state in hass.states.async_all())
    assert not ir.async_get(hass).issues
    history = await recorder.async_add_executor_job(state_changes_during_period, hass, start, None, voltage)
    assert not history.get(voltage)
    listed = await recorder.async_add_executor_job(list_statistic_ids, hass)
    assert not [item for item in listed if item["statistic_id"] in entities]
    assert list(await profiles.async_all()) == ["of a real pack"]


async def test_one_that_is_added_again_begins_at_nothing(hass, no_radio) -> None:
    entry = await add_simulated(hass, "jk")
    unique_id = f"{entry.unique_id}_discharged_energy"
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id)
    remembered = {"native_value": 123_456.5, "native_unit_of_measurement": "Wh"}
    await hass.config_entries.async_remove(entry.entry_id)
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, "123.4565"), remembered)])
    await add_simulated(hass, "jk")
    assert float(hass.states.get(entity_id).state) < 100
