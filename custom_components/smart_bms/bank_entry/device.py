"""The devices of a bank: its packs are shown as connected through it."""

from collections.abc import Collection

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN


@callback
def async_link_packs(hass: HomeAssistant, bank_id: str, packs: Collection[str]) -> None:
    """Show the packs of these entries, and no others, as connected through a bank."""
    devices = dr.async_get(hass)
    bank = devices.async_get_device_by_identifier((DOMAIN, bank_id), bank_id)
    if bank is None:
        return
    members = {device.id for pack in packs for device in dr.async_entries_for_config_entry(devices, pack)}
    for entry in hass.config_entries.async_entries(DOMAIN):
        for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
            if device.id in members:
                devices.async_update_device(device.id, via_device_id=bank.id)
            elif device.via_device_id == bank.id:
                devices.async_update_device(device.id, via_device_id=None)
