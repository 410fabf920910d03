"""Driver of a Daly pack: detect which dialect it uses, then ask, one question at a time.

Boards answer within 80 to 400 ms and garble the answers if questions overlap. Which registers an answer holds it does not
say: only what was asked, and the length, tell.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, override

from bleak.backends.service import BleakGATTServiceCollection

from ..channels import choose
from ..connection import Channel
from ..driver import FrameWriter
from ..driver_listener import DriverListener
from ..errors import FrameError, SilentError
from ..polling import PollingDriver
from ..reading import Identity, Reading
from ..session_context import SessionContext
from ..settings import Settings, SettingValue
from ..stored_values import Checks, flag, whole
from .advertisement import OTHER_SERVICE, SERVICE
from .common import completed
from .current_sign import CurrentSign
from .dialects import BOARDS, PROBES, DalyBoard, details_of
from .frames import A5Frame, Dialect, Message, Reassembler, RegisterAnswer
from .settings import write_frame

_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
_DIALECT: Final = "dialect"
_OTHER_CHANNEL: Final = "other_channel"
_PATIENT: Final = "patient"
"""Nothing answered in the last session: the board may be slow, so that each channel is asked patiently before the other."""


def _dialect(part: Any) -> None:
    dialect, host = part
    Dialect(dialect), whole(host)


STORED_CHECKS: Final[Checks] = {_DIALECT: _dialect, _OTHER_CHANNEL: flag, _PATIENT: flag}
"""By key of `SessionContext.learned`. The sign of the current is checked where it is used."""

type Wanted = Callable[[Message], bool]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    settle: float = 0.2
    """After subscribing: modules send a text first."""
    quick: float = 0.6
    """For the answer to a first question in a dialect that may not be the board's; they come within 0.4 s."""
    probe: float = 1.2
    """The same, for a board that is known to use it, and for all dialects once none was answered quickly."""
    answer: float = 1.5
    spacing: float = 0.12
    """From an answer to the next question; closer together, a third of them was lost."""
    last_frames: float = 0.2
    """For the frames of A5 that nobody needs, after the last one that was."""
    acknowledgement: float = 4.0
    settled: float = 1.0
    """From a write to reading it back."""


DEFAULT_TIMING: Final = Timing()


