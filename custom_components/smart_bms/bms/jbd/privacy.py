"""What diagnostics and recordings must not show: the dialog with the Bluetooth module, and the texts of a board."""

from collections.abc import Callable, Iterator, Sequence
import re
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, Piece, blank_except, holds_text
from .decode import decode_basic, decode_cells, decode_counters
from .frames import (
    LEGACY,
    MODULE_START,
    OVERHEAD,
    START,
    Command,
    Reply,
    decode_module_message,
    decode_reply,
    decode_request,
)
from .parameters import FIRST_TEXT

_START: Final = re.compile(b"|".join(map(re.escape, (MODULE_START, bytes((START,))))))
_HEAD: Final = 4
_MODULE_OVERHEAD: Final = 5
_MAX_NUMBER: Final = 2
_MIN_TEXT: Final = 5
_NUMBERS: Final = frozenset({*range(0x10, FIRST_TEXT)}) | {
    *(Command.FACTORY_ENTER, Command.FACTORY_EXIT, Command.CONTROL),
    *(Command.REMAINING_CAPACITY, Command.SWITCHES, Command.SWITCH),
}
"""Registers that hold a number or nothing."""


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without the passwords of the module, serial number and the owner's words."""
    return blank_except(blank_except(chunks, _received), _sent, sent=True)


def _messages(stream: bytes, is_harmless: Callable[[bytes], bool]) -> Iterator[Piece]:
    """Yield the harmless frames of the board's language whole; of the others, and of the module's words, the head alone."""
    place = 0
    while found := _START.search(stream, place):
        place, of_module = found.start(), found[0] == MODULE_START
        overhead = _MODULE_OVERHEAD if of_module else OVERHEAD
        end = place + (stream[place + 3] + overhead if place + 3 < len(stream) else overhead)
        frame = stream[place:end]
        try:
            if of_module:
                decode_module_message(frame)
            else:
                decode_reply(frame)
        except FrameError:
            place += 1
            continue
        yield place, frame if not of_module and is_harmless(frame) else frame[:_HEAD]
        place = end


def _received(stream: bytes) -> Iterator[Piece]:
    yield from _messages(stream, lambda frame: _is_understood(decode_reply(frame)))


def _sent(stream: bytes) -> Iterator[Piece]:
    yield from _messages(stream, _carries_a_number)


def _is_understood(reply: Reply) -> bool:
    """Return whether an answer says nothing but numbers."""
    data = reply.data
    if not data:
        return True
    if reply.status or holds_text(data, _MIN_TEXT):
        return False
    if reply.register in _NUMBERS:
        return len(data) <= _MAX_NUMBER
    # The oldest firmware does not say what it answers; its texts are no measurements either.
    decoders = (decode_basic, decode_cells) if reply.register == LEGACY else _DECODERS.get(reply.register, ())
    return any(_can_be(decode, data) for decode in decoders)


_DECODERS: Final[dict[int, tuple[Callable[[bytes], object], ...]]] = {
    Command.BASIC_INFO: (decode_basic,),
    Command.CELL_VOLTAGES: (decode_cells,),
    Command.COUNTERS: (decode_counters,),
}


def _can_be(decode: Callable[[bytes], object], data: bytes) -> bool:
    try:
        decode(data)
    except FrameError:
        return False
    return True


def _carries_a_number(frame: bytes) -> bool:
    try:
        asked = decode_request(frame)
    except FrameError:
        return False
    if not asked.write:
        return not asked.data
    return asked.register in _NUMBERS and len(asked.data) <= _MAX_NUMBER
