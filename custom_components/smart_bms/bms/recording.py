"""Recording: the raw traffic with a pack for some minutes, for bug reports; secrets are removed before anybody sees it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import json
import math
import re
from typing import Any, Final, NamedTuple

MAX_BYTES: Final = 4_000_000
MAX_PACKETS: Final = 200_000
"""What a recording holds at most; an hour of the busiest family is less. Empty packets and notes take memory too."""

LATE: Final = 5.0
"""Seconds in which an answer may still come after the next question was asked."""

type Piece = tuple[int, bytes]
"""Where among all bytes of one direction something may be shown, and what."""

# Printable ASCII, and what UTF-8 makes of other letters; two of three bytes each are a text already.
_WIDE: Final = rb"[\xe0-\xef][\x80-\xbf]{2}"
_TEXT: Final = rb"(?:%s){2}|(?:[ -~]|[\xc2-\xdf][\x80-\xbf]|%s)" % (_WIDE, _WIDE)
_LIKE_TEXT: Final = bytes(97 if 0x20 <= byte <= 0x7E or 0x80 <= byte <= 0xF4 else 0 for byte in range(256))


class Chunk(NamedTuple):
    """One packet: when it passed (monotonic time in s), whether it went to the pack, and its bytes."""

    at: float
    sent: bool
    data: bytes


type Mask = Callable[[Sequence[Chunk]], list[Chunk]]
"""Blanks passwords, serial numbers and the owner's own words; lengths and times stay what they are.

Notifications get lost at any place, and what is left may look whole: only what is checksum-right and fully understood is
shown, all else is blanked.
"""


class Recording:
    """Records all traffic, until it is full."""

    def __init__(self, began: float) -> None:
        """Begin at monotonic time `began`."""
        self.began = began
        self.full = False
        self._size = 0
        self._chunks: list[Chunk] = []
        self._notes: list[tuple[float, str]] = []

    @property
    def packets(self) -> int:
        """How many packets were recorded."""
        return len(self._chunks)

    def add(self, sent: bool, data: bytes, now: float) -> None:
        """Add one packet."""
        self._size += len(data)
        if self._has_room():
            self._chunks.append(Chunk(now, sent, data))

    def note(self, state: str, now: float) -> None:
        """Add a change of the connection's state."""
        if self._has_room():
            self._notes.append((now, state))

    def _has_room(self) -> bool:
        taken = len(self._chunks) + len(self._notes)
        self.full = self.full or self._size > MAX_BYTES or taken >= MAX_PACKETS
        return not self.full

    def lines(self, head: Mapping[str, Any], mask: Mask) -> list[str]:
        """Return it as lines of JSON, free of secrets: a head, then packets and changes of the connection in order.

        Times are in s since the beginning; `script/decode` reads it.
        """
        entries: list[tuple[float, Mapping[str, Any]]] = [(at, {"state": state}) for at, state in self._notes]
        entries += [
            (chunk.at, {"sent" if chunk.sent else "notification": chunk.data.hex()}) for chunk in mask(self._chunks)
        ]
        entries.sort(key=lambda entry: entry[0])
        listed = ({"t": round(at - self.began, 3)} | dict(entry) for at, entry in entries)
        return [json.dumps(line) for line in ({"recording": dict(head) | {"full": self.full}}, *listed)]


def blank_answers(
    chunks: Sequence[Chunk],
    is_secret: Callable[[bytes], bool],
    *,
    is_noise: Callable[[bytes], bool] = lambda _: False,
    first_is_secret: bool = False,
) -> Iterator[Chunk]:
    """Yield the chunks with all that answers a secret question blanked.

    An answer that did not come in time may still come for a while after the next question. What is sent as noise is no
    question; what comes before the first question answers one that nobody saw.
    """
    secret, answered, until = first_is_secret, True, math.inf
    for chunk in chunks:
        if chunk.sent:
            if not is_noise(chunk.data):
                late = secret and not answered
                secret = is_secret(chunk.data) or late
                until = chunk.at + LATE if late and not is_secret(chunk.data) else math.inf
                answered = False
            yield chunk
        elif secret and chunk.at <= until:
            answered = True
            yield chunk._replace(data=bytes(len(chunk.data)))
        else:
            yield chunk


def blank_except(
    chunks: Iterable[Chunk], find: Callable[[bytes], Iterable[Piece]], *, sent: bool = False, fill: bytes = b"\0"
) -> list[Chunk]:
    """Return the chunks with all bytes of one direction blanked but what `find` finds in them: borders of packets mean nothing."""
    listed = list(chunks)
    stream = b"".join(chunk.data for chunk in listed if chunk.sent is sent)
    shown = bytearray(fill * len(stream))
    for place, piece in find(stream):
        shown[place : place + len(piece)] = piece
    place = 0
    for index, chunk in enumerate(listed):
        if chunk.sent is sent:
            listed[index] = chunk._replace(data=bytes(shown[place : place + len(chunk.data)]))
            place += len(chunk.data)
    return listed


def holds_text(data: bytes, shortest: int = 4) -> bool:
    """Return whether so many bytes in a row, or more, could be a text, where numbers are expected."""
    # First what costs little: frames are looked at as fast as they arrive.
    could_be = data.translate(_LIKE_TEXT)
    return b"a" * shortest in could_be and re.search(_TEXT + rb"{%d}" % shortest, data) is not None
