"""The connection of a pack: kept up for as long as its entry is loaded, and tried again at once when the pack is heard."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..bms.pack import Pack
from ..const import DOMAIN
from . import bluetooth_paths
from .simulated import Simulation


class PackConnection:
    """Keeps one pack connected, over Bluetooth or simulated."""

    def __init__(self, hass: HomeAssistant, address: str, pack: Pack, simulation: Simulation | None) -> None:
        """Prepare; nothing is connected before `async_start`."""
        self._hass, self._address = hass, address
        self._pack, self._simulation = pack, simulation
        self._task: asyncio.Task[None] | None = None

    @callback
    def async_start(self, entry: ConfigEntry[Any]) -> None:
        """Begin to keep the pack connected; everything ends with the entry."""
        hass, pack = self._hass, self._pack
        if self._simulation is not None:
            self._simulation.start()
        else:
            entry.async_on_unload(bluetooth_paths.on_heard(hass, self._address, pack.wake))
            entry.async_on_unload(bluetooth_paths.on_slot_freed(self._address, pack.wake))
        self._task = entry.async_create_background_task(hass, pack.run(), f"{DOMAIN} {entry.entry_id}")

    async def async_stop(self) -> None:
        """Close the connection, and wait until it is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._simulation is not None:
            await self._simulation.stop()
