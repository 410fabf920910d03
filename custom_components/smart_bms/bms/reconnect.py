"""When to connect to a pack. Again after each failure, later the more there were, at once when it is heard."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import logging
from typing import Final

from bleak.backends.device import BLEDevice

from .connection import CONNECT_TIMEOUT, QUICK_CONNECT
from .connection_state import ConnectionState
from .errors import (
    ConnectFailedError,
    ConnectionLostError,
    HeldError,
    NoConnectablePathError,
    NoFreeSlotError,
    PackError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from .pack_state import PackState
from .session import Session

_LOGGER: Final = logging.getLogger(__name__)

BACKOFF: Final = (0.3, 1.0, *(2.0,) * 90, *(10.0,) * 60, 30.0)
"""Seconds to wait after each failure in a row: for some minutes short, as whoever waits for a pack that was disturbed looks at
its page; then what others need, as an attempt keeps an adapter or proxy busy for up to `connection.QUICK_CONNECT`."""

_EARLY_LOSS_WITHIN: Final = 5.0
"""Seconds after connecting: a pack that requires bonding accepts a connection and ends it within that time."""
_MAX_EARLY_LOSSES: Final = 2
"""In a row: one may be an accident of the radio, two are none."""
_STABLE_AFTER: Final = 60.0
"""Seconds after which a session with readings was no failed attempt, so that the waiting starts over when it ends."""
_WAKE_SPACING: Final = 1.0
"""Seconds between two wakes. Packs advertise up to ten times a second, and every proxy passes it on."""
_WAKE_SPACING_AFTER_ATTEMPT: Final = 5.0
"""The same after an attempt that found no path or no slot: who heard the pack was no help, and is heard again at once."""


_MUCH_LONGER: Final = 3.0
"""Times as long as ever before that connecting may take. Our judgment."""
_PATIENT_EVERY: Final = 3
"""Of the attempts before the first connection, how many there are for each patient one."""


class Reconnector:
    """Keeps a pack connected for as long as it runs."""

    def __init__(
        self,
        pack: PackState,
        name: str,
        find_device: Callable[[], BLEDevice],
        start_session: Callable[[], Session],
        backoff: tuple[float, ...] | None = None,
    ) -> None:
        """`find_device` returns how to reach the pack or raises PackError, `start_session` makes what runs once.

        `backoff` is how many s to wait after each failure in a row.
        """
        self._pack = pack
        self._name = name
        self._find_device = find_device
        self._start_session = start_session
        self._backoff = backoff or BACKOFF
        self._failures = 0
        self._slowest = 0.0
        """s that connecting took, at most; 0 if that never succeeded."""
        self._early_losses = 0
        self._last_attempt_paired = False
        self._in_reach = True
        self._ignore_wakes_until = 0.0
        self._wake = asyncio.Event()
        self.held: ConnectionState | None = None
        """Why the pack is not wanted connected now; None if it is."""
        self._held_changed = asyncio.Event()
        self._session: Session | None = None
        """That runs."""

    async def run(self) -> None:
        """Keep the pack connected until cancelled."""
        try:
            while True:
                await self._until_wanted()
                await self._run_session()
                if self.held is not None:
                    continue
                if isinstance(self._pack.last_error, (PasswordNeededError, WrongPasswordError)):
                    # Nothing helps but another password, and guessing may lock the pack.
                    await asyncio.get_running_loop().create_future()
                wait = self._backoff[min(max(self._failures, 1), len(self._backoff)) - 1]
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            self._pack.set_state(ConnectionState.STOPPED)

    def hold(self, state: ConnectionState) -> None:
        """End the connection, and do not connect before `resume`; `state` says why."""
        self.held = state
        self._held_changed.set()
        # Whoever waits for the next attempt finds that there is none.
        self._wake.set()
        if self._session is not None:
            self._session.release()

    def resume(self) -> None:
        """Connect again, at once: what failed before is forgotten."""
        self.held = None
        self._failures = 0
        self._held_changed.set()

    async def _until_wanted(self) -> None:
        """Wait while the pack is not wanted connected."""
        while self.held is not None:
            self._held_changed.clear()
            self._pack.session_held(self.held)
            await self._held_changed.wait()
            self._wake.clear()

    def wake(self) -> None:
        """Try again now if the pack was out of reach: it was just heard, or a connection slot became free.

        A pack that is in reach and fails is not woken: it would only be hammered.
        """
        now = asyncio.get_running_loop().time()
        if self._in_reach or now < self._ignore_wakes_until:
            return
        self._ignore_wakes_until = now + _WAKE_SPACING
        with suppress(PackError):
            # Heard by somebody is not yet within reach: the one who heard it may be full, or unable to connect.
            self._find_device()
            self._wake.set()

    async def _run_session(self) -> None:
        """Run one session and evaluate its end."""
        session = self._session = self._start_session()
        try:
            await session.run(pair=self._pair_next(), connect_timeout=self._connect_timeout())
        except HeldError:
            self._slowest = max(self._slowest, session.took)
        except PackError as error:
            self._evaluate(error, session, session.connected_at)
        except Exception as error:
            # A defect of ours must not leave the user without data until the next restart.
            self._pack.defect_logger.exception("in a session, trying again")
            # How long it lasted says nothing about the pack.
            self._evaluate(ConnectFailedError(f"unexpected {type(error).__name__}"), session, 0.0)
        finally:
            self._session = None

    def _evaluate(self, error: PackError, session: Session, connected_at: float) -> None:
        """Decide from the end of a session when and how the next one is tried; `connected_at` is 0 if it says nothing."""
        now = asyncio.get_running_loop().time()
        self._slowest = max(self._slowest, session.took)
        contacted = self._pack.contact.is_set()
        lasted = now - connected_at if connected_at else 0.0
        early = bool(connected_at) and not contacted and lasted < _EARLY_LOSS_WITHIN
        if early and isinstance(error, (ConnectionLostError, ConnectFailedError)):
            self._early_losses += 1
            if self._early_losses >= _MAX_EARLY_LOSSES:
                error = PairingNeededError("it ends every connection at once")
        elif not isinstance(error, SilentError):
            self._early_losses = 0
        if isinstance(error, SilentError):
            error = self._pack.explain_silence(error)
        if session.attempted:
            self._failures = 1 if contacted and lasted > _STABLE_AFTER else self._failures + 1
        self._pack.was_bonded |= contacted and self._last_attempt_paired
        self._in_reach = not isinstance(error, (NoConnectablePathError, NoFreeSlotError))
        if session.attempted and not self._in_reach:
            self._ignore_wakes_until = now + _WAKE_SPACING_AFTER_ATTEMPT
        _LOGGER.debug("%s: %s (%s)", self._name, error.reason, error)
        self._pack.session_failed(error, now)

    def _connect_timeout(self) -> float:
        """Return how many s the next attempt may take: long for a pack that was slow, or that never was connected."""
        is_weak = self._pack.context.is_weak()
        if is_weak:
            return CONNECT_TIMEOUT
        if self._slowest:
            return min(CONNECT_TIMEOUT, max(QUICK_CONNECT, _MUCH_LONGER * self._slowest))
        # Whoever was never connected may be slow, or may not be there: both are tried.
        return QUICK_CONNECT if self._failures % _PATIENT_EVERY else CONNECT_TIMEOUT

    def _pair_next(self) -> bool:
        """Try with and without a bond in turns once the pack seems to require one: not every adapter or proxy can make one."""
        wanted = isinstance(self._pack.last_error, PairingNeededError)
        self._last_attempt_paired = wanted and not self._last_attempt_paired
        return self._last_attempt_paired
