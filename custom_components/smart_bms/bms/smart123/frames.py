"""Lines: notification bytes to whole lines of ASCII, and what a line is.

Notifications cut lines anywhere, several may come in one. Records of the stream carry no checksum, answers to queries do.
A line ends at CR; LF and space are taken too, because records may also be ended by a space (one source).
"""

from enum import StrEnum
import re
from typing import Final

from ..errors import FrameError

PING: Final = b"$"
LONGEST: Final = 120
"""Bytes of a line; the longest that is known has half of that."""

_ENDS: Final = re.compile(rb"[\r\n ]")
_NUMBER: Final = re.compile(r"[+-]?[0-9A-Fa-f]{1,8}")
RECORD_TAGS: Final = frozenset("UVTCEMHB")


class CommandAnswer(StrEnum):
    """The answers to commands."""

    OK = "OK"
    NOT_AUTHORISED = "NA"
    REFUSED = "KO"
    WRONG = "WRONG"


COMMAND_ANSWERS: Final = frozenset(CommandAnswer)


class Reassembler:
    """Puts lines together. Holds less than one line, whatever arrives."""

    def __init__(self) -> None:
        """Initialize."""
        self._buffer = bytearray()
        self._skipping = False
        self.broken_lines = 0
        """Lines that were too long, or no ASCII."""

    @property
    def pending(self) -> int:
        """Bytes held that are no whole line yet."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[str]:
        """Take one notification; return the lines that it completes, in order."""
        lines: list[str] = []
        *whole, rest = _ENDS.split(data)
        for part in whole:
            self._end(part, lines)
        if not self._skipping:
            self._buffer += rest
            if len(self._buffer) > LONGEST:
                # What belongs to it may go on for long: nothing counts before the next end of a line.
                self._buffer.clear()
                self._skipping = True
                self.broken_lines += 1
        return lines

    def _end(self, part: bytes | bytearray, lines: list[str]) -> None:
        line = bytes(self._buffer + part)
        self._buffer.clear()
        if self._skipping:
            self._skipping = False
        elif len(line) > LONGEST or not (line.isascii() and line.decode().isprintable()):
            self.broken_lines += 1
        elif line:
            lines.append(line.decode())


def number(field: str) -> int | None:
    """Return the number in a field of a record, None for one that says "not available". Raises FrameError."""
    if field.startswith("X"):
        return None
    if not _NUMBER.fullmatch(field):
        raise FrameError("not_a_number")
    return int(field, 16)


def checksum(line: str) -> int:
    """Return the checksum of the fields of an answer: the sum of all characters but the underscores."""
    return sum(line.replace("_", "").encode("ascii")) & 0xFF


def query_fields(line: str) -> list[str]:
    """Return the fields of the answer to a query without its checksum. Raises FrameError."""
    body, separator, stated = line.rpartition("_")
    if not separator or len(stated) != 2 or not _NUMBER.fullmatch(stated) or int(stated, 16) != checksum(body):
        raise FrameError("checksum")
    return body.split("_")


def command(text: str) -> bytes:
    """Return a command or query as it is sent."""
    return text.encode("ascii") + b"\r"
