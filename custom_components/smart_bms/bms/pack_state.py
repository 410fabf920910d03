"""Pack state: what a pack last said, how old that is, and why there is nothing newer."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from .connection_quality import ConnectionQuality
from .connection_state import CONNECTED, STEPS, ConnectionState
from .defect_logger import DefectLogger
from .errors import FrozenError, ImplausibleError, PackError, SilentError
from .event_log import LoggedEvent
from .families import Family
from .reading import Identity, Reading
from .recording import Recording
from .session_context import SessionContext
from .settings import Catalog, Settings
from .trust import Trust

KEPT_FRAMES: Final = 20
"""Newest raw frames in the diagnostics: a few polls of a family that is asked, ten seconds of one that streams."""
KEPT_EVENTS: Final = 50
"""Entries of the pack's own log that wait to be fetched; the log of a pack that is read again and again has ten."""
_MAX_TIMES: Final = 600
"""Readings of the last minute that are counted: five times what the fastest family, JK, pushes."""
_MINUTE: Final = 60.0


class Change(StrEnum):
    """What a listener is notified of."""

    READING = "reading"
    STATE = "state"
    IDENTITY = "identity"
    SETTINGS = "settings"
    LOGGED = "logged"
    HISTORY = "history"


type _MaskedFrame = tuple[float, bytes, Callable[[bytes], bytes] | None]


