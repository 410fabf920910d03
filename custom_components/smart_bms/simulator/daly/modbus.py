"""Frames of the two dialects that look like Modbus: D2 and 81."""

from dataclasses import dataclass
import struct

READ, WRITE_ONE, WRITE_MANY = 0x03, 0x06, 0x10
RESTART = 0xF0
"""Register of both maps; a write there is never answered."""


def crc16(data: bytes) -> bytes:
    """Return the Modbus checksum, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def sealed(body: bytes) -> bytes:
    """Return a frame: the body with its checksum."""
    return body + crc16(body)


@dataclass(frozen=True, slots=True)
class Request:
    """What a master wants: so many registers from one on, or these values there."""

    address: int
    function: int
    register: int
    count: int
    values: tuple[int, ...] = ()


def parse(frame: bytes) -> Request | None:
    """Return the request in a frame; None if the board would keep silent."""
    if len(frame) < 8 or crc16(frame[:-2]) != frame[-2:]:
        return None
    address, function, register, word = struct.unpack_from(">BBHH", frame)
    if function == READ and len(frame) == 8 and 0 < word < 0x80:
        return Request(address, function, register, word)
    if function == WRITE_ONE and len(frame) == 8:
        return Request(address, function, register, 1, (word,))
    # No count of bytes here, unlike in Modbus.
    if function == WRITE_MANY and word and len(frame) == 8 + 2 * word:
        return Request(address, function, register, word, struct.unpack_from(f">{word}H", frame, 6))
    return None


def read_reply(address: int, values: list[int]) -> bytes:
    """Return the answer to a read."""
    return sealed(bytes((address, READ, 2 * len(values))) + struct.pack(f">{len(values)}H", *values))


def block(start: int, *values: int) -> dict[int, int]:
    """Return registers in a row."""
    return {register: value & 0xFFFF for register, value in enumerate(values, start)}


def long(start: int, value: int) -> dict[int, int]:
    """Return two registers that hold one number."""
    return block(start, value >> 16, value)


def text(start: int, content: str, length: int) -> dict[int, int]:
    """Return so many registers that hold a text, cut or filled up with NUL."""
    size = 2 * length
    return block(start, *struct.unpack(f">{length}H", content.encode()[:size].ljust(size, b"\0")))
