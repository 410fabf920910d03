"""What diagnostics and recordings must not show: a JK pack tells both its passwords, and its owner's words, to anybody who connects.

Parts of two frames, with what was between them lost, pass the one-byte checksum once in 256 times. So a frame of numbers
is shown only if no text is in it, and of a device info only what has the form of what should be there.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
import re
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, Piece, blank_except, holds_text
from ..settings import SettingKind
from .decode import decode_reading, detect_variant
from .event_log import decode_log
from .frames import (
    CHATTER,
    COMMAND_HEADER,
    COMMAND_LENGTH,
    READY_HEADER,
    RESPONSE_HEADER,
    RESPONSE_LENGTH,
    TYPE_OFFSET,
    Command,
    FrameType,
    checksum,
)
from .layouts import Variant
from .parameters import REGISTERS
from .settings import decode_settings, detect_settings_variant

_HEADER: Final = 6
_LENGTH_OFFSET: Final = 5
_MAX_NUMBER: Final = 4
_NUMBERS: Final = frozenset(Command) | {
    row.number for rows in REGISTERS.values() for row in rows if row.kind is not SettingKind.TEXT
}
"""Ids of commands that carry a number or nothing."""
_START: Final = re.compile(b"|".join(map(re.escape, (RESPONSE_HEADER, READY_HEADER, CHATTER))))
_CHATTERED: Final = tuple(RESPONSE_LENGTH + times * len(CHATTER) for times in range(4))
"""Lengths of a response with chatter in it."""
_INFO_NUMBERS: Final = ((21, 1), (38, 8), (150, 40), (202, 97))
"""Offset and length of what a device info says in numbers."""
_INFO_TEXTS: Final = (
    (6, 15, re.compile(rb"JK[-_][A-Z]{1,3}\d{1,2}A\d{1,2}S(?:\d{1,2}P)?(?:-?[A-Z]{1,3})?\0*")),
    (22, 8, re.compile(rb"V?\d{1,2}(?:[A-Z]|\.[A-Z-]{1,4}|\.\d)\0*")),
    (30, 8, re.compile(rb"V?\d{1,2}(?:\.\d{1,3}){1,2}[A-Z]?\0*")),
)
"""Offset, length and form of model, hardware and software. A date would have the form of a password."""
_FLOAT: Final = 4
_CELL_EXPONENTS: Final = range(0x3A, 0x41)
"""Highest byte of a number between 0.0005 and 10: the oldest firmware tells volts and ohms as such, which look like text."""


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without passwords, name, serial number and user data."""
    return blank_except(blank_except(chunks, _received), _sent, sent=True)


def masked(frame: bytes) -> bytes:
    """Return a whole, checksum-valid response without secrets; the checksum is made to fit."""
    if frame[TYPE_OFFSET] == FrameType.DEVICE_INFO:
        return _sealed(_device_info(frame))
    variant = _understood(frame)
    return _sealed(_head(frame)) if variant is None else masked_numbers(frame, variant)


def masked_numbers(frame: bytes, variant: Variant) -> bytes:
    """Return the same of a frame that has been understood as one of numbers alone."""
    body = frame[_HEADER:]  # With the checksum: by chance, it is the next letter of a text.
    if holds_text(body) and (variant is not Variant.JK04 or holds_text(_without_floats(body))):
        return _sealed(_head(frame))
    return frame


def _head(frame: bytes) -> bytearray:
    return bytearray(frame[:_HEADER].ljust(RESPONSE_LENGTH, b"\0"))


def _sealed(frame: bytearray) -> bytes:
    frame[-1] = checksum(frame[:-1])
    return bytes(frame)


def _device_info(frame: bytes) -> bytearray:
    masked = _head(frame)
    for offset, length, form in _INFO_TEXTS:
        # What stands behind the first zero is left over from longer ones.
        text = frame[offset : offset + length].split(b"\0")[0].ljust(length, b"\0")
        if form.fullmatch(text):
            masked[offset : offset + length] = text
    for offset, length in _INFO_NUMBERS:
        if not holds_text(number := frame[offset : offset + length]):
            masked[offset : offset + length] = number
    offset, length = _INFO_NUMBERS[-1]
    if holds_text(_sealed(masked)[offset:]):
        masked[offset : offset + length] = bytes(length)
    return masked


def _understood(frame: bytes) -> Variant | None:
    """Return the layout of a frame of numbers, None if it cannot be one."""
    with suppress(FrameError):
        match frame[TYPE_OFFSET]:
            case FrameType.CELL_INFO:
                decode_reading(frame, variant := detect_variant(frame), 0.0)
                return variant
            case FrameType.SETTINGS:
                decode_settings(frame, variant := detect_settings_variant(frame), 0.0)
                return variant
            case FrameType.SYSTEM_LOG:
                decode_log(frame)
                return Variant.JK02_32S
    return None


def _without_floats(body: bytes) -> bytes:
    groups = (body[place : place + _FLOAT] for place in range(0, len(body), _FLOAT))
    return b"".join(bytes(len(group)) if group[-1] in _CELL_EXPONENTS else group for group in groups)


def _received(stream: bytes) -> Iterator[Piece]:
    place = 0
    while found := _START.search(stream, place):
        place = found.start()
        length, piece = len(found[0]), found[0]
        if piece == READY_HEADER and _is_command(whole := stream[place : place + COMMAND_LENGTH]):
            length, piece = COMMAND_LENGTH, whole
        elif piece == RESPONSE_HEADER:
            length, piece = _response(stream, place)
        yield place, piece
        place += length


def _response(stream: bytes, place: int) -> Piece:
    """Return the length of the response that begins here, and what of it may be shown."""
    for length in _CHATTERED:
        window = stream[place : place + length]
        frame = window.replace(CHATTER, b"")
        if len(window) == length and len(frame) == RESPONSE_LENGTH and checksum(frame[:-1]) == frame[-1]:
            found = masked(frame)
            if len(window) == len(frame):
                return length, found
            return length, window if found == frame else RESPONSE_HEADER
    return len(RESPONSE_HEADER), RESPONSE_HEADER


def _is_command(frame: bytes) -> bool:
    return len(frame) == COMMAND_LENGTH and checksum(frame[:-1]) == frame[-1] and not holds_text(frame[_HEADER:])


def _sent(stream: bytes) -> Iterator[Piece]:
    """Yield the commands that carry no text."""
    place = stream.find(COMMAND_HEADER)
    while place >= 0:
        frame = stream[place : place + COMMAND_LENGTH]
        is_number = _is_command(frame) and frame[TYPE_OFFSET] in _NUMBERS and frame[_LENGTH_OFFSET] <= _MAX_NUMBER
        yield place, frame if is_number else COMMAND_HEADER
        place = stream.find(COMMAND_HEADER, place + (COMMAND_LENGTH if is_number else len(COMMAND_HEADER)))
