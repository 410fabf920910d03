"""Disturbances: what goes wrong between a pack and whoever reads it. By chance, but the same for the same seed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import random
from typing import Any, ClassVar, Final, cast, override

from bleak import BleakClient
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError

from custom_components.smart_bms.simulator.radio import Adapter, DirectClient, EmulatedClient, SimulatedRadio

_TOO_LONG: Final = 3600.0
_APART: Final = 0.001
"""s between two late notifications: at the same time the order would be anybody's."""


@dataclass
class Disturbance:
    """What is wrong now. Shares are of notifications."""

    loss: float = 0.0
    corruption: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    splitting: float = 0.0
    gluing: float = 0.0
    garbage: float = 0.0
    """Share of notifications after which the device sends something that means nothing."""
    latency: float = 0.0
    """s by which everything comes later, half of it by chance."""
    connecting: Callable[[], Awaitable[None]] | None = None
    """What happens to whoever connects; None: they are connected."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def happens(self, share: float) -> bool:
        """Return whether something happens that has this share."""
        return share > 0 and self.chance.random() < share


async def refuse() -> None:
    """Refuse a connection. Raises BleakError."""
    await asyncio.sleep(0.3)
    raise BleakError("Connection refused")


async def never_answer() -> None:
    """Keep whoever connects waiting."""
    await asyncio.sleep(_TOO_LONG)


async def be_busy() -> None:
    """Answer that something else is under way. Raises BleakError."""
    await asyncio.sleep(0.1)
    raise BleakError("org.bluez.Error.InProgress Operation already in progress")


class DisturbedClient(EmulatedClient):
    """A bleak back end whose connection is disturbed."""

    disturbance: ClassVar[Disturbance]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what bleak hands to a back end."""
        super().__init__(*args, **kwargs)
        self._held: list[tuple[int, bytes]] = []
        self._free_at = 0.0

    @override
    async def connect(self, pair: bool, **kwargs: Any) -> None:
        if self.disturbance.connecting is not None:
            await self.disturbance.connecting()
        await super().connect(pair, **kwargs)

    @override
    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        if self.disturbance.latency:
            await asyncio.sleep(self.disturbance.latency / 2)
        await super().write_gatt_char(characteristic, data, response)

    @override
    def deliver(self, handle: int, data: bytes) -> None:
        happens = self.disturbance.happens
        if happens(self.disturbance.loss):
            return
        if happens(self.disturbance.corruption):
            place, bit = self.disturbance.chance.randrange(len(data)), self.disturbance.chance.randrange(8)
            data = data[:place] + bytes((data[place] ^ 1 << bit,)) + data[place + 1 :]
        if happens(self.disturbance.reordering) or happens(self.disturbance.gluing):
            self._held.append((handle, data))
            return
        held, self._held = self._held, []
        if held and self.disturbance.gluing:
            self._send_in_pieces(handle, b"".join(part for _, part in held) + data)
            return
        for where, part in ((handle, data), *held):
            self._send_in_pieces(where, part)

    def _send_in_pieces(self, handle: int, data: bytes) -> None:
        pieces = [data]
        if len(data) > 1 and self.disturbance.happens(self.disturbance.splitting):
            place = self.disturbance.chance.randrange(1, len(data))
            pieces = [data[:place], data[place:]]
        if self.disturbance.happens(self.disturbance.garbage):
            head = data[: self.disturbance.chance.randrange(5)]
            pieces.append(head + self.disturbance.chance.randbytes(self.disturbance.chance.randrange(1, 244)))
        for piece in pieces:
            self._send(handle, piece)
            if self.disturbance.happens(self.disturbance.duplication):
                self._send(handle, piece)

    def _send(self, handle: int, data: bytes) -> None:
        if not self.disturbance.latency:
            super().deliver(handle, data)
            return
        # Late, but in their order.
        loop = asyncio.get_running_loop()
        due = loop.time() + self.disturbance.latency * self.disturbance.chance.uniform(0.5, 1.0)
        self._free_at = max(self._free_at + _APART, due)
        loop.call_at(self._free_at, super().deliver, handle, data)


def disturbed_client_class(
    radio: SimulatedRadio, disturbance: Disturbance, adapter: Adapter | None = None
) -> type[EmulatedClient]:
    """Return a bleak back end whose connections go through this radio, and what disturbs it."""
    plain, disturbs = radio.client_class(adapter), disturbance

    class Disturbed(DisturbedClient, plain):  # type: ignore[misc, valid-type]
        disturbance = disturbs

    return Disturbed


def disturbed_direct_client_class(radio: SimulatedRadio, disturbance: Disturbance) -> type[BleakClient]:
    """Return a client for whoever has no adapter at all."""

    class Direct(DirectClient):
        _backend_class = disturbed_client_class(radio, disturbance)

    return cast(type[BleakClient], Direct)
