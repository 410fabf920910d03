"""A simulated Bluetooth device: advertises, is connected to, takes writes and sends notifications."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
import heapq
import itertools
from typing import Final

NOTIFY: Final = "notify"
WRITE: Final = "write"
WRITE_WITHOUT_RESPONSE: Final = "write-without-response"
BASE_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"


def uuid16(number: int) -> str:
    """Return the long form of a 16-bit UUID."""
    return BASE_UUID.format(number)


def serial_number_of(address: str) -> str:
    """Return a serial number that tells that the pack is simulated, and that no other pack at hand has: eleven characters."""
    return f"SIM{address.replace(':', '')[-8:]}"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic; two of a service may share a UUID, never a handle."""

    handle: int
    uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """One GATT service."""

    handle: int
    uuid: str
    characteristics: tuple[Characteristic, ...]


@dataclass(slots=True)
class Faults:
    """What is wrong with the device or the reception, switched on and off while it runs."""

    refuse_connections: bool = False
    silent: bool = False
    """Takes everything, answers nothing."""
    frozen: bool = False
    """Goes on sending, but its measurements and its clock stand still."""
    pairing_required: bool = False
    disconnect_after: int | None = None
    """Drop the link after so many more notifications."""
    corrupt_every: int = 0
    """Flip a bit in every so-manieth notification."""
    lose_every: int = 0
    duplicate_every: int = 0
    lose_ready: bool = False
    """Takes writes without a word."""
    ready_delay: float = 0.1
    """Seconds from a write to its acknowledgement."""
    forget_writes: bool = False
    """Acknowledges writes and keeps the old value."""
    distort_writes: bool = False
    """Acknowledges writes and keeps another value."""
    corrupt_settings: int = 0
    """Break so many more answers to a request for settings."""


@dataclass(slots=True)
class Peripheral:
    """Base of the simulated devices. Time moves only by `advance`."""

    address: str
    name: str
    manufacturer_data: dict[int, bytes]
    service_uuids: tuple[str, ...]
    services: tuple[Service, ...]
    faults: Faults = field(default_factory=Faults)
    now: float = 0.0
    connected: bool = False
    paired: bool = False
    hang_up: bool = False
    """The device wants the link to end."""
    written: deque[bytes] = field(default_factory=lambda: deque(maxlen=100))
    """What clients sent, newest last."""
    _subscribed: set[int] = field(default_factory=set)
    _queue: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _sent: int = 0

    # What it is.

    @property
    def family(self) -> str:
        """Make of the pack."""
        return ""

    @property
    def variant(self) -> str:
        """Dialect of the pack."""
        return ""

    # What a radio does with it.

    @property
    def connectable(self) -> bool:
        """Whether a connection would be accepted now; these devices serve one client at a time."""
        return not self.connected and not self.faults.refuse_connections

    def connect(self) -> None:
        """A client connects."""
        self.connected, self.hang_up = True, False
        self._queue.clear()
        self._subscribed.clear()
        self.on_connected()

    def disconnect(self) -> None:
        """The link ended."""
        self.connected = False
        self._queue.clear()
        self._subscribed.clear()
        self.on_disconnected()

    def subscribe(self, handle: int) -> None:
        """A client wants notifications of this characteristic."""
        self._subscribed.add(handle)
        self.on_subscribed(handle)

    def write(self, handle: int, data: bytes) -> None:
        """A client writes."""
        self.written.append(data)
        if not self.faults.silent:
            self.on_write(handle, data)

    def advance(self, seconds: float) -> list[tuple[int, bytes]]:
        """Let time pass; return the notifications that are due, as handle and bytes."""
        self.now += seconds
        self.on_time(seconds)
        due: list[tuple[int, bytes]] = []
        while self._queue and self._queue[0][0] <= self.now:
            _, _, handle, data = heapq.heappop(self._queue)
            if self.connected and not self.hang_up and handle in self._subscribed and not self.faults.silent:
                due += [(handle, part) for part in self._as_received(data)]
        return due

    # What a family fills in.

    def on_connected(self) -> None:
        """Forget the session before."""

    def on_disconnected(self) -> None:
        """Stop what only runs for a client."""

    def on_subscribed(self, handle: int) -> None:
        """React to a subscription."""

    def on_write(self, handle: int, data: bytes) -> None:
        """React to a command."""

    def change_elsewhere(self, data: bytes) -> bool:
        """Take a write from a second master, say a phone; return whether it was taken."""
        return False

    def set_clock(self, now: datetime) -> None:
        """Set the clock of the pack to this local time, if it has one; only what is shown of it is kept."""

    def on_time(self, seconds: float) -> None:
        """Move the pack on, queue what it sends by itself."""

    def send(self, handle: int, data: bytes, delay: float = 0.0) -> None:
        """Queue a notification."""
        heapq.heappush(self._queue, (self.now + delay, next(self._order), handle, data))

    def _as_received(self, data: bytes) -> list[bytes]:
        faults = self.faults
        self._sent += 1
        if faults.disconnect_after is not None:
            faults.disconnect_after -= 1
            if faults.disconnect_after < 0:
                faults.disconnect_after = None
                self.hang_up = True
                return []
        if faults.lose_every and self._sent % faults.lose_every == 0:
            return []
        if faults.corrupt_every and self._sent % faults.corrupt_every == 0:
            place = self._sent % len(data)
            data = data[:place] + bytes((data[place] ^ 0x10,)) + data[place + 1 :]
        if faults.duplicate_every and self._sent % faults.duplicate_every == 0:
            return [data, data]
        return [data]