class PackState:
    """Holds what a pack said and judges it; the `DriverListener` of every session with that pack."""

    def __init__(
        self,
        family: Family,
        name: str,
        listener: Callable[[Change], None] = lambda _: None,
        *,
        context: SessionContext | None = None,
    ) -> None:
        """`listener` is called after each change, `name` is what the log calls the pack."""
        self.family = family
        context = context or SessionContext()
        default = family.polling.default if family.polling else 0.0
        self.context = replace(context, interval=context.interval or default)
        self.recording: Recording | None = None
        """Records all traffic while there is one."""
        self.state = ConnectionState.STOPPED
        self.last_identity: Identity | None = None
        self.last_settings: Settings | None = None
        self.last_reading: Reading | None = None
        self.last_error: PackError | None = None
        self.last_history: Mapping[int, float] | None = None
        """State of charge in % by hours before the present one, as the pack remembered it."""
        self.logged_events: deque[LoggedEvent] = deque(maxlen=KEPT_EVENTS)
        """What the pack wrote to its own log, newest last; whoever fetches an entry removes it."""
        self.sessions = 0
        self.patience = 0.0
        """s for which the last reading may be shown, if longer than usual; until the next one is trusted."""
        self.trust = Trust()
        self.defect_logger = DefectLogger(name)
        self.contact = asyncio.Event()
        """Set once a reading of the newest session was trusted."""
        self.was_bonded = False
        """A session over a bond has brought readings."""
        self._quality = ConnectionQuality()
        self._listener = listener
        self._frames: deque[_MaskedFrame] = deque(maxlen=KEPT_FRAMES)
        self._trusted_at: deque[float] = deque(maxlen=_MAX_TIMES)
        self._failure: ConnectionState | None = None
        """Why the newest session ended, until a reading is trusted again."""
        self._first_failure_at: float | None = None
        self._is_connected = False
        self._settings_read = False
        """In the newest session."""
        self._waiting: list[tuple[asyncio.Future[Reading], Callable[[], None]]] = []

    def age(self, now: float) -> float | None:
        """Return the seconds since the last trusted reading was measured, None if there was none."""
        return None if self.last_reading is None else max(0.0, now - self.last_reading.measured_at)

    def is_fresh(self, now: float) -> bool:
        """Return whether the last reading may be shown as current: also while the pack waits for its turn, as long as promised."""
        age = self.age(now)
        return age is not None and age <= self.shown_for

    def is_current(self, now: float) -> bool:
        """Return whether the last reading is so new that chargers and inverters may go by it, whatever was promised."""
        age = self.age(now)
        return age is not None and age <= self.stale_after

    @property
    def shown_for(self) -> float:
        """Seconds after which a reading is too old to be shown."""
        return max(self.stale_after, self.patience)

    @property
    def stale_after(self) -> float:
        """Seconds after which a reading is too old to be acted on, and to be shown unless the pack waits for its turn."""
        polling = self.family.polling
        return polling.stale_after(self.context.interval) if polling else self.family.stale_after

    def connection_state(self, now: float) -> ConnectionState:
        """Return why there is no trusted reading, as users need it; the step under way while nothing went wrong yet.

        The reason of a loss stays while the pack is being reconnected, until a reading is trusted again.
        """
        fresh = self.is_fresh(now)
        if self.state in CONNECTED and not fresh:
            if self.trust.frozen:
                return ConnectionState.FROZEN
            if self._sends_refused_readings(now):
                return ConnectionState.IMPLAUSIBLE
        if self.state is ConnectionState.STREAMING:
            return self.state if fresh else ConnectionState.SILENT
        return self._failure if self._failure is not None and self.state in STEPS else self.state

    @property
    def silent_since(self) -> float | None:
        """Monotonic time of the last trusted reading; before the first one, that of the first failure, or None."""
        return self._first_failure_at if self.last_reading is None else self.last_reading.measured_at

    def explain_silence(self, error: SilentError) -> PackError:
        """Return why nothing usable came, if more is known than that."""
        if self.trust.frozen:
            return FrozenError("its run-time counter stands still")
        if self._sends_refused_readings(asyncio.get_running_loop().time()):
            return ImplausibleError(f"doubted: {self.trust.doubt}")
        return error

    def _sends_refused_readings(self, now: float) -> bool:
        """Return whether the pack sends readings, though none that may be shown yet."""
        refused_at = self.trust.refused_at
        return refused_at is not None and now - refused_at <= self.stale_after

    def frames_per_minute(self, now: float) -> int:
        """Return how many readings were trusted in the last minute."""
        while self._trusted_at and now - self._trusted_at[0] > _MINUTE:
            self._trusted_at.popleft()
        return len(self._trusted_at)

    @property
    def rhythm(self) -> float:
        """Seconds between two readings of a pack of this family that is heard well."""
        return self.context.interval if self.family.polling else self.family.rhythm

    def connection_quality(self, now: float) -> int | None:
        """Return how many of the expected readings were trusted in the last minutes, in %; None if that is not known."""
        return self._quality.percent(now, self.rhythm)

    def worst_hour(self, now: float) -> tuple[int, int] | None:
        """Return how many hours ago the worst hour of the last day was, and its connection quality in %."""
        return self._quality.worst_hour(now, self.rhythm)

    @property
    def frames(self) -> list[tuple[float, bytes]]:
        """The newest raw frames with the time they came, free of secrets."""
        return [(at, masked(frame) if masked else frame) for at, frame, masked in self._frames]

    @property
    def dropped(self) -> Counter[str]:
        """Frames that did not become a reading, by reason."""
        return self.trust.dropped

    @property
    def current_settings(self) -> Settings | None:
        """Return the parameters if they were read in this session: those of an earlier one may have been changed since."""
        return self.last_settings if self._is_connected and self._settings_read else None

    def catalog(self) -> Catalog | None:
        """Return what can be set on this pack; None before it said who it is."""
        if self.last_identity is None:
            return None
        return self.family.catalog(self.last_identity, self.last_settings.values if self.last_settings else ())

    def identity(self, identity: Identity) -> None:
        """Update who the pack is."""
        identity = identity.completed_by(self.last_identity)
        changed = identity != self.last_identity
        self.last_identity = identity
        if changed:
            self._notify(Change.IDENTITY)

    def settings(self, settings: Settings) -> None:
        """Update its parameters."""
        self.last_settings = settings
        self._settings_read = True
        self._notify(Change.SETTINGS)

    def reading(self, reading: Reading) -> bool:
        """Judge a measurement and, if it is trusted, make it the last one; return whether it was."""
        trusted = self.trust.judge(reading)
        if trusted is None:
            for _, request_poll in self._waiting:
                request_poll()
            return False
        self.last_reading = trusted
        self._trusted_at.append(trusted.measured_at)
        self._quality.trusted(trusted.measured_at)
        first = self.state is not ConnectionState.STREAMING
        if first:
            self.contact.set()
            self.patience = 0.0
            self._failure = None
            self._enter(ConnectionState.STREAMING)
        # Whoever hears that it streams shall find the reading that made it so.
        self._notify(Change.READING)
        if first:
            self._notify(Change.STATE)
        if self._waiting:
            self._notify_waiting(trusted)
        return True

    async def wait_for_reading(self, request_poll: Callable[[], None]) -> Reading:
        """Wait for the next trusted reading; `request_poll` is called now, and again after each one that is refused."""
        future: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        waiting = future, request_poll
        self._waiting.append(waiting)
        try:
            request_poll()
            return await future
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    def _notify_waiting(self, reading: Reading) -> None:
        waiting, self._waiting = self._waiting, []
        for future, _ in waiting:
            if not future.done():
                future.set_result(reading)

    def frame(self, frame: bytes, now: float, masked: Callable[[bytes], bytes] | None = None) -> None:
        """Keep a valid raw frame for diagnostics; `masked` removes the secrets when it is read."""
        self._frames.append((now, frame, masked))

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Add what the pack has written to its own log since it was last asked."""
        self.logged_events.extend(events)
        self._notify(Change.LOGGED)

    def history(self, soc: Mapping[int, float]) -> None:
        """Update the state of charge that the pack remembers."""
        self.last_history = soc
        self._notify(Change.HISTORY)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count frames that did not become a value."""
        self.trust.dropped[reason] += count

    def record(self, sent: bool, data: bytes) -> None:
        """Add one packet to the recording, if there is one."""
        if self.recording is not None:
            self.recording.add(sent, data, asyncio.get_running_loop().time())

    def session_connected(self) -> None:
        """Begin with what only counts for the session that has connected now."""
        self.sessions += 1
        self._settings_read = False
        self._is_connected = True
        self.set_state(ConnectionState.IDENTIFYING)

    def session_ended(self) -> None:
        """Take what was read in the session for current no longer."""
        self._is_connected = False
        self._quality.ended(asyncio.get_running_loop().time())

    def session_held(self, state: ConnectionState) -> None:
        """Note that the pack is not wanted connected; nothing went wrong."""
        self._failure = None
        self.set_state(state)

    def session_failed(self, error: PackError, now: float) -> None:
        """Keep why the newest session ended."""
        self.last_error = error
        self._failure = ConnectionState(error.reason)
        if self._first_failure_at is None:
            self._first_failure_at = now
        self.set_state(self._failure)

    def set_state(self, state: ConnectionState) -> None:
        """Change the state of the connection, and notify the listener if it is another one."""
        if state is not self.state:
            self._enter(state)
            self._notify(Change.STATE)

    def _enter(self, state: ConnectionState) -> None:
        self.state = state
        if self.recording is not None:
            self.recording.note(state, asyncio.get_running_loop().time())

    def _notify(self, change: Change) -> None:
        """Call the listener; a defect of its own must not end what the pack says."""
        try:
            self._listener(change)
        except Exception:
            self.defect_logger.exception("after news of its %s", change)
