"""What must not leave the house: the PIN travels in clear, is echoed, and comes back in the answer to one query."""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, Span, blank_answers, blank_spans
from .lines import PING, WORDS, command, query_fields

HOLDS_PIN: Final = "S1"
"""The query whose answer holds the PIN in clear."""
PIN_FIELD: Final = re.compile(r"(?:3\d){4}")
"""Four ASCII digits in hex."""

_PIN_COMMAND: Final = re.compile(rb"PW[^!\r]*")
_LINE: Final = re.compile(rb"[^\r\n ]+|[\r\n ]+")
_ENDS: Final = b"\r\n "
_RECORD: Final = re.compile(r"[UVTCEMHB](?:_[+-]?[0-9A-FX:]{1,8})+")
_COMMAND: Final = re.compile(r"[A-OQ-Z][A-Z0-9]{0,3}[@!]|[0-9A-F]{2}-[0-9A-F]{3}!")


def _is_secret(question: bytes) -> bool:
    return question.startswith(b"PW") or question == command(f"{HOLDS_PIN}@")


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without the PIN, wherever it is.

    Units that are spoken to speak in lines: of these, only what is surely something else than an answer with the PIN is kept.
    """
    spoken_to = any(chunk.sent for chunk in chunks)
    if not spoken_to and any(not chunk.data.isascii() for chunk in chunks):
        return list(chunks)  # frames, which have no secrets
    lines = blank_spans(chunks, _doubtful_lines, fill=b"?")
    masked = blank_answers(lines, _is_secret, is_noise=lambda data: data == PING)
    return blank_spans(masked, _pins, sent=True, fill=b"?")


def _pins(stream: bytes) -> Iterator[Span]:
    yield from (found.span() for found in _PIN_COMMAND.finditer(stream))


def _doubtful_lines(stream: bytes) -> Iterator[Span]:
    """Yield every line that is not whole, or could be the answer with the PIN or a part of it; also the first: it may be one."""
    first = True
    for found in _LINE.finditer(stream):
        if found[0][0] in _ENDS:
            first = False
        elif first or found.end() == len(stream) or not _is_harmless(found[0].decode("latin-1")):
            yield found.span()


def _is_harmless(line: str) -> bool:
    if line in WORDS or _COMMAND.fullmatch(line):
        return True
    if PIN_FIELD.search(line):
        return False
    if _RECORD.fullmatch(line):
        return True
    try:
        query_fields(line.lstrip("$"))
    except FrameError, UnicodeEncodeError:
        return False
    return True
