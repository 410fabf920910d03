"""What diagnostics and recordings must not show: the parameter password of a board, its serial numbers, and what its module sends about itself.

An answer does not say which registers it holds. It is shown if its length fits to a question for measurements or limits,
and to no question for identity or password: so no answer that is late, or whose question was lost, is taken for another.
"""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, Piece, blank_except, holds_text
from .frames import (
    A5_LENGTH,
    A5_START,
    READ,
    WRITE,
    WRITE_MANY,
    A5Frame,
    Dialect,
    Message,
    ReadRequest,
    RegisterAnswer,
    RegisterWrite,
    decode_frame,
)

_SECRETS: Final = {
    Dialect.D2: ((0xA9, 0xCE),),
    Dialect.P81: ((0x126, 0x129), (0x178, 0x1A8)),
}
"""First and last register of identity and password."""
_A5_LIVE: Final = frozenset({*range(0x50, 0x54), *range(0x59, 0x61), *range(0x90, 0x99)})
"""Commands that are answered with numbers; the others with codes and texts."""
_START: Final = re.compile(rb"[\xa5\xd2\x51]")
_HEAD: Final = 4
_OVERHEAD: Final = 5
_WRITTEN_LENGTH: Final = 8

type Size = tuple[Dialect, int]
"""How many registers a question asks for."""


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without answers that hold a password or an identity."""
    asked = [message for chunk in chunks if chunk.sent and isinstance(message := _decoded(chunk.data), ReadRequest)]
    secret = {(question.dialect, question.count) for question in asked if _is_secret(question)}
    known = {(question.dialect, question.count) for question in asked} - secret
    masked = [chunk._replace(data=_described(chunk.data)) if chunk.sent else chunk for chunk in chunks]
    return blank_except(masked, lambda stream: _received(stream, known))


def _decoded(frame: bytes) -> Message | ReadRequest | None:
    try:
        return decode_frame(frame)
    except FrameError:
        return None


def _described(packet: bytes) -> bytes:
    """Return a packet to the board as it may be shown; words for the module may not."""
    message = _decoded(packet)
    return packet if isinstance(message, ReadRequest) or _is_number(message, packet) else bytes(len(packet))


def _is_secret(asked: ReadRequest | RegisterWrite) -> bool:
    count = asked.count if isinstance(asked, ReadRequest) else max(1, len(asked.data) // 2)
    return any(
        asked.register <= last and first < asked.register + count for first, last in _SECRETS.get(asked.dialect, ())
    )


def _is_number(message: Message | ReadRequest | None, frame: bytes) -> bool:
    """Return whether nothing behind the head of a frame reads like a text; its checksum may continue one by chance."""
    match message:
        case A5Frame():
            return not holds_text(frame[_HEAD:])
        case RegisterWrite():
            return not _is_secret(message) and not holds_text(frame[_HEAD:])
        case _:
            return False


def _received(stream: bytes, known: set[Size]) -> Iterator[Piece]:
    place = 0
    while found := _START.search(stream, place):
        place = found.start()
        frame = stream[place : place + _length(stream[place : place + 3])]
        message = _decoded(frame)
        if message is None:
            place += 1
            continue
        if isinstance(message, RegisterAnswer):
            shown = (message.dialect, len(message.data) // 2) in known
        else:
            shown = _is_number(message, frame) and not (
                isinstance(message, A5Frame) and message.command not in _A5_LIVE
            )
        if shown:
            yield place, frame
        place += len(frame)


def _length(head: bytes) -> int:
    """Return how long a frame is that begins like this."""
    if head[0] == A5_START or len(head) < 3:
        return A5_LENGTH
    if head[1] == READ:
        return _OVERHEAD + head[2]
    return _WRITTEN_LENGTH if head[1] in (WRITE, WRITE_MANY) else _OVERHEAD
