"""JBD frames: from notification bytes to whole, checksum-valid messages, and requests back into bytes.

Two protocols share the connection: that of the board (`DD … 77`, the same as on its UART) and that of the Bluetooth module in
front of it (`FF AA …`), which only knows names and passwords. Checksums cover the bytes from the third on (all captures,
vendor documents V4 to V13).
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import Final

from ..errors import FrameError
from ..reassembly import STALL, Reassembly

START: Final = 0xDD
END: Final = 0x77
READ: Final = 0xA5
WRITE: Final = 0x5A
LEGACY: Final = 0xA5
"""In place of the register in every reply of the oldest firmware (LH-SP15S001)."""
MODULE_START: Final = b"\xff\xaa"
OVERHEAD: Final = 7
WAKE_UP: Final = bytes(4)
"""Ignored by the board, but its UART wakes up (V19)."""

_HEAD: Final = 4
_MODULE_OVERHEAD: Final = 5
_MIN_LEGACY: Final = 4


class Command(IntEnum):
    """Registers that are no parameters."""

    FACTORY_ENTER = 0x00
    """Written; read, it is the type of the front end."""
    FACTORY_EXIT = 0x01
    BASIC_INFO = 0x03
    CELL_VOLTAGES = 0x04
    MODEL = 0x05
    LOGIN = 0x06
    CHANGE_PASSWORD = 0x07
    UNLOCK = 0x09
    CONTROL = 0x0A
    COUNTERS = 0xAA
    REMAINING_CAPACITY = 0xE0
    SWITCHES = 0xE1
    PARAMETER_BATCH = 0xFA
    SWITCH = 0xFB


class ReplyStatus(IntEnum):
    """What a reply says of the request."""

    DONE = 0x00
    UNKNOWN_REGISTER = 0x80
    NOT_NOW = 0x81
    WRONG_CHECKSUM = 0x82
    WRONG_PASSWORD = 0x83
    PASSWORD_NOT_CHANGED = 0x84


@dataclass(frozen=True, slots=True)
class Reply:
    """What the board answers."""

    register: int
    """`LEGACY` for all registers of the oldest firmware."""
    status: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of the board."""

    register: int
    data: bytes
    write: bool


@dataclass(frozen=True, slots=True)
class ModuleMessage:
    """What the Bluetooth module sends or receives."""

    command: int
    data: bytes


type Message = Reply | ModuleMessage


def checksum(data: bytes | bytearray) -> bytes:
    """Return the two bytes that follow `data`, which begins with the third byte of a frame."""
    return (-sum(data) & 0xFFFF).to_bytes(2)


def _seal(head: int, body: bytes) -> bytes:
    return bytes((START, head)) + body + checksum(body) + bytes((END,))


def read_request(register: int, data: bytes = b"") -> bytes:
    """Return the frame that asks for a register."""
    return _seal(READ, bytes((register, len(data))) + data)


def write_request(register: int, data: bytes) -> bytes:
    """Return the frame that writes a register."""
    return _seal(WRITE, bytes((register, len(data))) + data)


def module_request(command: int, data: bytes = b"") -> bytes:
    """Return a message to the Bluetooth module; it fits into one packet and has no end sign."""
    body = bytes((command, len(data))) + data
    return MODULE_START + body + bytes((sum(body) & 0xFF,))


def _check(frame: bytes) -> None:
    """Raise FrameError unless this is exactly one frame of the board's protocol."""
    if not frame or frame[0] != START:
        raise FrameError("header")
    if len(frame) < OVERHEAD or len(frame) != frame[3] + OVERHEAD:
        raise FrameError("length")
    if frame[-1] != END or checksum(frame[2:-3]) != frame[-3:-1]:
        raise FrameError("checksum")


def decode_reply(frame: bytes) -> Reply:
    """Return the reply in exactly one frame. Raises FrameError: `header`, `length`, `checksum`."""
    _check(frame)
    return Reply(frame[1], frame[2], frame[_HEAD:-3])


def decode_request(frame: bytes) -> Request:
    """Return the request in exactly one frame. Raises FrameError: `header`, `length`, `checksum`."""
    _check(frame)
    if frame[1] not in (READ, WRITE):
        raise FrameError("header")
    return Request(frame[2], frame[_HEAD:-3], write=frame[1] == WRITE)


def decode_module_message(message: bytes) -> ModuleMessage:
    """Return the message in exactly one packet. Raises FrameError: `header`, `length`, `checksum`."""
    if not message.startswith(MODULE_START):
        raise FrameError("header")
    if len(message) < _MODULE_OVERHEAD or len(message) != message[3] + _MODULE_OVERHEAD:
        raise FrameError("length")
    if sum(message[2:-1]) & 0xFF != message[-1]:
        raise FrameError("checksum")
    return ModuleMessage(message[2], message[_HEAD:-1])


def is_request(frame: bytes) -> bool:
    """Tell a request from a reply, which the oldest firmware begins in the same way."""
    if len(frame) < _HEAD or frame[0] != START:
        return False
    legacy_reply = frame[1] == READ and frame[2] == ReplyStatus.DONE and frame[3] >= _MIN_LEGACY
    return frame[1] in (READ, WRITE) and not legacy_reply


class Reassembler(Reassembly):
    """Turns notifications into messages. Holds less than one frame plus one notification, whatever arrives.

    Holds the notifications as they came: a repeated one can only be detected so.
    """

    def __init__(self) -> None:
        """Initialize."""
        super().__init__()
        self._parts: list[bytes] = []

    @property
    def pending(self) -> int:
        """Bytes held that are not a whole frame yet."""
        return sum(map(len, self._parts))

    def clear(self) -> None:
        """Drop what is held, as a broken frame: the answer to a new request starts afresh."""
        self.broken_frames += bool(self._parts)
        self._parts.clear()

    def feed(self, data: bytes | bytearray, now: float) -> list[Message]:
        """Add one notification received at monotonic time `now`; return the messages it completes, in order."""
        if not data:
            return []
        if self._parts and now - self._fed_at > STALL:
            self.clear()
        self._fed_at = now
        part = bytes(data)
        if part.startswith(MODULE_START) and (message := self._module_message(part)):
            # The module speaks in whole packets, also between request and reply of the board.
            return [message]
        self._parts.append(part)
        return self._complete()

    @staticmethod
    def _module_message(part: bytes) -> ModuleMessage | None:
        try:
            return decode_module_message(part)
        except FrameError:
            return None

    def _complete(self) -> list[Message]:
        found: list[Message] = []
        while self._parts:
            held = b"".join(self._parts)
            start = held.find(START)
            if start < 0:
                self.junk_bytes += len(held)
                self._parts.clear()
                break
            if start:
                self.junk_bytes += start
                held = held[start:]
                self._cut(start)
            # By length alone: a fragment may end in the end sign by accident.
            end = held[3] + OVERHEAD if len(held) >= _HEAD else len(held) + 1
            if end > len(held):
                break
            try:
                found.append(decode_reply(held[:end]))
                self._cut(end)
            except FrameError:
                if not self._drop_repeated():
                    self.broken_frames += 1
                    self._cut(1)
        return found

    def _drop_repeated(self) -> bool:
        """Drop parts that came twice in a row, as some stacks deliver them; return whether there were any."""
        single = [part for part, _ in groupby(self._parts)]
        repeated = len(single) < len(self._parts)
        self._parts = single
        return repeated

    def _cut(self, count: int) -> None:
        """Forget the first bytes that are held."""
        while count:
            part = self._parts[0]
            if len(part) > count:
                self._parts[0] = part[count:]
                return
            count -= len(part)
            del self._parts[0]
