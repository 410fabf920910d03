"""Session in records: authorize, ask who it is, let it stream, and ask for the rest while the stream pauses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import re
from typing import Final

from ..driver import FrameWriter
from ..driver_listener import DriverListener
from ..errors import FrameError, PackError, PasswordNeededError, SilentError, WrongPasswordError
from ..repeated_answer import MAX_QUESTIONS, RepeatedAnswer
from ..session_context import SessionContext
from ..settings import Settings, SettingValue
from .bit_error_filter import RecordForms
from .decode import decode_record, is_record
from .exchange import Exchange, RefusedQueryError, Timing
from .frames import CommandAnswer, Reassembler, command, query_fields
from .generation import Generation, Variant
from .identity import identity_of, version_of
from .memory_reader import read_history, read_log
from .parameters import BY_KEY, NEWER_QUERIES, QUERIES, VERSION
from .privacy import PIN_FIELD
from .record_accumulator import RecordAccumulator, refused
from .scales import Formula, Scales
from .settings import decode_answer
from .write import Writing

PIN: Final = re.compile(r"\d{4}")
_SILENT_PINS: Final = "silent_pins"
_MAX_SILENT_PINS: Final = 3
_PIN_ACCEPTED: Final = "pin_accepted"
_VERSION_FIELDS: Final = "version_fields"
_MAX_FAILURES: Final = 3
_BELIEVED: Final = "answers"
_STOP: Final = "D!"
_START: Final = "E!"
IMPORT_HISTORY: Final = "import_history"


class RecordSession:
    """One session with a unit that sends records."""

    def __init__(  # noqa: PLR0913
        self,
        connection: FrameWriter,
        listener: DriverListener,
        context: SessionContext,
        timing: Timing,
        *,
        formula: Formula,
        generation: Generation,
        serial_number: str,
        pin_first: bool,
        needs_pin: bool,
    ) -> None:
        """Units with the newer module hear the PIN first; those that surely are such ones say nothing without it."""
        self._connection = connection
        self._listener = listener
        self._context = context
        self._timing = timing
        self._formula = formula
        self._generation = generation
        self._serial_number = serial_number
        self._pin_first = pin_first
        self._needs_pin = needs_pin
        self._exchange = Exchange(connection, listener, timing)
        self._writing = Writing(self._exchange, timing, context.learned, self._ask_until_believed)
        self._lines = Reassembler()
        self._forms = RecordForms()
        self._broken_counted = 0
        self._accumulator = RecordAccumulator(lambda: Scales(formula=formula, ampere=generation.ampere), context.clock)
        self._version = ""
        self._reported_identity: tuple[Variant, str] | None = None
        self._repeated_answer = RepeatedAnswer(context.memory.setdefault(_BELIEVED, {}))
        self._answers: dict[str, tuple[dict[str, SettingValue], float]] = {}
        self._log_index: int | None = None
        self._log_seen: int | None = -1
        """Index of the log when it was read; -1: never in this session."""
        self._failures: dict[str, int] = {}
        self._history_done = not context.options.get(IMPORT_HISTORY)
        self._reported_at = float("-inf")
        self._reported_tag = ""
        self._heard = asyncio.Event()
        self._exchange_lock = asyncio.Lock()

    def notified(self, data: bytes | bytearray, now: float) -> None:
        """Handle a notification."""
        for line in self._lines.feed(data):
            if is_record(line):
                self._handle_record(line, now)
            else:
                self._exchange.heard(line, now)
        if (broken := self._lines.broken_lines) > self._broken_counted:
            self._listener.drop("broken_line", broken - self._broken_counted)
            self._broken_counted = broken

    def _handle_record(self, line: str, now: float) -> None:
        try:
            tag, counts = decode_record(line)
        except FrameError as error:
            self._listener.drop(error.reason)
            return
        if not self._forms.is_usual_form(line):
            self._listener.drop("spliced")
            return
        self._keep(line, now)
        self._generation.heard_record(line)
        if (reason := refused(self._accumulator, tag, counts, now)) is not None:
            self._listener.drop(reason)
        if tag == "T" and "log_index" in counts:
            self._log_index = counts["log_index"]
        if tag in ("U", "C"):
            self._report_reading(tag, now)

    def _keep(self, line: str, now: float) -> None:
        """Keep a line for diagnostics, unless it could hold the PIN."""
        if not PIN_FIELD.search(line):
            self._listener.frame(line.encode("ascii"), now)

    def _report_reading(self, tag: str, now: float) -> None:
        """Make a reading once in a cycle: with the record that began it, or with the other one if that is missing."""
        if tag != self._reported_tag and now - self._reported_at < 2 * self._timing.cycle:
            return
        self._reported_tag, self._reported_at = tag, now
        self._report_identity()
        self._generation.measured(*self._accumulator.measured(now), now)
        if (reading := self._accumulator.reading(now)) is not None and self._listener.reading(reading):
            self._heard.set()

    def _report_identity(self) -> None:
        current = (self._generation.variant, self._version)
        if current != self._reported_identity:
            self._reported_identity = current
            self._listener.identity(
                identity_of(current[0], self._formula, sw_version=self._version, serial_number=self._serial_number)
            )

    async def run(self) -> None:
        """Run until cancelled. Raises PackError."""
        ping, talk = asyncio.create_task(self._exchange.ping()), asyncio.create_task(self._talk())
        try:
            done, _ = await asyncio.wait({ping, talk}, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)
            # What is being written needs the pings until it is whole.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.pending_write), self._exchange_lock:
                    pass
            ping.cancel()
            await asyncio.gather(ping, return_exceptions=True)
            with suppress(PackError):
                await self._connection.write(command(_STOP))

    async def _talk(self) -> None:
        await asyncio.sleep(self._timing.settle)
        async with self._exchange_lock:
            if self._pin_first:
                await self._authorize()
            if _VERSION_FIELDS not in self._context.memory:
                # What is asked next is asked while nothing streams.
                await self._exchange.order(_STOP)
            if not self._pin_first:
                await self._authorize()
            await self._ask_version()
            with self._counting_failures("unfinished"):
                await self._writing.restore_unfinished()
            await self._start()
        while True:
            try:
                await self._wait(self._timing.silence)
            except TimeoutError:
                await self._start_again()
            else:
                await self._read_in_background()

    async def _wait(self, seconds: float) -> None:
        self._heard.clear()
        async with asyncio.timeout(seconds):
            await self._heard.wait()

    async def _start_again(self) -> None:
        async with self._exchange_lock:
            await self._start()
        try:
            await self._wait(self._timing.give_up)
        except TimeoutError:
            if self._needs_pin and self._context.password is None:
                raise PasswordNeededError("it says nothing") from None
            raise SilentError("no usable records") from None

    async def _authorize(self) -> None:
        """Give the PIN, once: nobody knows what wrong ones lead to. Raises WrongPasswordError, SilentError."""
        pin, kept = self._context.password, self._context.learned
        if pin is None:
            return
        if not PIN.fullmatch(pin):
            raise WrongPasswordError("a PIN has four digits")
        word = await self._exchange.order(f"PW{pin}!")
        if word is CommandAnswer.OK:
            kept.pop(_SILENT_PINS, None)
            kept[_PIN_ACCEPTED] = True
            return
        if word is not None:
            kept.pop(_PIN_ACCEPTED, None)
            raise WrongPasswordError(f"it answered {word}")
        if kept.get(_PIN_ACCEPTED):
            # It knows this PIN: whatever keeps it silent, another one would not help.
            raise SilentError("it does not answer the PIN")
        kept[_SILENT_PINS] = silent = kept.get(_SILENT_PINS, 0) + 1
        if silent >= _MAX_SILENT_PINS:
            raise WrongPasswordError("it does not answer the PIN")
        raise SilentError("it does not answer the PIN")

    async def _ask_version(self) -> None:
        """Ask for the version, unless an earlier session did: then it is asked again with the parameters, after the first reading."""
        known: list[str] | None = self._context.memory.get(_VERSION_FIELDS)
        if known is not None:
            self._generation.heard_version(known[0])
            self._version = version_of(known[0])
            return
        with suppress(SilentError, RefusedQueryError, FrameError):
            fields = await self._ask_until_believed(VERSION)
            self._generation.heard_version(fields[0])
            self._version = version_of(fields[0])
            self._keep_answer(VERSION, fields)

    async def _start(self) -> None:
        """Ask for the stream. Raises PasswordNeededError, or SilentError, if it is refused."""
        word = await self._exchange.order(_START)
        if word is not None and word is not CommandAnswer.OK:
            # It may be the late answer to an earlier question.
            self._exchange.distrust()
            word = await self._exchange.order(_START)
        if word is None or word is CommandAnswer.OK:
            return  # its answer may be lost; what counts is that records come
        if self._context.password is None:
            raise PasswordNeededError(f"it answered {word}")
        raise SilentError(f"it took the PIN, and answered {word}")

    @asynccontextmanager
    async def _paused(self) -> AsyncIterator[None]:
        """Hold the lock while nothing streams; records would come between question and answer."""
        async with self._exchange_lock:
            await self._exchange.order(_STOP)
            try:
                yield
            except asyncio.CancelledError:
                raise
            except BaseException:
                await self._start()
                raise
            await self._start()

    async def _read_in_background(self) -> None:
        """Read one of the other things, once in a while: each after a reading, so that the pack does not go stale meanwhile."""
        if not self._answers.keys() & set(QUERIES) and self._may_fail("settings"):
            with self._counting_failures("settings"):
                await self.read_settings()
        elif self._generation.is_newer and self._log_index != self._log_seen and self._may_fail("log"):
            with self._counting_failures("log"):
                await self._read_log()
        elif self._generation.is_newer and not self._history_done and self._may_fail("history"):
            with self._counting_failures("history"):
                await self._read_history()

    def _may_fail(self, task: str) -> bool:
        return self._failures.get(task, 0) < _MAX_FAILURES

    def _counting_failures(self, task: str) -> _CountFailures:
        return _CountFailures(lambda: self._fail(task))

    def _fail(self, task: str) -> None:
        self._failures[task] = self._failures.get(task, 0) + 1
        self._listener.drop(f"{task}_unread")

    async def _read_log(self) -> None:
        """Report what is new in the log."""
        index = self._log_index
        async with self._paused():
            news = await read_log(self._ask_fields, self._context.learned, self._listener.drop, self._formula)
        if news:
            self._listener.logged(news)
        self._log_seen = index

    async def _read_history(self) -> None:
        async with self._paused():
            history = await read_history(self._ask_fields)
        self._history_done = True
        self._listener.history(history)

    async def _ask_fields(self, name: str) -> list[str]:
        line = await self._exchange.query(name)
        self._keep(line, asyncio.get_running_loop().time())
        return query_fields(line)

    async def _ask_until_believed(self, name: str) -> list[str]:
        """Send a query until an answer counts; return its fields.

        Their checksum is one byte, and an answer may have more fields or fewer: one that lost its middle can look whole.
        Raises SilentError, RefusedQueryError, FrameError, ConnectionLostError.
        """
        for _ in range(MAX_QUESTIONS):
            fields = await self._ask_fields(name)
            values = decode_answer(name, fields, self._formula)
            if self._repeated_answer.believes(name, values | ({VERSION: fields[0]} if name == VERSION else {})):
                return fields
        raise SilentError(f"no two answers to {name} agree")

    async def read_settings(self, key: str | None = None) -> Settings:
        """Ask for all parameters, or for those that come with `key`. Raises SilentError, ConnectionLostError."""
        newer = self._generation.variant is not Variant.GENERATION_2
        wanted = [*QUERIES, *(NEWER_QUERIES if newer else ()), VERSION]
        if key is not None and key in BY_KEY:
            wanted = [BY_KEY[key].query]
        heard: set[str] = set()
        async with self._paused():
            for name in wanted:
                try:
                    fields = await self._ask_until_believed(name)
                    self._keep_answer(name, fields)
                except SilentError, RefusedQueryError, FrameError:
                    if name in NEWER_QUERIES and not self._generation.is_newer:
                        break  # an older unit does not know them, and waiting for each takes seconds
                    continue
                heard.add(name)
                if name == NEWER_QUERIES[0]:
                    self._generation.heard_newer_answer()
        if not heard:
            raise SilentError("no answer to the request for parameters")
        return self._report_settings(heard)

    def _keep_answer(self, name: str, fields: list[str]) -> None:
        values = decode_answer(name, fields, self._formula)
        if name == VERSION:
            self._context.memory[_VERSION_FIELDS] = fields
        self._answers[name] = (values, asyncio.get_running_loop().time())

    def _report_settings(self, heard: set[str]) -> Settings:
        """Put together what the queries returned; those not asked now are as old as they are."""
        self._report_identity()
        others = self._answers.keys() - heard
        settings = Settings(
            measured_at=min(self._answers[name][1] for name in heard),
            variant=self._generation.variant,
            values={key: value for values, _ in self._answers.values() for key, value in values.items()},
            apart=frozenset(key for name in others for key in self._answers[name][0]),
            apart_at=min((self._answers[name][1] for name in others), default=0.0),
        )
        self._listener.settings(settings)
        return settings

    async def write(self, key: str, value: SettingValue | None) -> bool:
        """Write a parameter; return whether every byte of it was acknowledged. Raises ValueError, ConnectionLostError."""
        parameter = BY_KEY.get(key)
        if parameter is None or not parameter.addresses or not self._generation.is_newer:
            raise ValueError(f"{key} cannot be written to this unit")
        async with self._paused():
            count = parameter.count(value, self._formula)
            try:
                written = await self._writing.write(parameter, count)
            except RefusedQueryError:
                return False
            if written:
                self._repeated_answer.expect(parameter.query, key, parameter.value(count, self._formula))
            return written


class _CountFailures:
    """Counts what a task failed with, so that it is not tried for ever."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        """Count a failure that only means that this unit does not have it."""
        if isinstance(error, (SilentError, RefusedQueryError, FrameError, ValueError)):
            self._count()
            return True
        return False
