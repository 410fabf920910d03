"""A pack: keeps a session with it alive and holds what it last said."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
import logging
from typing import Any, Final

from bleak.backends.device import BLEDevice

from .connection import CONNECT_TIMEOUT, Connection
from .connection_state import CONNECTED, STEPS, ConnectionState
from .driver import Driver
from .errors import (
    ConnectFailedError,
    ConnectionLostError,
    FrozenError,
    ImplausibleError,
    NoConnectablePathError,
    NoFreeSlotError,
    PackError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from .event_log import LoggedEvent
from .families import Family
from .reading import Identity, Reading
from .recording import Recording
from .session_context import SessionContext
from .settings import Catalog, Settings, SettingValue
from .trust import Trust

_LOGGER: Final = logging.getLogger(__name__)

BACKOFF: Final = (1.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds to wait after each failure in a row."""

CONTACT_TIMEOUT: Final = 20.0
KEPT_FRAMES: Final = 20
KEPT_EVENTS: Final = 50
# A pack that wants a bond lets us in and drops us within seconds. Twice in a row is no accident.
_EARLY: Final = 5.0
_EARLY_LOSSES: Final = 2
_SETTLED: Final = 60.0
_MINUTE: Final = 60.0
# Packs advertise up to ten times a second, and every proxy passes it on.
_WAKE_SPACING: Final = 1.0
_WAKE_SPACING_AFTER_ATTEMPT: Final = 5.0


class Change(StrEnum):
    """What a listener is told about."""

    READING = "reading"
    STATE = "state"
    IDENTITY = "identity"
    SETTINGS = "settings"
    LOGGED = "logged"
    HISTORY = "history"


