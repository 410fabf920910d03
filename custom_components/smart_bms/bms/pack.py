"""A pack: what the rest of the integration reads from it and asks of it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from bleak.backends.device import BLEDevice

from .connection import CONNECT_TIMEOUT
from .connection_state import ConnectionState
from .driver import Driver
from .errors import ConnectionLostError, SilentError
from .families import Family
from .pack_state import Change, PackState
from .reading import Identity, Reading
from .reconnect import Reconnector
from .session import Session
from .session_context import SessionContext
from .settings import Settings, SettingValue
from .tasks import cancel_and_wait

__all__ = ["CONTACT_TIMEOUT", "Change", "Pack"]

CONTACT_TIMEOUT: Final = 20.0
"""Seconds from connecting to the first trusted reading, before somebody who adds a pack is told that none came."""


class Pack(PackState):
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
        """`find_device` returns how to reach the pack now, or raises a PackError that says why it cannot be.

        `backoff` is how many s to wait after each failure in a row, if not as usual.
        """
        super().__init__(family, name, listener, context=context)
        self._name = name
        self._find_device = find_device
        self._session: Session | None = None
        """The newest one, which may have ended."""
        self._reconnector = Reconnector(self, name, find_device, self._start_session, backoff)

    async def run(self) -> None:
        """Keep the pack connected until cancelled."""
        await self._reconnector.run()

    def wake(self) -> None:
        """Try again now if the pack was out of reach: it was just heard, or a connection slot became free.

        A pack that is in reach and fails is not woken: it would only be hammered.
        """
        self._reconnector.wake()

    def hold(self, state: ConnectionState, shown_for: float = 0.0) -> None:
        """End the connection and do not connect before `resume`; `state`, one of HOLDS, says why.

        `shown_for` is for how many s the last reading may be shown from now on, if longer than usual, until the next one is
        trusted: of a pack that only waits for its turn it is as current as it was promised to be.
        """
        self.patience = shown_for
        self._reconnector.hold(state)

    def resume(self) -> None:
        """Connect again, at once."""
        self._reconnector.resume()

    @property
    def held(self) -> ConnectionState | None:
        """Return why the pack is not wanted connected now; None if it is."""
        return self._reconnector.held

    @property
    def is_used(self) -> bool:
        """Return whether an operation of somebody is under way."""
        return self._session is not None and self._session.is_used

    async def first_contact(self, seconds: float = CONTACT_TIMEOUT, *, hasty: bool = False) -> tuple[Identity, Reading]:
        """Connect once, return who the pack is and its first trusted reading, and disconnect again.

        `hasty`: give up on a device that does not say who it is as soon as packs of this family do. Raises PackError.
        """
        first_answer = self.family.first_answer if hasty else None
        session = asyncio.create_task(self._start_session().run(first_answer=first_answer))
        contact = asyncio.create_task(self.contact.wait())
        try:
            # Connecting has its own limit, and its own errors.
            limit = CONNECT_TIMEOUT + seconds
            await asyncio.wait({session, contact}, return_when=asyncio.FIRST_COMPLETED, timeout=limit)
            if session.done():
                await session
        except SilentError as error:
            raise self.explain_silence(error) from error
        finally:
            await cancel_and_wait(session, contact)
        if self.last_identity is None or self.last_reading is None:
            raise self.explain_silence(SilentError("it did not send a usable reading in time"))
        return self.last_identity, self.last_reading

    async def write(self, key: str, value: SettingValue | None) -> bool:
        """Send one write; return whether the pack acknowledged it, which proves nothing yet.

        Raises ConnectionLostError, also if there is no connection, SilentError, ValueError.
        """

        async def write(driver: Driver) -> bool:
            acknowledged = await driver.write(key, value)
            driver.request_poll()  # what it did shall be seen soon
            return acknowledged

        return await self._perform(write)

    async def read_settings(self, key: str | None = None) -> Settings:
        """Read the parameters again, or those that come together with `key`.

        Raises SilentError if no usable answer comes in time, ConnectionLostError.
        """
        return await self._perform(lambda driver: driver.read_settings(key))

    async def read_related(self, keys: Collection[str]) -> Settings:
        """Read the parameters of these keys again.

        Raises SilentError if no usable answer comes in time, ConnectionLostError.
        """
        return await self._perform(lambda driver: driver.read_related(keys))

    async def next_reading(self) -> Reading:
        """Wait for the next trusted reading. Raises ConnectionLostError."""
        return await self._perform(lambda driver: self.wait_for_reading(driver.request_poll))

    def _start_session(self) -> Session:
        self._session = Session(self, self._name, self._find_device)
        return self._session

    async def _perform[T](self, operation: Callable[[Driver], Awaitable[T]]) -> T:
        if self._session is None:
            raise ConnectionLostError("not connected")
        return await self._session.perform(operation)
