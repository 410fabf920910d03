"""Smart BMS: lithium battery packs over Bluetooth."""

from typing import Any, cast

from homeassistant.components import bluetooth
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, issue_registry as ir
from homeassistant.helpers.typing import ConfigType

from .bank.energy import CHECKS as OF_BANK
from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.device import async_link_packs
from .bank_entry.membership import async_pack_removed, bank_issue_id, is_bank
from .bank_entry.simulated_energy_issue import async_update_simulated_energy_issue, async_watch_energy_preferences
from .bms.families import FAMILIES
from .const import CONF_FAMILY, CONF_IDENTITY, CONF_SIMULATED, DOMAIN
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from .equipment.controller import EquipmentController
from .equipment.store import async_load_equipment, equipment_store
from .frontend import async_register_cards
from .pack_entry import bluetooth_paths
from .pack_entry.energy_account import CHECKS as OF_PACK
from .pack_entry.entry_title import async_listen_for_renames
from .pack_entry.issues import async_delete_pack_issues
from .pack_entry.push_coordinator import PushCoordinator
from .pack_entry.simulated import async_purge_history, simulation_of
from .services import async_setup_services
from .services.recording import RecordingView, async_forget_recording
from .storage.checked_store import async_load_parts
from .storage.energy_store import energy_store
from .storage.pack_store import async_load_pack, pack_store
from .storage.profiles import async_profiles
from .storage.recordings import async_remove_all_recordings
from .websocket_api import async_register_commands

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]
BANK_PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions and the commands of the cards; they exist whether or not a pack is set up."""
    async_setup_services(hass)
    async_listen_for_renames(hass)
    await async_remove_all_recordings(hass)
    hass.http.register_view(RecordingView)
    async_register_commands(hass)
    await async_register_cards(hass)
    async_watch_energy_preferences(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry | BankConfigEntry) -> bool:
    """Set up a pack or a bank."""
    if is_bank(entry):
        await _async_setup_bank(hass, cast(BankConfigEntry, entry))
    else:
        await _async_setup_pack(hass, cast(SmartBmsConfigEntry, entry))
    await async_update_simulated_energy_issue(hass)
    return True


async def _async_setup_bank(hass: HomeAssistant, entry: BankConfigEntry) -> None:
    """Set up a bank. Its packs need not be there yet."""
    stored_energy = await async_load_parts(energy_store(hass, entry.entry_id), OF_BANK, entry.title)
    coordinator = BankCoordinator(hass, entry, stored_energy)
    entry.runtime_data = coordinator
    await _async_set_up_equipment(hass, entry, coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, BANK_PLATFORMS)
    async_link_packs(hass, entry.entry_id, coordinator.packs)
    coordinator.async_start()


async def _async_set_up_equipment(
    hass: HomeAssistant, entry: ConfigEntry[Any], coordinator: PushCoordinator[Any]
) -> None:
    """Set up what steers the chargers and inverters of a pack or bank, if it has any."""
    stored = await async_load_equipment(hass, entry.entry_id, entry.title)
    coordinator.equipment = EquipmentController(hass, entry, coordinator.demand, lambda: coordinator.now, stored)
    coordinator.equipment.async_start()


async def _async_setup_pack(hass: HomeAssistant, entry: SmartBmsConfigEntry) -> None:
    """Set up one pack. It need not be there: its entities are known, and wait for it."""
    simulation = simulation_of(entry)
    if simulation is None:
        await bluetooth_paths.free_stale_link(entry.data[CONF_ADDRESS])
    family, variant = FAMILIES[entry.data[CONF_FAMILY]], entry.data[CONF_IDENTITY]["variant"]
    stored = await async_load_pack(hass, entry.entry_id, family, variant, entry.title)
    stored_energy = await async_load_parts(energy_store(hass, entry.entry_id), OF_PACK, entry.title)
    coordinator = SmartBmsCoordinator(hass, entry, stored, stored_energy, simulation)
    entry.runtime_data = coordinator
    await _async_set_up_equipment(hass, entry, coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_start()


async def async_unload_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry | BankConfigEntry) -> bool:
    """Let go of the pack, or the bank."""
    if isinstance(entry.runtime_data, BankCoordinator):
        if not await hass.config_entries.async_unload_platforms(entry, BANK_PLATFORMS):
            return False
        await _async_stop_equipment(entry.runtime_data)
        await entry.runtime_data.file.async_save()
        return True
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await _async_stop_equipment(entry.runtime_data)
    await entry.runtime_data.async_stop()
    if entry.disabled_by:
        async_delete_pack_issues(hass, entry.entry_id)
    return True


async def _async_stop_equipment(coordinator: PushCoordinator[Any]) -> None:
    """Leave the equipment as its owner chose for the time without us."""
    if coordinator.equipment is not None:
        await coordinator.equipment.async_stop()


async def async_remove_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry | BankConfigEntry) -> None:
    """Delete the files and issues of a pack, and let it be discovered again; profiles stay, but of a simulated one."""
    await async_update_simulated_energy_issue(hass, without=entry.entry_id)
    await equipment_store(hass, entry.entry_id).async_remove()
    if is_bank(entry):
        ir.async_delete_issue(hass, DOMAIN, bank_issue_id(entry.entry_id))
        await energy_store(hass, entry.entry_id).async_remove()
        return
    async_pack_removed(hass, entry)
    async_delete_pack_issues(hass, entry.entry_id)
    await pack_store(hass, entry.entry_id).async_remove()
    await energy_store(hass, entry.entry_id).async_remove()
    await async_forget_recording(hass, entry.entry_id)
    if CONF_SIMULATED in entry.data:
        await async_profiles(hass).async_delete_simulated(entry.entry_id)
        async_purge_history(hass, entry)
    else:
        bluetooth.async_rediscover_address(hass, entry.data[CONF_ADDRESS])
