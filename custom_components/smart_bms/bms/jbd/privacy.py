"""What must not leave the house: the dialogue with the Bluetooth module, and the texts of a board."""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..recording import Chunk, Span, blank_answers, blank_spans
from .registers import FIRST_TEXT

_MODULE: Final = b"\xff\xaa"
_START: Final = 0xDD
_READ: Final = 0xA5
_WRITE: Final = 0x5A
_LONGEST_NUMBER: Final = 2
_SHOWN: Final = 3


def _is_secret(question: bytes) -> bool:
    if question.startswith(_MODULE):
        return True
    return len(question) > 2 and question[0] == _START and question[2] >= FIRST_TEXT


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without the passwords of the module, serial number and the owner's words."""
    masked = list(blank_answers(chunks, _is_secret, first_is_secret=True))
    return blank_spans(blank_spans(masked, _module_messages), _sent, sent=True)


def _module_messages(stream: bytes) -> Iterator[Span]:
    """Yield the data of what the module says, also by itself."""
    for found in re.finditer(re.escape(_MODULE), stream):
        if found.start() + _SHOWN < len(stream):
            yield found.start() + _SHOWN, found.start() + _SHOWN + 2 + stream[found.start() + _SHOWN]


def _sent(stream: bytes) -> Iterator[Span]:
    """Yield passwords and texts that were written."""
    yield from _module_messages(stream)
    for found in re.finditer(rb"\xdd[\xa5\x5a]", stream, re.DOTALL):
        start = found.start()
        if len(stream) > start + 3 and stream[start + 1] == _WRITE and stream[start + 3] > _LONGEST_NUMBER:
            yield start + 4, start + 4 + stream[start + 3]
