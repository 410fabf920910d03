"""Driver of a JBD pack: who it is, its values, its parameters, its switches."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, override

from bleak.backends.service import BleakGATTServiceCollection

from ..channels import choose
from ..connection import Channel
from ..driver import FrameWriter
from ..driver_listener import DriverListener
from ..errors import FrameError, PairingNeededError, SilentError
from ..polling import PollingDriver
from ..reading import Identity
from ..session_context import SessionContext
from ..settings import Settings, SettingValue
from .advertisement import OTHER_SERVICES, SERVICE
from .decode import decode_basic, decode_cells, decode_counters, reading_of
from .exchange import DEFAULT_TIMING, TRIES, Exchange, RefusedError, Timing
from .factory_mode import FactoryMode
from .frames import Command, ReplyStatus
from .identity import Variant, identity_of, variant_of
from .parameters import BY_KEY, FUNCTION_WORD
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
    is_coarse,
    registers_of,
)

_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
_POLLS_BETWEEN_COUNTERS: Final = 12
_MAX_READ: Final = 5.0
"""Seconds for which parameters may be read before a reading is read in between."""
_COARSE: Final = "coarse_units"
_UNITS_ASKED: Final = "units_asked"
UNIT: Final = "current_unit"
UNITS: Final = {"10_ma": False, "100_ma": True}
"""What the owner may choose as the unit of currents and capacities, and whether it is the coarse one."""
_LAST_LOCKS: Final = "last_locks"


class JbdDriver(PollingDriver):
    """One session with a JBD pack."""

    def __init__(
        self,
        connection: FrameWriter,
        listener: DriverListener,
        context: SessionContext,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """Initialize."""
        super().__init__(connection, listener, context)
        self._timing = timing
        self._exchange = Exchange(connection, listener, timing)
        self._factory_mode = FactoryMode(self._exchange, context, timing)
        self._variant = Variant.CLASSIC
        self._identity: Identity | None = None
        self._front_end: int | None = None
        self._read_at = 0.0
        self._counters_supported = True
        self._polls = 0
        self._basic: dict[str, Any] = {}

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

    @override
    def notified(self, data: bytes | bytearray, now: float) -> None:
        self._exchange.notified(data, now)

    @override
    async def _begin(self) -> None:
        await asyncio.sleep(self._timing.settle)
        # Somebody else may have commanded something since.
        self._context.memory.pop(_LAST_LOCKS, None)
        async with self._exchange_lock:
            await self._factory_mode.leave_if_open()
            basic = await self._first_answer()
            # The module in front of the board may not have passed it on.
            await self._factory_mode.leave_if_open()
            await self._identify(basic)

    async def _first_answer(self) -> bytes:
        """Return the first answer of the board, after the module in front of it has accepted the password."""
        began = asyncio.get_running_loop().time()
        try:
            # Soon: silence is what a module in front of the board is known by, and whoever adds a pack waits for its question.
            data, at = await self._exchange.read(Command.BASIC_INFO, within=self._timing.first)
            if self._exchange.legacy and at - began >= self._timing.first:
                # Both questions may be answered, and such an answer does not say what it answers.
                await asyncio.sleep(self._timing.answer)
        except RefusedError:
            raise
        except SilentError:
            if self._exchange.echoed:
                raise PairingNeededError("its Bluetooth module wants to be paired with a passkey first") from None
            await self._factory_mode.log_in_to_module()
            data, _ = await self._exchange.read(Command.BASIC_INFO, tries=TRIES + 1)
        return data

    async def _identify(self, basic: bytes) -> None:
        if self._exchange.legacy:
            self._variant = Variant.LEGACY
        values = self._decode_basic(basic)
        model = ""
        with suppress(SilentError):
            model = (await self._exchange.read(Command.MODEL))[0].split(b"\0")[0].decode("ascii", "replace").strip()
        if self._variant is not Variant.LEGACY:
            self._variant = variant_of(values)
            self._front_end = await self._ask_for_front_end()
        self._identity = identity_of(self._variant, model, values, front_end=self._front_end)
        self._listener.identity(self._identity)
        if self._coarse is None and _UNITS_ASKED not in self._context.memory:
            await self._learn_units()

    async def _learn_units(self) -> None:
        """Read the one word that may say that all currents and capacities are ten times what they seem.

        Once, before anything is shown; if the answer is lost, it comes with all the other parameters.
        """
        self._context.memory[_UNITS_ASKED] = True
        with suppress(SilentError):
            async with self._factory_mode.parameters():
                word, _ = await self._exchange.read(FUNCTION_WORD)
                self._update_units({FUNCTION_WORD: word})

    def _update_units(self, registers: Registers) -> None:
        self._context.learned[_COARSE] = coarse = is_coarse(registers)
        # On some boards only the function word tells; a bit beside the values, if set, is the last word.
        if self._identity is not None and (coarse or _COARSE not in self._identity.details):
            self._identity = replace(self._identity, details={**self._identity.details, _COARSE: coarse})
            self._listener.identity(self._identity)

    @property
    def _coarse(self) -> bool | None:
        """Whether currents and capacities are in steps of 0.1; None while nobody knows."""
        if self._variant is Variant.LEGACY:
            return False
        if (chosen := self._context.options.get(UNIT)) in UNITS:
            return UNITS[chosen]
        kept = self._context.learned.get(_COARSE)
        return kept if isinstance(kept, bool) else None

    @property
    def _coarse_registers(self) -> bool:
        """Whether the parameters are in steps of 0.1, which none but the function word says."""
        return self._context.learned.get(_COARSE) is True

    async def _ask_for_front_end(self) -> int | None:
        """Return the type of the front end, None if no answer came; boards that do not know the question have TI's."""
        try:
            data, _ = await self._exchange.read(Command.FACTORY_ENTER)
        except RefusedError:
            return 0
        except SilentError:
            return None
        return data[-1] if data else None

    def _decode_basic(self, data: bytes) -> dict[str, Any]:
        try:
            return decode_basic(data, coarse=self._coarse)
        except FrameError as error:
            raise SilentError(f"its answer makes no sense: {error.reason}") from error

    @override
    async def _poll(self) -> bool:
        async with self._exchange_lock:
            await self._factory_mode.leave_if_open()  # it was not heard, or interrupted
            return await self._read_reading()

    async def _read_reading(self) -> bool:
        basic, at = await self._exchange.read(Command.BASIC_INFO)
        cells, _ = await self._exchange.read(Command.CELL_VOLTAGES)
        counters: dict[str, int] = {}
        if self._counters_supported and self._polls % _POLLS_BETWEEN_COUNTERS == 0:
            counters = await self._read_counters()
        # If they were lost, the next poll asks again.
        self._polls += bool(counters) or not self._counters_supported or self._polls % _POLLS_BETWEEN_COUNTERS != 0
        self._read_at = at
        self._listener.frame(basic, at)
        self._listener.frame(cells, at)
        self._basic = decode_basic(basic, coarse=self._coarse)
        self._follow_locks(self._basic["details"])
        return self._listener.reading(reading_of(self._basic, decode_cells(cells), counters, at))

    async def _read_counters(self) -> dict[str, int]:
        try:
            return decode_counters((await self._exchange.read(Command.COUNTERS))[0])
        except RefusedError as error:
            self._counters_supported = error.status != ReplyStatus.UNKNOWN_REGISTER
        except SilentError, FrameError:
            pass  # next time
        return {}

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        async with self._exchange_lock:
            if key is not None and key in BY_KEY and self._settings is not None:
                await self._read_some((BY_KEY[key].register,), self._settings)
            else:
                await self._read_all()
            settings = self._settings
        if settings is None:
            raise SilentError("it has not sent its parameters yet")
        self._listener.settings(settings)
        return settings

    @override
    async def read_related(self, keys: Collection[str]) -> Settings:
        registers = sorted({BY_KEY[key].register for key in keys if key in BY_KEY})
        if self._settings is None or not registers:
            return await self.read_settings()
        async with self._exchange_lock:
            settings = await self._read_some(registers, self._settings)
        self._listener.settings(settings)
        return settings

    async def _read_all(self) -> None:
        found: dict[int, bytes] = {}
        oldest = asyncio.get_running_loop().time()
        async with self._factory_mode.parameters():
            for register in registers_of(self._identity.sw_version if self._identity else ""):
                if asyncio.get_running_loop().time() - self._read_at > max(self._context.interval, _MAX_READ):
                    # A slow connection must not make the pack look lost meanwhile.
                    with suppress(SilentError, FrameError):
                        await self._read_reading()
                try:
                    found[register], _ = await self._exchange.read(register)
                except RefusedError as error:
                    if error.status != ReplyStatus.UNKNOWN_REGISTER:
                        raise
        try:
            settings = decode_settings(found, self._variant, oldest, front_end=self._front_end or 0)
        except FrameError as error:
            raise SilentError(f"its parameters make no sense: {error.reason}") from error
        self._settings = settings
        self._update_units(found)

    async def _read_some(self, registers: Collection[int], known: Settings) -> Settings:
        """Read these registers in one factory session, and replace what was known of them."""
        values: dict[str, SettingValue] = {}
        began = asyncio.get_running_loop().time()
        async with self._factory_mode.parameters():
            answers = {register: (await self._exchange.read(register))[0] for register in registers}
        try:
            for register, data in answers.items():
                values |= decode_register(register, data, coarse=self._coarse_registers, front_end=self._front_end or 0)
        except FrameError as error:
            raise SilentError(f"its answer makes no sense: {error.reason}") from error
        self._settings = replace(known, values={**known.values, **values}, apart=frozenset(values), apart_at=began)
        return self._settings

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        async with self._exchange_lock:
            try:
                if key in LOCKS:
                    return await self._write_switch(key, value)
                if key == REMAINING_CAPACITY:
                    data = encode_remaining_capacity(value)
                    async with self._factory_mode.parameters():
                        await self._exchange.write(Command.REMAINING_CAPACITY, data)
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
            await self._read_reading()
        async with self._factory_mode.parameters() as opened:
            # What shares the register must stay as it is this moment, not as it was when last read.
            old, _ = await self._exchange.read(row.register)
            register, data = encode_register(key, old, value, coarse=self._coarse_registers)
            wrote_before, opened.wrote = opened.wrote, True
            try:
                await self._write_or_reopen(register, data)
            except RefusedError:
                opened.wrote = wrote_before
                raise
        return True

    async def _write_or_reopen(self, register: int, data: bytes) -> None:
        try:
            await self._exchange.write(register, data)
        except RefusedError as error:
            if error.status != ReplyStatus.NOT_NOW:
                raise
            await self._factory_mode.enter()  # it had closed them meanwhile
            await self._exchange.write(register, data)

    async def _write_switch(self, key: str, value: SettingValue | None) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{key} is true or false")  # noqa: TRY004
        await self._read_reading()
        lock = LOCKS[key]
        others = {
            other: self._basic["details"].get(other, self._basic["details"].get(f"{other}{COMMANDED}"))
            for other in LOCKS.values()
            if other != lock
        }
        if None in others.values():
            raise SilentError("the state of the other switch cannot be seen")
        # Until the board shows it, nobody knows whether it obeyed.
        self._context.memory[_LAST_LOCKS] = others
        locks = others | {lock: not value}
        data = encode_switches(charge=not locks["charge_lock"], discharge=not locks["discharge_lock"])
        await self._send_switches(key, data, on=value)
        self._context.memory[_LAST_LOCKS] = locks
        return True

    def _follow_locks(self, details: dict[str, Any]) -> None:
        """Remember which switches are locked, and add what was last commanded where that cannot be seen now."""
        seen = {lock: details[lock] for lock in LOCKS.values() if lock in details}
        if len(seen) == 1 and not any(seen.values()):
            # Something is locked, and it is not the one that can be seen.
            seen = {lock: lock not in seen for lock in LOCKS.values()}
            details |= seen
        last = self._context.memory.get(_LAST_LOCKS, {}) | seen
        details |= {f"{lock}{COMMANDED}": state for lock, state in last.items() if lock not in seen}
        self._context.memory[_LAST_LOCKS] = last

    async def _send_switches(self, key: str, data: bytes, *, on: bool) -> None:
        """Send the command that this board takes: alone, with the parameters open, or that of newer firmware."""
        try:
            await self._exchange.write(Command.SWITCHES, data)
        except RefusedError as error:
            if error.status == ReplyStatus.UNKNOWN_REGISTER and self._variant is Variant.NEWER:
                await self._exchange.write(Command.SWITCH, bytes((key == CHARGE_SWITCH, not on)))
                return
            async with self._factory_mode.parameters():
                await self._exchange.write(Command.SWITCHES, data)
