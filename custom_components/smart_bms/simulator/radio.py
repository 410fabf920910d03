"""A simulated radio: packs in reach of it, the clients connected to them, and the one clock they share."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, cast, override

from bleak import BleakClient
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

from .peripheral import Peripheral

TICK = 0.02
_MTU = 247


class Adapter(Protocol):
    """What carries a client's connection: an adapter or proxy with slots."""

    def acquire(self, address: str) -> None:
        """Take a slot. Raises BleakError if there is none."""

    def release(self, address: str) -> None:
        """Give the slot back."""


class UnlimitedAdapter:
    """An adapter with as many slots as anybody wants."""

    def acquire(self, address: str) -> None:
        """Always succeed."""

    def release(self, address: str) -> None:
        """Nothing to give back."""


class SimulatedRadio:
    """Carries bytes between clients and packs. `speed` lets the packs live faster than the clock on the wall."""

    def __init__(self, *peripherals: Peripheral, speed: float = 1.0, tick: float = TICK) -> None:
        """Put packs in reach; `tick` is the time in s between two steps of them."""
        self.peripherals = {peripheral.address: peripheral for peripheral in peripherals}
        self.speed = speed
        self._tick = tick
        self._clients: dict[str, EmulatedClient] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Let time run."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop time and drop all connections."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for client in list(self._clients.values()):
            client.drop()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(self._tick)
            now = loop.time()
            self.advance((now - before) * self.speed)
            before = now

    def advance(self, seconds: float) -> None:
        """Let time pass and deliver what is due."""
        for address, peripheral in self.peripherals.items():
            notifications = peripheral.advance(seconds)
            if client := self._clients.get(address):
                for handle, data in notifications:
                    client.deliver(handle, data)
                if peripheral.hang_up:
                    client.drop()

    def client_class(self, adapter: Adapter | None = None) -> type[EmulatedClient]:
        """Return a bleak back end whose connections go through this radio, over a slot of `adapter`."""
        radio, carrier = self, adapter or UnlimitedAdapter()

        class Client(EmulatedClient):
            def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
                super().__init__(address_or_ble_device, radio=radio, adapter=carrier, **kwargs)

        return Client

    def direct_client_class(self) -> type[BleakClient]:
        """Return a client whose connections go through this radio, for whoever has no adapter at all."""

        class Direct(DirectClient):
            _backend_class = self.client_class()

        return cast(type[BleakClient], Direct)

    def join(self, client: EmulatedClient) -> Peripheral:
        """Connect a client to the pack at its address. Raises BleakError."""
        peripheral = self.peripherals.get(client.address)
        if peripheral is None or not peripheral.connectable:
            raise BleakError(f"Device {client.address} was not found")
        peripheral.connect()
        self._clients[client.address] = client
        return peripheral

    def leave(self, client: EmulatedClient) -> None:
        """End a client's connection."""
        self._clients.pop(client.address, None)
        self.peripherals[client.address].disconnect()


