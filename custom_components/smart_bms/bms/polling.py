"""Polling: families that only send when asked, at an interval."""

from abc import abstractmethod
import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, override

from .driver import Driver, FrameWriter
from .driver_listener import DriverListener
from .errors import FrameError, SilentError
from .session_context import SessionContext
from .settings import Settings

MAX_FAILURES: Final = 3
"""Polls in a row without a usable reading after which the session is given up."""

MAX_REFUSED: Final = 20
"""Polls in a row with an answer that was not trusted after which a new session is tried: doubt never lasts that long, but a
pack may go on telling the same old data."""

_MAX_SETTINGS_FAILURES: Final = 3
_RECHECK: Final = 2.0
"""s until the next poll after an answer that was not trusted: the pack shall prove soon what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often a family is asked; all in s."""

    default: float
    lowest: float
    """More often the pack, or the radio, cannot answer."""
    highest: float = 600.0
    min_shown: float = 10.0
    """For which a reading is shown at least. Our judgment: what people act on is no older in any family."""

    def stale_after(self, interval: float) -> float:
        """Return the age in s at which a reading is too old to be shown: twice the interval, so that one poll may fail."""
        return max(self.min_shown, 2 * interval)


class PollingDriver(Driver):
    """Asks and waits for the answer, one question at a time."""

    def __init__(self, connection: FrameWriter, listener: DriverListener, context: SessionContext) -> None:
        """`context.interval` is the time between two polls in s."""
        super().__init__(connection, listener, context)
        self._poll_requested = asyncio.Event()
        self._settings: Settings | None = None
        """As last read in this session."""
        self._settings_failures = 0
        self._exchange_lock = asyncio.Lock()
        """One exchange at a time: whoever asks holds it until the answer came or did not."""

    @abstractmethod
    async def _begin(self) -> None:
        """Detect what kind of pack it is. Raises PackError."""

    @abstractmethod
    async def _poll(self) -> bool:
        """Ask for one reading; return whether it was trusted. Raises SilentError, FrameError, ConnectionLostError."""

    async def _between(self) -> None:
        """Ask for the parameters until they were read once, or were not answered too often. Raises ConnectionLostError."""
        if self._settings is None and self._settings_failures < _MAX_SETTINGS_FAILURES:
            try:
                await self.read_settings()
            except SilentError:
                self._settings_failures += 1
                self._listener.drop("settings_unread")

    @override
    def request_poll(self) -> None:
        self._poll_requested.set()

    @override
    async def run(self) -> None:
        await self._begin()
        failures = refused = 0
        while True:
            started = _now()
            trusted = answered = False
            try:
                trusted = await self._poll()
                answered = True
            except FrameError as error:
                self._listener.drop(error.reason)
            except SilentError:
                self._listener.drop("unanswered")
            # A pack whose answers are doubted is not silent: it is asked on until they are believed.
            failures = 0 if answered else failures + 1
            refused = 0 if trusted else refused + answered
            if failures >= MAX_FAILURES or refused >= MAX_REFUSED:
                raise SilentError("no usable answers")
            if trusted:
                await self._between()
            await self._pause(started, failures=failures, refused=refused)

    async def _pause(self, started: float, *, failures: int, refused: int) -> None:
        """Wait for the next poll, twice as long after a failure; a slow connection is idle for as long as it was busy."""
        interval = self._context.interval
        if failures:
            interval *= 2
        elif refused:
            interval = min(interval, _RECHECK)
        took = _now() - started
        with suppress(TimeoutError):
            async with asyncio.timeout(max(interval - took, min(took, interval))):
                await self._poll_requested.wait()
        self._poll_requested.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
