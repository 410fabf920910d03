"""What a family must offer: the protocol of one session with one pack, over an open connection."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Protocol

from bleak.backends.service import BleakGATTServiceCollection

from .connection import Channel
from .driver_listener import DriverListener
from .session_context import SessionContext
from .settings import Settings, SettingValue


class FrameWriter(Protocol):
    """The part of a connection that a driver uses."""

    @property
    def kind(self) -> str:
        """By which of its ways the family is reached."""

    async def write(self, data: bytes) -> None:
        """Send one packet. Raises ConnectionLostError."""

    async def switch_channel(self) -> bool:
        """Go on over the other channel that the device has; return whether there is one. Raises ConnectionLostError."""


class Driver(ABC):
    """Protocol of one session."""

    def __init__(self, connection: FrameWriter, listener: DriverListener, context: SessionContext) -> None:
        """`connection` carries what is written, `listener` gets what the pack says, `context` is known from outside."""
        self._connection = connection
        self._listener = listener
        self._context = context

    @staticmethod
    @abstractmethod
    def choose_channel(services: BleakGATTServiceCollection) -> Channel:
        """Return the characteristics to use. Raises NotThisKindError."""

    @abstractmethod
    def notified(self, data: bytes | bytearray, now: float) -> None:
        """Handle one notification received at monotonic time `now`. Never raises for what is in it."""

    @abstractmethod
    async def run(self) -> None:
        """Talk with the pack until cancelled. Raises SilentError or ConnectionLostError when there is no use in going on."""

    def request_poll(self) -> None:  # noqa: B027
        """Get the next reading soon: somebody waits for it. Families that stream need do nothing."""

    @abstractmethod
    async def write(self, key: str, value: SettingValue | None) -> bool:
        """Send one write; return whether the pack acknowledged it in time, which proves nothing yet.

        A command has no value. Raises ValueError if it cannot be put into bytes, SilentError if the pack has not said yet
        which dialect it speaks, ConnectionLostError.
        """

    @abstractmethod
    async def read_settings(self, key: str | None = None) -> Settings:
        """Ask for the parameters again, or for those that come together with `key`; the listener gets them too.

        Raises SilentError if no usable answer comes in time, ConnectionLostError.
        """

    async def read_related(self, keys: Collection[str]) -> Settings:
        """Ask again for the parameters of these keys, in one go; families that send all at once ask for all.

        Raises SilentError if no usable answer comes in time, ConnectionLostError.
        """
        return await self.read_settings()
