"""JK frames: from notification bytes to whole, checksum-valid frames, and commands back into bytes.

The pack's Bluetooth module is a UART bridge: notification borders mean nothing. Two kinds of frames come in
(seen in the logs of five module types): 300-byte responses and 20-byte ready frames, between them the chatter of
modules that try to configure themselves.
"""

from enum import IntEnum
from typing import Final
from zlib import adler32

from ..reassembly import STALL, BufferedReassembly

RESPONSE_HEADER: Final = b"\x55\xaa\xeb\x90"
COMMAND_HEADER: Final = b"\xaa\x55\x90\xeb"
READY_HEADER: Final = COMMAND_HEADER + b"\xc8"
CHATTER: Final = b"AT\r\n"
RESPONSE_LENGTH: Final = 300
COMMAND_LENGTH: Final = 20
PAYLOAD_LENGTH: Final = 13
TYPE_OFFSET: Final = 4
COUNTER_OFFSET: Final = 5

_CHATTER_OVERHANG: Final = len(CHATTER) - 1
_MAX_HEADER: Final = len(READY_HEADER)


class FrameType(IntEnum):
    """Byte 4 of a response."""

    SETTINGS = 0x01
    CELL_INFO = 0x02
    DEVICE_INFO = 0x03
    SYSTEM_LOG = 0x05
    READY = 0xC8


class Command(IntEnum):
    """Ids of commands that only read."""

    READ_SETTINGS = 0x96
    READ_DEVICE_INFO = 0x97
    READ_SYSTEM_LOG = 0xA1


def checksum(data: bytes | bytearray) -> int:
    """Return the sum of all bytes modulo 256, the only check JK frames carry; `data` is at most 512 bytes.

    The lower half of Adler-32 is one more than the sum of the bytes, as long as that stays below 65521: the same sum, four
    times as fast as in Python.
    """
    half = len(data) // 2
    return (adler32(data[:half]) + adler32(data[half:]) - 2) & 0xFF


def encode_command(command: int, payload: bytes = b"") -> bytes:
    """Return the 20-byte frame of a command or register write; the padding is zero.

    Raises ValueError if the payload is longer than 13 bytes.
    """
    if len(payload) > PAYLOAD_LENGTH:
        msg = f"{len(payload)} bytes do not fit into a JK command"
        raise ValueError(msg)
    frame = COMMAND_HEADER + bytes((command, len(payload))) + payload.ljust(PAYLOAD_LENGTH, b"\0")
    return frame + bytes((checksum(frame),))


def is_spliced(frame: bytes) -> bool:
    """Return whether a frame holds the head of another one: a part of it was lost, and the next frame filled the gap.

    The checksum lets one such frame in 256 pass.
    """
    return frame.find(RESPONSE_HEADER, 1) > 0 or frame.find(READY_HEADER, 1) > 0


class Reassembler(BufferedReassembly):
    """Turns notifications into frames. Chatter is no junk; a frame with the head of another inside is a broken one."""

    def feed(self, data: bytes | bytearray, now: float) -> list[bytes]:
        """Add one notification received at monotonic time `now`; return the frames it completes, in order."""
        buffer = self._buffer
        if held := len(buffer):
            if data == CHATTER:
                return []
            if now - self._fed_at > STALL:
                self.broken_frames += held >= _MAX_HEADER
                del buffer[:1]
                held -= 1
        self._fed_at = now
        # Chatter comes between the parts of a frame too, alone or glued to them. It must go before the checksum is
        # checked: that is so weak that a frame stretched by chatter passes now and then.
        buffer += data
        joint = held - _CHATTER_OVERHANG if held > _CHATTER_OVERHANG else 0
        while (chatter := buffer.find(CHATTER, joint)) >= 0:
            del buffer[chatter : chatter + len(CHATTER)]
        size = len(buffer)
        if size < RESPONSE_LENGTH and buffer.startswith(RESPONSE_HEADER):
            return []
        frames: list[bytes] = []
        start = 0
        while start < size:
            if not buffer.startswith(RESPONSE_HEADER, start) and (start := self._next_start(start)) >= size:
                break
            end = start + (RESPONSE_LENGTH if buffer[start] == RESPONSE_HEADER[0] else COMMAND_LENGTH)
            if end > size:
                break
            frame = bytes(buffer[start:end])
            if checksum(frame) == frame[-1] * 2 & 0xFF and not is_spliced(
                frame
            ):  # the sum of all, the others' included
                frames.append(frame)
                start = end
            else:
                # A lost notification makes this frame contain the head of the next: search for that head inside.
                self.broken_frames += 1
                start += 1
        del buffer[:start]
        return frames

    def _next_start(self, start: int) -> int:
        """Return where the next frame begins at or after `start`; junk before it is counted.

        Without a header that is the end of the buffer, or where a header may be starting.
        """
        buffer = self._buffer
        found = [
            position for header in (RESPONSE_HEADER, READY_HEADER) if (position := buffer.find(header, start)) >= 0
        ]
        position = min(found) if found else self._partial_header(start)
        self.junk_bytes += position - start
        return position

    def _partial_header(self, start: int) -> int:
        buffer = self._buffer
        for length in range(min(_MAX_HEADER - 1, len(buffer) - start), 0, -1):
            tail = bytes(buffer[-length:])
            if RESPONSE_HEADER.startswith(tail) or READY_HEADER.startswith(tail):
                return len(buffer) - length
        return len(buffer)
