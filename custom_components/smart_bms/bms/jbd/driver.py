"""The conversation with a JBD pack: one question at a time, the first of which a sleeping board does not hear.

Parameters lie behind the factory mode, which is entered for each look and each write, and always left again: the next
session does it if this one could not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final, override

from bleak.backends.service import BleakGATTServiceCollection

from ..channels import choose
from ..driver import Sink, Terms, Writer
from ..errors import FrameError, LinkLostError, PairingNeededError, PasswordNeededError, SilentError, WrongPasswordError
from ..link import Channel
from ..polling import PollingDriver, to_the_end
from ..reading import Identity
from ..settings import Settings, SettingValue
from .advertisement import OTHER_SERVICES, SERVICE
from .auth import APP_KEY, Answer, ModuleCommand, is_password, user_password, vendor_password
from .decode import decode_basic, decode_cells, decode_counters, reading_of
from .frames import (
    LEGACY,
    WAKE_UP,
    WRITE,
    Command,
    Message,
    ModuleMessage,
    Reassembler,
    Reply,
    Status,
    module_request,
    read_request,
    write_request,
)
from .identity import Variant, identity_of, variant_of
from .registers import BY_KEY, BY_REGISTER, FIRST_TEXT, FUNCTION_WORD
from .settings import (
    CHARGE_SWITCH,
    COMMANDED,
    LOCKS,
    REMAINING_CAPACITY,
    Registers,
    decode_register,
    decode_settings,
    encode_register,
    encode_remaining_capacity,
    encode_switches,
    factory_enter,
    factory_exit,
    is_coarse,
    registers_of,
)

_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
_PACKET: Final = 20
"""Bytes; modules with the smallest packets take longer frames in parts."""
_TRIES: Final = 2
_ENTER_TRIES: Final = 3
_MOST_SETTINGS_FAILURES: Final = 3
_POLLS_BETWEEN_COUNTERS: Final = 12
_LONGEST_LOOK: Final = 5.0
"""Seconds for which the parameters may be looked at without a look at the values."""
_PROBES_PLACE: Final = 22
"""Of the number of probes in basic information."""
_UNLOCK_DATA: Final = b"\x06J1B2D4"
_NO_LOGIN: Final = b"\x06" + bytes(6)
_LEFT: Final = (Status.DONE, Status.UNKNOWN_REGISTER, Status.NOT_NOW)
"""Answers to closing the parameters after which they are closed."""
_DIRTY: Final = "factory_mode"
_COARSE: Final = "coarse_units"
_LAST_LOCKS: Final = "last_locks"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Boards answer after 70 ms, at the worst seen after 1.6 s."""

    settle: float = 0.3
    """After subscribing, before the first request."""
    answer: float = 2.0
    module_answer: float = 1.0
    wake: float = 0.1
    """From the wake-up to the request."""
    pause: float = 0.3
    """Between two attempts to open the parameters."""
    farewell: float = 0.5
    """For the acknowledgement when the parameters are closed while all is ending."""


DEFAULT_TIMING: Final = Timing()


class _RefusedError(SilentError):
    """The board answered, with a status that is not "done"."""

    def __init__(self, register: int, status: int) -> None:
        super().__init__(f"register 0x{register:02X} answered 0x{status:02X}")
        self.status = status


