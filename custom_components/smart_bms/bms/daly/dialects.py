"""The three dialects of Daly: how each is probed, identified, read, and what acknowledges a write."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, override

from ..errors import FrameError, SilentError
from ..reading import Detail, Identity
from ..repeated_answer import MAX_QUESTIONS, RepeatedAnswer
from ..settings import Settings, SettingValue
from .decode import (
    D2_LIVE,
    D2_MORE,
    D2_MORE_CELLS,
    P81_LIVE,
    P81_LIVE_SHORT,
    P81_STATE,
    P81_UPTIME,
    a5_frames_needed,
    decode_a5,
    decode_d2,
    decode_p81,
    decode_p81_state,
    decode_p81_uptime,
    joined,
)
from .frames import (
    A5_HOSTS,
    A5Frame,
    Dialect,
    Message,
    RegisterAnswer,
    RegisterWrite,
    a5_request,
    decode_frame,
    read_request,
)
from .identity import a5_text, d2_texts, identity_of, is_default_password, p81_texts, production_date
from .parameters import (
    BY_NUMBER,
    D2_BALANCER,
    D2_IDENTITY,
    D2_SECRETS,
    D2_SETTINGS,
    P81_IDENTITY,
    P81_SECOND,
    P81_SETTINGS,
)
from .settings import A5_SWITCHES, decode_settings

type Block = tuple[int, int]
"""First register and count."""
type Values = dict[str, Any]

_CELLS_AT_ONCE: Final = 32
_P81_SECRET: Final = 0x126
_P81_DATE: Final = 0x129
_MAX_CELLS: Final = 48
_MAX_SILENCES: Final = 2
"""Times that a block was asked for in vain, twice each, before it is taken for absent."""
_MOSFET_PROOFS: Final = 2
"""Times in a row that a byte was no left-over before it is believed."""


class BoardConnection(Protocol):
    """What a board is talked to over; all questions raise SilentError without an answer."""

    async def read(
        self, frame: bytes, dialect: Dialect, count: int, *, within: float | None = None
    ) -> tuple[bytes, float]:
        """Return the content of registers, with the time it came."""

    async def collect(
        self, frame: bytes, command: int, needed: int, *, within: float | None = None
    ) -> tuple[list[bytes], float]:
        """Return the data of all frames of A5 that answer a command; at least so many differently numbered ones."""


class DalyBoard(ABC):
    """A board that uses one of the dialects."""

    dialect: Dialect
    inverted: bool = False
    """The current is usually positive while discharging."""

    def __init__(self, connection: BoardConnection, host: int) -> None:
        """`host` is the sender address in A5."""
        self.host = host
        self.frames: list[bytes] = []
        """What the last reading was made of, free of secrets."""
        self._connection = connection

    @abstractmethod
    async def probe(self, within: float, *, thorough: bool = False) -> None:
        """Make sure that the board uses this dialect; each answer may take `within` s. `thorough`: also ask what is rarely needed.

        Raises SilentError, FrameError.
        """

    @abstractmethod
    async def identify(self, within: float) -> Identity:
        """Return who it is, as far as it tells; `within` is how many s an answer took at most so far. Raises SilentError."""

    @abstractmethod
    async def read(self) -> tuple[Values, float]:
        """Return the values of one reading, and the monotonic time of the oldest. Raises SilentError, FrameError."""

    @abstractmethod
    async def read_settings(self, key: str | None, known: Settings | None) -> Settings:
        """Return all parameters, where those that come together with `key` are new. Raises SilentError."""

    @abstractmethod
    def acknowledges(self, frame: bytes) -> Callable[[Message], bool]:
        """Return what knows the answer to a write."""


class _ModbusBoard(DalyBoard):
    """D2 and 81: blocks of registers."""

    blocks: tuple[Block, ...]
    """Where the parameters are."""

    def __init__(self, connection: BoardConnection, host: int) -> None:
        super().__init__(connection, host)
        self._contents: dict[int, bytes] = {}
        self._silences: dict[Block, int] = {}
        self._heard: set[Block] = set()

    async def _read(self, block: Block, *, within: float | None = None) -> tuple[bytes, float]:
        first, count = block
        return await self._connection.read(read_request(self.dialect, first, count), self.dialect, count, within=within)

    async def _try(self, block: Block) -> bytes:
        """Return a block that not every board has; empty without it."""
        if self._silences.get(block, 0) >= _MAX_SILENCES:
            return b""
        try:
            data, _ = await self._read(block)
        except SilentError:
            # Lost once or twice is not yet absent, and what was there once is there.
            if block not in self._heard:
                self._silences[block] = self._silences.get(block, 0) + 1
            return b""
        self._heard.add(block)
        return data

    @override
    async def read_settings(self, key: str | None, known: Settings | None) -> Settings:
        blocks = [block for block in self.blocks if key is None or known is None or self._holds(block, key)]
        at = asyncio.get_running_loop().time()
        for block in blocks or self.blocks:
            if block is self.blocks[0]:
                self._contents[block[0]], at = await self._read(block)
            elif data := await self._try(block):
                self._contents[block[0]] = data
            elif block in self._heard or key is not None:
                raise SilentError("a part of its parameters did not come")
        values: dict[str, SettingValue] = decode_settings(self.dialect, self._contents)
        if known is None or key is None:
            return Settings(measured_at=at, variant=self.dialect, values=values)
        fresh = frozenset(decode_settings(self.dialect, {block[0]: self._contents[block[0]] for block in blocks}))
        return Settings(
            measured_at=known.measured_at, variant=self.dialect, values=values, apart=fresh & values.keys(), apart_at=at
        )

    def _holds(self, block: Block, key: str) -> bool:
        first, count = block
        return any(
            row.key == key
            for number, rows in BY_NUMBER[self.dialect].items()
            if first <= number < first + count
            for row in rows
        )

    @override
    def acknowledges(self, frame: bytes) -> Callable[[Message], bool]:
        sent = decode_frame(frame)

        # The reply repeats the write; a refusal has something else in place of the value.
        return lambda message: isinstance(message, RegisterWrite) and message == sent


class D2Board(_ModbusBoard):
    """A board of the H, K, M or S series."""

    dialect = Dialect.D2
    blocks = (D2_SETTINGS, D2_BALANCER)

    def __init__(self, connection: BoardConnection, host: int) -> None:
        super().__init__(connection, host)
        self._cells = 0

    @override
    async def probe(self, within: float, *, thorough: bool = False) -> None:
        data, _ = await self._read(D2_LIVE, within=within)
        words = _words(data)
        self._cells = words[0x31]
        plausible = 0 < self._cells <= _MAX_CELLS and (words[0x28] or not any(words[:_CELLS_AT_ONCE]))
        if not plausible:
            raise FrameError("layout_unknown")

    @override
    async def identify(self, within: float) -> Identity:
        reported = d2_texts(await self._try(D2_IDENTITY))
        secrets = await self._try(D2_SECRETS)
        if secrets and (date := production_date(secrets[6:9])):
            reported["manufacturing_date"] = date
        settings = decode_settings(self.dialect, {D2_SETTINGS[0]: await self._try(D2_SETTINGS)})
        details = _details(secrets[:6], settings)
        return identity_of(self.dialect, reported, cells=self._cells, details=details)

    @override
    async def read(self) -> tuple[Values, float]:
        data, at = await self._read(D2_LIVE)
        self._cells = _words(data)[0x31]
        more = await self._try(D2_MORE_CELLS if self._cells > _CELLS_AT_ONCE else D2_MORE)
        self.frames = [data, more] if more else [data]
        return decode_d2(_words(data), _words(more)), at


class P81Board(_ModbusBoard):
    """A newer board of the H, K, M or S series, an active balancer, or one of a home storage."""

    dialect = Dialect.P81
    blocks = (*P81_SETTINGS, P81_SECOND)

    def __init__(self, connection: BoardConnection, host: int) -> None:
        super().__init__(connection, host)
        self._live: Block = P81_LIVE

    @override
    async def probe(self, within: float, *, thorough: bool = False) -> None:
        for block in (P81_LIVE, P81_LIVE_SHORT)[: 1 + thorough]:
            self._live = block
            with suppress(SilentError):
                decode_p81(_words((await self._read(block, within=within))[0]))
                return
        raise SilentError("no answer")

    @override
    async def identify(self, within: float) -> Identity:
        reported = p81_texts(await self._try(P81_IDENTITY))
        first = await self._try(P81_SETTINGS[0])
        settings = decode_settings(self.dialect, {P81_SETTINGS[0][0]: first})
        start = 2 * (_P81_DATE - P81_SETTINGS[0][0])
        if date := production_date(first[start : start + 3].ljust(3, b"\0")):
            reported["manufacturing_date"] = date
        place = 2 * (_P81_SECRET - P81_SETTINGS[0][0])
        details = _details(first[place : place + 6], settings)
        cells = settings.get("cell_count")
        return identity_of(self.dialect, reported, cells=cells if isinstance(cells, int) else None, details=details)

    @override
    async def read(self) -> tuple[Values, float]:
        data, at = await self._read(self._live)
        state, _ = await self._read(P81_STATE)
        uptime = await self._try(P81_UPTIME)
        self.frames = [data, state]
        values = joined(decode_p81(_words(data)), decode_p81_state(_words(state)))
        if uptime:
            values["runtime"] = decode_p81_uptime(_words(uptime))
        return values, at


class A5Board(DalyBoard):
    """An older board, or a newer one on its wire."""

    dialect = Dialect.A5
    inverted = True
    _LIVE: Final = (0x90, 0x93, 0x95, 0x96, 0x97, 0x98)
    _IDENTITY: Final[Mapping[str, tuple[int, int, Callable[[list[bytes]], str]]]] = {
        "sw_version": (0x62, 2, a5_text),
        "hw_version": (0x63, 2, a5_text),
        "manufacturing_date": (0x53, 0, lambda found: production_date(found[0][2:5])),
    }
    """Command, number of frames and what decodes them."""
    _SETTINGS: Final = (0x50, 0x52, 0x53, 0x59, 0x5A, 0x5B, 0x5C, 0x5D, 0x5E, 0x5F, 0x60)

    def __init__(self, connection: BoardConnection, host: int) -> None:
        super().__init__(connection, host)
        self._last_byte = 0
        self._mosfet_proofs = 0
        self._repeated_answer = RepeatedAnswer()
        self._contents: dict[int, bytes] = {}
        self._silences: dict[int, int] = {}

    async def _ask(self, command: int, *, needed: int = 0, within: float | None = None) -> tuple[list[bytes], float]:
        """Return the data of the frames that answer a command; `needed` numbered ones, 0 where it is a single one."""
        found, at = await self._connection.collect(a5_request(self.host, command), command, needed, within=within)
        self._last_byte = found[-1][7]
        return found, at

    async def _ask_until_believed(self, command: int) -> tuple[bytes, float]:
        """Return the data of an answer that counts: the check of a frame is a sum of one byte. Raises SilentError."""
        for _ in range(MAX_QUESTIONS):
            found, at = await self._ask(command)
            # The last bytes may be left over from another answer: only what is a parameter has to agree.
            if self._repeated_answer.believes(command, decode_settings(self.dialect, {command: found[0]})):
                return found[0], at
        raise SilentError("no two answers agree")

    @override
    async def probe(self, within: float, *, thorough: bool = False) -> None:
        found, _ = await self._ask(0x90, within=within)
        decode_a5({0x90: found})
        # Frames do not say what they answer: the one before may have been late.
        await self._ask(0x94, within=within)

    @override
    async def identify(self, within: float) -> Identity:
        reported: dict[str, str] = {}
        for _ in range(2):
            for key, (command, needed, decode) in self._IDENTITY.items():
                if key in reported:
                    continue
                with suppress(SilentError):
                    reported[key] = decode((await self._ask(command, needed=needed, within=within))[0])
            if not reported:
                break  # a board that does not know these questions, rather than answers that were lost
        found, _ = await self._ask(0x94)
        return identity_of(self.dialect, reported, cells=found[0][0], details={})

    @override
    async def read(self) -> tuple[Values, float]:
        left_over = self._last_byte
        (first, *_), at = await self._ask(0x94)
        self._mosfet_proofs = self._mosfet_proofs + 1 if first[7] not in (0, left_over) else 0
        answers: dict[int, list[bytes]] = {0x94: [first]}
        needed = {0x95: a5_frames_needed(first[0], 3), 0x96: a5_frames_needed(first[1], 7)}
        for command in self._LIVE:
            if needed.get(command) == 0:
                continue
            answers[command], _ = await self._ask(command, needed=needed.get(command, 0))
        self.frames = [bytes((command,)) + data for command, found in answers.items() for data in found]
        return decode_a5(answers, mosfet=self._mosfet_proofs >= _MOSFET_PROOFS), at

    @override
    async def read_settings(self, key: str | None, known: Settings | None) -> Settings:
        at = 0.0
        for command in self._SETTINGS:
            if self._silences.get(command, 0) >= _MAX_SILENCES:
                continue
            try:
                data, came = await self._ask_until_believed(command)
            except SilentError:
                if command in self._contents:
                    raise
                self._silences[command] = self._silences.get(command, 0) + 1
                if not self._contents and len(self._silences) >= _MAX_SILENCES:
                    break  # a board that sends none of them; its switches can be used all the same
                continue
            at = at or came
            self._contents[command] = data
        return Settings(
            measured_at=at or asyncio.get_running_loop().time(),
            variant=self.dialect,
            values=decode_settings(self.dialect, self._contents),
        )

    @override
    def acknowledges(self, frame: bytes) -> Callable[[Message], bool]:
        command, wanted = frame[2], frame[4]
        # The answer repeats the switch, or says one for done; the other bytes are left over.
        reported = wanted if command in A5_SWITCHES.values() else 1
        return lambda message: (
            isinstance(message, A5Frame) and message.command == command and message.data[0] == reported
        )


def _words(data: bytes) -> tuple[int, ...]:
    return RegisterAnswer(Dialect.D2, data).words


def details_of(settings: Mapping[str, SettingValue]) -> dict[str, Detail]:
    """Return what the parameters say of the cells, which decides what may be written."""
    details: dict[str, Detail] = {}
    if isinstance(chemistry := settings.get("battery_type"), str):
        details["battery_type"] = chemistry
    nominal = settings.get("nominal_cell_voltage")
    if isinstance(nominal, (int, float)):
        details["nominal_cell_voltage"] = nominal
    return details


def _details(password: bytes, settings: Mapping[str, SettingValue]) -> dict[str, Detail]:
    details: dict[str, Detail] = {"default_password": is_default_password(password)} if password else {}
    return details | details_of(settings)


BOARDS: Final[Mapping[Dialect, Callable[[BoardConnection, int], DalyBoard]]] = {
    Dialect.D2: D2Board,
    Dialect.P81: P81Board,
    Dialect.A5: A5Board,
}

PROBES: Final = (
    (Dialect.D2, 0),
    (Dialect.P81, 0),
    *((Dialect.A5, host) for host in A5_HOSTS),
)
"""Dialects and, for A5, the sender address, in the order in which they are tried."""
