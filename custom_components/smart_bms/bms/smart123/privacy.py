"""What diagnostics and recordings must not show: the PIN travels in clear, is echoed, and comes back in the answer to one query."""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, Piece, blank_answers, blank_except
from . import frame58
from .decode import LAYOUTS, decode_record, is_record
from .frames import COMMAND_ANSWERS, PING, command, query_fields
from .memory import HISTORY, LOG, TIME
from .parameters import BY_KEY, NEWER_QUERIES, QUERIES, VERSION

HOLDS_PIN: Final = "S1"
"""The query whose answer holds the PIN in clear."""
PIN_FIELD: Final = re.compile(r"(?:3\d){4}")
"""Four ASCII digits in hex."""

_MAX_OF_PIN: Final = re.compile(r"(?:3\d){3}")
_LINE: Final = re.compile(rb"[^\r\n ]+|[\r\n ]+")
_ENDS: Final = b"\r\n "
_COMMANDS: Final = frozenset({"D!", "E!"}) | {
    f"{query}@" for query in (VERSION, *QUERIES, *NEWER_QUERIES, TIME, *LOG, *HISTORY)
}
_WRITE: Final = re.compile(r"[0-9A-F]{2}-([0-9A-F]{3})!")
_ADDRESSES: Final = frozenset(address for parameter in BY_KEY.values() for address in parameter.addresses)
_FRAME: Final = re.compile(rb"(?=.{3}[+X-]..[+X-]..[+X-])", re.DOTALL)


def _is_secret(question: bytes) -> bool:
    return question.startswith(b"PW") or question == command(f"{HOLDS_PIN}@")


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without the PIN, wherever it is.

    Units that get commands answer in lines: of these, only what is surely something else than an answer with the PIN is kept.
    """
    spoken_to = any(chunk.sent for chunk in chunks)
    if not spoken_to and any(not chunk.data.isascii() for chunk in chunks):
        return blank_except(chunks, _frames)  # which have no secrets
    lines = blank_except(chunks, _lines, fill=b"?")
    masked = blank_answers(lines, _is_secret, is_noise=lambda data: data == PING)
    return blank_except(masked, _sent, sent=True, fill=b"?")


def _frames(stream: bytes) -> Iterator[Piece]:
    place = 0
    while found := _FRAME.search(stream, place):
        frame = stream[found.start() : found.start() + frame58.LENGTH]
        try:
            frame58.check(frame)
        except FrameError:
            place = found.start() + 1
        else:
            yield found.start(), frame
            place = found.start() + frame58.LENGTH


def _lines(stream: bytes) -> Iterator[Piece]:
    """Yield every line that is whole and cannot be the answer with the PIN or a part of it; never the first: it may be one."""
    first = True
    for found in _LINE.finditer(stream):
        if found[0][0] in _ENDS:
            first = False
            yield found.start(), found[0]
        elif not first and found.end() < len(stream) and _is_harmless(found[0].decode("latin-1")):
            yield found.start(), found[0]


def _sent(stream: bytes) -> Iterator[Piece]:
    """Yield pings, ends of lines and commands; of the one with the PIN its name."""
    for found in _LINE.finditer(stream):
        line = found[0].decode("latin-1")
        text = line.lstrip("$")
        if line[0] in _ENDS.decode() or not text or _is_command(text):
            yield found.start(), found[0]
        else:
            pings = len(line) - len(text)
            yield found.start(), found[0][:pings] + (b"PW" if text.startswith("PW") else b"")


def _is_command(line: str) -> bool:
    write = _WRITE.fullmatch(line)
    return line in _COMMANDS or (write is not None and int(write[1], 16) in _ADDRESSES)


def _is_harmless(line: str) -> bool:
    if line in COMMAND_ANSWERS or _is_command(line):
        return True
    if _MAX_OF_PIN.search(line):
        return False
    try:
        if is_record(line):
            tag, _ = decode_record(line)
            return line.count("_") <= len(LAYOUTS[tag].fields)
        query_fields(line.lstrip("$"))
    except FrameError, UnicodeEncodeError:
        return False
    return True
