"""One Bluetooth session with one device: connect, subscribe, write, close. Never used twice."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
import logging
from typing import Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTServiceCollection
from bleak.exc import BleakError
import bleak_retry_connector

from .errors import (
    ConnectFailedError,
    ConnectionLostError,
    NoConnectablePathError,
    NoFreeSlotError,
    NotThisKindError,
    PackError,
    PairingNeededError,
)

_LOGGER: Final = logging.getLogger(__name__)

CONNECT_TIMEOUT: Final = 25.0
"""Seconds. Without a free slot bleak-retry-connector tries nine times, 4 s apart, whatever its settings (its
`MAX_TRANSIENT_ERRORS` and `BLEAK_OUT_OF_SLOTS_BACKOFF_TIME`): too long for a user who waits, and others may need the adapter."""
QUICK_CONNECT: Final = 7.0
"""Seconds for a pack that was connected before, if three times as long as it took then is not more. Our judgment: an attempt
that is never answered has to end before it is known that the pack is well again."""
CLOSE_TIMEOUT: Final = 5.0
"""Seconds for a disconnect: ending a session must not hang on a proxy that has gone."""
WRITE_TIMEOUT: Final = 5.0
"""Seconds for a write or for subscribing, which wait for an answer of the device; bleak sets no limit of its own."""
_ATTEMPTS: Final = 2
"""Of bleak-retry-connector, its own `DEFAULT_ATTEMPTS`; the reconnector tries again anyway."""
_PAIRING_WORDS: Final = ("authentication", "authorization", "encryption", "not paired", "insufficient", "pairing")
"""How the back ends of bleak word the ATT errors 0x05 (authentication), 0x08 (authorization) and 0x0F (encryption)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The characteristics over which a family talks."""

    notify: BleakGATTCharacteristic
    write: BleakGATTCharacteristic
    response: bool
    """The write characteristic only takes writes that are answered."""
    otherwise: Channel | None = None
    """Where else to try if subscribing is refused, or nothing is answered."""
    kind: str = ""
    """What tells the ways apart that a family can be reached."""
    opening: tuple[tuple[BleakGATTCharacteristic, bytes | None], ...] = ()
    """What has to be written to other characteristics, with response, before it talks; None is read instead."""


type TrafficListener = Callable[[bool, bytes], None]
"""Gets all traffic: whether it went to the pack, and the bytes."""

type ChooseChannel = Callable[[BleakGATTServiceCollection], Channel]
"""Finds the channel among the services of a device. Raises NotThisKindError if they are not those of the family."""


class Connection:
    """One session. All errors are PackError."""

    def __init__(
        self,
        find_device: Callable[[], BLEDevice],
        name: str,
        *,
        client_class: type[BleakClient] | None = None,
        on_traffic: TrafficListener = lambda *_: None,
        connect_timeout: float | None = None,
    ) -> None:
        """`find_device` returns how to reach the device now, or raises PackError; it is asked before each attempt.

        `client_class` is None for the usual one, `on_traffic` gets what is recorded; `connect_timeout` is in s, None for
        CONNECT_TIMEOUT.
        """
        self._find_device = find_device
        self._name = name
        self._client_class = client_class
        self._on_traffic = on_traffic
        self._connect_timeout = connect_timeout or CONNECT_TIMEOUT
        self._client: BleakClient | None = None
        self._channel: Channel | None = None
        self._on_data: Callable[[bytearray], None] = lambda _: None
        self.lost = asyncio.Event()
        """Set when the connection has ended, whoever ended it."""
        self.connected_at = 0.0
        """Monotonic time of the connection; 0 if there was none."""

    async def open(self, choose: ChooseChannel, on_data: Callable[[bytearray], None], *, pair: bool = False) -> None:
        """Connect, find the channel and subscribe; `on_data` then gets every notification."""
        await self._connect(pair=pair)
        try:
            self._channel = self._choose(choose)
        except NotThisKindError:
            # The list of services may be that of an earlier firmware: read it again, once.
            await self._forget_services()
            await self._connect(pair=pair)
            self._channel = self._choose(choose)

        self._on_data = on_data
        try:
            await self._subscribe(self._channel)
        except (BleakError, TimeoutError, EOFError, OSError) as error:
            failure = self._failure(error)
            try:
                if not await self.switch_channel():
                    raise failure from error
            except ConnectionLostError:
                raise failure from error

    async def _subscribe(self, channel: Channel) -> None:
        def received(_: BleakGATTCharacteristic, data: bytearray) -> None:
            self._on_traffic(False, bytes(data))
            self._on_data(data)

        client = self._connected()
        async with asyncio.timeout(WRITE_TIMEOUT):
            await client.start_notify(channel.notify, received)
            for characteristic, data in channel.opening:
                if data is None:
                    with suppress(BleakError):
                        await client.read_gatt_char(characteristic)
                else:
                    await client.write_gatt_char(characteristic, data, response=True)

    async def switch_channel(self) -> bool:
        """Go on over the other channel that the device has; return whether there is one. Raises ConnectionLostError."""
        if self._channel is None or self._channel.otherwise is None:
            return False
        self._channel = self._channel.otherwise
        try:
            await self._subscribe(self._channel)
        except (BleakError, TimeoutError, EOFError, OSError) as error:
            raise ConnectionLostError(str(error)) from error
        return True

    @property
    def kind(self) -> str:
        """Return by which of its ways the family is reached."""
        return self._channel.kind if self._channel else ""

    async def write(self, data: bytes) -> None:
        """Send one packet. Raises ConnectionLostError if it could not be sent."""
        if self._channel is None:
            raise ConnectionLostError("not connected")
        self._on_traffic(True, data)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._connected().write_gatt_char(self._channel.write, data, response=self._channel.response)
        except (BleakError, TimeoutError, EOFError, OSError) as error:
            failure = self._failure(error)
            raise failure if isinstance(failure, PairingNeededError) else ConnectionLostError(str(error)) from error

    async def close(self) -> None:
        """Disconnect; never raises and never hangs."""
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(BleakError, TimeoutError, EOFError, OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await client.disconnect()

    async def _connect(self, *, pair: bool) -> None:
        device = self._find_device()
        try:
            async with asyncio.timeout(self._connect_timeout):
                self._client = await bleak_retry_connector.establish_connection(
                    # Looked up now: Home Assistant puts its own client there, which knows the proxies.
                    self._client_class or bleak_retry_connector.BleakClientWithServiceCache,
                    device,
                    self._name,
                    disconnected_callback=self._on_disconnected,
                    max_attempts=_ATTEMPTS,
                    ble_device_callback=self._find_device,
                    pair=pair,
                )
        except bleak_retry_connector.BleakOutOfConnectionSlotsError as error:
            raise NoFreeSlotError(str(error)) from error
        except bleak_retry_connector.BleakNotFoundError as error:
            raise NoConnectablePathError(str(error)) from error
        except NotImplementedError as error:
            raise PairingNeededError("this adapter or proxy cannot pair") from error
        except (BleakError, TimeoutError, EOFError, OSError) as error:
            # Somebody else may have taken the last slot, or the pack may have gone, while we were trying.
            self._find_device()
            raise self._failure(error) from error

        # Attempts that failed before this one have reported their end too.
        self.lost.clear()
        self.connected_at = asyncio.get_running_loop().time()
        if not self._client.is_connected:
            self.lost.set()
            raise ConnectionLostError("the connection ended at once")

    def _on_disconnected(self, client: BleakClient) -> None:
        if client is self._client:
            self.lost.set()

    def _choose(self, choose: ChooseChannel) -> Channel:
        return choose(self._connected().services)

    async def _forget_services(self) -> None:
        client = self._connected()
        if isinstance(client, bleak_retry_connector.BleakClientWithServiceCache):
            with suppress(BleakError):
                await client.clear_cache()
        await self.close()

    def _connected(self) -> BleakClient:
        if self._client is None:
            raise ConnectionLostError("not connected")
        return self._client

    @staticmethod
    def _failure(error: Exception) -> PackError:
        unnamed = "timed out" if isinstance(error, TimeoutError) else type(error).__name__
        text = str(error) or unnamed
        if any(word in text.lower() for word in _PAIRING_WORDS):
            return PairingNeededError(text)
        return ConnectFailedError(text)
