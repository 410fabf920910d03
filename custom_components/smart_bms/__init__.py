"""Smart BMS: lithium battery packs over Bluetooth."""

from homeassistant.components import bluetooth
from homeassistant.const import CONF_ADDRESS, Platform
from homeassistant.core import HomeAssistant

from . import adapters
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry) -> bool:
    """Set up one pack. It need not be there: its entities are known, and wait for it."""
    await adapters.free_stale_link(entry.data[CONF_ADDRESS])
    coordinator = SmartBmsCoordinator(hass, entry)
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry) -> bool:
    """Let go of the pack; the link is closed with the entry's background task."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: SmartBmsConfigEntry) -> None:
    """Let the pack be discovered again."""
    bluetooth.async_rediscover_address(hass, entry.data[CONF_ADDRESS])
