"""The device of a pack in Home Assistant: model and versions, which a pack states when it is heard."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr


@callback
def async_update_device(hass: HomeAssistant, entry_id: str, model: str, identity: Mapping[str, str]) -> None:
    """Show the model and the versions of a pack's identity."""
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry_id):
        devices.async_update_device(
            device.id,
            model=model,
            hw_version=identity["hw_version"],
            sw_version=identity["sw_version"],
            serial_number=identity["serial_number"],
        )
