"""Areas: puts the packs of the demo, and the banks that they belong to, where they stand."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr

from .packs import AREAS, ICONS
from .yesterday import OURS


def async_set_areas(hass: HomeAssistant) -> None:
    """Set the area of every pack that has one, and of its bank; what stands somewhere already stays there."""
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    places: dict[str, str] = {}

    def place(entry: ConfigEntry, name: str) -> None:
        area = areas.async_get_area_by_name(name) or areas.async_create(name, icon=ICONS[name])
        for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
            if device.area_id is None:
                devices.async_update_device(device.id, area_id=area.id)

    entries = hass.config_entries.async_entries(OURS)
    for entry in entries:
        if name := AREAS.get(entry.unique_id or ""):
            places[entry.entry_id] = name
            place(entry, name)
    for entry in entries:
        for member in entry.options.get("packs", ()):
            if member in places:
                place(entry, places[member])
