"""Questions and answers: one at a time, the first of which a sleeping board does not hear."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ..driver import FrameWriter
from ..driver_listener import DriverListener
from ..errors import ConnectionLostError, SilentError
from ..tasks import run_to_completion
from .auth import ModuleCommand
from .frames import (
    LEGACY,
    WAKE_UP,
    WRITE,
    Command,
    Message,
    ModuleMessage,
    Reassembler,
    Reply,
    ReplyStatus,
    module_request,
    read_request,
    write_request,
)
from .parameters import BY_REGISTER, FIRST_TEXT

TRIES: Final = 2
_PACKET: Final = 20
"""Bytes; modules with the smallest packets take longer frames in parts."""
_PROBES_PLACE: Final = 22
"""Of the number of probes in basic information."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Boards answer after 70 ms, at the worst seen after 1.6 s."""

    first: float = 1.0
    """For each of the first questions: whoever adds a pack waits, and the second one also hears an answer to the first."""
    settle: float = 0.3
    """After subscribing, before the first request."""
    answer: float = 2.0
    module_answer: float = 1.0
    wake: float = 0.1
    """From the wake-up to the request."""
    pause: float = 0.3
    """Between two attempts to open the parameters."""
    exit_answer: float = 0.5
    """For the acknowledgement when the parameters are closed while all is ending."""


DEFAULT_TIMING: Final = Timing()


class RefusedError(SilentError):
    """The board answered, with a status that is not "done"."""

    def __init__(self, register: int, status: int) -> None:
        """`status` is the board's."""
        super().__init__(f"register 0x{register:02X} answered 0x{status:02X}")
        self.status = status


class Exchange:
    """Asks the board, and the Bluetooth module in front of it. Nobody else may ask until an answer came or did not."""

    def __init__(self, connection: FrameWriter, listener: DriverListener, timing: Timing) -> None:
        """Ask over `connection`, count what is of no use in `listener`."""
        self.legacy = False
        """Answers do not say what they answer."""
        self.echoed = False
        """The module sent back what was written."""
        self._connection = connection
        self._listener = listener
        self._timing = timing
        self._reassembler = Reassembler()
        self._expected: int | None = None
        self._asked = b""
        self._answer: asyncio.Future[tuple[Reply, float]] | None = None
        self._module_expected: int | None = None
        self._module_answer: asyncio.Future[ModuleMessage] | None = None

    def notified(self, data: bytes | bytearray, now: float) -> None:
        """Handle one notification."""
        if self._asked and data == self._asked:
            self.echoed = True
            return
        for message in self._reassembler.feed(data, now):
            self._handle(message, now)
        self._reassembler.report_broken(self._listener)

    def _handle(self, message: Message, now: float) -> None:
        if isinstance(message, ModuleMessage):
            if self._module_answer and not self._module_answer.done() and message.command == self._module_expected:
                self._module_answer.set_result(message)
            return
        if self._answer is None or self._answer.done() or message.register not in (self._expected, LEGACY):
            # Late, or somebody else's: it answers nothing that was asked now.
            self._listener.drop("unasked")
            return
        if not _may_answer(message, self._asked):
            self._listener.drop("unasked")
            return
        self._answer.set_result((message, now))

    async def read(self, register: int, *, tries: int = TRIES, within: float | None = None) -> tuple[bytes, float]:
        """Return the data of a register with the time it came; each try takes up to `within` s, else the usual time.

        Raises SilentError, RefusedError, ConnectionLostError.
        """
        return await self._exchange(register, read_request(register), tries, within)

    async def write(self, register: int, data: bytes) -> None:
        """Write a register, once. Raises SilentError, RefusedError, ConnectionLostError."""
        await self._exchange(register, write_request(register, data), 1)

    async def _exchange(
        self, register: int, frame: bytes, tries: int, within: float | None = None
    ) -> tuple[bytes, float]:
        if self.legacy and register in BY_REGISTER:
            # No answer says what it answers: one that is late would be taken for the next parameter.
            tries = 1
        for attempt in range(tries):
            if attempt > 1:
                # Some boards sleep so deep that they need to be woken first.
                await self._connection.write(WAKE_UP)
                await asyncio.sleep(self._timing.wake)
            if attempt and self.legacy:
                # Let a late one come and go before the next question.
                await asyncio.sleep(self._timing.answer)
            with suppress(TimeoutError):
                reply, at = await self._ask_once(register, frame, within or self._timing.answer)
                if reply.status != ReplyStatus.DONE:
                    if reply.status == ReplyStatus.WRONG_CHECKSUM:
                        continue
                    raise RefusedError(register, reply.status)
                self.legacy = self.legacy or reply.register == LEGACY
                return reply.data, at
        raise SilentError(f"no answer to register 0x{register:02X}")

    async def _ask_once(self, register: int, frame: bytes, within: float) -> tuple[Reply, float]:
        self._reassembler.clear()
        self._expected, self._asked = register, frame
        self._answer = asyncio.get_running_loop().create_future()
        try:
            # Whole: the board would take what comes next for the rest of a frame that was cut.
            await run_to_completion(self._send(frame))
            async with asyncio.timeout(within):
                return await self._answer
        finally:
            self._answer = self._expected = None

    async def _send(self, frame: bytes) -> None:
        for start in range(0, len(frame), _PACKET):
            await self._connection.write(frame[start : start + _PACKET])

    async def close(self, frame: bytes, accepted: tuple[int, ...]) -> bool:
        """Send what closes the parameters, briefly and more than once; return whether the board answered that they are."""
        try:
            for _ in range(TRIES):
                self._expected, self._asked = Command.FACTORY_EXIT, frame
                self._answer = asyncio.get_running_loop().create_future()
                await self._connection.write(frame)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.exit_answer):
                        reply, _ = await self._answer
                    if reply.status in accepted:
                        return True
        except ConnectionLostError:
            pass
        finally:
            self._answer = self._expected = None
        return False

    async def send_to_module(self, command: ModuleCommand, data: bytes = b"", *, tries: int = 1) -> bytes:
        """Return what the Bluetooth module answers, at least one byte. Raises SilentError, ConnectionLostError."""
        for _ in range(tries):
            self._module_expected = command
            self._module_answer = asyncio.get_running_loop().create_future()
            await self._connection.write(module_request(command, data))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.module_answer):
                    message = await self._module_answer
                    if message.data:
                        return message.data
        raise SilentError("the Bluetooth module does not answer")


def _may_answer(reply: Reply, asked: bytes) -> bool:
    """Return whether a reply can be that to this request, by its length: one that is late names the register, or not even that."""
    register, length = asked[2], len(reply.data)
    if asked[1] == WRITE:
        return not length
    if reply.status != ReplyStatus.DONE:
        return True
    if register in BY_REGISTER and register < FIRST_TEXT:
        return length == 2
    if register == Command.BASIC_INFO and reply.register == LEGACY:
        return length > _PROBES_PLACE and length == _PROBES_PLACE + 1 + 2 * reply.data[_PROBES_PLACE]
    return True
