"""Devices and entities in Home Assistant, by the entry of a pack or bank, or by the address of a pack."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from custom_components.smart_bms.const import DOMAIN


def device_of(hass: HomeAssistant, entry: ConfigEntry) -> dr.DeviceEntry:
    """Return the only device of an entry."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device


def device_id_at(hass: HomeAssistant, address: str) -> str:
    """Return the id of the device of the pack with this address."""
    (entry,) = (item for item in hass.config_entries.async_entries(DOMAIN) if item.data.get("address") == address)
    return device_of(hass, entry).id


def entities_of(hass: HomeAssistant, entry: ConfigEntry) -> list[er.RegistryEntry]:
    """Return the entities of an entry, also those that are disabled."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
