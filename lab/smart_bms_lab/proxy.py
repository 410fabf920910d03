"""An emulated Bluetooth proxy: hears the simulated packs and connects to them through its slots."""

from collections.abc import Sequence
import time
from typing import Final, override

from bleak.exc import BleakError
from bleak_retry_connector.bluez import Allocations
from habluetooth import BaseHaRemoteScanner, BluetoothScanningMode, HaBluetoothConnector, get_manager
from homeassistant.components import bluetooth
from homeassistant.core import CALLBACK_TYPE, HomeAssistant

from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio

PROXIES: Final = (
    ("24:6F:28:00:00:01", "Cellar proxy"),
    ("24:6F:28:00:00:02", "Garage proxy"),
    ("24:6F:28:00:00:03", "Attic proxy"),
)
"""Of the demo: enough that every pack finds a slot, and one is left."""


class EmulatedProxy(BaseHaRemoteScanner):
    """A proxy as Home Assistant's Bluetooth stack sees it."""

    def __init__(self, radio: SimulatedRadio, source: str, name: str, slots: int = 3) -> None:
        """`source` is the proxy's own address."""
        connector = HaBluetoothConnector(
            client=radio.client_class(self), source=source, can_connect=lambda: len(self._allocated) < self._slots
        )
        mode = BluetoothScanningMode.AUTO
        super().__init__(source, name, connector, connectable=True, requested_mode=mode, current_mode=mode)
        self._slots = slots
        self._allocated: list[str] = []
        self._deaf_to: set[str] = set()

    def register(self, hass: HomeAssistant) -> CALLBACK_TYPE:
        """Join Home Assistant's Bluetooth stack; return how to leave it."""
        unsetup = self.async_setup()
        unregister = bluetooth.async_register_scanner(hass, self, connection_slots=self._slots)
        self._report()

        def leave() -> None:
            unregister()
            unsetup()

        return leave

    def hear(self, peripheral: Peripheral, rssi: int = -60) -> None:
        """Pass on one advertisement, if the pack sends one: those that are connected do not."""
        if not peripheral.connectable or peripheral.address in self._deaf_to:
            return
        self._async_on_advertisement(
            peripheral.address,
            rssi,
            peripheral.name,
            list(peripheral.service_uuids),
            {},
            peripheral.manufacturer_data,
            None,
            {},
            time.monotonic(),
        )

    def lose_sight_of(self, address: str) -> None:
        """Stop hearing a pack, as if it had been carried out of reach."""
        self._deaf_to.add(address)
        self._previous_service_info.pop(address, None)

    def regain_sight_of(self, address: str) -> None:
        """Hear a pack again."""
        self._deaf_to.discard(address)

    def acquire(self, address: str) -> None:
        """Take a slot. Raises BleakError if there is none."""
        if len(self._allocated) >= self._slots:
            raise BleakError("No backend with an available connection slot")
        self._allocated.append(address)
        self._report()

    def release(self, address: str) -> None:
        """Give the slot back."""
        self._allocated.remove(address)
        self._report()

    def _report(self) -> None:
        get_manager().async_on_allocation_changed(
            Allocations(self.source, self._slots, self._slots - len(self._allocated), list(self._allocated))
        )

    @override
    async def async_request_active_window(self, duration: float) -> bool:
        """Pretend: these packs are always heard in full."""
        return True


def demo_proxies(radio: SimulatedRadio) -> tuple[EmulatedProxy, ...]:
    """Return the proxies of the demo, the nearest first."""
    return tuple(EmulatedProxy(radio, source, name) for source, name in PROXIES)


def advertise(radio: SimulatedRadio, proxies: Sequence[EmulatedProxy]) -> None:
    """Let all proxies hear all packs once."""
    for distance, proxy in enumerate(proxies):
        for peripheral in radio.peripherals.values():
            proxy.hear(peripheral, rssi=-58 - 10 * distance)