class DalyDriver(PollingDriver):
    """One session with a Daly pack."""

    def __init__(
        self,
        connection: FrameWriter,
        listener: DriverListener,
        context: SessionContext,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """`context.learned` holds what earlier sessions found."""
        super().__init__(connection, listener, context)
        self._timing = timing
        self._reassembler = Reassembler()
        self._board: DalyBoard | None = None
        self._identity: Identity | None = None
        self._sign = CurrentSign(context.learned, "", inverted=False)
        self._wanted: Wanted = lambda _: False
        self._answers: asyncio.Queue[tuple[Message, float]] = asyncio.Queue()
        self._answered_at = 0.0

    @staticmethod
    @override
    def choose_channel(services: BleakGATTServiceCollection) -> Channel:
        layouts = (
            (SERVICE, _UUID.format(0xFFF1), _UUID.format(0xFFF2)),
            (OTHER_SERVICE, _UUID.format(0xFF01), _UUID.format(0xFF02)),
        )
        return choose(services, layouts, "it has no Daly service")

    @override
    def notified(self, data: bytes | bytearray, now: float) -> None:
        for message in self._reassembler.feed(data, now):
            if self._wanted(message):
                self._answers.put_nowait((message, now))
            else:
                # Late, overtaken, or a frame of A5 that nobody needs.
                self._listener.drop("unasked")
        self._reassembler.report_broken(self._listener)

    async def ask(self, frame: bytes, wanted: Wanted, *, within: float | None = None) -> tuple[Message, float]:
        """Send a question and return the answer that is wanted, with the time it came. Raises SilentError."""
        await self._send(frame, wanted)
        try:
            return await self._next(self._timing.answer if within is None else within)
        finally:
            self._wanted = lambda _: False

    async def _send(self, frame: bytes, wanted: Wanted) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._answered_at + self._timing.spacing - now))
        self._reassembler.clear()
        while not self._answers.empty():
            self._answers.get_nowait()
        self._wanted = wanted
        await self._connection.write(frame)

    async def _next(self, within: float) -> tuple[Message, float]:
        try:
            async with asyncio.timeout(within):
                answer = await self._answers.get()
        except TimeoutError:
            raise SilentError("no answer") from None
        finally:
            self._answered_at = asyncio.get_running_loop().time()
        return answer

    async def read(
        self, frame: bytes, dialect: Dialect, count: int, *, within: float | None = None
    ) -> tuple[bytes, float]:
        """Return the content of registers, with the time it came; asked once more unless there is a limit in s.

        Raises SilentError.
        """

        def wanted(message: Message) -> bool:
            return isinstance(message, RegisterAnswer) and message.dialect is dialect and len(message.data) == 2 * count

        if within is None:
            with suppress(SilentError):
                return _data(await self.ask(frame, wanted))
        return _data(await self.ask(frame, wanted, within=within))

    async def collect(
        self, frame: bytes, command: int, needed: int, *, within: float | None = None
    ) -> tuple[list[bytes], float]:
        """Return the data of all frames of A5 that answer a command, at least so many differently numbered ones.

        Asked once more unless there is a limit in s. Raises SilentError.
        """
        if within is None:
            with suppress(SilentError):
                return await self._collect(frame, command, needed, self._timing.answer)
        return await self._collect(frame, command, needed, self._timing.answer if within is None else within)

    async def _collect(self, frame: bytes, command: int, needed: int, within: float) -> tuple[list[bytes], float]:
        found: list[bytes] = []
        await self._send(frame, lambda message: isinstance(message, A5Frame) and message.command == command)
        try:
            while not found or len({data[0] for data in found if data[0] <= needed}) < needed:
                message, at = await self._next(within)
                found += _a5_data(message)
            with suppress(SilentError):
                # Some boards send all that there could be: the others must not answer the next question.
                while needed:
                    message, _ = await self._next(self._timing.last_frames)
                    found += _a5_data(message)
        finally:
            self._wanted = lambda _: False
        return found, at

    @override
    async def _begin(self) -> None:
        await asyncio.sleep(self._timing.settle)
        kept = self._context.learned
        async with self._exchange_lock:
            switched = kept.get(_OTHER_CHANNEL) is True and await self._connection.switch_channel()
            found = await self._detect_board(thorough=False)
            if found is None and kept.get(_PATIENT) is True:
                found = await self._detect_board(thorough=True)
            if found is None and not switched and await self._connection.switch_channel():
                switched, found = True, await self._detect_board(thorough=False)
            found = found or await self._detect_board(thorough=True)
            if found is None:
                kept[_OTHER_CHANNEL], kept[_PATIENT] = False, True
                raise SilentError("it answers in none of the three dialects")
            board, within = found
            self._board = board
            self._sign = CurrentSign(kept, board.dialect, inverted=board.inverted)
            kept |= {_DIALECT: [board.dialect.value, board.host], _OTHER_CHANNEL: switched, _PATIENT: False}
            self._identity = await board.identify(within)
            self._listener.identity(self._identity)

    async def _detect_board(self, *, thorough: bool) -> tuple[DalyBoard, float] | None:
        """Ask in every dialect, with reads alone; return the board that answers, and the longest wait for an answer in s.

        The dialect that it used last comes first, and is given time.
        """
        known = self._context.learned.get(_DIALECT)
        for dialect, host in sorted(PROBES, key=lambda item: [*item] != known):
            board = BOARDS[dialect](self, host)
            within = self._timing.probe if thorough or [dialect, host] == known else self._timing.quick
            with suppress(SilentError, FrameError):
                await board.probe(within, thorough=thorough)
                return board, within
        return None

    @override
    async def _poll(self) -> bool:
        async with self._exchange_lock:
            return await self._read_reading()

    async def _read_reading(self) -> bool:
        board = self._known_board()
        values, at = await board.read()
        for frame in board.frames:
            self._listener.frame(frame, at)
        values["current"] = self._sign.apply(values.get("current"), values["details"].get("state"))
        if values["current"] is None:
            values.pop("power", None)
        if self._sign.inverted is not None:
            values["details"]["current_inverted"] = self._sign.inverted
        return self._listener.reading(Reading.of(completed(values) | {"measured_at": at}))

    def _known_board(self) -> DalyBoard:
        if self._board is None:
            raise SilentError("its dialect is not known yet")
        return self._board

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        async with self._exchange_lock:
            settings = await self._known_board().read_settings(key, self._settings)
            self._settings = settings
        if (
            self._identity is not None
            and (named := details_of(settings.values)).items() - self._identity.details.items()
        ):
            # The chemistry decides which values may be written.
            self._identity = replace(self._identity, details={**self._identity.details, **named})
            self._listener.identity(self._identity)
        self._listener.settings(settings)
        return settings

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        board = self._known_board()
        frame = write_frame(board.dialect, key, value, host=board.host, now=self._context.clock())
        async with self._exchange_lock:
            try:
                await self.ask(frame, board.acknowledges(frame), within=self._timing.acknowledgement)
                acknowledged = True
            except SilentError:
                acknowledged = False
            # The board needs a moment until it sends what was written.
            await asyncio.sleep(self._timing.settled)
        return acknowledged


def _data(answer: tuple[Message, float]) -> tuple[bytes, float]:
    message, at = answer
    return (message.data if isinstance(message, RegisterAnswer) else b""), at


def _a5_data(message: Message) -> list[bytes]:
    return [message.data] if isinstance(message, A5Frame) else []
