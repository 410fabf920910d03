"""Messages of Daly boards, written down from the protocol reference a third time."""

from collections.abc import Mapping
import struct


def crc(body: bytes) -> bytes:
    """Return CRC16-Modbus, low byte first, bit by bit."""
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def sealed(body: bytes) -> bytes:
    """Return a frame of D2 or 81."""
    return body + crc(body)


def reply(address: int, words: list[int] | tuple[int, ...]) -> bytes:
    """Return an answer with registers."""
    return sealed(bytes((address, 3, 2 * len(words))) + struct.pack(f">{len(words)}H", *words))


def block(first: int, count: int, registers: Mapping[int, int], filler: int = 0) -> tuple[int, ...]:
    """Return registers from a first one on."""
    return tuple(registers.get(place, filler) for place in range(first, first + count))


def packed(words: tuple[int, ...]) -> bytes:
    """Return registers as bytes."""
    return struct.pack(f">{len(words)}H", *words)


def a5(command: int, data: bytes | str, host: int = 1) -> bytes:
    """Return a frame of A5."""
    content = bytes.fromhex(data) if isinstance(data, str) else data
    body = bytes((0xA5, host, command, 8)) + content.ljust(8, b"\0")
    return body + bytes((sum(body) & 0xFF,))


def d2_status(cells: tuple[int, ...] = (3300, 3310, 3305, 3320), **changes: int) -> dict[int, int]:
    """Return the registers of a D2 status block (reference 4.1); changes as `r31=4`."""
    registers = dict(enumerate(cells[:32])) | {0x20 + place: 62 for place in range(2)}
    registers |= {0x28: round(sum(cells) / 100), 0x29: 30000, 0x2A: 500, 0x2F: 0, 0x30: 500}
    registers |= {0x31: len(cells), 0x32: 2, 0x33: 12, 0x35: 1, 0x36: 1, 0x38: max(cells) - min(cells)}
    return registers | {int(name[1:], 16): value for name, value in changes.items()}


def p81_live(cells: tuple[int, ...] = (3300, 3310, 3305, 3320), **changes: int) -> dict[int, int]:
    """Return the registers of the first block of 81 (reference 5.1)."""
    registers = dict(enumerate(cells)) | {0x30: 62, 0x31: 63}
    registers |= {0x38: round(sum(cells) / 100), 0x39: 30000, 0x3A: 500, 0x3B: 7, 0x3C: len(cells), 0x3D: 2}
    return registers | {int(name[1:], 16): value for name, value in changes.items()}


def p81_state(**changes: int) -> dict[int, int]:
    """Return the registers of the second block of 81 (reference 5.1)."""
    registers = {0x42: 20, 0x48: 0, 0x4B: 500, 0x4C: 3, 0x4E: 30000, 0x52: 1, 0x53: 1, 0x5A: 64, 0x5B: 0xFF}
    return registers | {int(name[1:], 16): value for name, value in changes.items()}