class EmulatedClient(BaseBleakClient):
    """A bleak back end without a Bluetooth adapter."""

    def __init__(
        self, address_or_ble_device: BLEDevice | str, *, radio: SimulatedRadio, adapter: Adapter, **kwargs: Any
    ) -> None:
        """Take what bleak hands to a back end."""
        super().__init__(address_or_ble_device, **kwargs)
        self._radio = radio
        self._adapter = adapter
        self._peripheral: Peripheral | None = None
        self._callbacks: dict[int, NotifyCallback] = {}

    @property
    @override
    def mtu_size(self) -> int:
        return _MTU

    @property
    @override
    def is_connected(self) -> bool:
        return self._peripheral is not None

    @override
    async def connect(self, pair: bool, **kwargs: Any) -> None:
        await asyncio.sleep(TICK)
        self._adapter.acquire(self.address)
        try:
            peripheral = self._radio.join(self)
        except BleakError:
            self._adapter.release(self.address)
            raise
        peripheral.paired = peripheral.paired or pair
        self._peripheral = peripheral
        self.services = _services(peripheral)

    @override
    async def disconnect(self) -> None:
        self.drop()

    def drop(self) -> None:
        """End the connection, whoever wanted it."""
        if self._peripheral is None:
            return
        self._peripheral = None
        self._callbacks.clear()
        self._radio.leave(self)
        self._adapter.release(self.address)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    def deliver(self, handle: int, data: bytes) -> None:
        """Hand a notification to whoever subscribed."""
        if callback := self._callbacks.get(handle):
            callback(bytearray(data))

    @override
    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        peripheral = self._connected()
        if characteristic.handle in getattr(peripheral, "refused", ()):
            raise BleakError("The attribute cannot be subscribed to: not permitted")
        if peripheral.faults.pairing_required and not peripheral.paired:
            raise BleakError("Insufficient authentication")
        self._callbacks[characteristic.handle] = callback
        peripheral.subscribe(characteristic.handle)

    @override
    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._callbacks.pop(characteristic.handle, None)

    @override
    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        self._connected().write(characteristic.handle, bytes(data))

    def _connected(self) -> Peripheral:
        if self._peripheral is None:
            raise BleakError("Not connected")
        return self._peripheral

    @override
    async def pair(self, *args: Any, **kwargs: Any) -> None:
        self._connected().paired = True

    @override
    async def unpair(self) -> None:
        self._connected().paired = False

    @override
    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        self._connected()
        return bytearray()  # nobody makes anything of what these devices would say

    @override
    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    @override
    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise NotImplementedError

    @override
    def set_disconnected_callback(self, callback: Callable[[], None] | None, **kwargs: Any) -> None:
        self._disconnected_callback = callback


class DirectClient:
    """A client that needs no Bluetooth at all: what a link uses of bleak's client, straight on the back end.

    Bleak's own cannot be used where Home Assistant has put its client, which looks for an adapter, in its place.
    """

    _backend_class: ClassVar[type[Any]]

    def __init__(
        self,
        device: BLEDevice,
        disconnected_callback: Callable[[Any], None] | None = None,
        *,
        pair: bool = False,
        **_: Any,
    ) -> None:
        """Take what bleak's client is made with."""
        self._pair = pair

        def disconnected() -> None:
            if disconnected_callback is not None:
                disconnected_callback(self)

        self._backend: EmulatedClient = self._backend_class(device, timeout=0.0, disconnected_callback=disconnected)

    @property
    def is_connected(self) -> bool:
        """Return whether there is a connection."""
        return self._backend.is_connected

    @property
    def services(self) -> BleakGATTServiceCollection:
        """Return what the device offers."""
        return self._backend.services or BleakGATTServiceCollection()

    async def connect(self, **_: Any) -> None:
        """Connect. Raises BleakError."""
        await self._backend.connect(self._pair)

    async def disconnect(self) -> None:
        """End the connection."""
        await self._backend.disconnect()

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: Callable[[BleakGATTCharacteristic, bytearray], None],
    ) -> None:
        """Subscribe. Raises BleakError."""
        await self._backend.start_notify(characteristic, lambda data: callback(characteristic, data))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: bytes, response: bool) -> None:
        """Write. Raises BleakError."""
        await self._backend.write_gatt_char(characteristic, data, response)

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic) -> bytearray:
        """Read. Raises BleakError."""
        return await self._backend.read_gatt_char(characteristic)


def _services(peripheral: Peripheral) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    for service in peripheral.services:
        gatt = BleakGATTService(None, service.handle, service.uuid)
        collection.add_service(gatt)
        for characteristic in service.characteristics:
            collection.add_characteristic(
                BleakGATTCharacteristic(
                    None,
                    characteristic.handle,
                    characteristic.uuid,
                    list(characteristic.properties),  # type: ignore[arg-type]
                    lambda: _MTU - 3,
                    gatt,
                )
            )
    return collection
