"""What must not leave the house: a JK pack tells both its passwords, and its owner's words, to anybody who connects."""

from collections.abc import Iterator, Sequence

from ..recording import Chunk, Span, blank_spans
from .frames import (
    CHATTER,
    COMMAND_HEADER,
    COMMAND_LENGTH,
    READY_HEADER,
    RESPONSE_HEADER,
    RESPONSE_LENGTH,
    TYPE_OFFSET,
    FrameType,
    checksum,
)
from .identity import secret_spans

_LONGEST_NUMBER = 4
_HEADER = 6
_HARMLESS = (FrameType.CELL_INFO, FrameType.SETTINGS)


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without passwords, name, serial number and user data."""
    return blank_spans(blank_spans(chunks, _received), _sent, sent=True)


def _received(stream: bytes) -> Iterator[Span]:
    """Yield all that is not surely free of secrets: parts of frames whose beginning is lost may be anything."""
    place = 0
    while place < len(stream):
        if stream.startswith(READY_HEADER, place):
            place += COMMAND_LENGTH
        elif stream.startswith(CHATTER, place):
            place += len(CHATTER)
        elif stream.startswith(RESPONSE_HEADER, place):
            frame = stream[place : place + RESPONSE_LENGTH]
            if len(frame) == RESPONSE_LENGTH and checksum(frame[:-1]) == frame[-1]:
                yield from ((place + offset, place + offset + length) for offset, length in secret_spans(frame))
                place += RESPONSE_LENGTH
                continue
            end = _next_header(stream, place + 1)
            if len(frame) <= TYPE_OFFSET or frame[TYPE_OFFSET] not in _HARMLESS or end - place > RESPONSE_LENGTH:
                yield place + _HEADER, end
            place = end
        else:
            end = _next_header(stream, place)
            yield place, end
            place = end


def _next_header(stream: bytes, place: int) -> int:
    found = [at for header in (RESPONSE_HEADER, READY_HEADER) if (at := stream.find(header, place)) >= 0]
    return min(found, default=len(stream))


def _sent(stream: bytes) -> Iterator[Span]:
    """Yield the texts that were written."""
    place = stream.find(COMMAND_HEADER)
    while place >= 0:
        if len(stream) > place + 5 and stream[place + 5] > _LONGEST_NUMBER:
            yield place + _HEADER, place + COMMAND_LENGTH
        place = stream.find(COMMAND_HEADER, place + COMMAND_LENGTH)
