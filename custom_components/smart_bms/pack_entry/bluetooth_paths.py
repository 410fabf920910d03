"""Adapters and proxies: which can reach a pack, which are full. The only module that asks habluetooth."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
import time
from typing import Final

from bleak.backends.device import BLEDevice
from bleak_retry_connector import close_stale_connections_by_address
from habluetooth import BaseHaScanner, HaBluetoothSlotAllocations, get_manager
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothReachabilityIntent, BluetoothServiceInfoBleak
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..bms.advertisement import Advertisement
from ..bms.connection_hints import WEAK
from ..bms.errors import NoConnectablePathError, NoFreeSlotError, PackError

_RECENT: Final = 60.0
_MUCH_BETTER: Final = 12
"""dB: four times the distance in the open. Our judgment: less changes with the weather."""
_NOWHERE: Final = "not heard by any adapter or proxy that can connect"


def find_device(hass: HomeAssistant, address: str) -> BLEDevice:
    """Return how to reach a pack now.

    Raises NoConnectablePathError or NoFreeSlotError; looking first spares the half minute that a connection attempt
    without a free slot takes.
    """
    paths = bluetooth.async_scanner_devices_by_address(hass, address, connectable=True)
    device = bluetooth.async_ble_device_from_address(hass, address, connectable=True)
    if not paths or device is None:
        raise NoConnectablePathError(_reachability(hass, address))
    allocations = {allocation.source: allocation for allocation in _allocations()}
    full = [
        path.scanner.name
        for path in paths
        if (allocation := allocations.get(path.scanner.source)) and _is_full(allocation, address)
    ]
    if len(full) == len(paths):
        raise NoFreeSlotError(", ".join(full))
    return device


def advertisement_of(info: BluetoothServiceInfoBleak) -> Advertisement:
    """Return an advertisement in our words."""
    # Home Assistant names a device that tells no name by its address.
    return Advertisement(
        name="" if info.name == info.address else info.name.rstrip("\0"),
        address=info.address,
        manufacturer_data=info.manufacturer_data,
        service_uuids=tuple(info.service_uuids),
    )


def last_advertisement(hass: HomeAssistant, address: str) -> Advertisement | None:
    """Return what was last heard of a pack."""
    info = bluetooth.async_last_service_info(hass, address, connectable=True)
    return advertisement_of(info) if info else None


def connected_through(hass: HomeAssistant, address: str) -> str | None:
    """Return the name of the adapter or proxy that holds the connection to a pack."""
    for allocation in _allocations():
        if address in allocation.allocated:
            scanner = bluetooth.async_scanner_by_source(hass, allocation.source)
            return _name_of(scanner) if scanner else allocation.source
    return None


def signal_strength(hass: HomeAssistant, address: str) -> int | None:
    """Return the RSSI in dBm of an advertisement of the last minute; packs that are connected do not advertise."""
    info = bluetooth.async_last_service_info(hass, address, connectable=True)
    return info.rssi if info and time.monotonic() - info.time < _RECENT else None


def is_weak(hass: HomeAssistant, address: str) -> bool:
    """Return whether the pack was heard in the last minute, and only weakly."""
    signal = signal_strength(hass, address)
    return signal is not None and signal < WEAK


def best_path(hass: HomeAssistant, address: str) -> tuple[str, bool] | None:
    """Return the name of the adapter or proxy that hears a pack best, and whether it is a local adapter; None if none does."""
    paths = bluetooth.async_scanner_devices_by_address(hass, address, connectable=True)
    if not paths:
        return None
    scanner = max(paths, key=lambda path: path.advertisement.rssi).scanner
    return _name_of(scanner), scanner.adapter_idx is not None


def better_path(hass: HomeAssistant, address: str) -> tuple[str, bool] | None:
    """Return the name of a path that heard a pack much better than the one that carries it, and whether it is full now."""
    source = source_of(address)
    paths = {
        path.scanner.source: path
        for path in bluetooth.async_scanner_devices_by_address(hass, address, connectable=True)
    }
    if source not in paths:
        return None
    best = max(paths.values(), key=lambda path: path.advertisement.rssi)
    if best.advertisement.rssi - paths[source].advertisement.rssi < _MUCH_BETTER:
        return None
    allocation = next((one for one in _allocations() if one.source == best.scanner.source), None)
    return _name_of(best.scanner), allocation is not None and _is_full(allocation, address)


def _name_of(scanner: BaseHaScanner) -> str:
    """Return the name of an adapter or proxy, without its address."""
    return scanner.name.removesuffix(f" ({scanner.source})")


async def free_stale_link(address: str) -> None:
    """End a connection that a Home Assistant that crashed may have left behind on a local adapter."""
    await close_stale_connections_by_address(address)


def on_heard(hass: HomeAssistant, address: str, action: Callable[[], None]) -> CALLBACK_TYPE:
    """Call `action` whenever a pack is heard; return how to stop that."""

    @callback
    def heard(*_: object) -> None:
        """Handle an advertisement of the pack."""
        action()

    # Since 2026.10 there is a callback for advertisements that say nothing new too; a pack that comes back rarely has news.
    if register := getattr(bluetooth, "async_register_advertisement_callback", None):
        cancel: CALLBACK_TYPE = register(hass, heard, address)
        return cancel
    return bluetooth.async_register_callback(
        hass,
        heard,
        bluetooth.BluetoothCallbackMatcher(address=address, connectable=True),
        bluetooth.BluetoothScanningMode.PASSIVE,
    )


async def async_wait_until_heard(hass: HomeAssistant, address: str, seconds: float) -> None:
    """Wait, no longer than `seconds`, until a pack can be reached that was connected: meanwhile it did not advertise."""
    heard = asyncio.Event()
    cancel = on_heard(hass, address, heard.set)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not _is_reachable(hass, address):
                    heard.clear()
                    await heard.wait()
    finally:
        cancel()


def _is_reachable(hass: HomeAssistant, address: str) -> bool:
    """Return whether an adapter or proxy can connect to a pack now."""
    try:
        find_device(hass, address)
    except PackError:
        return False
    return True


def count_adapters(hass: HomeAssistant) -> int:
    """Return how many adapters and proxies can connect; none without Home Assistant's Bluetooth, as in recovery mode."""
    if bluetooth.DOMAIN not in hass.config.components:
        return 0
    return bluetooth.async_scanner_count(hass, connectable=True)


