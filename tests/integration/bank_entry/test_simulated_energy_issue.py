"""The energy dashboard counts a simulated pack: said once, and gone with it."""

from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_bms.bank_entry import simulated_energy_issue
from custom_components.smart_bms.const import DOMAIN
from tests.support.flows import add_simulated
from tests.support.issues import issues
from tests.support.packs import jk_pack

pytestmark = pytest.mark.usefixtures("quick_simulation")


async def count(hass, *entity_ids: str) -> None:
    """Let the energy dashboard count these as energy discharged, and nothing else."""
    manager = await async_get_manager(hass)
    sources = [{"type": "battery", "stat_energy_from": key, "stat_energy_to": "sensor.other"} for key in entity_ids]
    await manager.async_update({**manager.default_preferences(), "energy_sources": sources})


async def test_a_simulated_battery_in_the_dashboard_is_told_until_it_is_gone(
    recorder_mock, hass, enable_custom_integrations, enable_bluetooth
) -> None:
    assert await async_setup_component(hass, "energy", {})
    entry = await add_simulated(hass, "jk")
    registry = er.async_get(hass)
    counted = registry.async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_discharged_energy")
    assert "simulated_energy" not in issues(hass)
    await count(hass, "sensor.of_a_real_one", counted)
    assert "simulated_energy" in issues(hass)
    await count(hass)
    assert "simulated_energy" not in issues(hass)
    await count(hass, counted)
    hass.config_entries.async_update_entry(entry, title="Toy")
    await hass.async_block_till_done()
    (issue,) = (item for item in ir.async_get(hass).issues.values() if item.translation_key == "simulated_energy")
    assert issue.translation_placeholders == {"names": "Toy"}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert "simulated_energy" not in issues(hass)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    assert "simulated_energy" in issues(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    assert "simulated_energy" not in issues(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_it_is_told_too_if_the_dashboard_was_set_up_before(
    recorder_mock, hass, enable_custom_integrations, enable_bluetooth
) -> None:
    entry = await add_simulated(hass, "jk")
    assert await async_setup_component(hass, "energy", {})
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    await count(hass, registry.async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_charged_energy"))
    assert "simulated_energy" in issues(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_dashboard_that_cannot_be_read_keeps_no_pack_from_being_set_up(
    hass, house, adopt, monkeypatch, caplog
) -> None:
    def broken(_):
        raise ValueError("newer")

    monkeypatch.setattr(simulated_energy_issue, "async_get_manager", broken)
    hass.config.components.add("energy")
    entry = await adopt(jk_pack(name="Shed"))
    assert entry.state is ConfigEntryState.LOADED
    assert "Cannot check whether the energy dashboard" not in caplog.text
    entry = await add_simulated(hass, "jk")
    assert entry.state is ConfigEntryState.LOADED
    assert "Cannot check whether the energy dashboard" in caplog.text
