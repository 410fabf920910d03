"""Daly frames: from notification bytes to whole, checksum-valid messages, and requests back into bytes.

Three dialects share the connection. D2 and 81 are Modbus RTU with addresses of their own (and without the byte count that
Modbus has in a write of many); A5 is 13 bytes with a sum. All lengths and checks as recorded from ten boards.
"""

from dataclasses import dataclass
from enum import StrEnum
import struct
from typing import Final, override

from ..errors import FrameError
from ..reassembly import STALL, BufferedReassembly

READ: Final = 0x03
WRITE: Final = 0x06
WRITE_MANY: Final = 0x10
EXCEPTION: Final = 0x80
A5_START: Final = 0xA5
A5_LENGTH: Final = 13
A5_DATA: Final = 8
A5_HOSTS: Final = (0x80, 0x40)
"""Sender addresses: the phone app, the computer; some modules answer only the second."""
_A5_BOARD: Final = 0x01
_MODBUS_WRITE_LENGTH: Final = 8
_EXCEPTION_LENGTH: Final = 5


def _checksum(data: bytes) -> int:
    # Late, because automations that use our triggers are checked before Home Assistant has fetched what packs need.
    from fastcrc import crc16  # noqa: PLC0415

    return crc16.modbus(data)


class Dialect(StrEnum):
    """Which of the three protocols."""

    D2 = "D2"
    P81 = "81"
    A5 = "A5"


_REQUEST_ADDRESS: Final = {Dialect.D2: 0xD2, Dialect.P81: 0x81}
_REPLY_ADDRESS: Final = {0xD2: Dialect.D2, 0x51: Dialect.P81}
_ADDRESSES: Final = {0xD2: Dialect.D2, 0x81: Dialect.P81, 0x51: Dialect.P81}


@dataclass(frozen=True, slots=True)
class RegisterAnswer:
    """Registers as a board sends them; it does not say which ones."""

    dialect: Dialect
    data: bytes

    @property
    def words(self) -> tuple[int, ...]:
        """Return the registers."""
        return struct.unpack(f">{len(self.data) // 2}H", self.data)


@dataclass(frozen=True, slots=True)
class RegisterWrite:
    """A write, or a board's acknowledgement of one."""

    dialect: Dialect
    register: int
    function: int
    data: bytes
    """Value, or the count of registers that were taken."""


@dataclass(frozen=True, slots=True)
class ModbusException:
    """A board's exception; never seen."""

    dialect: Dialect
    function: int
    code: int


@dataclass(frozen=True, slots=True)
class A5Frame:
    """One frame of the oldest dialect."""

    host: int
    command: int
    data: bytes


