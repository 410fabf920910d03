"""Driver of a JK pack: ask who it is, ask for the settings, and it streams by itself.

The order matters: firmware 19 and 20 answers a request for settings alone but never starts to stream.

Identity and settings decide what is written. The checksum of a frame is one byte, so they count once two answers agree.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, override

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.service import BleakGATTServiceCollection

from ..connection import Channel
from ..driver import Driver, FrameWriter
from ..driver_listener import DriverListener
from ..errors import FrameError, NotThisKindError, SilentError
from ..reading import Identity
from ..repeated_answer import MAX_QUESTIONS, Answer, RepeatedAnswer
from ..session_context import SessionContext
from ..settings import Settings, SettingValue
from ..tasks import wait_and_clear
from .advertisement import SERVICE
from .decode import decode_reading, detect_variant
from .frames import TYPE_OFFSET, Command, FrameType, Reassembler, encode_command
from .identity import decode_identity
from .layouts import Variant
from .parameters import IN_DEVICE_INFO
from .privacy import masked, masked_numbers
from .settings import decode_settings, encode_write, settings_in_details, stored_value
from .usual_shape import UsualShape

_MAX_REQUESTS: Final = 5
"""In a row for what never comes, never makes sense, or never agrees."""
_BELIEVED: Final = "answers"
_MASKED_NUMBERS: Final = {variant: partial(masked_numbers, variant=variant) for variant in Variant}
_NAMES: Final = {Command.READ_DEVICE_INFO: "device info", Command.READ_SETTINGS: "settings"}
_CHARACTERISTIC: Final = "0000ffe1-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Packs push about every 0.5 s; the longest gap seen is 1.15 s."""

    answer: float = 2.5
    """For the device info after a request, which comes within some tenths of a second; the vendor's app waits 6 s, and does not
    ask again."""
    pause: float = 0.2
    """Between an answer and the next request, as the vendor's app leaves it."""
    silence: float = 2.5
    """Without a usable reading before asking again."""
    give_up: float = 4.0
    """After asking again, before the session is ended."""
    settings: float = 3.0
    """For the settings after a request; they come once and may be lost."""
    ready: float = 1.0
    """For the ready frame after a write; 63 to 251 ms were seen."""
    owed: float = 0.5
    """For the ready frame that follows every answer: it looks like that of a write."""


DEFAULT_TIMING: Final = Timing()