class JbdDriver(PollingDriver):
    """One session with a JBD pack."""

    def __init__(self, link: Writer, sink: Sink, terms: Terms, timing: Timing = DEFAULT_TIMING) -> None:
        """Start knowing nothing."""
        super().__init__(link, sink, terms)
        self._timing = timing
        self._reassembler = Reassembler()
        self._broken_counted = 0
        self._variant = Variant.CLASSIC
        self._identity: Identity | None = None
        self._front_end: int | None = None
        self._read_at = 0.0
        self._registers: dict[int, bytes] = {}
        self._registers_at = 0.0
        self._settings: Settings | None = None
        self._settings_failures = 0
        self._counters_supported = True
        self._polls = 0
        self._basic: dict[str, Any] = {}
        self._factory_allowed = False
        self._password_accepted = False
        self._expected: int | None = None
        self._asked = b""
        self._answer: asyncio.Future[tuple[Reply, float]] | None = None
        self._module_expected: int | None = None
        self._module_answer: asyncio.Future[ModuleMessage] | None = None
        self._echoed = False
        self._turn = asyncio.Lock()

    @staticmethod
    @override
    def choose_channel(services: BleakGATTServiceCollection) -> Channel:
        layouts = (
            (SERVICE, _UUID.format(0xFF01), _UUID.format(0xFF02)),
            (SERVICE, _UUID.format(0xFF07), _UUID.format(0xFF06)),
            (OTHER_SERVICES[0], _UUID.format(0xFFF1), _UUID.format(0xFFF2)),
            (OTHER_SERVICES[1], _UUID.format(0xFFE1), _UUID.format(0xFFE1)),
        )
        return choose(services, layouts, "it has no JBD service")

    # What comes in.

    @override
    def notified(self, data: bytes | bytearray, now: float) -> None:
        if self._asked and data == self._asked:
            self._echoed = True
            return
        for message in self._reassembler.feed(data, now):
            self._take(message, now)
        if (broken := self._reassembler.broken_frames) > self._broken_counted:
            self._sink.drop("checksum", broken - self._broken_counted)
            self._broken_counted = broken

    def _take(self, message: Message, now: float) -> None:
        if isinstance(message, ModuleMessage):
            if self._module_answer and not self._module_answer.done() and message.command == self._module_expected:
                self._module_answer.set_result(message)
            return
        if self._answer is None or self._answer.done() or message.register not in (self._expected, LEGACY):
            # Late, or somebody else's: it answers nothing that was asked now.
            self._sink.drop("unasked")
            return
        if not _may_answer(message, self._asked):
            self._sink.drop("unasked")
            return
        self._answer.set_result((message, now))

    # Questions and answers. Whoever asks holds the turn.

    async def _exchange(self, register: int, frame: bytes, *, tries: int = _TRIES) -> tuple[bytes, float]:
        """Send a frame and return the data of its answer with the time it came.

        Raises SilentError if none came, _RefusedError.
        """
        if self._variant is Variant.LEGACY and register in BY_REGISTER:
            # No answer says what it answers: one that is late would be taken for the next parameter.
            tries = 1
        for attempt in range(tries):
            if attempt > 1:
                # Some boards sleep so deep that they need to be woken first.
                await self._link.write(WAKE_UP)
                await asyncio.sleep(self._timing.wake)
            if attempt and self._variant is Variant.LEGACY:
                # Let a late one come and go before the next question.
                await asyncio.sleep(self._timing.answer)
            with suppress(TimeoutError):
                reply, at = await self._ask_once(register, frame)
                if reply.status != Status.DONE:
                    if reply.status == Status.WRONG_CHECKSUM:
                        continue
                    raise _RefusedError(register, reply.status)
                if reply.register == LEGACY:
                    self._variant = Variant.LEGACY
                return reply.data, at
        raise SilentError(f"no answer to register 0x{register:02X}")

    async def _ask_once(self, register: int, frame: bytes) -> tuple[Reply, float]:
        self._reassembler.clear()
        self._expected, self._asked = register, frame
        self._answer = asyncio.get_running_loop().create_future()
        try:
            # Whole: the board would take what comes next for the rest of a frame that was cut.
            await to_the_end(self._send(frame))
            async with asyncio.timeout(self._timing.answer):
                return await self._answer
        finally:
            self._answer = self._expected = None

    async def _send(self, frame: bytes) -> None:
        for start in range(0, len(frame), _PACKET):
            await self._link.write(frame[start : start + _PACKET])

    async def _read(self, register: int, *, tries: int = _TRIES) -> tuple[bytes, float]:
        return await self._exchange(register, read_request(register), tries=tries)

    async def _write(self, register: int, data: bytes, *, tries: int = 1) -> None:
        """Write a register; a write is not repeated unless it does no harm."""
        await self._exchange(register, write_request(register, data), tries=tries)

    async def _tell_module(self, command: ModuleCommand, data: bytes = b"", *, tries: int = 1) -> bytes:
        """Return what the Bluetooth module answers. Raises SilentError."""
        for _ in range(tries):
            self._module_expected = command
            self._module_answer = asyncio.get_running_loop().create_future()
            await self._link.write(module_request(command, data))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.module_answer):
                    message = await self._module_answer
                    if message.data:
                        return message.data
        raise SilentError("the Bluetooth module does not answer")

    # Beginning.

    @override
    async def _begin(self) -> None:
        await asyncio.sleep(self._timing.settle)
        # Somebody else may have commanded something since.
        self._terms.memory.pop(_LAST_LOCKS, None)
        async with self._turn:
            if visit := self._terms.memory.get(_DIRTY):
                await self._leave_factory(visit)
            basic = await self._first_words()
            if visit := self._terms.memory.get(_DIRTY):
                # The module in front of the board had not let it through.
                await self._leave_factory(visit)
            await self._identify(basic)

    async def _first_words(self) -> bytes:
        """Return the first answer of the board, after the module in front of it has let us through."""
        try:
            data, _ = await self._read(Command.BASIC_INFO)
        except _RefusedError:
            raise
        except SilentError:
            if self._echoed:
                raise PairingNeededError("its Bluetooth module wants to be paired with a passkey first") from None
            await self._pass_module()
            data, _ = await self._read(Command.BASIC_INFO, tries=_TRIES + 1)
        return data

    async def _pass_module(self) -> None:
        """Give the password to the Bluetooth module, if it wants one. Raises PackError."""
        try:
            key = await self._tell_module(ModuleCommand.APP_KEY, APP_KEY, tries=_ENTER_TRIES)
        except SilentError:
            return  # an older module, which knows no password
        if key[0] == Answer.NO_PASSWORD:
            return
        password = self._terms.password
        if password is None:
            raise PasswordNeededError("its Bluetooth module asks for the password of the vendor's app")
        if not is_password(password):
            raise WrongPasswordError("the password has six digits")
        if key[0] == Answer.REJECTED:
            # Some modules want the password right here, and no more.
            again = await self._tell_module(ModuleCommand.APP_KEY, password.encode("ascii"))
            if again[0] == Answer.REJECTED:
                raise WrongPasswordError("its Bluetooth module does not accept the password")
            return
        answer = await self._tell_module(ModuleCommand.PASSWORD, await self._encrypted(password))
        if answer[0] != Answer.ACCEPTED:
            raise WrongPasswordError("its Bluetooth module does not accept the password")
        self._password_accepted = True

    async def _encrypted(self, password: str | None) -> bytes:
        """Return a password, or the vendor's for None, mixed with a fresh random byte of the module."""
        random = (await self._tell_module(ModuleCommand.RANDOM))[0]
        address = self._terms.address
        try:
            return vendor_password(address, random) if password is None else user_password(password, address, random)
        except ValueError as error:
            raise SilentError(str(error)) from error

    async def _identify(self, basic: bytes) -> None:
        values = self._decode_basic(basic)
        model = ""
        with suppress(SilentError):
            model = (await self._read(Command.MODEL))[0].split(b"\0")[0].decode("ascii", "replace").strip()
        if self._variant is not Variant.LEGACY:
            self._variant = variant_of(values)
            self._front_end = await self._ask_for_front_end()
        self._identity = identity_of(self._variant, model, values, front_end=self._front_end)
        self._sink.identity(self._identity)
        if _COARSE not in self._terms.memory and self._variant is not Variant.LEGACY:
            await self._learn_units()

    async def _learn_units(self) -> None:
        """Read the one word that may say that all currents and capacities are ten times what they seem."""
        self._terms.memory[_COARSE] = False
        with suppress(SilentError):
            async with self._factory():
                word, _ = await self._read(FUNCTION_WORD)
                self._take_units({FUNCTION_WORD: word})

    def _take_units(self, registers: Registers) -> None:
        self._terms.memory[_COARSE] = coarse = is_coarse(registers)
        if self._identity is not None and coarse and not self._identity.details[_COARSE]:
            # On some boards only the function word tells.
            self._identity = replace(self._identity, details={**self._identity.details, _COARSE: True})
            self._sink.identity(self._identity)

    @property
    def _coarse(self) -> bool:
        return bool(self._terms.memory.get(_COARSE))

    async def _ask_for_front_end(self) -> int | None:
        """Return the type of the front end, None if no answer came; boards that do not know the question have TI's."""
        try:
            data, _ = await self._read(Command.FACTORY_ENTER)
        except _RefusedError:
            return 0
        except SilentError:
            return None
        return data[-1] if data else None

    def _decode_basic(self, data: bytes) -> dict[str, Any]:
        try:
            return decode_basic(data, coarse=self._coarse)
        except FrameError as error:
            raise SilentError(f"its answer makes no sense: {error.reason}") from error

    # Polling.

    @override
    async def _poll(self) -> bool:
        async with self._turn:
            if visit := self._terms.memory.get(_DIRTY):
                await self._leave_factory(visit)  # it was not heard, or interrupted
            return await self._read_now()

    async def _read_now(self) -> bool:
        basic, at = await self._read(Command.BASIC_INFO)
        cells, _ = await self._read(Command.CELL_VOLTAGES)
        counters: dict[str, int] = {}
        if self._counters_supported and self._polls % _POLLS_BETWEEN_COUNTERS == 0:
            counters = await self._read_counters()
        # If they were lost, the next poll asks again.
        self._polls += bool(counters) or not self._counters_supported or self._polls % _POLLS_BETWEEN_COUNTERS != 0
        self._read_at = at
        self._sink.frame(basic, at)
        self._sink.frame(cells, at)
        self._basic = decode_basic(basic, coarse=self._coarse)
        self._follow_locks(self._basic["details"])
        return self._sink.reading(reading_of(self._basic, decode_cells(cells), counters, at))

    async def _read_counters(self) -> dict[str, int]:
        try:
            return decode_counters((await self._read(Command.COUNTERS))[0])
        except _RefusedError as error:
            self._counters_supported = error.status != Status.UNKNOWN_REGISTER
        except SilentError, FrameError:
            pass  # next time
        return {}

    @override
    async def _between(self) -> None:
        if self._settings is None and self._settings_failures < _MOST_SETTINGS_FAILURES:
            try:
                await self.read_settings()
            except SilentError:
                self._settings_failures += 1
                self._sink.drop("settings_unread")

    # Parameters.

    @asynccontextmanager
    async def _factory(self) -> AsyncIterator[_Visit]:
        """Open the parameters, and close them whatever happens. Raises SilentError."""
        # What an earlier visit left undone is done at the end of this one.
        visit: _Visit = self._terms.memory.setdefault(_DIRTY, _Visit())
        try:
            await self._enter_factory()
            yield visit
        finally:
            await to_the_end(self._leave_factory(visit))

    async def _enter_factory(self) -> None:
        if self._password_accepted and not self._factory_allowed:
            # What the owner's password opens is reading only.
            answer = await self._tell_module(ModuleCommand.VENDOR_PASSWORD, await self._encrypted(None))
            if answer[0] == Answer.ACCEPTED:
                with suppress(SilentError):
                    await self._write(Command.UNLOCK, _UNLOCK_DATA)
            self._factory_allowed = True
        for attempt in range(_ENTER_TRIES):
            if attempt:
                await asyncio.sleep(self._timing.pause)
            try:
                await self._exchange(Command.FACTORY_ENTER, factory_enter(), tries=1)
            except _RefusedError:
                # Some boards want the login of the vendor's app first, which is six zeros.
                with suppress(SilentError):
                    await self._write(Command.LOGIN, _NO_LOGIN)
            except SilentError:
                pass  # often the first is lost
            else:
                return
        raise SilentError("the board does not open its parameters")

    async def _leave_factory(self, visit: _Visit) -> None:
        """Close the parameters, also while everything around is ending."""
        frame = factory_exit(keeping=visit.wrote)
        try:
            for _ in range(_TRIES):
                self._expected, self._asked = Command.FACTORY_EXIT, frame
                self._answer = asyncio.get_running_loop().create_future()
                await self._link.write(frame)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.farewell):
                        reply, _ = await self._answer
                    if reply.status in _LEFT:
                        self._terms.memory.pop(_DIRTY, None)
                        return
        except LinkLostError:
            return  # the next session does it
        finally:
            self._answer = self._expected = None

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        async with self._turn:
            if key is not None and key in BY_KEY and self._settings is not None:
                await self._read_one(BY_KEY[key].register, self._settings)
            else:
                await self._read_all()
            settings = self._settings
        if settings is None:
            raise SilentError("it has not told its parameters yet")
        self._sink.settings(settings)
        return settings

    async def _read_all(self) -> None:
        found: dict[int, bytes] = {}
        oldest = asyncio.get_running_loop().time()
        async with self._factory():
            for register in registers_of(self._identity.sw_version if self._identity else ""):
                if asyncio.get_running_loop().time() - self._read_at > max(self._terms.interval, _LONGEST_LOOK):
                    # A slow link must not make the pack look lost meanwhile.
                    with suppress(SilentError, FrameError):
                        await self._read_now()
                try:
                    found[register], _ = await self._read(register)
                except _RefusedError as error:
                    if error.status != Status.UNKNOWN_REGISTER:
                        raise
        try:
            settings = decode_settings(found, self._variant, oldest, front_end=self._front_end or 0)
        except FrameError as error:
            raise SilentError(f"its parameters make no sense: {error.reason}") from error
        self._registers, self._settings = found, settings
        self._take_units(found)

    async def _read_one(self, register: int, known: Settings) -> None:
        async with self._factory():
            data, at = await self._read(register)
        try:
            values = decode_register(register, data, coarse=self._coarse, front_end=self._front_end or 0)
        except FrameError as error:
            raise SilentError(f"its answer makes no sense: {error.reason}") from error
        self._registers[register] = data
        self._settings = replace(known, values={**known.values, **values}, apart=frozenset(values), apart_at=at)

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        async with self._turn:
            try:
                if key in LOCKS:
                    return await self._write_switch(key, value)
                if key == REMAINING_CAPACITY:
                    data = encode_remaining_capacity(value)
                    async with self._factory():
                        await self._write(Command.REMAINING_CAPACITY, data)
                    return True
                return await self._write_parameter(key, value)
            except SilentError, FrameError:
                return False

    async def _write_parameter(self, key: str, value: SettingValue | None) -> bool:
        row = BY_KEY.get(key)
        if row is None:
            raise ValueError(f"there is no parameter {key}")
        if self._counters_supported:
            # It forgets what it has counted.
            self._polls = 0
            await self._read_now()
        async with self._factory() as visit:
            # What shares the register must stay as it is this moment, not as it was when last read.
            old, _ = await self._read(row.register)
            decode_register(row.register, old)
            register, data = encode_register(key, old, value, coarse=self._coarse)
            wrote_before, visit.wrote = visit.wrote, True
            try:
                await self._write_or_reopen(register, data)
            except _RefusedError:
                visit.wrote = wrote_before
                raise
        return True

    async def _write_or_reopen(self, register: int, data: bytes) -> None:
        try:
            await self._write(register, data)
        except _RefusedError as error:
            if error.status != Status.NOT_NOW:
                raise
            await self._enter_factory()  # it had closed them meanwhile
            await self._write(register, data)

    async def _write_switch(self, key: str, value: SettingValue | None) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{key} is true or false")  # noqa: TRY004
        await self._read_now()
        lock = LOCKS[key]
        others = {
            other: self._basic["details"].get(other, self._basic["details"].get(f"{other}{COMMANDED}"))
            for other in LOCKS.values()
            if other != lock
        }
        if None in others.values():
            raise SilentError("the state of the other switch cannot be seen")
        # Until the board shows it, nobody knows whether it obeyed.
        self._terms.memory[_LAST_LOCKS] = others
        locks = others | {lock: not value}
        data = encode_switches(charge=not locks["charge_lock"], discharge=not locks["discharge_lock"])
        await self._send_switches(key, data, on=value)
        self._terms.memory[_LAST_LOCKS] = locks
        return True

    def _follow_locks(self, details: dict[str, Any]) -> None:
        """Remember which switches are locked, and tell what was last commanded where that cannot be seen now."""
        seen = {lock: details[lock] for lock in LOCKS.values() if lock in details}
        if len(seen) == 1 and not any(seen.values()):
            # Something is locked, and it is not the one that can be seen.
            seen = {lock: lock not in seen for lock in LOCKS.values()}
            details |= seen
        last = self._terms.memory.get(_LAST_LOCKS, {}) | seen
        details |= {f"{lock}{COMMANDED}": state for lock, state in last.items() if lock not in seen}
        self._terms.memory[_LAST_LOCKS] = last

    async def _send_switches(self, key: str, data: bytes, *, on: bool) -> None:
        """Send the command that this board takes: alone, with the parameters open, or that of newer firmware."""
        try:
            await self._write(Command.SWITCHES, data)
        except _RefusedError as error:
            if error.status == Status.UNKNOWN_REGISTER and self._variant is Variant.NEWER:
                await self._write(Command.SWITCH, bytes((key == CHARGE_SWITCH, not on)))
                return
            async with self._factory():
                await self._write(Command.SWITCHES, data)


@dataclass(slots=True)
class _Visit:
    """What was done while the parameters were open."""

    wrote: bool = False


def _may_answer(reply: Reply, asked: bytes) -> bool:
    """Tell whether a reply can be that to this request, by its length: one that is late names the register, or not even that."""
    register, length = asked[2], len(reply.data)
    if asked[1] == WRITE:
        return not length
    if reply.status != Status.DONE:
        return True
    if register in BY_REGISTER and register < FIRST_TEXT:
        return length == 2
    if register == Command.BASIC_INFO and reply.register == LEGACY:
        return length > _PROBES_PLACE and length == _PROBES_PLACE + 1 + 2 * reply.data[_PROBES_PLACE]
    return True