type Message = RegisterAnswer | RegisterWrite | ModbusException | A5Frame


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A question for registers."""

    dialect: Dialect
    register: int
    count: int


def _with_crc(body: bytes) -> bytes:
    return body + _checksum(body).to_bytes(2, "little")


def read_request(dialect: Dialect, register: int, count: int) -> bytes:
    """Return the frame that asks for registers."""
    return _with_crc(struct.pack(">BBHH", _REQUEST_ADDRESS[dialect], READ, register, count))


def write_request(dialect: Dialect, register: int, values: tuple[int, ...]) -> bytes:
    """Return the frame that writes one or more registers. Raises ValueError if one does not fit into 16 bits."""
    address = _REQUEST_ADDRESS[dialect]
    try:
        if len(values) == 1:
            return _with_crc(struct.pack(">BBHH", address, WRITE, register, values[0]))
        head = struct.pack(">BBHH", address, WRITE_MANY, register, len(values))
        return _with_crc(head + struct.pack(f">{len(values)}H", *values))
    except struct.error:
        raise ValueError("a value does not fit into a register") from None


def a5_request(host: int, command: int, data: bytes = bytes(A5_DATA)) -> bytes:
    """Return a frame of the oldest dialect."""
    body = bytes((A5_START, host, command, A5_DATA)) + data
    return body + bytes((sum(body) & 0xFF,))


def decode_frame(frame: bytes) -> Message | ReadRequest:
    """Return what exactly one frame says, from or to a board. Raises FrameError: `header`, `length`, `checksum`."""
    if not frame:
        raise FrameError("header")
    if frame[0] == A5_START:
        return _decode_a5(frame)
    dialect = _ADDRESSES.get(frame[0])
    if dialect is None or len(frame) < _EXCEPTION_LENGTH:
        raise FrameError("header" if dialect is None else "length")
    if _checksum(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
        raise FrameError("checksum")
    function, body = frame[1], frame[2:-2]
    is_reply = frame[0] in _REPLY_ADDRESS
    if function == READ and is_reply and body[0] == len(body) - 1:
        if body[0] % 2:
            raise FrameError("length")
        return RegisterAnswer(dialect, body[1:])
    if function & EXCEPTION and len(body) == 1:
        return ModbusException(dialect, function & ~EXCEPTION, body[0])
    if len(body) < 4:
        raise FrameError("length")
    register = int.from_bytes(body[:2])
    if function == READ and len(body) == 4:
        return ReadRequest(dialect, register, int.from_bytes(body[2:]))
    if (function == WRITE and len(body) == 4) or (function == WRITE_MANY and _fits_count(body)):
        return RegisterWrite(dialect, register, function, body[2:])
    if function in (WRITE, WRITE_MANY):
        raise FrameError("length")
    raise FrameError("length" if function == READ else "header")


def _fits_count(body: bytes) -> bool:
    """Return whether a write of many is whole: the count alone as an acknowledgement, or with as many registers."""
    return len(body) == 4 or len(body) == 4 + 2 * int.from_bytes(body[2:4])


def _decode_a5(frame: bytes) -> A5Frame:
    if len(frame) != A5_LENGTH:
        raise FrameError("length")
    if frame[3] != A5_DATA:
        raise FrameError("header")
    if sum(frame[:-1]) & 0xFF != frame[-1]:
        raise FrameError("checksum")
    return A5Frame(frame[1], frame[2], frame[4:12])


class Reassembler(BufferedReassembly):
    """Turns notifications into messages. The texts that modules send of their own are junk."""

    @override
    def clear(self) -> None:
        """Drop what is held, as a broken frame: the answer to a new request starts afresh."""
        self.broken_frames += bool(self._buffer)
        super().clear()

    def feed(self, data: bytes | bytearray, now: float) -> list[Message]:
        """Add one notification received at monotonic time `now`; return the messages it completes, in order."""
        if self._buffer and now - self._fed_at > STALL:
            self.clear()
        self._fed_at = now
        buffer = self._buffer
        buffer += data
        found: list[Message] = []
        start = 0
        while start < len(buffer):
            length = _length(buffer, start)
            if length == 0:
                self.junk_bytes += 1
                start += 1
                continue
            if length is None or start + length > len(buffer):
                break
            message = _reply(bytes(buffer[start : start + length]))
            if message is None:
                self.broken_frames += 1
                start += 1
            else:
                found.append(message)
                start += length
        del buffer[:start]
        return found


def _length(buffer: bytearray, start: int) -> int | None:
    """Return how long the frame is that begins here: 0 if none does, None if that is not known yet."""
    head = buffer[start : start + 4]
    if head[0] == A5_START:
        fits = (len(head) < 2 or head[1] == _A5_BOARD) and (len(head) < 4 or head[3] == A5_DATA)
        return A5_LENGTH if fits else 0
    if head[0] not in _REPLY_ADDRESS:
        return 0
    if len(head) < 3:
        return None
    function = head[1]
    if function == READ:
        return 0 if head[2] % 2 or not head[2] else 3 + head[2] + 2
    if function in (WRITE, WRITE_MANY):
        return _MODBUS_WRITE_LENGTH
    return _EXCEPTION_LENGTH if function & ~EXCEPTION in (READ, WRITE, WRITE_MANY) else 0


def _reply(frame: bytes) -> Message | None:
    try:
        message = decode_frame(frame)
    except FrameError:
        return None
    return None if isinstance(message, ReadRequest) else message