class Pack:
    """One pack at one address. `run` keeps trying for ever; `first_contact` tries once."""

    def __init__(  # noqa: PLR0913
        self,
        family: Family,
        name: str,
        find_device: Callable[[], BLEDevice],
        listener: Callable[[Change], None] = lambda _: None,
        *,
        backoff: tuple[float, ...] | None = None,
        context: SessionContext | None = None,
    ) -> None:
        """`find_device` returns how to reach the pack now, or raises a PackError that says why it cannot be."""
        self.family = family
        context = context or SessionContext()
        default = family.polling.default if family.polling else 0.0
        self.context = replace(context, interval=context.interval or default)
        self.recording: Recording | None = None
        """Takes down all traffic while there is one."""
        self.last_history: Mapping[int, float] | None = None
        """State of charge in % by hours before the present one, as the pack remembered it."""
        self.logged_events: deque[LoggedEvent] = deque(maxlen=KEPT_EVENTS)
        """What the pack wrote down, newest last; whoever takes it removes it."""
        self.state = ConnectionState.STOPPED
        self.last_identity: Identity | None = None
        self.last_settings: Settings | None = None
        self.last_reading: Reading | None = None
        self.last_error: PackError | None = None
        self.sessions = 0
        self.trust = Trust()
        self._frames: deque[tuple[float, bytes, Callable[[bytes], bytes] | None]] = deque(maxlen=KEPT_FRAMES)
        self._name = name
        self._find_device = find_device
        self._listener = listener
        self._backoff = backoff or BACKOFF
        self._accepted_at: deque[float] = deque(maxlen=600)
        self._failures = 0
        self._early_losses = 0
        self._trouble: ConnectionState | None = None
        """Why the newest session ended, until a reading is trusted again."""
        self._failed_at: float | None = None
        self._paired = False
        self._in_reach = True
        self._attempted = False
        self._deaf_until = 0.0
        self._connected_at = 0.0
        self._defects: set[type[Exception]] = set()
        self._listener_defects: set[tuple[type[Exception], Change]] = set()
        self._wake = asyncio.Event()
        self._contact = asyncio.Event()
        self._driver: Driver | None = None
        self._settings_told = False
        self._session_end = asyncio.Event()
        self._readers: list[asyncio.Future[Reading]] = []
        self._operations: set[asyncio.Future[Any]] = set()

    # What others ask.

    def age(self, now: float) -> float | None:
        """Return the seconds since the last trusted reading was measured, None if there was none."""
        return None if self.last_reading is None else max(0.0, now - self.last_reading.measured_at)

    def is_fresh(self, now: float) -> bool:
        """Tell whether the last reading may be shown as current."""
        age = self.age(now)
        return age is not None and age <= self.stale_after

    @property
    def stale_after(self) -> float:
        """Seconds after which a reading is too old to be shown as current."""
        polling = self.family.polling
        return polling.stale_after(self.context.interval) if polling else self.family.stale_after

    def status(self, now: float) -> ConnectionState:
        """Return why there is no trusted reading, as users need it; the step under way while nothing went wrong yet.

        The reason of a loss stays while the pack is being reconnected, until a reading is trusted again.
        """
        fresh = self.is_fresh(now)
        if self.state in CONNECTED and not fresh:
            if self.trust.frozen:
                return ConnectionState.FROZEN
            if self._answers(now):
                return ConnectionState.IMPLAUSIBLE
        if self.state is ConnectionState.STREAMING:
            return self.state if fresh else ConnectionState.SILENT
        return self._trouble if self._trouble is not None and self.state in STEPS else self.state

    @property
    def silent_since(self) -> float | None:
        """Monotonic time of the last trusted reading; before the first one, that of the first failure, or None."""
        return self._failed_at if self.last_reading is None else self.last_reading.measured_at

    def _explained(self, error: SilentError) -> PackError:
        """Return why nothing usable came, if more is known than that."""
        if self.trust.frozen:
            return FrozenError("its run-time counter stands still")
        if self._answers(asyncio.get_running_loop().time()):
            return ImplausibleError(f"doubted: {self.trust.doubt}")
        return error

    def _answers(self, now: float) -> bool:
        """Tell whether the pack sends readings, though none that may be shown yet."""
        refused_at = self.trust.refused_at
        return refused_at is not None and now - refused_at <= self.stale_after

    def frames_per_minute(self, now: float) -> int:
        """Return how many readings were trusted in the last minute."""
        while self._accepted_at and now - self._accepted_at[0] > _MINUTE:
            self._accepted_at.popleft()
        return len(self._accepted_at)

    @property
    def dropped(self) -> Counter[str]:
        """Frames that did not become a reading, by reason."""
        return self.trust.dropped

    @property
    def current_settings(self) -> Settings | None:
        """Return the parameters if the pack told them in this session: an earlier one's may have been changed since."""
        return self.last_settings if self._driver is not None and self._settings_told else None

    def catalog(self) -> Catalog | None:
        """Return what can be set on this pack; None before it said who it is."""
        if self.last_identity is None:
            return None
        return self.family.catalog(self.last_identity, self.last_settings.values if self.last_settings else ())

    # What others do.

    async def write(self, key: str, value: SettingValue | None) -> bool:
        """Send one write; tell whether the pack acknowledged it, which proves nothing yet.

        Raises LinkLostError, also if there is no link, SilentError, ValueError.
        """

        async def write(driver: Driver) -> bool:
            acknowledged = await driver.write(key, value)
            driver.request_poll()  # what it did shall be seen soon
            return acknowledged

        return await self._in_session(write)

    async def read_settings(self, key: str | None = None) -> Settings:
        """Ask for the parameters again, or for those that come together with `key`.

        Raises SilentError if no usable answer comes in time, LinkLostError.
        """
        return await self._in_session(lambda driver: driver.read_settings(key))

    async def read_related(self, keys: Collection[str]) -> Settings:
        """Ask for the parameters of these keys again.

        Raises SilentError if no usable answer comes in time, LinkLostError.
        """
        return await self._in_session(lambda driver: driver.read_related(keys))

    async def next_reading(self) -> Reading:
        """Wait for the next trusted reading. Raises LinkLostError."""

        async def wait(driver: Driver) -> Reading:
            reader: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            driver.request_poll()
            return await reader

        return await self._in_session(wait)

    async def _in_session[T](self, operation: Callable[[Driver], Awaitable[T]]) -> T:
        """Do something over the link that there is now; it ends when the link does."""
        if self._driver is None:
            raise ConnectionLostError("not connected")
        task = asyncio.ensure_future(operation(self._driver))
        self._operations.add(task)
        task.add_done_callback(self._operations.discard)
        ended = asyncio.create_task(self._session_end.wait())
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not task.cancelled():
                return task.result()
            raise ConnectionLostError("the connection ended meanwhile")
        finally:
            await _end(task, ended)

    def wake(self) -> None:
        """Try again now if the pack was out of reach: it was just heard, or a connection slot became free.

        A pack that is in reach and fails is not hurried: it would only be hammered.
        """
        now = asyncio.get_running_loop().time()
        if self._in_reach or now < self._deaf_until:
            return
        self._deaf_until = now + _WAKE_SPACING
        with suppress(PackError):
            # Heard by somebody is not yet within reach: the one who heard it may be full, or unable to connect.
            self._find_device()
            self._wake.set()

    async def run(self) -> None:
        """Keep the pack connected until cancelled."""
        try:
            while True:
                await self._session_or_error()
                if isinstance(self.last_error, (PasswordNeededError, WrongPasswordError)):
                    # Nothing helps but another password, and guessing may lock the pack.
                    await asyncio.get_running_loop().create_future()
                wait = self._backoff[min(max(self._failures, 1), len(self._backoff)) - 1]
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            self._set_state(ConnectionState.STOPPED)

    async def first_contact(self, seconds: float = CONTACT_TIMEOUT, *, hasty: bool = False) -> tuple[Identity, Reading]:
        """Connect once, return who the pack is and its first trusted reading, and let go of it again.

        `hasty`: give up on a device that does not say who it is as soon as packs of this family do. Raises PackError.
        """
        session = asyncio.create_task(self._session(self.family.first_answer if hasty else None))
        contact = asyncio.create_task(self._contact.wait())
        try:
            # Connecting has its own limit, and its own errors.
            limit = CONNECT_TIMEOUT + seconds
            await asyncio.wait({session, contact}, return_when=asyncio.FIRST_COMPLETED, timeout=limit)
            if session.done():
                await session
        except SilentError as error:
            raise self._explained(error) from error
        finally:
            await _end(session, contact)
        if self.last_identity is None or self.last_reading is None:
            raise self._explained(SilentError("it did not send a usable reading in time"))
        return self.last_identity, self.last_reading

    # A session.

    async def _session_or_error(self) -> None:
        self._connected_at = 0.0
        try:
            await self._session()
        except PackError as error:
            self._fail(error)
        except Exception as error:
            # A defect of ours must not leave the user without data until the next restart.
            if type(error) not in self._defects:
                self._defects.add(type(error))
                _LOGGER.exception("%s: unexpected error, trying again", self._name)
            self._connected_at = 0.0  # says nothing about the pack
            self._fail(ConnectFailedError(f"unexpected {type(error).__name__}"))

    def _fail(self, error: PackError) -> None:
        """Take down why a session ended; it decides when and how the next one is tried."""
        now = asyncio.get_running_loop().time()
        contacted = self._contact.is_set()
        lasted = now - self._connected_at if self._connected_at else 0.0
        early = bool(self._connected_at) and not contacted and lasted < _EARLY
        if early and isinstance(error, (ConnectionLostError, ConnectFailedError)):
            self._early_losses += 1
            if self._early_losses >= _EARLY_LOSSES:
                error = PairingNeededError("it ends every connection at once")
        elif not isinstance(error, SilentError):
            self._early_losses = 0
        if isinstance(error, SilentError):
            error = self._explained(error)
        if self._attempted:
            self._failures = 1 if contacted and lasted > _SETTLED else self._failures + 1
        self._in_reach = not isinstance(error, (NoConnectablePathError, NoFreeSlotError))
        if self._attempted and not self._in_reach:
            self._deaf_until = now + _WAKE_SPACING_AFTER_ATTEMPT
        self.last_error = error
        _LOGGER.debug("%s: %s (%s)", self._name, error.reason, error)
        self._trouble = ConnectionState(error.reason)
        if self._failed_at is None:
            self._failed_at = now
        self._set_state(self._trouble)

    async def _session(self, first_answer: float | None = None) -> None:
        """Run one session to its end, which is always a PackError; `first_answer` is in how many s it must say who it is."""
        self._contact.clear()
        # Asked before the state changes, so that a pack out of reach stays just that while we look for it.
        self._attempted = False
        self._find_device()
        self._attempted = True
        self._set_state(ConnectionState.CONNECTING)
        connection = Connection(self._find_device, self._name, client_class=self.context.client_class, tap=self._tap)
        driver = self.family.make_driver(connection, self, self.context)
        self.trust.reset()
        lost = asyncio.create_task(connection.lost.wait())
        conversation: asyncio.Task[None] | None = None
        try:
            await connection.open(
                driver.choose_channel,
                lambda data: self._notified(driver, data),
                pair=self._shall_pair(),
            )
            self.sessions += 1
            self._settings_told = False
            self._driver = driver
            self._session_end = asyncio.Event()
            self._set_state(ConnectionState.IDENTIFYING)
            conversation = asyncio.create_task(driver.run())
            ends = {conversation, lost}
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=first_answer)
            if not done:  # as is only possible with a limit
                if self.last_identity is None:
                    raise SilentError("it did not say at once who it is")
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if conversation.done():
                await conversation
            raise ConnectionLostError("the connection ended")
        finally:
            self._connected_at = connection.connected_at
            self._driver = None
            self._session_end.set()
            try:
                # What is under way may still have something to put right in the pack: the link is needed until then.
                await _end(lost, conversation, *self._operations)
            finally:
                await connection.close()

    def _notified(self, driver: Driver, data: bytes | bytearray) -> None:
        """Hand on what the pack sent; a defect of ours in one message must not cost the next."""
        try:
            driver.notified(data, asyncio.get_running_loop().time())
        except Exception as error:
            self.drop("defect")
            if type(error) not in self._defects:
                self._defects.add(type(error))
                _LOGGER.exception("%s: unexpected error in a message, it is dropped", self._name)

    def _shall_pair(self) -> bool:
        """Try with and without a bond in turns once the pack seems to want one: not every radio can make one."""
        self._paired = isinstance(self.last_error, PairingNeededError) and not self._paired
        return self._paired

    def _tap(self, sent: bool, data: bytes) -> None:
        if self.recording is not None:
            self.recording.add(sent, data, asyncio.get_running_loop().time())

    def _set_state(self, state: ConnectionState) -> None:
        if state is not self.state:
            self._enter(state)
            self._notify(Change.STATE)

    def _notify(self, change: Change) -> None:
        """Tell the listener; a defect of its own must not end what the pack says."""
        try:
            self._listener(change)
        except Exception as error:
            if (type(error), change) not in self._listener_defects:
                self._listener_defects.add((type(error), change))
                _LOGGER.exception("%s: unexpected error after news of its %s", self._name, change)

    def _enter(self, state: ConnectionState) -> None:
        self.state = state
        if self.recording is not None:
            self.recording.note(state, asyncio.get_running_loop().time())

    # Sink of the driver.

    def identity(self, identity: Identity) -> None:
        """Take who the pack is."""
        identity = identity.completed_by(self.last_identity)
        changed = identity != self.last_identity
        self.last_identity = identity
        if changed:
            self._notify(Change.IDENTITY)

    def settings(self, settings: Settings) -> None:
        """Take its parameters."""
        self.last_settings = settings
        self._settings_told = True
        self._notify(Change.SETTINGS)

    def reading(self, reading: Reading) -> bool:
        """Take a measurement; tell whether it was trusted."""
        shown = self.trust.judge(reading)
        if shown is None:
            if self._readers and self._driver is not None:
                self._driver.request_poll()  # somebody still waits
            return False
        self.last_reading = shown
        self._accepted_at.append(shown.measured_at)
        first = self.state is not ConnectionState.STREAMING
        if first:
            self._contact.set()
            self._trouble = None
            self._enter(ConnectionState.STREAMING)
        # Whoever hears that it streams shall find the reading that made it so.
        self._notify(Change.READING)
        if first:
            self._notify(Change.STATE)
        if self._readers:
            self._notify_readers(shown)
        return True

    def _notify_readers(self, reading: Reading) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(reading)

    def frame(self, frame: bytes, now: float, shown: Callable[[bytes], bytes] | None = None) -> None:
        """Keep a valid raw frame for diagnostics; `shown` makes of it what may be shown."""
        self._frames.append((now, frame, shown))

    @property
    def frames(self) -> list[tuple[float, bytes]]:
        """The newest raw frames with the time they came, free of secrets."""
        return [(at, shown(frame) if shown else frame) for at, frame, shown in self._frames]

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Take what the pack has written down since it was last asked."""
        self.logged_events.extend(events)
        self._notify(Change.LOGGED)

    def history(self, soc: Mapping[int, float]) -> None:
        """Take the state of charge that the pack remembers."""
        self.last_history = soc
        self._notify(Change.HISTORY)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count frames that did not become a value."""
        self.trust.dropped[reason] += count


async def _end(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel tasks and wait for their end; what they raise was looked at or no longer matters."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
