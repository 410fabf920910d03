"""Session: one connection to a pack, with the driver that talks over it and the operations that others ask for. Never used twice."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from bleak.backends.device import BLEDevice

from .connection import Connection
from .connection_state import ConnectionState
from .driver import Driver
from .errors import ConnectionLostError, HeldError, SilentError
from .pack_state import PackState
from .tasks import cancel_and_wait


class Session:
    """One session with a pack. What it says goes to the `PackState`."""

    def __init__(self, pack: PackState, name: str, find_device: Callable[[], BLEDevice]) -> None:
        """`find_device` returns how to reach the pack now, or raises a PackError that says why it cannot be."""
        self.attempted = False
        """The pack was in reach, so that connecting was tried."""
        self.connected_at = 0.0
        """Monotonic time of the connection; 0 if there was none. Known once the session has ended."""
        self.took = 0.0
        """s that connecting took; 0 if there was no connection."""
        self._pack = pack
        self._name = name
        self._find_device = find_device
        self._driver: Driver | None = None
        """While connected."""
        self._ended = asyncio.Event()
        self._released = asyncio.Event()
        self._operations: set[asyncio.Future[Any]] = set()

    async def run(
        self, *, pair: bool = False, first_answer: float | None = None, connect_timeout: float | None = None
    ) -> NoReturn:
        """Connect and let the driver talk until the end of the session, which is always a PackError.

        `first_answer` is in how many s the pack must say who it is, `connect_timeout` in how many it must be connected, if
        not as usual.
        """
        pack = self._pack
        pack.contact.clear()
        # Asked before the state changes, so that a pack out of reach stays just that while we look for it.
        self._find_device()
        self.attempted = True
        pack.set_state(ConnectionState.CONNECTING)
        connection = Connection(
            self._find_device,
            self._name,
            client_class=pack.context.client_class,
            on_traffic=pack.record,
            connect_timeout=connect_timeout,
        )
        began = asyncio.get_running_loop().time()
        driver = pack.family.make_driver(connection, pack, pack.context)
        pack.trust.reset()
        lost = asyncio.create_task(connection.lost.wait())
        released = asyncio.create_task(self._released.wait())
        conversation: asyncio.Task[None] | None = None
        try:
            await self._open(
                connection.open(driver.choose_channel, lambda data: self._notified(driver, data), pair=pair), released
            )
            self._driver = driver
            self.took = connection.connected_at - began
            pack.session_connected()
            conversation = asyncio.create_task(driver.run())
            ends = {conversation, lost, released}
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=first_answer)
            if not done:  # as is only possible with a limit
                if pack.last_identity is None:
                    raise SilentError("it did not say at once who it is")
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if conversation.done():
                await conversation
            if released.done():
                raise HeldError("released")
            raise ConnectionLostError("the connection ended")
        finally:
            self.connected_at = connection.connected_at
            self._driver = None
            pack.session_ended()
            self._ended.set()
            try:
                # What is under way may still have something to put right in the pack: it needs the connection until then.
                await cancel_and_wait(lost, released, conversation, *self._operations)
            finally:
                await connection.close()

    def release(self) -> None:
        """End the session because the pack is not wanted connected now."""
        self._released.set()

    @property
    def is_used(self) -> bool:
        """Return whether an operation is under way."""
        return bool(self._operations)

    @staticmethod
    async def _open(opening: Coroutine[Any, Any, None], released: asyncio.Future[Any]) -> None:
        """Open the connection, unless it is not wanted any more."""
        task = asyncio.ensure_future(opening)
        try:
            await asyncio.wait({task, released}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
            else:
                raise HeldError("released while connecting")
        finally:
            await cancel_and_wait(task)

    async def perform[T](self, operation: Callable[[Driver], Awaitable[T]]) -> T:
        """Do something with the driver; it ends when the session does. Raises ConnectionLostError, also if not connected."""
        if self._driver is None:
            raise ConnectionLostError("not connected")
        task = asyncio.ensure_future(operation(self._driver))
        self._operations.add(task)
        task.add_done_callback(self._operations.discard)
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not task.cancelled():
                return task.result()
            raise ConnectionLostError("the connection ended meanwhile")
        finally:
            await cancel_and_wait(task, ended)

    def _notified(self, driver: Driver, data: bytes | bytearray) -> None:
        """Hand on what the pack sent; a defect of ours in one message must not cost the next."""
        try:
            driver.notified(data, asyncio.get_running_loop().time())
        except Exception:
            self._pack.drop("defect")
            self._pack.defect_logger.exception("in a message, it is dropped")