class JkDriver(Driver):
    """One session with a JK pack."""

    def __init__(
        self,
        connection: FrameWriter,
        listener: DriverListener,
        context: SessionContext,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """`context.memory` holds what earlier sessions believed: a single answer that says the same counts."""
        super().__init__(connection, listener, context)
        self._timing = timing
        self._reassembler = Reassembler()
        self._expected: Variant | None = None
        self._variant: Variant | None = None
        self._identity: Identity | None = None
        self._identified_at = 0.0
        self._settings_frame: bytes | None = None
        self._settings_at = 0.0
        self._settings: Settings | None = None
        self._settings_asked_at = 0.0
        self._repeated_answer = RepeatedAnswer(context.memory.setdefault(_BELIEVED, {}))
        self._to_ask: set[Command] = set()
        """What was answered in a way that has to be confirmed."""
        self._requests: Counter[Command] = Counter()
        self._last_frame = b""
        self._answered = {command: asyncio.Event() for command in _NAMES}
        self._heard = asyncio.Event()
        """A trusted reading came, or something to be asked again."""
        self._ready = asyncio.Event()
        self._ready_owed = 0
        self._usual_shape = UsualShape(context.memory)
        # One exchange at a time: no answer names what it answers.
        self._exchange_lock = asyncio.Lock()

    @staticmethod
    @override
    def choose_channel(services: BleakGATTServiceCollection) -> Channel:
        """Choose by property: one module type has FFE1 twice, others notify on FFE2 too, which fails."""
        candidates = [
            characteristic
            for service in services
            if service.uuid == SERVICE
            for characteristic in service.characteristics
            if characteristic.uuid == _CHARACTERISTIC
        ]

        def having(prop: str) -> BleakGATTCharacteristic | None:
            return next((candidate for candidate in candidates if prop in candidate.properties), None)

        notify = having("notify")
        write = having("write-without-response") or having("write")
        if notify is None or write is None:
            raise NotThisKindError("it has no JK service")
        return Channel(notify, write, response="write-without-response" not in write.properties)

    @override
    async def run(self) -> None:
        await self._start()
        while True:
            try:
                await wait_and_clear(self._heard, self._timing.silence)
                await self._ask_again()
            except TimeoutError:
                await self._start()
                try:
                    await wait_and_clear(self._heard, self._timing.give_up)
                except TimeoutError:
                    raise SilentError("no usable data") from None

    async def _start(self) -> None:
        """Ask for device info, then for the settings, which starts the stream."""
        async with self._exchange_lock:
            await self._ask_until_believed(Command.READ_DEVICE_INFO, self._timing.answer)
            await asyncio.sleep(self._timing.pause)
            await self._ask(Command.READ_SETTINGS)

    async def _ask(self, command: Command) -> None:
        self._to_ask.discard(command)
        if command is Command.READ_SETTINGS:
            self._settings_asked_at = asyncio.get_running_loop().time()
        self._ready_owed += 1
        await self._connection.write(encode_command(command))

    async def _ask_again(self) -> None:
        """Ask once more for what has to be confirmed, or was lost; the stream is not disturbed by it."""
        waited = asyncio.get_running_loop().time() - self._settings_asked_at
        if self._settings is None and waited > self._timing.settings:
            self._to_ask.add(Command.READ_SETTINGS)
        for command in tuple(self._to_ask):
            async with self._exchange_lock:
                if command in self._to_ask and self._requests[command] < _MAX_REQUESTS:
                    self._requests[command] += 1
                    await asyncio.sleep(self._timing.pause)
                    await self._ask(command)

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        if self._variant is None:
            # The same id is another parameter in another layout.
            raise SilentError("the layout of this pack is not certain yet")
        frame = encode_write(key, value, self._variant)
        stored = stored_value(key, value, self._variant)
        async with self._exchange_lock:
            with suppress(TimeoutError):
                while self._ready_owed:
                    await wait_and_clear(self._ready, self._timing.owed)
            self._ready_owed = 0
            self._ready.clear()
            if stored is not None:
                self._repeated_answer.expect(Command.READ_SETTINGS, key, stored)
            await self._connection.write(frame)
            try:
                await wait_and_clear(self._ready, self._timing.ready)
            except TimeoutError:
                # It may still come, and must not be mistaken for the answer to the next write.
                self._ready_owed = 1
                return False
        return True

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        in_info = key in IN_DEVICE_INFO or (key is None and self._settings is not None and bool(self._settings.apart))
        async with self._exchange_lock:
            if in_info:
                await self._ask_until_believed(Command.READ_DEVICE_INFO, self._timing.settings)
            if key not in IN_DEVICE_INFO:
                await self._ask_until_believed(Command.READ_SETTINGS, self._timing.settings)
        if self._settings is None:
            raise SilentError("it has not sent its settings yet")
        return self._settings

    async def _ask_until_believed(self, command: Command, within: float) -> None:
        """Ask until an answer counts; each may take so many s. Raises SilentError."""
        answered = self._answered[command]
        for attempt in range(MAX_QUESTIONS):
            if attempt:
                await asyncio.sleep(self._timing.pause)
            answered.clear()
            await self._ask(command)
            try:
                await wait_and_clear(answered, within)
            except TimeoutError:
                raise SilentError(f"no usable answer to the request for {_NAMES[command]}") from None
            if not self._repeated_answer.is_in_doubt(command):
                return
        raise SilentError(f"no two answers to the request for {_NAMES[command]} agree")

    @override
    def notified(self, data: bytes | bytearray, now: float) -> None:
        frames = self._reassembler.feed(data, now)
        if not frames and not self._reassembler.broken_frames:
            return
        self._reassembler.report_broken(self._listener)
        for frame in frames:
            try:
                self._handle(frame, now)
            except FrameError as error:
                self._listener.drop(error.reason)

    def _handle(self, frame: bytes, now: float) -> None:
        match frame[TYPE_OFFSET]:
            case FrameType.CELL_INFO:
                self._handle_reading(frame, now)
            case FrameType.DEVICE_INFO:
                self._handle_identity(frame, now)
            case FrameType.SETTINGS:
                self._handle_settings(frame, now)
            case FrameType.READY:
                self._ready_owed = max(0, self._ready_owed - 1)
                self._ready.set()

    def _believes(self, command: Command, answer: Answer, patience: int | None = None) -> bool:
        """Return whether the answer to a request counts; if not, it is asked again."""
        believed = self._repeated_answer.believes(command, answer, patience)
        if believed:
            del self._requests[command]
        else:
            self._to_ask.add(command)
            self._heard.set()
        self._answered[command].set()
        return believed

    def _handle_identity(self, frame: bytes, now: float) -> None:
        identity = decode_identity(frame)
        constant = {"identity": replace(identity, runtime=None, power_on_count=None)}
        if not self._believes(Command.READ_DEVICE_INFO, constant, MAX_QUESTIONS):
            return
        self._identity, self._identified_at = identity, now
        self._expected = Variant(identity.variant)
        self._listener.frame(frame, now, masked)
        self._listener.identity(replace(identity, variant=self._variant or self._expected))
        self._report_settings()

    def _handle_settings(self, frame: bytes, now: float) -> None:
        variant = self._variant or self._expected
        if variant is None:
            # Nobody asked for it in this session, and the layout is not known yet.
            return
        if self._believes(Command.READ_SETTINGS, decode_settings(frame, variant, now).values):
            self._settings_frame, self._settings_at = frame, now
            self._listener.frame(frame, now, _MASKED_NUMBERS[variant])
            self._report_settings()

    def _handle_reading(self, frame: bytes, now: float) -> None:
        identity = self._identity
        if identity is None:
            # Left over from the session before; the layout is not known yet.
            return
        if frame == self._last_frame:
            raise FrameError("repeated")
        self._last_frame = frame
        if not self._usual_shape.fits(frame):
            raise FrameError("unusual_shape")
        variant = self._variant or detect_variant(frame, self._expected)
        reading = decode_reading(frame, variant, now)
        if self._variant is None and reading.cell_count:
            # Without cells the content proves nothing; the next frame may.
            self._variant = variant
            if variant is not self._expected:
                self._correct_variant(identity, variant)
        self._listener.frame(frame, now, _MASKED_NUMBERS[variant])
        if self._listener.reading(reading):
            self._heard.set()

    def _correct_variant(self, identity: Identity, variant: Variant) -> None:
        """Report again what was decoded with the wrong layout."""
        self._listener.identity(replace(identity, variant=variant))
        self._report_settings()

    def _report_settings(self) -> None:
        """Report the newest settings that count, with the parameters that come with the device info only."""
        frame, variant = self._settings_frame, self._variant or self._expected
        if frame is None or variant is None or self._identity is None:
            return
        settings = decode_settings(frame, variant, self._settings_at)
        apart = settings_in_details(self._identity.details, variant)
        self._settings = replace(
            settings, values={**apart, **settings.values}, apart=frozenset(apart), apart_at=self._identified_at
        )
        self._listener.settings(self._settings)
