"""An air full of simulated packs for tests without Home Assistant."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bleak.backends.device import BLEDevice
import bleak_retry_connector
import pytest

from custom_components.smart_bms.bms.errors import NoConnectablePathError
from custom_components.smart_bms.bms.jk.driver import Timing
from custom_components.smart_bms.simulator.peripheral import Peripheral
from lab.smart_bms_lab.air import Air

SPEED = 20.0
"""Simulated packs live twenty times as fast as the clock on the wall."""

_RETRY_CLIENT = bleak_retry_connector.BleakClientWithServiceCache

FAST = Timing(answer=0.3, pause=0.01, silence=0.3, give_up=0.3, settings=0.25, ready=0.2, owed=0.1)


@asynccontextmanager
async def on_air(monkeypatch: pytest.MonkeyPatch, *peripherals: Peripheral) -> AsyncIterator[Air]:
    """Let bleak find the packs, without any adapter."""
    air = Air(*peripherals, speed=SPEED)
    backend = air.client_class()

    class Client(_RETRY_CLIENT):
        def __init__(self, device: BLEDevice, **kwargs) -> None:
            kwargs.pop("_is_retry_client", None)
            super().__init__(device, backend=backend, **kwargs)

    monkeypatch.setattr(bleak_retry_connector, "BleakClientWithServiceCache", Client)
    air.start()
    try:
        yield air
    finally:
        await air.stop()


def finder(air: Air, address: str) -> Callable[[], BLEDevice]:
    """Return what finds a pack as long as it advertises."""

    def find() -> BLEDevice:
        peripheral = air.peripherals[address]
        if peripheral.faults.refuse_connections:
            raise NoConnectablePathError("out of reach")
        return BLEDevice(address, peripheral.name, {})

    return find
