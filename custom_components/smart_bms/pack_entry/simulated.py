"""Simulated packs: for those who want to look around. The real driver talks to a device that is not there, inside Home Assistant."""

import asyncio
from typing import Final

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..bms.advertisement import Advertisement
from ..const import CONF_SIMULATED
from ..simulator.radio import SimulatedRadio
from ..simulator.samples import SAMPLES, sample

CHOICES: Final = tuple(SAMPLES)
NAME: Final = "simulation"
"""Where the name of an adapter or proxy would be; Home Assistant translates it."""
TICK: float = 0.1
"""Seconds between two moments of the simulation; it costs little, and no family minds."""
SPEED: float = 1.0
REGISTERED_FOR: float = 1.0
"""Seconds after which the entities of a removed entry are gone."""


class Simulation:
    """One simulated pack, and the radio that reaches it."""

    def __init__(self, key: str) -> None:
        """Make the pack as it always begins."""
        self.peripheral = sample(key)
        self.peripheral.set_clock(dt_util.now())
        self._radio = SimulatedRadio(self.peripheral, speed=SPEED, tick=TICK)

    @property
    def address(self) -> str:
        """Return the address that stands for the pack."""
        return self.peripheral.address

    @property
    def client_class(self) -> type[BleakClient]:
        """Return what connects to it."""
        return self._radio.direct_client_class()

    def find_device(self) -> BLEDevice:
        """Return how to reach it."""
        return BLEDevice(self.peripheral.address, self.peripheral.name, {})

    def advertisement(self) -> Advertisement:
        """Return what it advertises."""
        return Advertisement(
            name=self.peripheral.name,
            address=self.peripheral.address,
            manufacturer_data=self.peripheral.manufacturer_data,
            service_uuids=self.peripheral.service_uuids,
        )

    def start(self) -> None:
        """Let its time run."""
        self._radio.start()

    async def stop(self) -> None:
        """Stop its time, and drop what is connected."""
        await self._radio.stop()


def simulation_of(entry: ConfigEntry) -> Simulation | None:
    """Return the simulation of an entry that has one."""
    key = entry.data.get(CONF_SIMULATED)
    return Simulation(key) if key in SAMPLES else None


def async_purge_history(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove from the database what a simulated pack has left there, once its entities are gone."""
    entities = [item.entity_id for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)]
    if RECORDER not in hass.config.components or not entities:
        return

    async def purge() -> None:
        """Clear statistics and states of the entities."""
        await asyncio.sleep(REGISTERED_FOR)
        get_instance(hass).async_clear_statistics(entities)
        await hass.services.async_call(RECORDER, "purge_entities", {"entity_id": entities}, blocking=True)

    hass.async_create_background_task(purge(), f"purge {entry.title}")
