"""The radio of a house, heard by an emulated Bluetooth proxy in Home Assistant."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from lab.smart_bms_lab.proxy import EmulatedProxy

from .radio import SPEED, TICK

type Adopt = Callable[..., Awaitable[MockConfigEntry]]
"""The fixture that adds a pack: pack, password, options about control."""


class House:
    """The radio of a house: the packs in reach, and the proxy that hears them."""

    def __init__(self, hass: HomeAssistant, slots: int = 3) -> None:
        self.hass = hass
        self.radio = SimulatedRadio(speed=SPEED, tick=TICK)
        self.proxy = EmulatedProxy(self.radio, "24:6F:28:00:00:01", "Garage proxy", slots=slots)
        self._leave: Callable[[], None] | None = None

    def open(self) -> None:
        self._leave = self.proxy.register(self.hass)
        self.radio.start()

    async def close(self) -> None:
        await self.radio.stop()
        if self._leave:
            self._leave()

    def add(self, *packs: Peripheral) -> None:
        for pack in packs:
            self.radio.peripherals[pack.address] = pack
            self.advertise(pack)

    def advertise(self, *packs: Peripheral) -> None:
        for pack in packs or self.radio.peripherals.values():
            self.proxy.hear(pack)

    def take_away(self, pack: Peripheral) -> None:
        """Carry a pack out of reach."""
        pack.faults.refuse_connections = True
        pack.hang_up = True
        self.proxy.lose_sight_of(pack.address)

    def bring_back(self, pack: Peripheral) -> None:
        pack.faults.refuse_connections = False
        self.proxy.regain_sight_of(pack.address)
        self.advertise(pack)

    async def until(self, condition: Callable[[], Any], seconds: float = 8.0) -> None:
        """Let the house live until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.advertise()
                await asyncio.sleep(0.02)
        await self.hass.async_block_till_done()

    def state(self, entity_id: str) -> str | None:
        state = self.hass.states.get(entity_id)
        return state.state if state else None