def count_slots() -> tuple[int, int]:
    """Return how many connection slots of all adapters and proxies are free, and how many there are."""
    allocations = _allocations()
    return sum(item.free for item in allocations), sum(item.slots for item in allocations)


def has_slot(hass: HomeAssistant, address: str, *, even_if_unheard: bool = False) -> bool:
    """Return whether an adapter or proxy that hears a pack has a slot for it; `even_if_unheard`: also if none hears it."""
    try:
        find_device(hass, address)
    except NoFreeSlotError:
        return False
    except PackError:
        return even_if_unheard
    return True


def paths_to(hass: HomeAssistant, address: str) -> frozenset[str]:
    """Return the sources of the adapters and proxies that hear a pack and can connect."""
    paths = bluetooth.async_scanner_devices_by_address(hass, address, connectable=True)
    return frozenset(path.scanner.source for path in paths)


def source_of(address: str) -> str | None:
    """Return the source of the adapter or proxy that holds the connection to a pack."""
    return next((allocation.source for allocation in _allocations() if address in allocation.allocated), None)


def slots(ours: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return the connection slots of each adapter or proxy by source, and how many others than `ours` use; 0: not told."""
    found = {}
    for allocation in _allocations():
        used = allocation.slots - allocation.free
        # Some tell how many are used, and not by whom.
        foreign = used - sum(address in ours for address in allocation.allocated) if allocation.allocated else 0
        found[allocation.source] = allocation.slots, max(0, foreign)
    return found


def on_slots_changed(action: Callable[[], None]) -> CALLBACK_TYPE:
    """Call `action` whenever an adapter or proxy has more or fewer free slots; return how to stop that."""

    @callback
    def changed(_: HaBluetoothSlotAllocations) -> None:
        """Handle a change in the connection slots of an adapter or proxy."""
        action()

    return get_manager().async_register_allocation_callback(changed)


def seconds_unheard(hass: HomeAssistant, address: str) -> float | None:
    """Return the seconds since a pack was last heard, None if it never was."""
    info = bluetooth.async_last_service_info(hass, address, connectable=True)
    return None if info is None else time.monotonic() - info.time


def on_slot_freed(address: str, action: Callable[[], None]) -> CALLBACK_TYPE:
    """Call `action` whenever an adapter or proxy has a free slot after a change; return how to stop that."""

    @callback
    def changed(allocation: HaBluetoothSlotAllocations) -> None:
        """Handle a change in the connection slots of an adapter or proxy."""
        if not _is_full(allocation, address):
            action()

    return get_manager().async_register_allocation_callback(changed)


def _allocations() -> list[HaBluetoothSlotAllocations]:
    """Return the connection slots of every adapter and proxy."""
    return get_manager().async_current_allocations() or []


def _is_full(allocation: HaBluetoothSlotAllocations, address: str) -> bool:
    """Return whether an adapter or proxy has no slot for the pack at this address."""
    # Zero slots means that the adapter does not tell.
    return allocation.slots > 0 and allocation.free == 0 and address not in allocation.allocated


def _reachability(hass: HomeAssistant, address: str) -> str:
    """Return a sentence by Home Assistant about why a pack can or cannot be reached."""
    return (
        bluetooth.async_address_reachability_diagnostics(hass, address, BluetoothReachabilityIntent.CONNECTION)
        or _NOWHERE
    )
