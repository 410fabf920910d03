"""A radio with simulated packs in reach, for tests without Home Assistant."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bleak.backends.device import BLEDevice
import bleak_retry_connector
import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.daly.driver import DalyDriver, Timing as DalyTiming
from custom_components.smart_bms.bms.errors import NoConnectablePathError
from custom_components.smart_bms.bms.families import FAMILIES, Family
from custom_components.smart_bms.bms.jbd.driver import JbdDriver
from custom_components.smart_bms.bms.jbd.exchange import Timing as JbdTiming
from custom_components.smart_bms.bms.jk.driver import JkDriver, Timing
from custom_components.smart_bms.bms.polling import Polling
from custom_components.smart_bms.bms.smart123.driver import Smart123Driver
from custom_components.smart_bms.bms.smart123.exchange import Timing as Smart123Timing
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio

SPEED = 20.0
"""Simulated packs live twenty times as fast as the clock on the wall."""
TICK = 0.004
"""Seconds between two steps of the simulated packs."""

_RETRY_CLIENT = bleak_retry_connector.BleakClientWithServiceCache

FAST = Timing(answer=0.3, pause=0.01, silence=0.3, give_up=0.3, settings=0.25, ready=0.2, owed=0.1)
FAST_JBD = JbdTiming(first=0.25, settle=0.01, answer=0.25, module_answer=0.15, wake=0.01, pause=0.02, exit_answer=0.15)
FAST_DALY = DalyTiming(
    settle=0.01, quick=0.1, probe=0.15, answer=0.25, spacing=0.007, last_frames=0.02, acknowledgement=0.25, settled=0.03
)
FAST_SMART123 = Smart123Timing(
    settle=0.06,
    ping=0.0165,
    ping_writing=0.0075,
    order=0.2,
    query=0.15,
    write=0.05,
    drain=0.035,
    listen=0.18,
    silence=0.5,
    cycle=0.05,
    give_up=0.5,
    chain=1.0,
    alarm=0.25,
    chain_give_up=3.0,
)
FAST_POLLING = Polling(default=0.1, lowest=0.02, min_shown=1.8)


def fast(key: str) -> Family:
    """Return a family that nobody has to wait for: short answers, short silence."""
    family = replace(FAMILIES[key], first_answer=1.0)
    match key:
        case "jk":
            return replace(
                family,
                make_driver=lambda connection, listener, context: JkDriver(connection, listener, context, FAST),
                stale_after=0.6,
            )
        case "jbd":
            return replace(
                family,
                make_driver=lambda connection, listener, context: JbdDriver(connection, listener, context, FAST_JBD),
                polling=FAST_POLLING,
            )
        case "daly":
            return replace(
                family,
                make_driver=lambda connection, listener, context: DalyDriver(connection, listener, context, FAST_DALY),
                polling=FAST_POLLING,
            )
        case "smart123":
            return replace(
                family,
                make_driver=lambda connection, listener, context: Smart123Driver(
                    connection, listener, context, FAST_SMART123
                ),
                stale_after=1.0,
            )
    raise KeyError(key)


@asynccontextmanager
async def on_radio(monkeypatch: pytest.MonkeyPatch, *peripherals: Peripheral) -> AsyncIterator[SimulatedRadio]:
    """Let bleak find the packs, without any adapter."""
    radio = SimulatedRadio(*peripherals, speed=SPEED, tick=TICK)
    backend = radio.client_class()

    class Client(_RETRY_CLIENT):
        def __init__(self, device: BLEDevice, **kwargs: Any) -> None:
            kwargs.pop("_is_retry_client", None)
            super().__init__(device, backend=backend, **kwargs)

    monkeypatch.setattr(bleak_retry_connector, "BleakClientWithServiceCache", Client)
    radio.start()
    try:
        yield radio
    finally:
        await radio.stop()


def advertised(peripheral: Peripheral) -> Advertisement:
    """Return what a pack advertises."""
    return Advertisement(
        name=peripheral.name,
        address=peripheral.address,
        manufacturer_data=peripheral.manufacturer_data,
        service_uuids=peripheral.service_uuids,
    )


def finder(radio: SimulatedRadio, address: str) -> Callable[[], BLEDevice]:
    """Return what finds a pack as long as it advertises."""

    def find() -> BLEDevice:
        peripheral = radio.peripherals[address]
        if peripheral.faults.refuse_connections:
            raise NoConnectablePathError("out of reach")
        return BLEDevice(address, peripheral.name, {})

    return find
